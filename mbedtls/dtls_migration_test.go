package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/badlink"
)

// relay is a network between a client and l, which notes what it carries to the server.
type relay struct {
	*badlink.Proxy
	mu   sync.Mutex
	sent [][]byte
	lose bool
}

func newRelay(t testing.TB, l *DTLSListener) *relay {
	t.Helper()
	k := new(relay)
	var err error
	k.Proxy, err = badlink.Start(l.Addr().String(), badlink.Options{
		Filter: func(d badlink.Direction, _ int, datagram []byte) badlink.Verdict {
			if d != badlink.ToServer {
				return badlink.Undecided
			}
			k.mu.Lock()
			defer k.mu.Unlock()
			k.sent = append(k.sent, bytes.Clone(datagram))
			if k.lose {
				return badlink.Drop
			}
			return badlink.Undecided
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// loses says whether the server gets what is sent.
func (k *relay) loses(on bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.lose = on
}

// last is what was sent last, once there are n datagrams.
func (k *relay) last(t testing.TB, n int) []byte {
	t.Helper()
	var last []byte
	until(t, func() bool {
		k.mu.Lock()
		defer k.mu.Unlock()
		if len(k.sent) >= n {
			last = k.sent[len(k.sent)-1]
		}
		return last != nil
	})
	return last
}

func (k *relay) count() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.sent)
}

// rebound makes the client have another address, and returns that.
func (k *relay) rebound(t testing.TB) {
	t.Helper()
	if err := k.Rebind(); err != nil {
		t.Fatal(err)
	}
}

// overRelay connects a client with l over a relay.
func overRelay(t testing.TB, l *DTLSListener, client *Config) (k *relay, c, s *Conn) {
	t.Helper()
	k = newRelay(t, l)
	c, s = meet(t, l, func(ctx context.Context) (*Conn, error) {
		return DialDTLSContext(ctx, "udp", k.Addr().String(), client)
	})
	return k, c, s
}

func TestDTLSPeerThatMovesKeepsItsConnection(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	k, c, s := overRelay(t, l, client)
	st := s.ConnectionState()
	if len(st.OwnConnectionID) != 4 || len(st.PeerConnectionID) != 4 {
		t.Fatalf("connection IDs %x and %x", st.OwnConnectionID, st.PeerConnectionID)
	}
	mustExchange(t, c, s, "at home")
	for i := range 3 {
		before := s.RemoteAddr().String()
		k.rebound(t)
		mustExchange(t, c, s, fmt.Sprint("moved ", i))
		mustExchange(t, s, c, "welcome")
		if now := s.RemoteAddr().String(); now == before {
			t.Errorf("the peer is still at %s", now)
		}
		if got := l.Stats().AddressChanges; got != uint64(i+1) {
			t.Errorf("%d changes of address, want %d", got, i+1)
		}
	}
	if st := l.Stats(); st.Accepted != 1 || st.Conns != 1 {
		t.Errorf("%+v", st)
	}
}

// A server that only writes learns of the new address, too.
func TestDTLSPeerThatMovesIsFoundWithoutARead(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	k, c, s := overRelay(t, l, client)
	mustExchange(t, c, s, "at home")
	k.rebound(t)
	mustWrite(t, c, "moved")
	until(t, func() bool { return l.Stats().AddressChanges == 1 })
	mustExchange(t, s, c, "news")
}

// What anybody can send from elsewhere moves nothing: copies of records, whether or not the server has seen the originals,
// records that are older, and records that are not authentic.
func TestDTLSAddressFollowsOnlyNewAuthenticRecords(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	k, c, s := overRelay(t, l, client)
	mustExchange(t, c, s, "1")
	home := s.RemoteAddr().String()
	attacker := socketTo(t, l.Addr())
	unmoved := func(what string) {
		t.Helper()
		if now := s.RemoteAddr().String(); now != home {
			t.Fatalf("%s moved the peer from %s to %s", what, home, now)
		}
	}
	send := func(datagram []byte) {
		t.Helper()
		if _, err := attacker.Write(datagram); err != nil {
			t.Fatal(err)
		}
	}
	seen := k.last(t, 1)

	send(seen)
	forged := bytes.Clone(seen)
	forged[10] = 99 // a number that no record has had
	send(forged)
	flipped := bytes.Clone(seen)
	flipped[len(flipped)-1] ^= 1
	send(flipped)

	// One that is lost on its way, and comes from elsewhere behind a newer one.
	k.loses(true)
	n := k.count()
	mustWrite(t, c, "late")
	late := k.last(t, n+1)
	k.loses(false)
	mustExchange(t, c, s, "2")
	unmoved("a copy, or a forgery,")
	send(late)
	mustRead(t, s, "late")
	unmoved("an older record")

	// One that the server has got, and not looked at yet.
	n = k.count()
	mustWrite(t, c, "3")
	copied := k.last(t, n+1)
	until(t, func() bool { return queueLength(l) == 1 })
	send(copied)
	until(t, func() bool { return queueLength(l) == 2 })
	mustRead(t, s, "3")
	mustExchange(t, c, s, "4")
	unmoved("a copy of a record that waits")
	mustExchange(t, s, c, "still here")
	if got := l.Stats().AddressChanges; got != 0 {
		t.Errorf("%d changes of address", got)
	}
}

func TestDTLSAddressChangeCanBeRefused(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	var mu sync.Mutex
	var asked []string
	l := listenDTLS(t, &DTLSListenConfig{AcceptAddressChange: func(c *Conn, to net.Addr) bool {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, c.RemoteAddr().String()+" to "+to.String())
		return false
	}}, server)
	k, c, s := overRelay(t, l, client)
	mustExchange(t, c, s, "at home")
	home := s.RemoteAddr().String()
	k.rebound(t)
	mustExchange(t, c, s, "moved")
	sources := k.Sources()
	mu.Lock()
	defer mu.Unlock()
	if want := home + " to " + sources[len(sources)-1].String(); len(asked) != 1 || asked[0] != want {
		t.Errorf("asked %q, want %q", asked, want)
	}
	if now := s.RemoteAddr().String(); now != home {
		t.Errorf("the peer is at %s, was at %s", now, home)
	}
}

func TestAcceptAddressChangeMayClose(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	closed := make(chan error, 1)
	l := listenDTLS(t, &DTLSListenConfig{AcceptAddressChange: func(c *Conn, _ net.Addr) bool {
		closed <- c.Close()
		return false
	}}, server)
	k, c, s := overRelay(t, l, client)
	mustExchange(t, c, s, "at home")
	k.rebound(t)
	if _, err := c.Write([]byte("moved")); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("Close waits for the closure that called it")
	}
}

