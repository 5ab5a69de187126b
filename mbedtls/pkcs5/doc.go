// Package pkcs5 derives keys from passwords, and encrypts under passwords, as PKCS #5 has it (RFC 8018): PBKDF2 and PBES2.
//
// Errors are *mbedtls.Error with the library's code, and *mbedtls.NotBuiltError where the linked library lacks an option.
package pkcs5
