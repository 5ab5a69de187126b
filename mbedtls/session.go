package mbedtls

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Session is what a client needs to resume a connection: to make another one to the same server without certificates.
// It comes from [Conn.Session] or a [ClientSessionCache], and may be used by several goroutines. It holds secrets; the
// memory is wiped when the garbage collector finds it, or by Close.
type Session struct {
	lib  *cbridge.Session
	info cbridge.SessionInfo

	serverName string
	protocol   string   // by ALPN
	chain      [][]byte // of the server
	flags      VerifyFlags
	checked    checks
	used       atomic.Bool // by a cache's client, with TLS 1.3
	storeID    []byte      // of the SessionStore it comes from
}

// checks are what a client demanded of the server's certificate.
type checks uint8

const (
	checkedChain checks = 1 << iota
	checkedName
)

func (c *core) checks() checks {
	switch {
	case c.config.InsecureSkipVerify:
		return 0
	case c.config.InsecureSkipHostname || c.serverName == "":
		return checkedChain
	}
	return checkedChain | checkedName
}

var (
	errNoSession  = errors.New("mbedtls: this connection has no session to resume (yet): with TLS 1.3, a Read must have come across a ticket")
	errNotSession = errors.New("mbedtls: this is not a Session, or not as MarshalBinary wrote it")
)

// maxSessionAge bounds sessions whose server tells no lifetime, or a longer one (RFC 8446 section 4.6.1).
const maxSessionAge = 7 * 24 * time.Hour

func newSession(lib *cbridge.Session, c *core, st *ConnectionState) *Session {
	return &Session{
		lib: lib, info: lib.Info(),
		serverName: st.ServerName, protocol: st.NegotiatedProtocol,
		chain: st.PeerCertificatesDER, flags: st.VerifyFlags, checked: c.checks(),
	}
}

// Version is the protocol version that the session is for.
func (s *Session) Version() uint16 { return s.info.Version }

// CipherSuite is the suite of the connection that the session comes from.
func (s *Session) CipherSuite() uint16 { return s.info.Ciphersuite }

// ServerName is the host that the session is for.
func (s *Session) ServerName() string { return s.serverName }

// MaxEarlyData is how many bytes of early data the server takes with it; 0 is none.
func (s *Session) MaxEarlyData() int { return int(s.info.MaxEarlyData) }

// Expires is when the server ceases to take the session, if it does not forget it earlier.
func (s *Session) Expires() time.Time {
	age := s.info.Lifetime
	if age == 0 || age > maxSessionAge {
		age = maxSessionAge
	}
	return s.info.Received.Add(age)
}

// Close wipes the session, once no call uses it, without waiting for the garbage collector. It is not resumed any more.
func (s *Session) Close() error {
	if s.lib == nil {
		return nil
	}
	return s.lib.Close()
}

// resumable tells whether c may ask for the session: it must be for the same server, of a version that c speaks, not
// too old, and made under demands at least as strict as c's.
func (s *Session) resumable(c *core, cc *cbridge.Config) bool {
	if s.lib == nil || s.serverName != c.serverName || c.checks()&^s.checked != 0 || s.info.End != cbridge.Client {
		return false
	}
	if minimum, maximum := cc.Versions(); s.info.Version < minimum || s.info.Version > maximum || !cc.Offers(s.info.Ciphersuite) {
		return false
	}
	if !s.info.HasTicket && len(s.info.ID) == 0 || s.info.HasTicket && c.config.SessionTicketsDisabled {
		return false
	}
	now := c.now()
	if s.info.Version == VersionTLS13 {
		if now := cbridge.MSTime(); now.Before(s.info.Received) || now.After(s.Expires()) {
			return false
		}
	} else if now.After(s.Expires()) {
		return false
	}
	if s.checked&checkedChain != 0 && len(s.chain) > 0 {
		if end, ok := notAfter(s.chain[0]); ok && now.After(end) {
			return false
		}
	}
	return true
}

