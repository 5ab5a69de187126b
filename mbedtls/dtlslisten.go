package mbedtls

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// DTLSListenConfig has the limits of a listener for DTLS; the zero value is safe.
type DTLSListenConfig struct {
	// MaxConns is how many connections there may be at once, half-open ones included; 0 is any number. A client that
	// comes when there is no room gets no answer, and tries again; if it had a connection, that ends, and makes room when
	// it is closed.
	MaxConns int

	// MaxHalfOpen is how many connections may be there at once whose handshake is not complete; 0 is 1024. They begin
	// when the client's cookie is good, and end with the handshake, or with Close: a client that falls silent keeps its
	// place for two minutes, unless a deadline or DTLSOptions.HandshakeTimeoutMax ends that sooner.
	MaxHalfOpen int

	// MaxQueued is how many datagrams of a connection wait for its Read or Handshake; 0 is 64. What comes then is lost.
	// Before the handshake is complete, they have no more than 64 KiB together.
	MaxQueued int

	// ReadBuffer is the size that is asked for the socket's receive buffer, in bytes; 0 is 4 MiB. The system may cut it.
	ReadBuffer int

	// Saved are connections of [Conn.MarshalBinary] to go on with: they are resumed, and wiped, before the socket is read,
	// and Accept returns them first. If one does not fit, there is no listener, and none is wiped.
	Saved [][]byte

	// AcceptAddressChange is asked when a connection's peer has shown, by a new and authentic record with its connection
	// ID, that it has another address now (RFC 9146 section 6). Where it returns false, what this end sends still goes to
	// the old one. It must return soon, since the listener's other connections may wait for it, and must not Read. nil takes
	// each new address.
	AcceptAddressChange func(c *Conn, to net.Addr) bool

	// UnknownConnectionID gets the datagrams whose connection ID no connection of the listener has, which are dropped
	// without it: who knows the connection's process takes them there, and gives them to [DTLSListener.Inject]. Both
	// slices are valid only during the call. It runs on a goroutine of its own, one call at a time; what comes while it
	// runs waits. Anybody can send such a datagram.
	UnknownConnectionID func(id, datagram []byte, from net.Addr)

	// MaxUnknown is how many datagrams wait for UnknownConnectionID; 0 is 256. What comes then is lost.
	MaxUnknown int
}

const (
	defaultHalfOpen   = 1024
	defaultQueued     = 64
	defaultUnknown    = 256
	defaultReadBuffer = 4 << 20
)

// DTLSListener accepts the DTLS connections of one socket. One goroutine reads from it, and finds each datagram's
// connection by its connection ID, or by the sender's address. An unknown sender gets a HelloVerifyRequest, for which
// nothing is kept; it becomes a connection with the ClientHello that brings the cookie back. A ClientHello with a good
// cookie from the address of a connection that is there already begins a new one, with its own handshake, in place of the
// old, whose calls then fail with ErrSSLClientReconnect (RFC 6347 section 4.2.8). Only a connection that has a connection
// ID lives on. Without cookies, such a ClientHello is ignored until the old connection is closed.
type DTLSListener struct {
	socket socket
	config *Config
	limits DTLSListenConfig
	jar    cookieJar // nil: no cookies
	cidLen int       // of the connections' own IDs

	accepted chan *Conn
	foreign  chan *queued  // for UnknownConnectionID, closed by the reader; nil without it
	done     chan struct{} // closed by Close, or when the socket fails
	stopped  chan struct{} // closed when the reader has ended

	stats counters

	delivery sync.Mutex // one datagram at a time, the reader's or Inject's

	mu       sync.Mutex
	byAddr   map[endpointKey]*peer
	byCID    map[string]*peer
	conns    int // that are not closed
	halfOpen int
	closed   bool
	err      error // why
	handOver bool  // the reader stops at its next deadline
}

