package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
)

func TestTicketLifetimeCipherAndNumber(t *testing.T) {
	for cipher := range ticketCiphers {
		t.Run(cipher.String(), func(t *testing.T) {
			versions(t, func(t *testing.T, version uint16) {
				client, server := configs(t)
				client.MinVersion, client.MaxVersion = version, version
				var err error
				server.TicketKeys, err = NewTicketKeys(cipher, time.Hour)
				if errors.Is(err, errors.ErrUnsupported) {
					t.Skip(err)
				}
				if err != nil {
					t.Fatal(err)
				}
				defer server.TicketKeys.Close()
				var puts countingCache
				client.ClientSessionCache = &puts
				server.NewSessionTickets = 3
				before := time.Now()
				_, _, session := visit(t, client, server, nil)
				if got, want := session.Expires(), before.Add(time.Hour); got.Before(want.Add(-3*time.Second)) || got.After(want.Add(time.Minute)) {
					t.Errorf("the ticket expires at %v, want about %v", got, want)
				}
				want := map[uint16]int32{VersionTLS12: 1, VersionTLS13: 3}[version]
				if got := puts.Load(); got != want {
					t.Errorf("%d tickets, want %d", got, want)
				}
				if state, _, _ := visit(t, client, server, func(c *Conn) { c.SetSession(session) }); !state.DidResume {
					t.Error("not resumed")
				}
			})
		})
	}
}

func TestFedKeysAreSharedAndThePreviousStillOpens(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		key := func(n byte) TicketKey { return TicketKey{[4]byte{n}, bytes.Repeat([]byte{n}, 32)} }
		fed := func(keys ...byte) *Config {
			return changed(t, server, func(c *Config) {
				c.TicketKeys = ticketKeys(t)
				for _, k := range keys {
					if err := c.TicketKeys.Rotate(key(k)); err != nil {
						t.Fatal(err)
					}
				}
			})
		}
		issuer := fed(1)
		_, _, session := visit(t, client, issuer, nil)
		for _, c := range []struct {
			name string
			with *Config
			want bool
		}{
			{"the same key", fed(1), true},
			{"the previous key", fed(1, 2), true},
			{"the key before that", fed(1, 2, 3), false},
			{"another key of the same name", func() *Config {
				c := fed()
				if err := c.TicketKeys.Rotate(TicketKey{key(1).Name, key(9).Secret}); err != nil {
					t.Fatal(err)
				}
				return c
			}(), false},
		} {
			if state, _, _ := visit(t, client, c.with, func(conn *Conn) { conn.SetSession(session) }); state.DidResume != c.want {
				t.Errorf("%s: resumed %t, want %t", c.name, state.DidResume, c.want)
			}
		}
	})
}

