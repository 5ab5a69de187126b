package badlink

import (
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
)

// Proxy is a running link. Its methods may be called at any time, from anywhere but a Filter.
type Proxy struct {
	upstream *net.UDPAddr
	listener *net.UDPConn
	wake     chan struct{}  // there is an event
	done     chan struct{}  // Close was called
	running  sync.WaitGroup // readers and the schedule

	mu       sync.Mutex
	options  Options
	ends     [2]end
	flows    map[netip.AddrPort]*flow
	events   []event
	paused   bool
	waiting  []arrival // while paused
	closed   bool
	closeErr error
}

// end is the state of one direction, over all clients.
type end struct {
	random *rand.Rand
	n      int
	Counters
}

// flow is one client.
type flow struct {
	client netip.AddrPort
	up     *net.UDPConn // connected with the server
	lanes  [2]lane
}

// lane is one direction of a flow.
type lane struct {
	held   []byte // to be sent behind the next one
	holds  int    // how many there were
	merged []byte // to be sent together
}

type arrival struct {
	flow     *flow
	dir      Direction
	datagram []byte
}

// Start opens a link on a port of 127.0.0.1 to the server at upstream.
func Start(upstream string, o Options) (*Proxy, error) {
	addr, err := net.ResolveUDPAddr("udp", upstream)
	if err != nil {
		return nil, err
	}
	listener, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	p := &Proxy{
		upstream: addr, listener: listener, options: o,
		flows: map[netip.AddrPort]*flow{}, wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	for dir := range p.ends {
		p.ends[dir].random = rand.New(rand.NewPCG(o.Seed, uint64(dir)))
	}
	p.running.Go(p.readClients)
	p.running.Go(p.schedule)
	return p, nil
}

// Addr is where clients connect to.
func (p *Proxy) Addr() net.Addr { return p.listener.LocalAddr() }

// SetOptions changes the link for datagrams that have yet to arrive.
func (p *Proxy) SetOptions(o Options) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.options = o
}

// Counters are those of one direction so far.
func (p *Proxy) Counters(dir Direction) Counters {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ends[dir].Counters
}

// Sources are the addresses that the server sees, in no order.
func (p *Proxy) Sources() (addrs []netip.AddrPort) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.flows {
		addrs = append(addrs, f.up.LocalAddr().(*net.UDPAddr).AddrPort())
	}
	return addrs
}

// Rebind gives each client a new source port towards the server. What the server still sends to the old one is lost.
func (p *Proxy) Rebind() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return net.ErrClosed
	}
	for _, f := range p.flows {
		old := f.up
		if err := p.connect(f); err != nil {
			return err
		}
		if err := old.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Pause keeps what arrives from now on, until Resume.
func (p *Proxy) Pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = true
}

// Resume lets the datagrams go on that came in since Pause, in their order.
func (p *Proxy) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = false
	if p.closed {
		return
	}
	for _, a := range p.waiting {
		p.receive(a)
	}
	p.waiting = nil
}

// Close ends the link, with all that is on it. Later calls return what the first did.
func (p *Proxy) Close() error {
	p.mu.Lock()
	if !p.closed {
		p.closed = true
		close(p.done)
		p.closeErr = p.listener.Close()
		for _, f := range p.flows {
			p.closeErr = errors.Join(p.closeErr, f.up.Close())
		}
	}
	err := p.closeErr
	p.mu.Unlock()
	p.running.Wait()
	return err
}

// connect opens a new socket to the server. mu is held.
func (p *Proxy) connect(f *flow) error {
	up, err := net.DialUDP("udp", nil, p.upstream)
	if err != nil {
		return err
	}
	f.up = up
	p.running.Go(func() { p.readServer(f, up) })
	return nil
}

const maxDatagram = 1 << 16

func (p *Proxy) readClients() {
	buffer := make([]byte, maxDatagram)
	for {
		n, from, err := p.listener.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an earlier datagram came back
		}
		p.mu.Lock()
		if f := p.flowOf(from); f != nil {
			p.arrive(arrival{f, ToServer, slices.Clone(buffer[:n])})
		}
		p.mu.Unlock()
	}
}

func (p *Proxy) readServer(f *flow, up *net.UDPConn) {
	buffer := make([]byte, maxDatagram)
	for {
		n, err := up.Read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an earlier datagram came back
		}
		p.mu.Lock()
		if f.up == up {
			p.arrive(arrival{f, ToClient, slices.Clone(buffer[:n])})
		}
		p.mu.Unlock()
	}
}

// flowOf returns nil when there can be none any more.
func (p *Proxy) flowOf(client netip.AddrPort) *flow {
	f := p.flows[client]
	if f == nil && !p.closed {
		f = &flow{client: client}
		if p.connect(f) != nil {
			return nil
		}
		p.flows[client] = f
	}
	return f
}
