package cbridge

// #include <stdlib.h>
// #include "bridge.h"
import "C"

import (
	"context"
	"runtime"
	"unsafe"
)

// SSL is an mbedtls_ssl_context: one connection.
type SSL struct {
	res    *resource
	c      *C.gm_ssl
	conf   *Config
	trap   trap
	verify VerifyFunc
	bio    *BIO // nil: the rings, or queues

	datagram bool
	export   ExportFunc
	inspect  InspectFunc
	debug    DebugFunc
	timer    *Timer // of a datagram connection
	creds    *credentials

	userData any

	async      *async
	ctx        context.Context // of signers
	signers    []*signer       // of this connection's own keys, which C has handles of
	decryptErr error
}

// NewSSL makes a connection that uses conf (mbedtls_ssl_setup), with a BIO of rings, or of queues of datagrams; see
// [SSL.SetBIO] for another.
func NewSSL(conf *Config) (*SSL, error) {
	if conf.single && conf.used.Swap(true) {
		return nil, ErrConfigUsed
	}
	if err := conf.res.acquire(); err != nil {
		return nil, err
	}
	c := C.gm_ssl_new()
	if c == nil {
		conf.res.release()
		return nil, errNoMemory
	}
	s := &SSL{c: c, conf: conf, creds: new(credentials), async: new(async)}
	handle, used, creds, pending := newHandle(s), conf.res, s.creds, s.async
	restartable.add(1)
	s.res = own(s, func() {
		C.gm_ssl_delete(c)
		creds.forget()
		pending.stop()
		dropHandle(handle)
		restartable.add(-1)
		used.release()
	})
	if ret := C.gm_ssl_setup(c, conf.c, handle); ret != 0 {
		s.Close()
		return nil, newError("mbedtls_ssl_setup", int(ret), nil)
	}
	if s.datagram = C.gm_ssl_is_datagram(c) == 1; !s.datagram {
		C.gm_ssl_set_ring_bio(c)
		return s, nil
	}
	C.gm_ssl_set_datagram_bio(c)
	delay := new(Delay)
	return s, s.SetTimer(Timer{delay.Set, delay.Get})
}

// Close frees the connection, once no other call on it is running. It sends nothing.
func (s *SSL) Close() error {
	s.res.close()
	return nil
}

// Retain keeps the C memory of the connection until Release, whatever Close does. It fails after Close. The ring BIO's
// methods may be called only between the two.
func (s *SSL) Retain() error { return s.res.acquire() }

// Release undoes one Retain.
func (s *SSL) Release() { s.res.release() }

// enter begins a library call: leave must follow if it succeeds.
func (s *SSL) enter() error {
	if err := s.res.acquire(); err != nil {
		return err
	}
	if err := s.trap.begin(); err != nil {
		s.res.release()
		return err
	}
	return nil
}

func (s *SSL) leave() {
	s.res.release()
	runtime.KeepAlive(s)
}

// SetHostname sets the name that is sent as SNI and that the peer's certificate must bear, a DNS name or an IP address;
// at most MBEDTLS_SSL_MAX_HOST_NAME_LEN, 255 bytes (mbedtls_ssl_set_hostname).
func (s *SSL) SetHostname(name string) error {
	cs := C.CString(name)
	defer free(cs)
	return s.setHostname(cs)
}

// SetNoHostname declares that the peer's certificate need bear no particular name, and that no SNI is sent
// (mbedtls_ssl_set_hostname with NULL).
func (s *SSL) SetNoHostname() error { return s.setHostname(nil) }

func (s *SSL) setHostname(name *C.char) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.trap.end("mbedtls_ssl_set_hostname", int(C.mbedtls_ssl_set_hostname(&s.c.ssl, name)))
}

// SessionReset makes the context ready for another connection with the same Config (mbedtls_ssl_session_reset).
func (s *SSL) SessionReset() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	defer s.creds.forget()
	defer s.async.stop()
	s.decryptErr = nil
	return s.trap.end("mbedtls_ssl_session_reset", int(C.gm_ssl_session_reset(s.c)))
}

