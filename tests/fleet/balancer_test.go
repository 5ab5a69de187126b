package fleet_test

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// balancer spreads clients over servers. It knows nothing of TLS, but that records with connection IDs have type 25:
// these go to each server in turn. All else of a client goes to one server, since a handshake has no IDs. Each TCP
// connection goes to the next server. Answers go back whichever server they are from.
type balancer struct {
	tcp net.Listener
	udp *net.UDPConn

	mu      sync.Mutex
	servers []*server // that live
	next    int
	flows   map[netip.AddrPort]*flow
	open    map[io.Closer]bool // TCP connections
	done    bool
	running sync.WaitGroup
}

// flow is what the balancer knows of a client of DTLS.
type flow struct {
	socket *net.UDPConn // for the servers
	home   *server      // for handshakes
}

const recordWithID = 25

func newBalancer(t *testing.T, servers ...*server) *balancer {
	t.Helper()
	b := &balancer{flows: map[netip.AddrPort]*flow{}, open: map[io.Closer]bool{}}
	b.use(servers...)
	var err error
	if b.tcp, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if b.udp, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}); err != nil {
		b.tcp.Close()
		t.Fatal(err)
	}
	t.Cleanup(b.close)
	b.running.Go(b.spreadTCP)
	b.running.Go(b.spreadUDP)
	return b
}

func (b *balancer) close() {
	b.tcp.Close()
	b.udp.Close()
	b.mu.Lock()
	b.done = true
	for _, f := range b.flows {
		f.socket.Close()
	}
	for c := range b.open {
		c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}

// use says which servers live.
func (b *balancer) use(servers ...*server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.servers = servers
}

// turn is the next server.
func (b *balancer) turn() *server {
	b.next++
	return b.servers[b.next%len(b.servers)]
}

func (b *balancer) spreadTCP() {
	for {
		client, err := b.tcp.Accept()
		if err != nil {
			return
		}
		b.mu.Lock()
		servers, first := b.servers, b.next
		b.next++
		b.mu.Unlock()
		b.running.Go(func() {
			defer b.closed(client)
			for i := range servers {
				backend, err := net.Dial("tcp", servers[(first+i)%len(servers)].tcp)
				if err == nil {
					b.carry(client, backend)
					return
				}
			}
		})
	}
}

// carry moves bytes both ways until one end has none any more.
func (b *balancer) carry(client, backend net.Conn) {
	defer b.closed(backend)
	b.mu.Lock()
	done := b.done
	b.open[client], b.open[backend] = true, true
	b.mu.Unlock()
	if done {
		return
	}
	var back sync.WaitGroup
	back.Go(func() {
		_, _ = io.Copy(client, backend)
		client.Close()
	})
	_, _ = io.Copy(backend, client)
	backend.Close()
	back.Wait()
}

func (b *balancer) closed(c io.Closer) {
	c.Close()
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.open, c)
}

func (b *balancer) spreadUDP() {
	buf := make([]byte, 1<<16)
	for {
		n, client, err := b.udp.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if f, to := b.route(client, buf[0]); f != nil {
			_, _ = f.socket.WriteToUDPAddrPort(buf[:n], to.udp) // the server may be gone
		}
	}
}

// route is where a datagram of a client goes.
func (b *balancer) route(client netip.AddrPort, recordType byte) (*flow, *server) {
	b.mu.Lock()
	defer b.mu.Unlock()
	f := b.flows[client]
	if f == nil && b.done {
		return nil, nil
	}
	if f == nil {
		socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, nil
		}
		f = &flow{socket: socket}
		b.flows[client] = f
		b.running.Go(func() { b.answer(socket, client) })
	}
	if recordType == recordWithID {
		return f, b.turn()
	}
	for _, s := range b.servers {
		if s == f.home {
			return f, s
		}
	}
	f.home = b.turn()
	return f, f.home
}

// answer brings what servers send to a client.
func (b *balancer) answer(socket *net.UDPConn, client netip.AddrPort) {
	buf := make([]byte, 1<<16)
	for {
		n, _, err := socket.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		_, _ = b.udp.WriteToUDPAddrPort(buf[:n], client)
	}
}
