package pion_test

import (
	"context"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

// pair is a client and a server with a link between them.
type pair struct {
	t              *testing.T
	link           *badlink.Proxy
	client, server *pion.Conn
}

func connect(t *testing.T, server, client pion.Options) *pair {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	l, err := pion.Listen(server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	link, err := badlink.Start(l.Addr().String(), badlink.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { link.Close() })
	type accepted struct {
		conn *pion.Conn
		err  error
	}
	results := make(chan accepted, 1)
	go func() {
		conn, err := l.Handshake(ctx)
		results <- accepted{conn, err}
	}()
	p := &pair{t: t, link: link}
	p.client, err = pion.Dial(ctx, link.Addr().String(), client)
	if err != nil {
		cancel()
	}
	result := <-results
	p.server = result.conn
	for _, c := range []*pion.Conn{p.client, p.server} {
		if c != nil {
			t.Cleanup(func() { c.Close() })
			if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
				t.Error(err)
			}
		}
	}
	if err != nil || result.err != nil {
		t.Fatal(err, result.err)
	}
	return p
}

func (p *pair) move(from, to *pion.Conn, text string) {
	p.t.Helper()
	if _, err := from.Write([]byte(text)); err != nil {
		p.t.Fatal(err)
	}
	buffer := make([]byte, 100)
	if n, err := to.Read(buffer); err != nil || string(buffer[:n]) != text {
		p.t.Fatalf("%q, %v arrived of %q", buffer[:n], err, text)
	}
}

func psk() pion.Options { return pion.Options{Identity: "device", PSK: []byte("sixteen bytes...")} }

// A server with connection IDs finds a client's connection after its address has changed, and follows it.
func TestServerFollowsConnectionID(t *testing.T) {
	t.Parallel()
	for name, id := range map[string]func() []byte{"both": dtls.RandomCIDGenerator(4), "server's alone": dtls.OnlySendCIDGenerator()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, client := psk(), psk()
			server.ConnectionID, client.ConnectionID = dtls.RandomCIDGenerator(8), id
			p := connect(t, server, client)
			p.move(p.client, p.server, "from the first address")
			before := p.server.RemoteAddr().String()
			for range 3 {
				if err := p.link.Rebind(); err != nil {
					t.Fatal(err)
				}
				p.move(p.client, p.server, "from another address")
				p.move(p.client, p.server, "once more") // pion takes the address over after it has delivered the first one
				p.move(p.server, p.client, "to the other address")
				now := p.server.RemoteAddr().String()
				if sources := p.link.Sources(); now == before || len(sources) != 1 || netip.MustParseAddrPort(now) != sources[0] {
					t.Errorf("the server talks to %s, and before to %s; the client is at %v", now, before, sources)
				}
				before = now
			}
		})
	}
}

// Without connection IDs, nobody knows the client at its new address.
func TestServerLosesClientWithoutConnectionID(t *testing.T) {
	t.Parallel()
	p := connect(t, psk(), psk())
	p.move(p.client, p.server, "from the first address")
	if err := p.link.Rebind(); err != nil {
		t.Fatal(err)
	}
	passed := p.link.Counters(badlink.ToServer).Passed
	if _, err := p.client.Write([]byte("lost")); err != nil {
		t.Fatal(err)
	}
	if err := p.server.SetReadDeadline(time.Now().Add(200 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := p.server.Read(make([]byte, 10)); err == nil {
		t.Errorf("%d bytes arrived", n)
	}
	if now := p.link.Counters(badlink.ToServer).Passed; now != passed+1 {
		t.Errorf("the link passed %d datagrams", now-passed)
	}
}

func TestCertificatesAndSRTP(t *testing.T) {
	t.Parallel()
	ca := testpki.NewCA(testpki.P256, "root")
	cert := ca.Issue(testpki.Leaf{})
	profiles := []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}
	options := pion.Options{Certificate: &cert, Roots: ca.Pool(), SRTP: profiles, MTU: 400}
	p := connect(t, options, options)
	p.move(p.client, p.server, "there")
	p.move(p.server, p.client, "and back")
	for _, c := range []*pion.Conn{p.client, p.server} {
		if got, ok := c.SelectedSRTPProtectionProfile(); !ok || got != profiles[0] {
			t.Errorf("profile %v, %v", got, ok)
		}
		if state, ok := c.ConnectionState(); !ok || len(state.PeerCertificates) == 0 {
			t.Error("no certificate of the peer")
		}
	}
	if err := p.client.CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := p.server.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after close_notify, Read returns %v, want EOF", err)
	}
}

func TestUntrustedServerIsRefused(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cert := testpki.NewCA(testpki.P256, "theirs").Issue(testpki.Leaf{})
	l, err := pion.Listen(pion.Options{Certificate: &cert})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	failed := make(chan error, 1)
	go func() {
		_, err := l.Handshake(ctx)
		failed <- err
	}()
	if conn, err := pion.Dial(ctx, l.Addr().String(), pion.Options{Roots: testpki.NewCA(testpki.P256, "ours").Pool()}); err == nil {
		conn.Close()
		t.Error("the client trusts a stranger")
	}
	if err := <-failed; err == nil {
		t.Error("the server does not know")
	}
}

func TestHandshakeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	l, err := pion.Listen(psk())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := l.Handshake(ctx); err == nil {
		t.Error("a connection out of nothing")
	}
}