func TestAcceptAddressChangeMayPanic(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	panicked := false
	l := listenDTLS(t, &DTLSListenConfig{AcceptAddressChange: func(*Conn, net.Addr) bool {
		if !panicked {
			panicked = true
			panic("once")
		}
		return true
	}}, server)
	k, c, s := overRelay(t, l, client)
	mustExchange(t, c, s, "at home")
	if _, err := c.Write([]byte("wait")); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return queueLength(l) == 1 })
	k.rebound(t)
	if _, err := c.Write([]byte("moved")); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return queueLength(l) == 2 })
	mustRead(t, s, "wait")
	func() {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		_, _ = s.Read(make([]byte, 10))
	}()
	if !s.mu.TryLock() {
		t.Fatal("it leaves its connection locked")
	}
	s.mu.Unlock()
	mustExchange(t, c, s, "goes on")
}

// Without a connection ID of its server, and without anti-replay, nobody follows a client.
func TestDTLSPeerIsNotFollowedBlindly(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*Config){
		"no connection ID": func(c *Config) { c.DTLS.ConnectionID = nil },
		"an empty one":     func(c *Config) { c.DTLS.ConnectionID.Length = 0 },
		"no anti-replay":   func(c *Config) { c.DTLS.InsecureDisableAntiReplay = true },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := savable(t)
			set(server)
			l := listenDTLS(t, new(DTLSListenConfig), server)
			k, c, s := overRelay(t, l, client)
			mustExchange(t, c, s, "at home")
			home := s.RemoteAddr().String()
			k.rebound(t)
			mustWrite(t, c, "moved")
			if server.DTLS.InsecureDisableAntiReplay {
				mustRead(t, s, "moved")
			} else {
				until(t, func() bool { return l.Stats().DroppedUnknown == 1 })
			}
			if now := s.RemoteAddr().String(); now != home || l.Stats().AddressChanges != 0 {
				t.Errorf("the peer is at %s, was at %s", now, home)
			}
		})
	}
}