// notAfter is when a certificate in DER ends (RFC 5280, section 4.1.2.5): to parse all of it takes a tenth of a resumed
// handshake.
func notAfter(der []byte) (end time.Time, ok bool) {
	var cert, tbs, validity, notBefore cryptobyte.String
	var tag asn1.Tag
	input := cryptobyte.String(der)
	if !input.ReadASN1(&cert, asn1.SEQUENCE) || !cert.ReadASN1(&tbs, asn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(asn1.Tag(0).Constructed().ContextSpecific()) || // version
		!tbs.SkipASN1(asn1.INTEGER) || // serial number
		!tbs.SkipASN1(asn1.SEQUENCE) || // algorithm
		!tbs.SkipASN1(asn1.SEQUENCE) || // issuer
		!tbs.ReadASN1(&validity, asn1.SEQUENCE) || !validity.ReadAnyASN1(&notBefore, &tag) {
		return end, false
	}
	if validity.PeekASN1Tag(asn1.UTCTime) {
		return end, validity.ReadASN1UTCTime(&end)
	}
	return end, validity.ReadASN1GeneralizedTime(&end)
}

func (c *core) now() time.Time {
	if c.config.Time != nil {
		return c.config.Time()
	}
	return time.Now()
}

// sessionMagic begins a saved session: the format's name and version.
const sessionMagic = "gombedtls session 1\n"

// MarshalBinary saves the session, with all its secrets: who has it can resume the connection, and with TLS 1.2 decrypt
// what was recorded of it. Only the same version and build of the library takes it back (mbedtls_ssl_session_save).
func (s *Session) MarshalBinary() ([]byte, error) {
	if s.lib == nil {
		return nil, errNotSession
	}
	lib, err := s.lib.Save()
	if err != nil {
		return nil, err
	}
	defer clear(lib)
	size := len(sessionMagic) + sha256.Size + 1 + 4 + 4 + 3*4 + len(lib) + len(s.serverName) + len(s.protocol)
	for _, der := range s.chain {
		size += 4 + len(der)
	}
	data := append(make([]byte, 0, size), sessionMagic...) // in one piece, so that no copy stays behind
	data = append(data, make([]byte, sha256.Size)...)
	data = append(data, byte(s.checked))
	data = binary.BigEndian.AppendUint32(data, uint32(s.flags))
	data = appendField(data, lib)
	data = appendField(data, []byte(s.serverName))
	data = appendField(data, []byte(s.protocol))
	data = binary.BigEndian.AppendUint32(data, uint32(len(s.chain)))
	for _, der := range s.chain {
		data = appendField(data, der)
	}
	sum := sha256.Sum256(data[len(sessionMagic)+sha256.Size:])
	copy(data[len(sessionMagic):], sum[:])
	return data, nil
}

func appendField(data, field []byte) []byte {
	return append(binary.BigEndian.AppendUint32(data, uint32(len(field))), field...)
}

// UnmarshalBinary takes back what MarshalBinary saved (mbedtls_ssl_session_load). A session of another version or build
// of the library is refused with ErrSSLVersionMismatch, one that was cut or altered by chance with another error; against
// intent, keep it as a secret key is kept. s must be new.
func (s *Session) UnmarshalBinary(data []byte) error {
	if s.lib != nil {
		return errors.New("mbedtls: Session.UnmarshalBinary: the Session is in use")
	}
	rest, ok := bytes.CutPrefix(data, []byte(sessionMagic))
	if !ok || len(rest) < sha256.Size {
		return errNotSession
	}
	want, body := rest[:sha256.Size], rest[sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], want) {
		return fmt.Errorf("%w: its checksum is wrong", errNotSession)
	}
	f := fields{rest: body}
	checked, flags := checks(f.next(1)[0]), VerifyFlags(f.number())
	lib, name, protocol := f.next(int(f.number())), f.next(int(f.number())), f.next(int(f.number()))
	var chain [][]byte
	for range f.number() {
		if f.bad {
			break
		}
		chain = append(chain, bytes.Clone(f.next(int(f.number()))))
	}
	if f.bad || len(f.rest) > 0 {
		return errNotSession
	}
	loaded, err := cbridge.LoadSession(lib)
	if errors.Is(err, ErrSSLVersionMismatch) {
		return fmt.Errorf("mbedtls: the session is of another version or build of Mbed TLS than this, %s with profile %s: %w", cbridge.Release, cbridge.Profile, err)
	}
	if err != nil {
		return err
	}
	s.lib, s.info = loaded, loaded.Info()
	s.serverName, s.protocol, s.chain, s.flags, s.checked = string(name), string(protocol), chain, flags, checked
	return nil
}

// fields reads what appendField wrote.
type fields struct {
	rest []byte
	bad  bool
}

