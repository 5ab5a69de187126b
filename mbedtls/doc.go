// Package mbedtls is TLS by the real Mbed TLS C library, in the shape of crypto/tls: whoever knows [crypto/tls.Config],
// [crypto/tls.Dial] and [crypto/tls.Listen] knows [Config], [Dial] and [Listen].
//
// Every byte on the wire, every check and every error code is the library's. Go does the socket I/O, so that a
// connection that waits holds a parked goroutine and no OS thread; see package cbridge for how the two meet.
//
// # Differences from crypto/tls
//
//   - Versions are TLS 1.2 and TLS 1.3. The list in [Config.CipherSuites] is for both.
//   - What a build of the library leaves out is reported as a [NotBuiltError] when a Config is first used.
//   - A deadline that passes, also in the middle of a handshake or of a Write, does not break the connection: set a
//     later one and go on.
//   - The end of the stream without the peer's close_notify is [io.ErrUnexpectedEOF], never [io.EOF].
package mbedtls