// serverError is why a client does not get through.
func serverError(t testing.TB, l *DTLSListener, client *Config) error {
	t.Helper()
	result := make(chan error, 1)
	go func() {
		_, err := accept(l)
		result <- err
	}()
	if _, err := DialDTLSContext(canceledSoon(t), "udp", l.Addr().String(), client); err == nil {
		t.Fatal("connected")
	}
	return <-result
}

func TestDTLSConnectionIDsAreTheConfigs(t *testing.T) {
	t.Parallel()
	failure := errors.New("no more IDs")
	for _, test := range []struct {
		name     string
		generate func() ([]byte, error)
		want     error // of the server's handshake; nil: none
	}{
		{"closure", func() ([]byte, error) { return []byte("abcd"), nil }, nil},
		{"failure", func() ([]byte, error) { return nil, failure }, failure},
		{"wrong length", func() ([]byte, error) { return []byte("abc"), nil }, new(ConfigError)},
	} {
		t.Run(test.name, func(t *testing.T) {
			client, server := savable(t)
			server.DTLS.ConnectionID.Generate = test.generate
			l := listenDTLS(t, new(DTLSListenConfig), server)
			if test.want == nil {
				c, s := dialDTLS(t, l, client)
				if got := string(s.ConnectionState().OwnConnectionID); got != "abcd" {
					t.Errorf("the server's ID is %q", got)
				}
				if got := string(c.ConnectionState().PeerConnectionID); got != "abcd" {
					t.Errorf("for the client, the server's ID is %q", got)
				}
				return
			}
			err := serverError(t, l, client)
			var bad *ConfigError
			if !errors.Is(err, test.want) && !(errors.As(err, &bad) && errors.As(test.want, &bad)) {
				t.Errorf("the server's error is %v, want %v", err, test.want)
			}
		})
	}
}

// A generator that has one ID serves one connection at a time.
func TestDTLSConnectionIDsOfAListenerDiffer(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	server.DTLS.ConnectionID.Generate = func() ([]byte, error) { return []byte("same"), nil }
	l := listenDTLS(t, new(DTLSListenConfig), server)
	c, s := dialDTLS(t, l, client)
	if err := serverError(t, l, client); !errors.Is(err, errConnectionIDTaken) {
		t.Errorf("the second connection: %v", err)
	}
	mustExchange(t, c, s, "ping")
	s.Close()
	c, s = dialDTLS(t, l, client)
	mustExchange(t, c, s, "ping")
}

// A client that asks for no ID frees the server's.
func TestDTLSConnectionIDOfAClientWithoutIsGivenBack(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	client.DTLS.ConnectionID = nil
	l := listenDTLS(t, new(DTLSListenConfig), server)
	_, s := dialDTLS(t, l, client)
	if st := s.ConnectionState(); st.OwnConnectionID != nil || st.PeerConnectionID != nil {
		t.Errorf("connection IDs %x and %x", st.OwnConnectionID, st.PeerConnectionID)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.byCID) != 0 {
		t.Errorf("%d IDs are in use", len(l.byCID))
	}
}