// next gives n bytes, or, if there are not as many, none that mean anything.
func (f *fields) next(n int) []byte {
	if f.bad || n < 0 || n > len(f.rest) {
		f.bad = true
		return make([]byte, min(max(n, 0), 4))
	}
	field := f.rest[:n]
	f.rest = f.rest[n:]
	return field
}

func (f *fields) number() uint32 { return binary.BigEndian.Uint32(f.next(4)) }

// Session is the newest session of a client's connection, for [Conn.SetSession] of another one. With TLS 1.2 there is one
// once the handshake is complete; with TLS 1.3 the server sends tickets at any time after that, if at all, and Read comes
// across them. Until then, and with SessionTicketsDisabled, it is an error.
func (c *core) Session() (*Session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fetchSession()
}

// fetchSession copies the session out of the context if that has a new one. With mu held.
func (c *core) fetchSession() (*Session, error) {
	if st := c.state.Load(); c.newSession && st != nil {
		lib, err := c.ssl.Session()
		if err != nil {
			return nil, err
		}
		c.session, c.newSession = newSession(lib, c, st), false
	}
	if c.session == nil {
		return nil, errNoSession
	}
	return c.session, nil
}

// SetSession makes a client ask to resume s, before its handshake, instead of what Config.ClientSessionCache has. If s
// does not fit (it is for another server, or expired, …), or the server does not want it, there is a full handshake, and
// ConnectionState.DidResume is false.
func (c *Conn) SetSession(s *Session) error {
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	if c.server || c.ssl != nil || c.handshakeErr != nil {
		return errors.New("mbedtls: SetSession is for a client before its handshake")
	}
	c.session = s
	return nil
}

// offer asks the server to resume, if there is a session for that.
func (c *core) offer(cc *cbridge.Config, ssl *cbridge.SSL) error {
	s, cache := c.session, c.sessionCache()
	cached := s == nil && cache != nil
	c.session = nil
	if cached {
		s, _ = cache.Get(c.sessionKey())
	}
	if s == nil || !c.config.unjudged() && !s.resumable(c, cc) {
		return nil
	}
	once := cached
	if r := c.config.rules(); r != nil && s.info.Version == VersionTLS13 {
		if r.MaximumSessionTicketsPerClientHello == 0 {
			return nil
		}
		once = once || !r.ReuseSessionTickets
	}
	if once && s.info.Version == VersionTLS13 { // RFC 8446 appendix C.4: or observers tell that both are the same client
		if !s.used.CompareAndSwap(false, true) {
			return nil
		}
		if cached {
			cache.Put(c.sessionKey(), nil)
		}
	}
	early := c.early && (s.protocol == "" || slices.Contains(c.config.NextProtos, s.protocol)) || c.config.unjudged()
	err := ssl.SetSession(s.lib, early)
	if err != nil && codeOf(err) == 0 {
		return nil // s is closed
	}
	c.resuming = s
	return err
}

// resumed completes the state of a connection from the session that it resumed.
func (c *core) resumed(st *ConnectionState) {
	switch {
	case !c.server:
		st.PeerCertificatesDER, st.VerifyFlags = c.resuming.chain, c.resuming.flags
	case st.VerifyFlags == VerifyUnavailable: // TLS 1.3
		st.VerifyFlags = CertSkipVerify
	}
}

// settled notes that a client's session is there to be copied, or that what it asked for led nowhere.
func (c *core) settled(err error) {
	if c.server {
		return
	}
	if err != nil {
		if cache := c.sessionCache(); cache != nil && c.resuming != nil {
			cache.Put(c.sessionKey(), nil)
		}
		return
	}
	if st := c.state.Load(); st.Version != VersionTLS13 {
		c.mu.Lock()
		c.noteSession()
		c.mu.Unlock()
		c.cacheSessions()
	}
}

// noteSession remembers that the context has a new session, and copies it if there is a cache to give it to. With mu held.
func (c *core) noteSession() {
	c.newSession = true
	if c.sessionCache() == nil || c.uncached {
		return
	}
	if s, err := c.fetchSession(); err == nil && (s.info.HasTicket || len(s.info.ID) > 0) {
		c.forCache = append(c.forCache, s)
	}
}

// cacheSessions gives new sessions to the cache.
func (c *core) cacheSessions() {
	c.mu.Lock()
	sessions := c.forCache
	c.forCache = nil
	c.mu.Unlock()
	for _, s := range sessions {
		c.sessionCache().Put(c.sessionKey(), s)
	}
}
