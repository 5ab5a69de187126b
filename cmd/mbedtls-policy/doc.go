// Command mbedtls-policy prints, checks and compares policies of package mbedtls, and tries them on a server or on clients.
//
//	mbedtls-policy print [-v] POLICY              the canonical text; -v explains each rule
//	mbedtls-policy check [--json] POLICY          what it comes to in this build, and which rules cannot be met
//	mbedtls-policy diff [--json] A B              the rules in which two policies differ
//	mbedtls-policy probe POLICY HOST:PORT         connects under the policy, then tries what the policy forbids
//	mbedtls-policy probe POLICY --listen ADDR     says of each client what it offers that the policy forbids
//
// A POLICY is default, strict, suiteb, or a file; go doc mbedtls.TextPolicy describes those. Flags may stand anywhere behind
// the verb; mbedtls-policy VERB --help lists them.
//
// A probe of a server makes many connections. Each offers, of one kind of thing, only what the policy forbids: what the
// server accepts is a violation. TLS 1.0 and 1.1, which Mbed TLS does not have, are tried with crypto/tls; suites that need
// a shared key are not tried. Certificates are verified only with --ca. A server for clients makes certificates of its own
// unless --cert and --key name one; a client that does not trust them still shows its offers.
//
// The exit code is 0 if all conforms, 1 if something is against the policy or the build cannot meet it, and 2 for wrong
// usage or if nothing could be found out, as also if a server is not there any more, or takes too long, in the middle of a
// probe; over datagrams, one that says nothing refuses.
package main
