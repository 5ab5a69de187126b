package mbedtls

import (
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// savedFormat is raised whenever savedConn changes.
const savedFormat = 1

// savedConn is what MarshalBinary writes.
type savedConn struct {
	Format     int
	Server     bool
	RemoteAddr string
	Network    string
	Random     []byte `json:",omitempty"` // of the ClientHello, where a server knows it
	State      ConnectionState
	Observed   cbridge.Observed
	Pending    []savedDatagram `json:",omitempty"` // that were not read
	Context    []byte          // the library's
}

type savedDatagram struct {
	From     string `json:",omitempty"` // empty: RemoteAddr
	Datagram []byte
}

var (
	// ErrSaved is the error of a connection that [Conn.MarshalBinary] has saved.
	ErrSaved = errors.New("mbedtls: the connection was saved, to go on elsewhere")

	errSavedUsed = errors.New("mbedtls: a saved connection can be resumed once, and this one was")
)

// MarshalBinary ends a connection of DTLS here, without a word to the peer, and returns what [ResumeDTLS] or
// [DTLSListener.Resume] need to go on with it, in this process or in another. All calls on it then fail with [ErrSaved];
// it must still be closed.
//
// The result holds the connection's keys: it must be kept secret, and used once. If two went on with it, they would use
// the same nonces for different data, which breaks the encryption. Therefore resuming it wipes it.
//
// It fails, and nothing happens, with ErrSSLBadInputData: before the handshake is complete; on the end that sent the last
// messages of the handshake (the server, unless a session was resumed) before it has read any data, since it may have to
// send them again; while data waits to be read; with a suite that is no AEAD, or with AllowRenegotiation. What the socket
// has received and Read has not returned goes along. With the last connection of a closed listener, the socket is not
// read any more when MarshalBinary returns, so that a process that has it too loses nothing (mbedtls_ssl_context_save).
func (c *Conn) MarshalBinary() ([]byte, error) {
	if !c.isDTLS() {
		return nil, errors.New("mbedtls: MarshalBinary is for DTLS alone")
	}
	if !c.handshakeDone.Load() {
		return nil, fmt.Errorf("mbedtls: MarshalBinary: the handshake is not complete: %w", ErrSSLBadInputData)
	}
	ssl, err := c.begin(context.Background())
	if err != nil {
		return nil, err
	}
	defer ssl.Release()
	c.writeMu.Lock()
	defer c.writeMu.Unlock()
	if err := c.send(); err != nil {
		return nil, err
	}
	if err := c.pauseReading(); err != nil {
		return nil, err
	}
	defer c.in.leave()
	saved, err := c.save()
	if err != nil {
		return nil, err
	}
	defer clear(saved.Context)
	if r, ok := c.datagrams.(*replay); ok {
		saved.Pending = append(saved.Pending, r.pending...)
	}
	if c.peer != nil {
		saved.Pending = append(saved.Pending, c.peer.handOver()...)
	}
	return json.Marshal(saved)
}

// pauseReading waits until no Read is about to give the library a datagram, and holds in.
func (c *Conn) pauseReading() error {
	if err := c.deadlines.interrupt(true); err != nil {
		return err
	}
	c.in.enter(nil)
	if err := c.deadlines.interrupt(false); err != nil {
		c.in.leave()
		return err
	}
	return nil
}

// save takes the state out of the library. With writeMu and in held.
func (c *Conn) save() (*savedConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.readErr != nil {
		return nil, c.readErr
	}
	if c.writeErr != nil {
		return nil, c.writeErr
	}
	st := c.state.Load()
	if st == nil { // HandshakeContext was cancelled at its end
		return nil, net.ErrClosed
	}
	saved := &savedConn{Format: savedFormat, Server: c.server, State: *st, Observed: c.ssl.Observed()}
	if addr := c.conn.RemoteAddr(); addr != nil {
		saved.Network, saved.RemoteAddr = addr.Network(), addr.String()
	}
	var err error
	if saved.Context, err = c.ssl.Save(); err != nil {
		return nil, c.explainSave(err)
	}
	for datagram := c.ssl.TakeInput(); datagram != nil; datagram = c.ssl.TakeInput() {
		saved.Pending = append(saved.Pending, savedDatagram{Datagram: datagram}) // a Read was about to
	}
	if c.server {
		saved.Random = c.hellos.random[:]
	}
	c.readErr, c.writeErr = ErrSaved, ErrSaved
	return saved, nil
}

// explainSave adds to the library's refusal to save what it is about. With mu held.
func (c *Conn) explainSave(err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Code != ErrSSLBadInputData || e.Cause != nil {
		return err
	}
	switch suite, _ := CipherSuiteByID(c.ssl.Ciphersuite()); {
	case c.config.AllowRenegotiation:
		e.Cause = errors.New("a Config with AllowRenegotiation")
	case strings.HasSuffix(suite.Cipher, "-CBC") || suite.Weak:
		e.Cause = fmt.Errorf("the suite %s is no AEAD: see Config.CipherSuites", suite.Name)
	case c.ssl.BytesAvail() > 0 || c.ssl.CheckPending():
		e.Cause = errors.New("data waits to be read")
	default:
		e.Cause = errors.New("the last messages of the handshake may have to be sent again, as long as no data was read")
	}
	return err
}

// ResumeDTLS goes on with a connection that [Conn.MarshalBinary] saved, over conn, and wipes saved: the same slice cannot
// be resumed again. Nothing is sent for it: a peer that finds this end by its connection ID notices nothing, else conn must
// have the old addresses. config must have what the connection uses, such as its suite, its ALPN protocol and the length
// of its connection ID, and be without AllowRenegotiation: else it fails with ErrSSLBadInputData; and so must the build of
// the library: else with ErrSSLVersionMismatch (mbedtls_ssl_context_load).
func ResumeDTLS(conn net.Conn, saved []byte, config *Config) (*Conn, error) {
	s, err := parseSaved(saved)
	if err != nil {
		return nil, err
	}
	c := newConn(conn, config, s.Server, cbridge.Datagram)
	if len(s.Pending) > 0 {
		c.datagrams = &replay{s.Pending, c.datagrams}
	}
	if err := c.load(s); err != nil {
		return nil, err
	}
	clear(saved)
	return c, nil
}

// Resume is [ResumeDTLS] for a server's connection on the listener's socket. The listener finds it by its connection ID, or
// by the address that it had. Accept does not return it. What comes for it before Resume is lost: see
// [DTLSListenConfig].Saved.
func (l *DTLSListener) Resume(saved []byte) (*Conn, error) {
	c, err := l.resume(saved)
	if err == nil {
		clear(saved)
	}
	return c, err
}

// resume is Resume that does not wipe saved.
func (l *DTLSListener) resume(saved []byte) (*Conn, error) {
	s, err := parseSaved(saved)
	if err != nil {
		return nil, err
	}
	if !s.Server {
		return nil, errors.New("mbedtls: Resume: the saved connection is a client's")
	}
	from, err := s.endpoint(s.RemoteAddr)
	if err != nil {
		return nil, err
	}
	p := newPeer(l, from, [32]byte(s.Random))
	p.halfOpen = false
	for _, d := range s.Pending {
		q := newQueued(d.Datagram, from)
		if d.From != "" {
			if q.from, err = s.endpoint(d.From); err != nil {
				return nil, err
			}
		}
		p.queue.push(q)
	}
	if err := p.conn.load(s); err != nil {
		p.conn.abort(err)
		return nil, err
	}
	if err := l.admit(p, string(s.State.OwnConnectionID)); err != nil {
		p.conn.abort(err)
		return nil, err
	}
	return p.conn, nil
}

// abort closes a listener's connection without a word to the peer.
func (c *Conn) abort(err error) {
	c.peer.end(err)
	c.Close()
}

// resumeAll resumes connections before the socket is read, all or none.
func (l *DTLSListener) resumeAll(all [][]byte) error {
	var conns []*Conn
	for i, saved := range all {
		c, err := l.resume(saved)
		if err != nil {
			for _, c := range conns {
				c.abort(err)
			}
			return fmt.Errorf("mbedtls: DTLSListenConfig.Saved[%d]: %w", i, err)
		}
		conns = append(conns, c)
	}
	for i, c := range conns {
		clear(all[i])
		l.accepted <- c
	}
	return nil
}

func parseSaved(saved []byte) (*savedConn, error) {
	if len(saved) > 0 && saved[0] == 0 {
		return nil, errSavedUsed
	}
	s := new(savedConn)
	if err := json.Unmarshal(saved, s); err != nil {
		return nil, fmt.Errorf("mbedtls: not a saved connection: %w", err)
	}
	if s.Format != savedFormat {
		return nil, fmt.Errorf("mbedtls: a saved connection of format %d: this is %d", s.Format, savedFormat)
	}
	if len(s.Random) != 32 {
		s.Random = make([]byte, 32) // a client has none
	}
	return s, nil
}

// endpoint is an address of the connection's network.
func (s *savedConn) endpoint(addr string) (endpoint, error) {
	switch s.Network {
	case "udp":
		udp, err := netip.ParseAddrPort(addr)
		return udpEndpoint(udp), err
	case "unixgram":
		return endpoint{other: &net.UnixAddr{Name: addr, Net: s.Network}}, nil
	}
	return endpoint{}, fmt.Errorf("mbedtls: Resume: a peer on the network %q", s.Network)
}

// load makes a new connection go on with a saved one.
func (c *Conn) load(s *savedConn) error {
	defer clear(s.Context)
	c.handshakeMu.Lock()
	defer c.handshakeMu.Unlock()
	c.serverName, c.resumesSaved = s.State.ServerName, true
	if err := c.open(); err != nil {
		return err
	}
	err := c.checkPolicy(&s.State, true)
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		err = c.ssl.Load(s.Context)
	}
	if err == nil {
		err = c.ssl.SetObserved(s.Observed)
	}
	if err != nil {
		c.ssl.Close()
		c.handshakeErr = err
		return err
	}
	c.pskIdentity = s.State.PSKIdentity
	c.hellos.random = [32]byte(s.Random)
	c.state.Store(&s.State)
	c.handshakeDone.Store(true)
	return nil
}

// replay gives datagrams that were received earlier, before it receives others.
type replay struct {
	pending []savedDatagram
	then    receiver
}

func (r *replay) receive(take func([]byte) error) error {
	if len(r.pending) == 0 {
		return r.then.receive(take)
	}
	next := r.pending[0]
	r.pending = r.pending[1:]
	return take(next.Datagram)
}

var _ encoding.BinaryMarshaler = (*Conn)(nil)
