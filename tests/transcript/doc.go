// Package transcript proves that the bytes on the wire are the C library's: its tests run scripted sessions twice, by package
// mbedtls and by a driver in C (driver/*.c) on the same archive, and compare every byte that each end sends, and how each of
// its calls ends.
//
// A session is data: a table in sessions_*_test.go, which script_test.go writes out for the driver. Client and server run in
// one process, in turns: each goes on until it waits for the other. If both wait, the clock, which else stands still, moves on
// to the earlier timer; in Go it is that of testing/synctest. The ends' random bytes (mbedtls_ssl_conf_rng) come from a
// generator that is seeded with the session's name, and so does the entropy behind PSA's own (cbridge.SetEntropy). A link
// between the ends loses, repeats, changes and holds back what the session's rules name.
//
// testdata/golden-<release>.txt has the SHA-256 of each session in profile default, so that other targets are compared
// without the driver; -update writes it anew. Under an emulator (package emulator), the driver is one for this machine: then
// each byte of another target, of another word size or byte order, is compared with this machine's. What a build cannot do
// is skipped, and the missing option named.
package transcript
