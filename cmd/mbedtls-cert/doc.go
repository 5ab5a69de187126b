// Command mbedtls-cert inspects, verifies and makes certificates, requests and keys, and checks revocation lists, with Mbed TLS.
//
//	mbedtls-cert inspect [--json] FILE...          what certificates hold
//	mbedtls-cert verify --ca FILE|DIR [flags] FILE  a chain: the first certificate of FILE, by the others and what is trusted
//	mbedtls-cert issue --subject NAME --key FILE    a self-signed certificate
//	mbedtls-cert issue --ca CERT --ca-key FILE --csr FILE [flags]  a certificate that a CA signs; or with --pubkey
//	mbedtls-cert csr create --subject NAME --key FILE [flags]      a request for a certificate
//	mbedtls-cert csr inspect [--json] FILE          what a request holds, and whether its key signed it
//	mbedtls-cert crl inspect [--json] FILE          what revocation lists hold
//	mbedtls-cert crl check --ca FILE CRL CERT       whether a certificate is revoked, by a list that its CA signed
//	mbedtls-cert key generate [--type TYPE]         a private key
//	mbedtls-cert key convert [flags] FILE           the key in another form, or its public half
//	mbedtls-cert key inspect [--json] FILE          what kind of key it is
//	mbedtls-cert key check FILE CERT|KEY            whether two belong together
//
// Files are in PEM or DER; "-" is standard input. What is made goes to standard output, in PEM unless --der is given, or to
// the file of -o, which for private keys nobody else may read. Flags may stand anywhere behind the verb; mbedtls-cert VERB
// --help lists them. Names are as Mbed TLS prints them: "C=NL, O=Somebody, CN=host.example".
//
// A private key that is encrypted is opened with the password in the first line of the file of --password-file, that of
// --ca-key with the one of --ca-password-file alone. Times are as 2006-01-02 or 2006-01-02T15:04:05Z.
//
// The exit code is 0 if all is well, 1 if a certificate is not valid, revoked, or of another key, or a request is not signed
// by its own key, and 2 for wrong usage or if something cannot be done.
package main