// DTLSStats counts what a listener has seen since it began.
type DTLSStats struct {
	Conns, HalfOpen int // now

	Accepted       uint64 // connections that began, by a ClientHello with a good cookie
	Reconnects     uint64 // of them, those that took another's place
	HelloVerifies  uint64 // HelloVerifyRequests sent
	AddressChanges uint64 // addresses that connections moved to

	ForeignIDs uint64 // datagrams for UnknownConnectionID
	Injected   uint64 // datagrams that Inject has given to a connection

	// Datagrams that were dropped, by reason.
	DroppedUnknown uint64 // neither a ClientHello nor for a connection
	DroppedFull    uint64 // the connection's queue was full
	DroppedLimit   uint64 // a good ClientHello over MaxConns or MaxHalfOpen, or when the listener was closed
	DroppedForeign uint64 // too many waited for UnknownConnectionID
}

type counters struct {
	accepted, reconnects, helloVerifies, addressChanges, foreign, injected, unknown, full, limit, foreignFull atomic.Uint64
}

// ListenDTLS listens on a UDP address. network is "udp", "udp4" or "udp6". It fails at once if config cannot be used. On a
// host with several addresses, name one: from the wildcard address, the system chooses the source of each answer.
func ListenDTLS(network, addr string, config *Config) (*DTLSListener, error) {
	return new(DTLSListenConfig).Listen(network, addr, config)
}

// NewDTLSListener makes a listener of a socket, which it owns from then on.
func NewDTLSListener(pc net.PacketConn, config *Config) (*DTLSListener, error) {
	return new(DTLSListenConfig).New(pc, config)
}

// Listen is [ListenDTLS] with these limits.
func (lc *DTLSListenConfig) Listen(network, addr string, config *Config) (*DTLSListener, error) {
	if !isDatagram(network) {
		return nil, net.UnknownNetworkError(network)
	}
	limits, config, err := lc.check(config)
	if err != nil {
		return nil, err
	}
	pc, err := net.ListenPacket(network, addr)
	if err != nil {
		return nil, err
	}
	var l *DTLSListener
	if udp, ok := pc.(*net.UDPConn); ok {
		err = udp.SetReadBuffer(limits.ReadBuffer)
	}
	if err == nil {
		l, err = newDTLSListener(pc, config, limits)
	}
	if err != nil {
		pc.Close()
		return nil, err
	}
	return l, nil
}

// New is [NewDTLSListener] with these limits, but for ReadBuffer, which is the caller's to set. If it fails, pc is still
// the caller's.
func (lc *DTLSListenConfig) New(pc net.PacketConn, config *Config) (*DTLSListener, error) {
	limits, config, err := lc.check(config)
	if err != nil {
		return nil, err
	}
	return newDTLSListener(pc, config, limits)
}

// check reports what cannot be used, and fills in what is not set.
func (lc *DTLSListenConfig) check(config *Config) (DTLSListenConfig, *Config, error) {
	if config == nil {
		config = new(Config)
	}
	limits := *lc
	if err := config.ValidateDTLS(true); err != nil {
		return limits, config, err
	}
	for _, f := range []struct {
		name  string
		value *int
		zero  int
	}{
		{"MaxConns", &limits.MaxConns, 0}, {"MaxHalfOpen", &limits.MaxHalfOpen, defaultHalfOpen},
		{"MaxQueued", &limits.MaxQueued, defaultQueued}, {"ReadBuffer", &limits.ReadBuffer, defaultReadBuffer},
		{"MaxUnknown", &limits.MaxUnknown, defaultUnknown},
	} {
		if *f.value < 0 {
			return limits, config, &ConfigError{Field: "DTLSListenConfig." + f.name, Value: *f.value, Err: errors.New("is negative")}
		}
		if *f.value == 0 {
			*f.value = f.zero
		}
	}
	return limits, config, nil
}

