package fleet

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/errgroup"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Listener accepts the DTLS connections of one process of a fleet, and those that other processes have parked, and whose
// next record comes here. Its connections' IDs name the process.
type Listener struct {
	f       *Fleet
	inner   *mbedtls.DTLSListener
	config  *mbedtls.Config
	node    string // its name in IDs
	forward *net.UDPConn

	nodes   atomic.Pointer[map[string]netip.AddrPort] // where the other processes take records
	known   *lru.Cache[string, place]                 // connections that are not where their IDs say
	lookups chan record                               // whose connection Redis has to find
	stripes [64]sync.Mutex                            // by ID: one goroutine at a time moves a connection
	seed    maphash.Seed

	accepted chan net.Conn
	serving  context.Context // until Shutdown begins: then others take what is parked
	drain    context.CancelFunc
	ctx      context.Context // until Close
	stop     context.CancelFunc
	running  sync.WaitGroup
	closed   atomic.Bool
}

const (
	lookupWorkers = 4
	maxLookups    = 256  // that wait
	maxKnown      = 4096 // places
	maxAccepted   = 64   // connections that wait for Accept
	parkWorkers   = 8
)

// ListenDTLS listens on a UDP address with a copy of config, to which it adds what Configure does and connection IDs of the
// fleet, of 16 bytes. limits may be nil; its UnknownConnectionID is not looked at. All processes must have equal configs.
//
// An ID holds 6 bytes that name the process, 6 random ones, and 4 that prove that it is the fleet's. A record with the ID
// of another process is sent on to that, sealed, over UDP; the answer comes from that process's own socket, so that the
// balancer must let any process answer any client. Before a handshake is complete, its records have no ID: the balancer
// must send those of one client to one process, but for its first ClientHello.
func (f *Fleet) ListenDTLS(limits *mbedtls.DTLSListenConfig, network, addr string, config *mbedtls.Config) (*Listener, error) {
	lc := mbedtls.DTLSListenConfig{}
	if limits != nil {
		lc = *limits
	}
	if config == nil {
		config = new(mbedtls.Config)
	}
	node := make([]byte, nodeLen)
	rand.Read(node) // never fails
	known, err := lru.New[string, place](maxKnown)
	if err != nil {
		return nil, err
	}
	l := &Listener{
		f: f, config: config.Clone(), node: string(node), known: known, seed: maphash.MakeSeed(),
		lookups: make(chan record, maxLookups), accepted: make(chan net.Conn, maxAccepted),
	}
	f.Configure(l.config)
	id := mbedtls.ConnectionID{Length: idLen, Generate: func() ([]byte, error) { return f.secrets.newID(l.node), nil }}
	if given := config.DTLS.ConnectionID; given != nil {
		id.FailUnexpected = given.FailUnexpected
	}
	l.config.DTLS.ConnectionID = &id
	lc.UnknownConnectionID = l.unknown
	l.nodes.Store(&map[string]netip.AddrPort{})
	if err := l.open(&lc, network, addr); err != nil {
		return nil, errors.Join(err, l.config.Close())
	}
	l.running.Go(l.accept)
	l.running.Go(l.receive)
	l.running.Go(l.beat)
	for range lookupWorkers {
		l.running.Go(l.lookUp)
	}
	return l, nil
}

// open makes the two sockets.
func (l *Listener) open(lc *mbedtls.DTLSListenConfig, network, addr string) error {
	at, err := net.ResolveUDPAddr("udp", l.f.options.ForwardAddr)
	if err != nil {
		return badOption("ForwardAddr", l.f.options.ForwardAddr, "%w", err)
	}
	if l.forward, err = net.ListenUDP("udp", at); err != nil {
		return badOption("ForwardAddr", l.f.options.ForwardAddr, "%w", err)
	}
	l.ctx, l.stop = context.WithCancel(l.f.ctx)
	l.serving, l.drain = context.WithCancel(l.ctx)
	l.register() // before there is a connection to look for
	if l.inner, err = lc.Listen(network, addr, l.config); err != nil {
		l.stop()
		l.unregister()
		return errors.Join(err, l.forward.Close())
	}
	return nil
}

