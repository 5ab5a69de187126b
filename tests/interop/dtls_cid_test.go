package interop_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// idCase is what each side wants of connection IDs, and what comes of that.
type idCase struct {
	name   string
	ours   *mbedtls.ConnectionID
	args   []string      // of the C programs
	pion   func() []byte // nil: none
	theirs int           // the length of theirs
	used   bool
}

var idCases = []idCase{
	{"both", &mbedtls.ConnectionID{Length: 8}, []string{"cid=1", "cid_val=c0ffee"}, dtls.RandomCIDGenerator(3), 3, true},
	{"ours alone", &mbedtls.ConnectionID{Length: 5}, []string{"cid=1"}, dtls.OnlySendCIDGenerator(), 0, true},
	{"theirs alone", &mbedtls.ConnectionID{}, []string{"cid=1", "cid_val=c0ffee"}, dtls.RandomCIDGenerator(3), 3, true},
	{"ours are not taken", &mbedtls.ConnectionID{Length: 8}, nil, nil, 0, false},
	{"theirs are not taken", nil, []string{"cid=1", "cid_val=c0ffee"}, dtls.RandomCIDGenerator(3), 0, false},
}

// options are for the peer.
func (c idCase) options(p datagramPeer) (o datagramOptions) {
	o.Size, o.Payload = 3000, 1000
	o.Args, o.pion.ConnectionID = c.args, c.pion
	return o
}

// check looks at both ends after the exchange.
func (c idCase) check(t *testing.T, conn *mbedtls.Conn, far farEnd) {
	t.Helper()
	st := conn.ConnectionState()
	if !c.used {
		if st.OwnConnectionID != nil || st.PeerConnectionID != nil {
			t.Errorf("IDs %x and %x are in use", st.OwnConnectionID, st.PeerConnectionID)
		}
		return
	}
	if len(st.OwnConnectionID) != c.ours.Length || len(st.PeerConnectionID) != c.theirs || st.OwnConnectionID == nil || st.PeerConnectionID == nil {
		t.Errorf("IDs %x and %x, want %d and %d bytes", st.OwnConnectionID, st.PeerConnectionID, c.ours.Length, c.theirs)
	}
	if peer, ok := far.(*peers.Peer); ok {
		if c.theirs > 0 && hex.EncodeToString(st.PeerConnectionID) != "c0ffee" {
			t.Errorf("the peer's ID is %x", st.PeerConnectionID)
		}
		var bytes strings.Builder
		for _, b := range st.OwnConnectionID {
			fmt.Fprintf(&bytes, "%02x ", b)
		}
		if err := peer.Await(peer.Stdout, fmt.Sprintf(`Peer CID \(length %d Bytes\): %s\n`, c.ours.Length, &bytes)); err != nil {
			t.Error(err)
		}
	}
}

// idPeers are those that have connection IDs.
func idPeers() []datagramPeer {
	return slices.DeleteFunc(datagramPeers(), func(p datagramPeer) bool {
		return p.name != pionName && p.name != peers.MbedTLS.Name
	})
}

func TestConnectionIDs(t *testing.T) {
	t.Parallel()
	for _, p := range idPeers() {
		for _, c := range idCases {
			t.Run("client/"+p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options := c.options(p)
				p.certify(w, &options, w.ca.Issue(testpki.Leaf{}))
				addr, far := p.server(w, options)
				config := w.config()
				config.DTLS.ConnectionID = c.ours
				conn, err := w.dialDTLS(addr, config)
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				exchange(t, far, conn)
				c.check(t, conn, far)
			})
			t.Run("server/"+p.name+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{})
				config.DTLS.ConnectionID = c.ours
				l := w.listenDTLS(config)
				far := p.client(w, l.addr(), c.options(p))
				conn, err := l.handshake()
				if err != nil {
					t.Fatal(far.Explain(err))
				}
				exchange(t, far, conn)
				c.check(t, conn, far)
			})
		}
	}
}

// captured keeps what goes to the server.
type captured struct {
	mu        sync.Mutex
	datagrams [][]byte
}

func (a *captured) filter(dir badlink.Direction, _ int, datagram []byte) badlink.Verdict {
	if dir == badlink.ToServer {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.datagrams = append(a.datagrams, bytes.Clone(datagram))
	}
	return badlink.Undecided
}

// last is what was sent last.
func (a *captured) last() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.datagrams[len(a.datagrams)-1]
}

// sendFrom sends datagrams to a server from an address of their own.
func (w *world) sendFrom(addr string, datagrams ...[]byte) {
	w.t.Helper()
	c, err := net.Dial("udp", addr)
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	for _, datagram := range datagrams {
		if _, err := c.Write(datagram); err != nil {
			w.t.Fatal(err)
		}
	}
}

// passes sends a text each way.
func passes(t *testing.T, a, b peers.Conn, text string) {
	t.Helper()
	if err := pass(a, b, []byte(text)); err != nil {
		t.Fatalf("%s, there: %v", text, err)
	}
	if err := pass(b, a, []byte(text)); err != nil {
		t.Fatalf("%s, back: %v", text, err)
	}
}

// rebind moves the only client, and returns where it is then.
func (w *world) rebind(link *badlink.Proxy) netip.AddrPort {
	w.t.Helper()
	if err := link.Rebind(); err != nil {
		w.t.Fatal(err)
	}
	return link.Sources()[0]
}

func checkAddr(t *testing.T, what string, got net.Addr, want netip.AddrPort) {
	t.Helper()
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("%s, the peer's address (-want +got):\n%s", what, diff)
	}
}