func newDTLSListener(pc net.PacketConn, config *Config, limits DTLSListenConfig) (*DTLSListener, error) {
	jar, err := config.cookieJar()
	if err != nil {
		return nil, err
	}
	l := &DTLSListener{
		socket: newSocket(pc), config: config, limits: limits, jar: jar,
		accepted: make(chan *Conn, limits.MaxHalfOpen+len(limits.Saved)), done: make(chan struct{}), stopped: make(chan struct{}),
		byAddr: map[endpointKey]*peer{}, byCID: map[string]*peer{},
	}
	if id := config.DTLS.ConnectionID; id != nil {
		l.cidLen = id.Length
	}
	if err := l.resumeAll(limits.Saved); err != nil {
		return nil, err
	}
	l.limits.Saved = nil
	if limits.UnknownConnectionID != nil {
		l.foreign = make(chan *queued, limits.MaxUnknown)
		go l.passForeign()
	}
	_ = pc.SetDeadline(time.Time{}) // whatever the caller had set; some sockets have none
	go l.run()
	return l, nil
}

// Accept returns the next connection, a *[Conn], before its handshake: a slow client delays no other. The caller must run
// the handshake (Read and Write do so), and Close it whatever comes of that. It fails with [net.ErrClosed] after Close.
func (l *DTLSListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.done:
		l.mu.Lock()
		defer l.mu.Unlock()
		return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: l.err}
	}
}

// Addr is the socket's own address.
func (l *DTLSListener) Addr() net.Addr { return l.socket.LocalAddr() }

// Close ends Accept, and the connections that it has not returned yet. The others live on; with the last of them, the
// socket is closed.
func (l *DTLSListener) Close() error {
	if !l.shut(net.ErrClosed) {
		return net.ErrClosed
	}
	return nil
}

// shut takes no more connections, for that reason, and reports whether there was none before.
func (l *DTLSListener) shut(reason error) bool {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return false
	}
	l.closed, l.err = true, reason
	close(l.done)
	last := l.conns == 0
	l.mu.Unlock()
	if last {
		l.socket.Close()
	}
	for {
		select {
		case c := <-l.accepted:
			c.Close()
		default:
			return true
		}
	}
}

// Stats counts what the listener has seen.
func (l *DTLSListener) Stats() DTLSStats {
	l.mu.Lock()
	conns, halfOpen := l.conns, l.halfOpen
	l.mu.Unlock()
	return DTLSStats{
		Conns: conns, HalfOpen: halfOpen,
		Accepted: l.stats.accepted.Load(), Reconnects: l.stats.reconnects.Load(),
		HelloVerifies: l.stats.helloVerifies.Load(), AddressChanges: l.stats.addressChanges.Load(),
		ForeignIDs: l.stats.foreign.Load(), Injected: l.stats.injected.Load(),
		DroppedForeign: l.stats.foreignFull.Load(),
		DroppedUnknown: l.stats.unknown.Load(), DroppedFull: l.stats.full.Load(), DroppedLimit: l.stats.limit.Load(),
	}
}

// run reads until the socket is closed, or fails.
func (l *DTLSListener) run() {
	defer close(l.stopped)
	if l.foreign != nil {
		defer close(l.foreign)
	}
	buf := make([]byte, 1<<16)
	for {
		n, from, err := l.socket.read(buf)
		if isTimeout(err) {
			if l.handsOver() {
				return
			}
			continue
		}
		if err != nil {
			l.fail(err)
			return
		}
		l.dispatch(buf[:n], from)
	}
}

// admit takes a connection that did not begin here, and its ID.
func (l *DTLSListener) admit(p *peer, cid string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := p.addr.Load().key()
	switch {
	case l.closed:
		return net.ErrClosed
	case l.limits.MaxConns > 0 && l.conns >= l.limits.MaxConns:
		return fmt.Errorf("mbedtls: Resume: there are %d connections, and DTLSListenConfig.MaxConns is that", l.conns)
	case cid != "" && l.byCID[cid] != nil:
		return errConnectionIDTaken
	case cid == "" && l.byAddr[key] != nil:
		return fmt.Errorf("mbedtls: Resume: there is a connection with %v already", p.RemoteAddr())
	}
	l.conns++
	p.counted = true
	if l.byAddr[key] == nil {
		l.byAddr[key] = p
	}
	if cid != "" {
		p.cid = cid
		l.byCID[cid] = p
	}
	return nil
}

// handsOver tells whether the reader shall leave what comes now to somebody else.
func (l *DTLSListener) handsOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.handOver
}

