package cbridge

// #include "bridge.h"
import "C"

import (
	"runtime"
	"time"
	"unsafe"
)

// Session is an mbedtls_ssl_session: what a client needs to resume a connection, or what a server keeps of one. It holds
// secrets, and is wiped when it is freed. It is not changed once it is made, and may be used by several goroutines.
type Session struct {
	res *resource
	c   *C.mbedtls_ssl_session
}

func newSession() (*Session, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_session_new()
	if c == nil {
		return nil, errNoMemory
	}
	s := &Session{c: c}
	s.res = own(s, func() { C.gm_session_delete(c) })
	return s, nil
}

// LoadSession reads what Save wrote (mbedtls_ssl_session_load). What another version of the library wrote, or one that
// was built with other options, is ErrSSLVersionMismatch; what cannot be read, ErrSSLBadInputData. Inside of what can be
// read, the library does not notice altered bytes.
func LoadSession(data []byte) (*Session, error) {
	s, err := newSession()
	if err != nil {
		return nil, err
	}
	if err := check(C.gm_session_load(s.c, cbytes(data), C.size_t(len(data))), "mbedtls_ssl_session_load", ""); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// TicketCreated is when a server made the ticket of this session (mbedtls_ssl_session_get_ticket_creation_time). Of a
// client's session it is ErrSSLBadInputData.
func (s *Session) TicketCreated() (t time.Time, err error) {
	if err := s.res.acquire(); err != nil {
		return t, err
	}
	defer runtime.KeepAlive(s)
	defer s.res.release()
	var ms C.int64_t
	ret := C.gm_session_created(s.c, &ms)
	return time.UnixMilli(int64(ms)), check(ret, "mbedtls_ssl_session_get_ticket_creation_time", "MBEDTLS_SSL_SESSION_TICKETS")
}

// TicketFields are what a TLS 1.3 server reads of the session in a ticket that it gets back.
type TicketFields struct {
	Created time.Time // to the millisecond
	AgeAdd  uint32    // milliseconds, modulo 2^32 (RFC 8446 section 4.6.1)
	Flags   uint8     // what the ticket may be used for: TicketPSK and the others
}

// TicketFields reads them.
func (s *Session) TicketFields() (f TicketFields, err error) {
	if err := s.res.acquire(); err != nil {
		return f, err
	}
	defer runtime.KeepAlive(s)
	defer s.res.release()
	var created C.int64_t
	ret := C.gm_session_ticket_fields(s.c, &created, (*C.uint32_t)(&f.AgeAdd), (*C.uint8_t)(&f.Flags))
	f.Created = time.UnixMilli(int64(created))
	return f, check(ret, "", "MBEDTLS_SSL_PROTO_TLS1_3")
}

// SetTicketFields changes them, in a session that nobody else uses: to test what a server makes of such tickets.
func (s *Session) SetTicketFields(f TicketFields) error {
	if err := s.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(s)
	defer s.res.release()
	ret := C.gm_session_set_ticket_fields(s.c, C.int64_t(f.Created.UnixMilli()), C.uint32_t(f.AgeAdd), C.uint8_t(f.Flags))
	return check(ret, "", "MBEDTLS_SSL_PROTO_TLS1_3")
}

// Save writes the session in the library's own format (mbedtls_ssl_session_save). The caller wipes it.
func (s *Session) Save() ([]byte, error) {
	if err := s.res.acquire(); err != nil {
		return nil, err
	}
	defer runtime.KeepAlive(s)
	defer s.res.release()
	var n C.size_t
	ret := C.mbedtls_ssl_session_save(s.c, nil, 0, &n)
	if Code(ret) != ErrSSLBufferTooSmall {
		return nil, newError("mbedtls_ssl_session_save", int(ret), nil)
	}
	data := make([]byte, n)
	return data, check(C.mbedtls_ssl_session_save(s.c, cbytes(data), n, &n), "mbedtls_ssl_session_save", "")
}

// Close wipes and frees the session, once no call uses it.
func (s *Session) Close() error {
	s.res.close()
	return nil
}

// SessionInfo is what can be read of a Session.
type SessionInfo struct {
	Version      uint16
	End          Endpoint // whose session it is
	Ciphersuite  uint16
	ID           []byte // of TLS 1.2
	HasTicket    bool   // on a client
	Lifetime     time.Duration
	Received     time.Time // when the session began, or a TLS 1.3 client got its ticket
	MaxEarlyData uint32    // 0: none is allowed
	TicketFlags  uint8     // of TLS 1.3: Ticket…
	VerifyResult uint32
	PeerCert     []byte // of the leaf, if the session has it
}

// What a TLS 1.3 ticket may be used for; a build without TLS 1.3 has no names for the bits.
const (
	TicketPSK          uint8 = 1 << 0 // a key exchange by it alone
	TicketPSKEphemeral uint8 = 1 << 2 // one with forward secrecy
	TicketEarlyData    uint8 = 1 << 3
)

// Info reads the session; it is zero after Close.
func (s *Session) Info() (info SessionInfo) {
	if s.res.acquire() != nil {
		return info
	}
	defer runtime.KeepAlive(s)
	defer s.res.release()
	return sessionInfo(s.c)
}

func sessionInfo(c *C.mbedtls_ssl_session) SessionInfo {
	var i C.gm_session_info
	C.gm_session_info_get(c, &i)
	info := SessionInfo{
		Version:      uint16(i.version),
		End:          Endpoint(i.endpoint),
		Ciphersuite:  uint16(i.ciphersuite),
		ID:           C.GoBytes(unsafe.Pointer(i.id), C.int(i.id_len)),
		HasTicket:    i.ticket_len > 0,
		Lifetime:     time.Duration(i.lifetime) * time.Second,
		Received:     time.UnixMilli(int64(i.received)),
		MaxEarlyData: uint32(i.max_early_data),
		TicketFlags:  uint8(i.ticket_flags),
		VerifyResult: uint32(i.verify_result),
	}
	if chain := chainDER(i.peer_cert); len(chain) > 0 {
		info.PeerCert = chain[0]
	}
	return info
}

// Session copies a client's session out of a connection (mbedtls_ssl_get_session): that of TLS 1.2 once, after the
// handshake; that of TLS 1.3 once after each ErrSSLReceivedNewSessionTicket, with the last ticket. In between it fails
// with ErrSSLFeatureUnavailable.
func (s *SSL) Session() (*Session, error) {
	if err := s.enter(); err != nil {
		return nil, err
	}
	defer s.leave()
	session, err := newSession()
	if err != nil {
		return nil, err
	}
	if err := s.trap.end("mbedtls_ssl_get_session", int(C.gm_ssl_get_session(s.c, session.c))); err != nil {
		session.Close()
		return nil, err
	}
	return session, nil
}

// SetSession makes a client ask to resume (mbedtls_ssl_set_session); before the handshake, once. Its ticket allows early
// data only if earlyData is set, too.
func (s *SSL) SetSession(session *Session, earlyData bool) error {
	if err := session.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(session)
	defer session.res.release()
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	return s.trap.end("mbedtls_ssl_set_session", int(C.gm_ssl_set_session(s.c, session.c, flag(earlyData))))
}

// SessionID is the id of the connection's TLS 1.2 session, on either end; nil if it has none.
func (s *SSL) SessionID() []byte {
	return query(s, func(c *C.gm_ssl) []byte {
		session := C.gm_ssl_session(c)
		if session == nil {
			return nil
		}
		return sessionInfo(session).ID
	})
}

// SetSessionTickets sets whether a client takes tickets: asks for one in TLS 1.2 (mbedtls_ssl_conf_session_tickets), and
// has Read return ErrSSLReceivedNewSessionTicket in TLS 1.3 (mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets).
func (c *Config) SetSessionTickets(on bool) error {
	return c.set("mbedtls_ssl_conf_session_tickets", "MBEDTLS_SSL_SESSION_TICKETS", func(cc *C.gm_config) C.int {
		return C.gm_conf_session_tickets(cc, flag(on))
	})
}

// SetTicketSignals is the half of SetSessionTickets that is for TLS 1.3: without, Read ignores tickets
// (mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets).
func (c *Config) SetTicketSignals(on bool) error {
	return c.set("mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets", "MBEDTLS_SSL_SESSION_TICKETS", func(cc *C.gm_config) C.int {
		return C.gm_conf_ticket_signals(cc, flag(on))
	})
}

// SetResumptionDemands tells a server what a session must hold of its client to be resumed beside what the
// authentication mode demands: a certificate, and that it is still trusted.
func (c *Config) SetResumptionDemands(cert, verified bool) error {
	return c.use(func(cc *C.gm_config) error {
		cc.needs_cert, cc.needs_verified = flag(cert), flag(verified)
		return nil
	})
}

// SetUnguarded leaves a server to the library where the bridge else helps it: it resumes whatever session a ticket or the
// cache brings, also one that this Config would not have made or whose suite it does not choose (resume.c), and it ends the
// connection of a client that sends early data with a ticket which allows none (earlydata.c). Either end takes any MTU, and
// hangs with one that its suite has no room in (dtls.c).
func (c *Config) SetUnguarded() error {
	return c.use(func(cc *C.gm_config) error {
		cc.unguarded = 1
		return nil
	})
}

// Versions are the bounds that SetVersions set; 0 after Close.
func (c *Config) Versions() (minimum, maximum uint16) {
	_ = c.use(func(cc *C.gm_config) error {
		var lo, hi C.int
		C.gm_conf_version_range(cc, &lo, &hi)
		minimum, maximum = uint16(lo), uint16(hi)
		return nil
	})
	return minimum, maximum
}

// Offers reports whether a suite is among the Config's; false after Close.
func (c *Config) Offers(suite uint16) (offers bool) {
	_ = c.use(func(cc *C.gm_config) error {
		offers = C.gm_conf_offers(cc, C.int(suite)) != 0
		return nil
	})
	return offers
}

// Groups are those that SetGroups set, or the preset's; nil after Close.
func (c *Config) Groups() []uint16 {
	return c.numbers(func(cc *C.gm_config) *C.uint16_t { return C.gm_conf_group_list(cc) })
}

// SignatureAlgorithms are those that SetSignatureAlgorithms set, or the preset's; nil after Close, and in a build without
// certificates.
func (c *Config) SignatureAlgorithms() []uint16 {
	return c.numbers(func(cc *C.gm_config) *C.uint16_t { return C.gm_conf_sig_alg_list(cc) })
}

// numbers copies a list that ends with 0.
func (c *Config) numbers(list func(*C.gm_config) *C.uint16_t) (ids []uint16) {
	_ = c.use(func(cc *C.gm_config) error {
		for p := list(cc); p != nil && *p != 0; p = (*C.uint16_t)(unsafe.Add(unsafe.Pointer(p), unsafe.Sizeof(*p))) {
			ids = append(ids, uint16(*p))
		}
		return nil
	})
	return ids
}

// MSTime is the library's clock for the age of tickets: milliseconds since 1970, as the wall clock stood when the
// process began to ask (mbedtls_ms_time).
func MSTime() time.Time { return time.UnixMilli(int64(C.mbedtls_ms_time())) }

// loadInto is for closures that bring a session to C.
func loadInto(session *C.mbedtls_ssl_session, data []byte) error {
	return check(C.gm_session_load(session, cbytes(data), C.size_t(len(data))), "mbedtls_ssl_session_load", "")
}