func TestTicketKeysRefuseBadInput(t *testing.T) {
	for _, c := range []struct {
		cipher   TicketCipher
		lifetime time.Duration
		want     string
	}{
		{99, 0, "cipher: TicketCipher(99)"},
		{TicketAES256GCM, -time.Second, "lifetime: -1s"},
		{TicketAES256GCM, time.Millisecond, "lifetime: 1ms"},
		{TicketAES256GCM, 7*24*time.Hour + time.Second, "lifetime: 168h0m1s"},
	} {
		if _, err := NewTicketKeys(c.cipher, c.lifetime); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("NewTicketKeys(%v, %v): %v", c.cipher, c.lifetime, err)
		}
	}
	k := ticketKeys(t)
	good := TicketKey{[4]byte{1}, make([]byte, 32)}
	if err := k.Rotate(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []TicketKey{{}, {[4]byte{2}, make([]byte, 31)}, {[4]byte{2}, make([]byte, 33)}, good} {
		if err := k.Rotate(bad); err == nil {
			t.Errorf("Rotate took a name %x with %d bytes", bad.Name, len(bad.Secret))
		}
	}
	k.Close()
	good.Name[0]++
	mustBe(t, "Rotate after Close", k.Rotate(good), net.ErrClosed)

	type limits struct {
		entries int
		timeout time.Duration
	}
	wrong := []limits{{-1, 0}, {1, -1}, {1, time.Millisecond}, {1, 1 << 31 * time.Second}}
	if math.MaxInt > math.MaxInt32 { // where an int can be too large
		wrong = append(wrong, limits{math.MaxInt, 0})
	}
	for _, c := range wrong {
		if _, err := NewSessionCache(c.entries, c.timeout); err == nil {
			t.Errorf("NewSessionCache(%d, %v) succeeded", c.entries, c.timeout)
		}
	}
	write, parse := plainTickets(time.Hour)
	for name, change := range map[string]func(*Config){
		"NewSessionTickets": func(c *Config) { c.NewSessionTickets = -1 },
		"MaxEarlyData":      func(c *Config) { c.MaxEarlyData = -1 },
		"WriteTicket":       func(c *Config) { c.WriteTicket = write },
		"TicketKeys":        func(c *Config) { c.TicketKeys, c.WriteTicket, c.ParseTicket = ticketKeys(t), write, parse },
	} {
		_, server := configs(t)
		bad := changed(t, server, change)
		var e *ConfigError
		if err := bad.Validate(true); !errors.As(err, &e) || e.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParallelResumption(t *testing.T) {
	eachMeans(t, func(t *testing.T, client, server *Config) {
		_, _, session := visit(t, client, server, nil)
		l, err := Listen("tcp", "127.0.0.1:0", server)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		var wg sync.WaitGroup
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				wg.Go(func() {
					defer c.Close()
					io.Copy(c, c)
				})
			}
		})
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		var resumed atomic.Int32
		var clients sync.WaitGroup
		slots := make(chan struct{}, 32)
		for range 200 {
			slots <- struct{}{}
			clients.Go(func() {
				defer func() { <-slots }()
				raw, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					t.Error(err)
					return
				}
				c := Client(raw, client)
				defer c.Close()
				if err := c.SetSession(session); err != nil {
					t.Error(err)
				}
				if err := c.HandshakeContext(ctx); err != nil {
					t.Error(err)
					return
				}
				if c.ConnectionState().DidResume {
					resumed.Add(1)
				}
				if _, err := c.Write([]byte("x")); err != nil {
					t.Error(err)
				}
				if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
					t.Error(err)
				}
			})
		}
		clients.Wait()
		l.Close()
		wg.Wait()
		if got := resumed.Load(); got != 200 {
			t.Errorf("%d of 200 resumed", got)
		}
	})
}

// With a ticket, the library says that it wants to read while it holds what follows the ticket.
func TestDataBehindTicketsIsReadWithoutWaiting(t *testing.T) {
	client, server := configs(t)
	server.TicketKeys, server.NewSessionTickets = ticketKeys(t), 5
	c, s := connected(t, client, server)
	// The tickets and the data arrive together.
	if _, err := s.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c)
	if err != nil || string(all) != "hello" {
		t.Fatalf("read %q, %v", all, err)
	}
	if _, err := c.Session(); err != nil {
		t.Errorf("no session: %v", err)
	}
}

func TestNoSessionWithoutATicket(t *testing.T) {
	client, server := configs(t)
	for name, change := range map[string]func(client, server *Config){
		"server without keys": func(*Config, *Config) {},
		"client disables":     func(c, s *Config) { c.SessionTicketsDisabled, s.TicketKeys = true, ticketKeys(t) },
		"server disables":     func(c, s *Config) { s.SessionTicketsDisabled, s.TicketKeys = true, ticketKeys(t) },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := changed(t, client, nil), changed(t, server, nil)
			change(client, server)
			if _, _, session := visit(t, client, server, nil); session != nil {
				t.Error("there is a session")
			}
		})
	}
}

// The library would resume the session with the other suite.
func TestTicketOfASuiteThatIsNotChosenAnyMore(t *testing.T) {
	const a, b = 0xC02B, 0xC02C // TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, …_256_GCM_SHA384
	client, server := configs(t)
	client.MaxVersion = VersionTLS12
	withTickets := changed(t, server, func(c *Config) { c.TicketKeys, c.CipherSuites = ticketKeys(t), []uint16{a, b} })
	_, _, session := visit(t, client, withTickets, nil)
	other := changed(t, withTickets, func(c *Config) { c.CipherSuites = []uint16{b, a} })
	for _, want := range []bool{false, true} {
		state, _, next := visit(t, client, other, func(c *Conn) { c.SetSession(session) })
		if state.DidResume != want || state.CipherSuite != b {
			t.Errorf("resumed %t with %s", state.DidResume, CipherSuiteName(state.CipherSuite))
		}
		session = next
	}
}

func TestTLS13TicketIsUsedOnceByACache(t *testing.T) {
	client, server := configs(t)
	server.TicketKeys = ticketKeys(t)
	cache := NewLRUClientSessionCache(1)
	client.ClientSessionCache = cache
	visit(t, client, server, nil)
	session, ok := cache.Get("localhost")
	if !ok {
		t.Fatal("the cache has no session")
	}
	// Two connections that found the ticket at once.
	both := changed(t, client, func(c *Config) { c.ClientSessionCache = fixedCache{session} })
	var resumed int
	for range 2 {
		if state, _, _ := visit(t, both, server, nil); state.DidResume {
			resumed++
		}
	}
	if resumed != 1 {
		t.Errorf("%d connections resumed with one ticket", resumed)
	}
}