// fail ends all connections when the socket has failed.
func (l *DTLSListener) fail(err error) {
	for p := range l.peers() {
		p.end(err)
	}
	l.shut(err)
}

// peers are those of all connections that a datagram could find.
func (l *DTLSListener) peers() map[*peer]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[*peer]bool{}
	for _, p := range l.byAddr {
		all[p] = true
	}
	for _, p := range l.byCID {
		all[p] = true
	}
	return all
}

// Conns are the connections that are not closed, in no order, those among them whose handshake is not complete.
func (l *DTLSListener) Conns() []*Conn {
	var conns []*Conn
	for p := range l.peers() {
		conns = append(conns, p.conn)
	}
	return conns
}

// dispatch finds the connection of a datagram, by its first record.
func (l *DTLSListener) dispatch(datagram []byte, from endpoint) {
	record, ok := parseRecord(datagram, l.cidLen)
	if !ok {
		l.stats.unknown.Add(1)
		return
	}
	l.mu.Lock()
	p := l.byAddr[from.key()]
	if record.cid != nil {
		p = l.byCID[string(record.cid)]
	}
	l.mu.Unlock()
	hello, isHello := record.clientHello()
	switch {
	case isHello && (p == nil || hello.random != p.random):
		l.meet(p, datagram, hello, from)
	case p == nil && record.cid != nil && l.foreign != nil:
		l.keepForeign(datagram, from)
	case p == nil || isHello && p.established():
		l.stats.unknown.Add(1) // the second is an old ClientHello of the same handshake
	default:
		l.delivery.Lock()
		defer l.delivery.Unlock()
		p.deliver(datagram, from)
	}
}

// meet answers a ClientHello that is not part of old's handshake, if there is an old connection.
func (l *DTLSListener) meet(old *peer, datagram []byte, hello clientHello, from endpoint) {
	// What is found by its connection ID needs the address for nothing.
	displaced := old != nil && !old.hasConnectionID()
	select {
	case <-l.done: // there will be no connection, so there is no use in a cookie
		l.stats.limit.Add(1)
		return
	default:
	}
	if l.jar == nil && displaced && old.established() {
		l.stats.unknown.Add(1) // anybody may have sent it: the library ignores it, too
		return
	}
	if l.jar != nil && !l.verify(datagram, hello, from) {
		return
	}
	p := newPeer(l, from, hello.random)
	p.deliver(datagram, from)
	err := l.begin(p)
	if err != nil {
		l.stats.limit.Add(1)
	} else {
		l.stats.accepted.Add(1)
		if old != nil {
			l.stats.reconnects.Add(1)
		}
	}
	if displaced && err != net.ErrClosed { // if there was no room, it makes some when it is closed
		old.end(&Error{Code: ErrSSLClientReconnect, Op: "mbedtls_ssl_read"})
	}
}

// verify tells whether a ClientHello has a cookie that is good for its source; else it sends one there.
func (l *DTLSListener) verify(datagram []byte, hello clientHello, from endpoint) bool {
	id := l.config.DTLS.transportID(from.netAddr())
	if l.jar.check(id, hello.cookie) {
		return true
	}
	cookie, err := l.jar.write(id)
	if err != nil {
		l.stats.unknown.Add(1)
		return false
	}
	if l.socket.write(hello.verifyRequest(datagram, cookie), from) == nil {
		l.stats.helloVerifies.Add(1)
	}
	return false
}

var errNoRoom = errors.New("mbedtls: the listener has as many connections as it may have")

// begin makes p a connection, for Accept, if there is room for one.
func (l *DTLSListener) begin(p *peer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return net.ErrClosed
	}
	if l.limits.MaxConns > 0 && l.conns >= l.limits.MaxConns || l.halfOpen >= l.limits.MaxHalfOpen {
		return errNoRoom
	}
	l.conns++
	l.halfOpen++
	p.counted = true
	l.byAddr[p.addr.Load().key()] = p
	l.accepted <- p.conn // it has room for all half-open ones, and those that were saved; and shut empties it later
	return nil
}

var _ net.Listener = (*DTLSListener)(nil)