// Accept returns the next connection, a *[mbedtls.Conn]: a new one, before its handshake, or one that was parked and goes
// on here, which ConnectionState tells apart. It fails with [net.ErrClosed] after Close.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.ctx.Done():
		return nil, &net.OpError{Op: "accept", Net: l.Addr().Network(), Addr: l.Addr(), Err: net.ErrClosed}
	}
}

// accept takes the inner listener's new connections.
func (l *Listener) accept() {
	for {
		c, err := l.inner.Accept()
		if err != nil {
			l.stop() // the socket may have failed
			return
		}
		if l.serving.Err() != nil {
			c.Close() // the client asks again, and then another process
			continue
		}
		l.offer(c)
	}
}

// offer waits until Accept has room for a connection. During Shutdown that is not needed: it parks the connection, or
// closes it.
func (l *Listener) offer(c net.Conn) {
	select {
	case l.accepted <- c:
		return
	case <-l.serving.Done():
	}
	if l.ctx.Err() != nil {
		c.Close()
	}
}

// Addr is the address that clients' records come to.
func (l *Listener) Addr() net.Addr { return l.inner.Addr() }

// Stats counts what the inner listener has seen; [Fleet.Stats] has what became of the records of other processes.
func (l *Listener) Stats() mbedtls.DTLSStats { return l.inner.Stats() }

// Shutdown parks all connections that can be, closes the others, and closes the listener. No handshake begins after it has.
// Until all are parked, or ctx ends, records for them go to other processes. Reads of parked connections fail with
// [mbedtls.ErrSaved]. The error tells which connections with a connection ID could not be parked.
func (l *Listener) Shutdown(ctx context.Context) error {
	l.drain()
	for i := range l.stripes {
		l.stripes[i].Lock()
		//lint:ignore SA2001 what is being taken is here by then, and nothing else is taken
		l.stripes[i].Unlock()
	}
	var errs []error
	tried := map[string]bool{}
	for l.parkAll(ctx, tried, &errs) && ctx.Err() == nil { // a handshake may have ended meanwhile
	}
	errs = append(errs, l.Close())
	for _, c := range l.inner.Conns() {
		c.Close() // the client learns of it
	}
	return errors.Join(errs...)
}

// parkAll parks the connections whose IDs were not tried before, and tells whether there were any.
func (l *Listener) parkAll(ctx context.Context, tried map[string]bool, errs *[]error) bool {
	var parking errgroup.Group
	parking.SetLimit(parkWorkers)
	var mu sync.Mutex
	before := len(tried)
	for _, c := range l.inner.Conns() {
		id := string(c.OwnConnectionID())
		if id == "" || tried[id] {
			continue
		}
		tried[id] = true
		parking.Go(func() error {
			err := l.Park(ctx, c)
			if err != nil && !errors.Is(err, mbedtls.ErrSaved) && !errors.Is(err, net.ErrClosed) { // its user was faster
				mu.Lock()
				*errs = append(*errs, fmt.Errorf("the connection with %v: %w", c.RemoteAddr(), err))
				mu.Unlock()
			}
			return nil
		})
	}
	_ = parking.Wait() // errs has them all
	return len(tried) > before
}

// Close ends Accept and the connections that it has not returned, and takes no more records from or to other processes.
// The connections that it has returned live on, for the records that come here.
func (l *Listener) Close() error {
	if !l.closed.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	err := l.inner.Close()
	l.stop()
	err = errors.Join(err, l.forward.Close())
	l.running.Wait()
	for len(l.accepted) > 0 {
		c := <-l.accepted
		c.Close()
	}
	return errors.Join(err, l.config.Close())
}

// stripe is held by who moves the connection of that ID.
func (l *Listener) stripe(id string) *sync.Mutex {
	return &l.stripes[maphash.String(l.seed, id)%uint64(len(l.stripes))]
}

var _ net.Listener = (*Listener)(nil)