// Handshake goes on with the handshake (mbedtls_ssl_handshake). ErrSSLWantRead and ErrSSLWantWrite ask to be called
// again when the ring BIO has input, or room; ErrSSLAsyncInProgress, when [SSL.AsyncDone] is closed, and
// ErrSSLCryptoInProgress, soon.
func (s *SSL) Handshake() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	defer s.forgetCredentials()
	return s.trap.end("mbedtls_ssl_handshake", int(C.gm_ssl_handshake(s.c)))
}

// HandshakeStep does one step of the handshake (mbedtls_ssl_handshake_step).
func (s *SSL) HandshakeStep() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	defer s.forgetCredentials()
	return s.trap.end("mbedtls_ssl_handshake_step", int(C.gm_ssl_handshake_step(s.c)))
}

// Read reads decrypted application data (mbedtls_ssl_read). n is 0 if and only if err is not nil or p is empty. The
// end of the transport is ErrSSLConnEOF, the peer's orderly end ErrSSLPeerCloseNotify. Empty records pass unseen. The call
// that ends a renegotiation gives no data, but ErrSSLWantWrite: the caller may not like the new peer.
func (s *SSL) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	defer s.forgetCredentials() // of a renegotiation
	ret := C.gm_ssl_read(s.c, cbytes(p), C.size_t(len(p)))
	return max(0, int(ret)), s.trap.end("mbedtls_ssl_read", int(ret))
}

// Write encrypts at most one record of p (mbedtls_ssl_write) and returns how much of p it holds. After ErrSSLWantWrite
// or ErrSSLWantRead it must be called again with the same p. An empty p sends an empty record.
func (s *SSL) Write(p []byte) (n int, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	defer s.forgetCredentials() // of a renegotiation
	ret := C.gm_ssl_write(s.c, cbytes(p), C.size_t(len(p)))
	return max(0, int(ret)), s.trap.end("mbedtls_ssl_write", int(ret))
}

// FlushOutput hands the BIO what a call other than the handshake left behind with ErrSSLWantWrite. It must succeed
// before Write is given other data: the library would take that for the rest of the old record.
func (s *SSL) FlushOutput() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.trap.end("mbedtls_ssl_flush_output", int(C.gm_ssl_flush_output(s.c)))
}

// Alert levels.
const (
	AlertWarning = C.MBEDTLS_SSL_ALERT_LEVEL_WARNING
	AlertFatal   = C.MBEDTLS_SSL_ALERT_LEVEL_FATAL
)

// SendAlert sends an alert (mbedtls_ssl_send_alert_message).
func (s *SSL) SendAlert(level, description int) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.trap.end("mbedtls_ssl_send_alert_message", int(C.gm_ssl_send_alert(s.c, C.int(level), C.int(description))))
}

// CloseNotify tells the peer that nothing more will be written (mbedtls_ssl_close_notify). Before the end of the
// handshake it does nothing.
func (s *SSL) CloseNotify() error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.trap.end("mbedtls_ssl_close_notify", int(C.gm_ssl_close_notify(s.c)))
}

// query reads from the context, and gives the zero value after Close.
func query[T any](s *SSL, read func(*C.gm_ssl) T) (v T) {
	if s.res.acquire() != nil {
		return v
	}
	defer s.leave()
	return read(s.c)
}

// HandshakeOver reports whether the handshake is complete (mbedtls_ssl_is_handshake_over).
func (s *SSL) HandshakeOver() bool {
	return query(s, func(c *C.gm_ssl) bool { return C.gm_ssl_is_handshake_over(c) == 1 })
}

// LastAlert is the description of the alert that the last record held; ok is false if that held none.
func (s *SSL) LastAlert() (description uint8, ok bool) {
	alert := query(s, func(c *C.gm_ssl) C.int { return C.gm_ssl_last_alert(c) + 1 })
	return uint8(alert - 1), alert > 0
}

// TakeWarnings is what the peer sent in alerts of level warning since the last call: of at most 6 alerts that the library
// passed over.
func (s *SSL) TakeWarnings() (descriptions []uint8) {
	for i := range s.c.warning_count {
		descriptions = append(descriptions, uint8(s.c.warnings[i]))
	}
	s.c.warning_count = 0
	return descriptions
}

// SentAlert is the description of the fatal alert that this end sent; ok is false if that is not known, as of alerts about
// records, which the library sends where it reads them.
func (s *SSL) SentAlert() (description uint8, ok bool) {
	alert := query(s, func(c *C.gm_ssl) C.int { return C.gm_ssl_sent_alert(c) + 1 })
	return uint8(alert - 1), alert > 0
}