func TestLaxSessionIsNotResumedUnderStricterDemands(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for name, lax := range map[string]func(*Config){
			"InsecureSkipVerify":   func(c *Config) { c.InsecureSkipVerify = true },
			"InsecureSkipHostname": func(c *Config) { c.InsecureSkipHostname = true },
		} {
			t.Run(name, func(t *testing.T) {
				client, server := configs(t)
				client.MinVersion, client.MaxVersion = version, version
				server.TicketKeys = ticketKeys(t)
				relaxed := changed(t, client, lax)
				for range 2 {
					_, _, session := visit(t, relaxed, server, nil)
					use := func(c *Conn) { c.SetSession(session) }
					if state, _, _ := visit(t, changed(t, client, nil), server, use); state.DidResume {
						t.Error("a strict client resumed a lax one's session")
					}
					if state, _, _ := visit(t, changed(t, relaxed, nil), server, use); !state.DidResume {
						t.Error("a lax client did not resume its session")
					}
				}
			})
		}
	})
}

// Keys that Configs share do not let a client past a server that asks for more.
func TestSharedKeysDoNotReplaceAClientCertificate(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, open := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		open.TicketKeys = ticketKeys(t)
		for _, auth := range []ClientAuthType{RequireAnyClientCert, RequireAndVerifyClientCert} {
			closed := changed(t, open, func(c *Config) { c.ClientAuth, c.ClientCAs = auth, roots() })
			_, _, session := visit(t, client, open, nil)
			cc, sc := ends(t, client, closed)
			if err := cc.SetSession(session); err != nil {
				t.Fatal(err)
			}
			_, err := handshakes(cc, sc)
			mustBe(t, "server", err, ErrSSLNoClientCertificate)
		}
	})
}

// The interop programs see what the library does without the bridge's help.
func TestUnguardedServerResumesAnySession(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, open := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		open.TicketKeys = ticketKeys(t)
		demanding := changed(t, open, func(c *Config) {
			harness.Attach(c, &harness.Hooks{Config: func(cc *cbridge.Config) error { return cc.SetAuthMode(cbridge.VerifyRequired) }})
		})
		_, _, session := visit(t, client, open, nil)
		if state, _, _ := visit(t, client, demanding, func(c *Conn) { c.SetSession(session) }); !state.DidResume {
			t.Error("not resumed")
		}
	})
}

// Keys may be rotated under way: the library's own function takes no lock.
func TestRotateDuringHandshakes(t *testing.T) {
	client, server := configs(t)
	keys := ticketKeys(t)
	server.TicketKeys = keys
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		secret := make([]byte, 32)
		for n := byte(1); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := keys.Rotate(TicketKey{[4]byte{n, 1}, secret}); err != nil {
				t.Error(err)
			}
		}
	})
	for range 20 {
		_, _, session := visit(t, client, server, nil)
		visit(t, client, server, func(c *Conn) { c.SetSession(session) })
	}
	close(stop)
	wg.Wait()
}

func TestBuiltinCacheLimits(t *testing.T) {
	client, server := configs(t)
	client.MaxVersion = VersionTLS12
	cache, err := NewSessionCache(2, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer cache.Close()
	server.ServerSessionCache = cache
	var sessions []*Session
	for range 3 {
		_, _, s := visit(t, client, server, nil)
		sessions = append(sessions, s)
	}
	known := func() (known []bool) {
		for _, s := range sessions {
			data, err := cache.Get(s.info.ID)
			if err != nil {
				t.Fatal(err)
			}
			known = append(known, data != nil)
		}
		return known
	}
	if got := known(); !got[2] || !slices.Contains(got, false) {
		t.Errorf("known: %v, want two, the last among them", got)
	}
	if err := cache.Delete(sessions[2].info.ID); err != nil {
		t.Fatal(err)
	}
	if known()[2] {
		t.Error("a deleted session is known")
	}
	for _, bad := range [][2][]byte{{make([]byte, 33), nil}, {make([]byte, 32), []byte("x")}} {
		if err := cache.Put(bad[0], bad[1]); err == nil {
			t.Error("Put took what is no session")
		}
	}
	cache.Close()
	_, err = cache.Get(sessions[0].info.ID)
	mustBe(t, "Get after Close", err, net.ErrClosed)
}
