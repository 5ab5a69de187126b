// Package mbedtls is TLS and DTLS by the real Mbed TLS C library, in the shape of crypto/tls: whoever knows [crypto/tls.Config],
// [crypto/tls.Dial] and [crypto/tls.Listen] knows [Config], [Dial] and [Listen].
//
// Every byte on the wire, every check and every error code is the library's. Go does the socket I/O, so that a
// connection that waits holds a parked goroutine and no OS thread; see package cbridge for how the two meet.
//
// # Differences from crypto/tls
//
//   - Versions are TLS 1.2, TLS 1.3 and DTLS 1.2. The list in [Config.CipherSuites] is for both.
//   - What a build of the library leaves out is reported as a [NotBuiltError] when a Config is first used.
//   - A deadline that passes, also in the middle of a handshake or of a Write, does not break the connection: set a
//     later one and go on.
//   - The end of the stream without the peer's close_notify is [io.ErrUnexpectedEOF], never [io.EOF].
//
// # DTLS
//
// [DialDTLS], [ListenDTLS] and their like make connections over datagrams, of the same type [Conn]; [DTLSOptions] are the
// part of a Config that they alone look at. A Write is a record and a Read returns no more than one, which may be lost on
// its way, or come in another order. In the handshake, what is lost is sent again; the time for that is measured by the
// deadline of the Read below, so that it costs neither a goroutine nor a thread.
//
// A [DTLSListener] serves any number of peers on one socket. Nothing is kept of a peer before it has brought back a
// cookie. Accept then returns its connection; the handshake is the caller's, as with TLS.
//
// # Policies
//
// A [Policy] in [Config].Policy says what connections may use: versions, ciphers, key exchanges, groups, hashes, sizes of
// keys. It narrows what the Config offers, and is checked in each connection, resumed ones included: also where Mbed TLS
// checks nothing by itself, and with InsecureSkipVerify. [LoadPolicy] reads one from a file, cmd/mbedtls-policy explains it,
// and tries it on servers and clients.
//
// # Other shapes
//
// A [Channel] is the same engine without I/O, for transports that are no [net.Conn]. A [Policy] narrows what a Config
// offers, and is checked in each connection. A [SessionStore] keeps sessions for other connections and other processes, and
// package fleet makes one server of several processes. [Metrics] is told what connections do, and package mbedhttp serves
// HTTP on them.
//
// # From Mbed TLS 2.28 to 3.6
//
// Functions that the manual of 2.28 has, and 3.6 has not any more:
//
//	mbedtls_ssl_conf_arc4_support               RC4 is gone; nothing to set
//	mbedtls_ssl_conf_fallback                   nothing below TLS 1.2 is left to fall back to; see [Config].MinVersion
//	mbedtls_ssl_conf_truncated_hmac             gone with RFC 6066's extension; for short tags there are …_CCM_8 suites
//	mbedtls_ssl_conf_cbc_record_splitting       was for TLS 1.0 alone
//	mbedtls_ssl_conf_ciphersuites_for_version   [Config].CipherSuites, with MinVersion and MaxVersion
//	mbedtls_ssl_conf_export_keys_cb             [Config].ExportSecret, KeyLogWriter
//	mbedtls_ssl_conf_export_keys_ext_cb         the same: a [Secret] has the randoms and the PRF
package mbedtls
