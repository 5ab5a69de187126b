package fleet

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/redistest"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// quick are options whose times suit tests: nothing happens by itself, and what is asked for happens soon.
func quick() Options {
	return Options{
		Key: testKey(7), TicketLifetime: time.Hour, Lead: 200 * time.Millisecond, Poll: 20 * time.Millisecond,
		Timeout: time.Second, NodeTimeout: time.Second,
	}
}

// join is a process of the fleet, which leaves it with the test.
func join(t *testing.T, rdb redis.UniversalClient, o Options) *Fleet {
	t.Helper()
	f, err := Join(t.Context(), rdb, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// until waits for something that happens soon.
func until(t testing.TB, what string, done func() bool) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	for deadline := time.Now().Add(20 * time.Second); !done(); <-ticker.C {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// current is the ID of the key that makes tickets; "" if there is none.
func current(f *Fleet) string {
	for _, k := range f.TicketKeys() {
		if k.Current {
			return k.ID
		}
	}
	return ""
}

// writers are the fleets that think they are the writer.
func writers(fleets ...*Fleet) (all []*Fleet) {
	for _, f := range fleets {
		if f.Stats().Writer {
			all = append(all, f)
		}
	}
	return all
}

// world is a Redis server, and the credentials of clients and servers.
type world struct {
	t      *testing.T
	redis  *redistest.Server
	server mbedtls.Config // a template
	client *mbedtls.Config
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, redis: redistest.Start(t)}
	ca := testpki.NewCA(testpki.P256, "Test Root")
	cert, err := mbedtls.FromTLSCertificate(ca.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	pool := mbedtls.NewCertPool()
	pool.AddCert(ca.Cert)
	w.server.Certificates = []mbedtls.Certificate{cert}
	w.client = &mbedtls.Config{RootCAs: pool, ServerName: "localhost", DTLS: mbedtls.DTLSOptions{ConnectionID: new(mbedtls.ConnectionID)}}
	t.Cleanup(func() { w.client.Close() })
	return w
}

// join is a process with a connection of its own to Redis.
func (w *world) join(change ...func(*Options)) *Fleet {
	w.t.Helper()
	o := quick()
	for _, c := range change {
		c(&o)
	}
	return join(w.t, w.redis.Client(), o)
}

// serve is a TLS server of a process: it greets who connects. It returns its address.
func (w *world) serve(f *Fleet) string {
	w.t.Helper()
	config := w.server.Clone()
	f.Configure(config)
	w.t.Cleanup(func() { config.Close() })
	l, err := mbedtls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("hello")) // the client reports what is wrong
			c.Close()
		}
	}()
	return l.Addr().String()
}

// visit connects with a server, with that session if it is not nil.
func (w *world) visit(addr string, version uint16, s *mbedtls.Session) (next *mbedtls.Session, resumed bool) {
	w.t.Helper()
	config := w.client.Clone()
	defer config.Close()
	config.MinVersion, config.MaxVersion = version, version
	next, resumed, err := visit(w.t.Context(), addr, config, s)
	if err != nil {
		w.t.Fatal(err)
	}
	return next, resumed
}

func visit(ctx context.Context, addr string, config *mbedtls.Config, s *mbedtls.Session) (next *mbedtls.Session, resumed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	raw, err := dialTCP(ctx, addr)
	if err != nil {
		return nil, false, err
	}
	c := mbedtls.Client(raw, config)
	defer c.Close()
	if s != nil {
		if err := c.SetSession(s); err != nil {
			return nil, false, err
		}
	}
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, false, err
	}
	buf := make([]byte, 10)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != "hello" {
		return nil, false, fmt.Errorf("the server says %q: %w", buf[:n], errors.Join(err))
	}
	next, err = c.Session()
	return next, c.ConnectionState().DidResume, err
}