// VerifyResult is what was found wrong with the peer's certificate, as MBEDTLS_X509_BADCERT_… flags
// (mbedtls_ssl_get_verify_result): 0 nothing, all ones if it is not known.
func (s *SSL) VerifyResult() uint32 {
	return query(s, func(c *C.gm_ssl) uint32 { return uint32(C.mbedtls_ssl_get_verify_result(&c.ssl)) })
}

// Version is the negotiated protocol version, as on the wire, or 0 (mbedtls_ssl_get_version_number).
func (s *SSL) Version() uint16 {
	return query(s, func(c *C.gm_ssl) uint16 { return uint16(C.gm_ssl_version(c)) })
}

// Ciphersuite is the IANA number of the negotiated suite (mbedtls_ssl_get_ciphersuite_id_from_ssl).
func (s *SSL) Ciphersuite() uint16 {
	return query(s, func(c *C.gm_ssl) uint16 { return uint16(C.mbedtls_ssl_get_ciphersuite_id_from_ssl(&c.ssl)) })
}

// ALPN is the negotiated application protocol, or "" (mbedtls_ssl_get_alpn_protocol).
func (s *SSL) ALPN() string {
	return query(s, func(c *C.gm_ssl) string { return C.GoString(C.gm_ssl_alpn(c)) })
}

// Resumed reports whether the last handshake resumed a session.
func (s *SSL) Resumed() bool { return query(s, func(c *C.gm_ssl) bool { return c.resumed != 0 }) }

// ExtendedMasterSecret reports whether RFC 7627 is in use; with TLS 1.3 always.
func (s *SSL) ExtendedMasterSecret() bool {
	return query(s, func(c *C.gm_ssl) bool { return c.extended_ms != 0 })
}

// Group is the IANA number of the key exchange's named group, or 0.
func (s *SSL) Group() uint16 { return query(s, func(c *C.gm_ssl) uint16 { return uint16(c.group) }) }

// RecordExpansion is how many bytes a record adds to its payload (mbedtls_ssl_get_record_expansion).
func (s *SSL) RecordExpansion() int {
	return query(s, func(c *C.gm_ssl) int { return int(C.mbedtls_ssl_get_record_expansion(&c.ssl)) })
}

// MaxOutPayload is the largest payload of a record that is written (mbedtls_ssl_get_max_out_record_payload).
func (s *SSL) MaxOutPayload() int {
	return query(s, func(c *C.gm_ssl) int { return int(C.mbedtls_ssl_get_max_out_record_payload(&c.ssl)) })
}

// MaxInPayload is the largest payload of a record that is read (mbedtls_ssl_get_max_in_record_payload).
func (s *SSL) MaxInPayload() int {
	return query(s, func(c *C.gm_ssl) int { return int(C.mbedtls_ssl_get_max_in_record_payload(&c.ssl)) })
}

// BytesAvail is how much decrypted data waits in the context (mbedtls_ssl_get_bytes_avail).
func (s *SSL) BytesAvail() int {
	return query(s, func(c *C.gm_ssl) int { return int(C.mbedtls_ssl_get_bytes_avail(&c.ssl)) })
}

// CheckPending reports whether the context holds input that is not processed yet (mbedtls_ssl_check_pending).
func (s *SSL) CheckPending() bool {
	return query(s, func(c *C.gm_ssl) bool { return C.mbedtls_ssl_check_pending(&c.ssl) != 0 })
}

// PeerCertificates is the peer's chain as it was sent, leaf first, in DER; nil if there is none, or if the build does
// not keep it (mbedtls_ssl_get_peer_cert).
func (s *SSL) PeerCertificates() [][]byte {
	return query(s, func(c *C.gm_ssl) [][]byte { return chainDER(C.gm_ssl_peer_cert(c)) })
}

func chainDER(crt *C.mbedtls_x509_crt) (chain [][]byte) {
	for ; crt != nil; crt = C.gm_crt_next(crt) {
		if crt.raw.p != nil {
			chain = append(chain, C.GoBytes(unsafe.Pointer(crt.raw.p), C.int(crt.raw.len)))
		}
	}
	return chain
}
