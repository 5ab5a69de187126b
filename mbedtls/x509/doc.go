// Package x509 parses, verifies and writes certificates, and parses revocation lists and requests, with Mbed TLS: what it
// takes and refuses is what the library does, to the code of the error. Programs that need no more than Go's own rules use
// crypto/x509; [FromStandard], [RevocationListFromStandard] and [CertificateRequestFromStandard] lead from there, methods
// Standard back.
//
// A [Certificate], a [RevocationList] and a [CertificateRequest] are Go values with all that the library decodes. A [List]
// is what the library verifies with: a chain, or trusted certificates; a [CRLs] is its revocation lists. Both are in C
// memory until they are closed, or collected. They may be used by any number of goroutines at once, as long as none of them
// adds to one.
//
// Errors are *cbridge.Error, which users know as *mbedtls.Error, with codes mbedtls.ErrX509…, and match those by
// [errors.Is]. What a build lacks is a *cbridge.NotBuiltError (*mbedtls.NotBuiltError). A call after Close fails with
// net.ErrClosed.
package x509