// Our server follows a client of pion's by its ID, but only to where a new and authentic record comes from.
func TestServerFollowsAClientToItsNewAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 8}
	l := w.listenDTLS(config)
	seen := new(captured)
	link := w.link(l.addr(), badlink.Options{Filter: seen.filter})
	far := w.pionClient(link.Addr().String(), pion.Options{Roots: w.ca.Pool(), ConnectionID: dtls.OnlySendCIDGenerator()}, peers.Options{})
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(err)
	}
	client, err := far.connected()
	if err != nil {
		t.Fatal(err)
	}
	passes(t, client, conn, "at the first address")
	at, old := link.Sources()[0], seen.last()
	checkAddr(t, "before", conn.RemoteAddr(), at)
	for i := range uint64(3) {
		next := w.rebind(link)
		checkAddr(t, "before anything comes from there", conn.RemoteAddr(), at)
		passes(t, client, conn, fmt.Sprintf("at address %d", i+2))
		checkAddr(t, "after a record", conn.RemoteAddr(), next)
		at = next

		newest := seen.last()
		forged := bytes.Clone(newest)
		forged[10] += 5 // a sequence number yet to come
		w.sendFrom(l.addr(), old, newest, forged, append(bytes.Clone(old), newest...))
		passes(t, client, conn, "after replays")
		checkAddr(t, "after replays from elsewhere", conn.RemoteAddr(), at)
		if st := l.stats(); st.AddressChanges != i+1 || st.Accepted != 1 {
			t.Errorf("%+v", st)
		}
	}
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("Read returns %v, not EOF", err)
	}
}

// A server that writes and never reads follows its client as well.
func TestServerThatOnlyWritesFollowsAClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 8}
	l := w.listenDTLS(config)
	link := w.link(l.addr(), badlink.Options{})
	far := w.pionClient(link.Addr().String(), pion.Options{ConnectionID: dtls.RandomCIDGenerator(2)}, peers.Options{})
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(err)
	}
	client, err := far.connected()
	if err != nil {
		t.Fatal(err)
	}
	passes(t, client, conn, "at the first address")
	next := w.rebind(link)
	if _, err := client.Write([]byte("I have moved")); err != nil {
		t.Fatal(err)
	}
	w.until(func() bool { return l.stats().AddressChanges == 1 })
	checkAddr(t, "after a record", conn.RemoteAddr(), next)
	if err := pass(conn, client, []byte("news")); err != nil {
		t.Error(err)
	}
	if err := arrives(conn, []byte("I have moved")); err != nil {
		t.Error(err)
	}
}

// ssl_client2 repeats its request when there is no answer: the one to the old address is lost.
func TestServerFollowsSSLClient2(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
	l := w.listenDTLS(config)
	link := w.link(l.addr(), badlink.Options{})
	peer := w.client(peers.MbedTLS, link.Addr().String(), peers.Options{
		CA: w.caFile, Datagram: true, Size: 2048, Args: []string{"cid=1", "read_timeout=200", "max_resend=20"},
	})
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(peer.Explain(err))
	}
	request := make([]byte, 2048)
	if _, err := conn.Read(request); err != nil {
		t.Fatal(peer.Explain(err))
	}
	next := w.rebind(link)
	for {
		n, err := conn.Read(request)
		if err == io.EOF {
			break
		}
		if err == nil {
			checkAddr(t, "after the move", conn.RemoteAddr(), next)
			_, err = conn.Write(bytes.Repeat([]byte{'x'}, n))
		}
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
	}
	if err := peer.Wait(); err != nil {
		t.Error(err)
	}
}

// Our client has moved, and pion's server follows it by its ID.
func TestForeignServerFollowsOurClient(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]int{"server's ID alone": 0, "both": 6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			cert := w.ca.Issue(testpki.Leaf{})
			addr, far := w.pionServer(pion.Options{Certificate: &cert, ConnectionID: dtls.RandomCIDGenerator(8)}, peers.Options{})
			link := w.link(addr, badlink.Options{})
			config := w.config()
			config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: own}
			conn, err := w.dialDTLS(link.Addr().String(), config)
			if err != nil {
				t.Fatal(err)
			}
			server, err := far.connected()
			if err != nil {
				t.Fatal(err)
			}
			passes(t, conn, server, "at the first address")
			for i := range 3 {
				next := w.rebind(link)
				passes(t, conn, server, fmt.Sprintf("at address %d", i+2))
				checkAddr(t, "at the server", server.RemoteAddr(), next)
			}
		})
	}
}

// Without IDs, nobody knows who it is that sends from a new address.
func TestServerLosesAClientWithoutConnectionID(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]*mbedtls.ConnectionID{"neither has one": nil, "the client has none": {Length: 8}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.DTLS.ConnectionID = id
			l := w.listenDTLS(config)
			link := w.link(l.addr(), badlink.Options{})
			far := w.pionClient(link.Addr().String(), pion.Options{}, peers.Options{})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(err)
			}
			client, err := far.connected()
			if err != nil {
				t.Fatal(err)
			}
			passes(t, client, conn, "at the first address")
			at, before := conn.RemoteAddr().String(), l.stats()
			w.rebind(link)
			if _, err := client.Write([]byte("lost")); err != nil {
				t.Fatal(err)
			}
			w.until(func() bool { return l.stats().DroppedUnknown > before.DroppedUnknown })
			if err := conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 10)); err == nil {
				t.Errorf("%d bytes arrived", n)
			}
			after := l.stats()
			before.DroppedUnknown++
			if diff := cmp.Diff(before, after); diff != "" || conn.RemoteAddr().String() != at {
				t.Errorf("stats (-want +got):\n%s, and the peer is at %s", diff, conn.RemoteAddr())
			}
		})
	}
}
