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

func TestDTLSConnectionIDsAreNegotiated(t *testing.T) {
	t.Parallel()
	for role, server := range roles {
		for _, p := range idPeers() {
			for _, c := range idCases {
				t.Run(role+"/"+p.name+"/"+c.name, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					options := c.options(p)
					config := p.trusted(w, server, &options)
					config.DTLS.ConnectionID = c.ours
					m := p.meet(w, server, config, options, badlink.Options{})
					exchange(t, m.far, m.conn)
					c.check(t, m.conn, m.far)
				})
			}
		}
	}
}

// sendFrom sends datagrams to a server from an address of their own.
func (w *world) sendFrom(addr net.Addr, datagrams ...[]byte) {
	w.t.Helper()
	c := w.socketTo(addr)
	for _, datagram := range datagrams {
		if _, err := c.Write(datagram); err != nil {
			w.t.Fatal(err)
		}
	}
}

// movingClient is a client of pion's that a link may move, with a server of ours.
func movingClient(w *world, id *mbedtls.ConnectionID, theirs func() []byte, o badlink.Options) (m meeting, client *pion.Conn) {
	w.t.Helper()
	var options datagramOptions
	options.pion.ConnectionID = theirs
	config := pionPeer.trusted(w, true, &options)
	config.DTLS.ConnectionID = id
	m = pionPeer.meet(w, true, config, options, o)
	client = m.pion(w.t)
	mustConverse(w.t, client, m.conn, "at the first address")
	return m, client
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
func TestDTLSServerFollowsAClientToItsNewAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	passing := new(tap)
	m, client := movingClient(w, &mbedtls.ConnectionID{Length: 8}, dtls.OnlySendCIDGenerator(), badlink.Options{Filter: passing.filter})
	conn, link := m.conn, m.link
	at, old := link.Sources()[0], passing.last(badlink.ToServer)
	checkAddr(t, "before", conn.RemoteAddr(), at)
	for i := range uint64(3) {
		next := w.rebind(link)
		checkAddr(t, "before anything comes from there", conn.RemoteAddr(), at)
		mustConverse(t, client, conn, fmt.Sprintf("at address %d", i+2))
		checkAddr(t, "after a record", conn.RemoteAddr(), next)
		at = next

		newest := passing.last(badlink.ToServer)
		forged := bytes.Clone(newest)
		forged[10] += 5 // a sequence number yet to come
		w.sendFrom(m.l.Addr(), old, newest, forged, append(bytes.Clone(old), newest...))
		mustConverse(t, client, conn, "after replays")
		checkAddr(t, "after replays from elsewhere", conn.RemoteAddr(), at)
		if st := m.l.stats(); st.AddressChanges != i+1 || st.Accepted != 1 {
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
func TestDTLSServerThatOnlyWritesFollowsAClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	m, client := movingClient(w, &mbedtls.ConnectionID{Length: 8}, dtls.RandomCIDGenerator(2), badlink.Options{})
	next := w.rebind(m.link)
	mustWrite(t, client, "I have moved")
	w.until(func() bool { return m.l.stats().AddressChanges == 1 })
	checkAddr(t, "after a record", m.conn.RemoteAddr(), next)
	mustPass(t, m.conn, client, "news")
	mustRead(t, m.conn, "I have moved")
}

// ssl_client2 repeats its request when there is no answer: the one to the old address is lost.
func TestDTLSServerFollowsSSLClient2(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	p := datagramProgram(peers.MbedTLS)
	options := datagramOptions{Options: peers.Options{Size: 2048, Args: []string{"cid=1", "read_timeout=200", "max_resend=20"}}}
	config := p.trusted(w, true, &options)
	config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
	m := p.meet(w, true, config, options, badlink.Options{})
	conn, request := m.conn, make([]byte, 2048)
	if _, err := conn.Read(request); err != nil {
		t.Fatal(m.far.Explain(err))
	}
	next := w.rebind(m.link)
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
			t.Fatal(m.far.Explain(err))
		}
	}
	peerEnds(t, m.far)
}

// Our client has moved, and pion's server follows it by its ID.
func TestDTLSForeignServerFollowsOurClient(t *testing.T) {
	t.Parallel()
	for name, own := range map[string]int{"server's ID alone": 0, "both": 6} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			var options datagramOptions
			options.pion.ConnectionID = dtls.RandomCIDGenerator(8)
			config := pionPeer.trusted(w, false, &options)
			config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: own}
			m := pionPeer.meet(w, false, config, options, badlink.Options{})
			conn, server := m.conn, m.pion(t)
			mustConverse(t, conn, server, "at the first address")
			for i := range 3 {
				next := w.rebind(m.link)
				text := fmt.Sprintf("at address %d", i+2)
				mustPass(t, conn, server, text)
				w.until(func() bool { return server.RemoteAddr().String() == next.String() }) // pion follows after Read
				mustPass(t, server, conn, text)
			}
		})
	}
}

// Without IDs, nobody knows who it is that sends from a new address.
func TestDTLSServerLosesAClientWithoutConnectionID(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]*mbedtls.ConnectionID{"neither has one": nil, "the client has none": {Length: 8}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			m, client := movingClient(w, id, nil, badlink.Options{})
			conn, l := m.conn, m.l
			at, before := conn.RemoteAddr().String(), l.stats()
			w.rebind(m.link)
			mustWrite(t, client, "lost")
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
