// Package oid has Mbed TLS's tables of ASN.1 object identifiers: what an [OID] stands for, and the other way.
//
// Errors are *cbridge.Error, which users know as *mbedtls.Error: mbedtls.ErrOIDNotFound for what is not in a table, a code
// of ASN.1 for what is no identifier. A table that the build lacks is a *cbridge.NotBuiltError (*mbedtls.NotBuiltError).
// All functions may be called from any number of goroutines.
package oid
