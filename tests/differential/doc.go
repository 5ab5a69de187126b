// Package differential compares Mbed TLS, as the packages of this module have it, with Go's standard library: the same
// input to both, by go test -fuzz.
//
//	go test ./tests/differential -fuzz FuzzCertificate -fuzztime 1m
//
// The seeds are upstream's files and test vectors. Where the two libraries differ and both may, a row of [differences] says
// why. A row for what one side alone takes has a condition, of the input or of the error of the side that refuses it, and
// explains only that; any other difference is a bug.
package differential
