// Package mbedhttp serves and requests HTTP/1.1 and HTTP/2 over connections of package mbedtls.
//
// All of HTTP is that of net/http: [Server] lets an [http.Server] serve, and [Transport] lets an [http.Transport] and
// HTTP/2's client request. What is here is the TLS underneath. ALPN (RFC 7301) settles the version of HTTP. A Config
// without NextProtos offers "h2" and "http/1.1"; one that sets them decides itself.
//
// HTTP/2 forbids suites of TLS 1.2 without an ephemeral key exchange and an AEAD cipher (RFC 9113, section 9.2.2). Where
// the Config names no CipherSuites, they come last, so that an end which has any other never meets one. If HTTP/2 and a
// forbidden suite are negotiated nevertheless, the connection ends with the alert insufficient_security, and
// [ForbiddenSuiteError].
//
// Request.TLS and Response.TLS are set as with crypto/tls, apart from what Mbed TLS does not tell: VerifiedChains and
// TLSUnique are empty, and ExportKeyingMaterial must not be called. [ConnState] and [Conn] have what package mbedtls
// knows: that a client's certificate is trusted shows in its VerifyFlags.
package mbedhttp
