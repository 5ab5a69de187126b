package storetest

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// faults have stores that fail at work: handshakes are full ones then, and in time.
var faults = group{
	"store that fails costs a full handshake": func(t *testing.T, p Place) {
		failing(t, p, func(context.Context) error { return errBroken }, 0)
	},
	"store that is slow costs a full handshake": func(t *testing.T, p Place) {
		failing(t, p, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 1)
	},
	"store that hangs costs a full handshake": func(t *testing.T, p Place) {
		release := make(chan struct{})
		t.Cleanup(func() { close(release) })
		failing(t, p, func(context.Context) error { <-release; return errBroken }, 1)
	},
}

var errBroken = errors.New("storetest: the store is broken")

// faulty is a store whose calls do something else first, if fail is set.
type faulty struct {
	mbedtls.SessionStore
	mu   sync.Mutex
	fail func(context.Context) error
}

func (f *faulty) set(fail func(context.Context) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *faulty) first(ctx context.Context) error {
	f.mu.Lock()
	fail := f.fail
	f.mu.Unlock()
	if fail == nil {
		return nil
	}
	return fail(ctx)
}

func (f *faulty) Save(ctx context.Context, e *mbedtls.SessionEntry) error {
	if err := f.first(ctx); err != nil {
		return err
	}
	return f.SessionStore.Save(ctx, e)
}

func (f *faulty) ByID(ctx context.Context, id []byte) (*mbedtls.SessionEntry, error) {
	if err := f.first(ctx); err != nil {
		return nil, err
	}
	return f.SessionStore.ByID(ctx, id)
}

func (f *faulty) ByServer(ctx context.Context, server mbedtls.SessionServer) (*mbedtls.SessionEntry, error) {
	if err := f.first(ctx); err != nil {
		return nil, err
	}
	return f.SessionStore.ByServer(ctx, server)
}

func (f *faulty) Remove(ctx context.Context, id []byte) error {
	if err := f.first(ctx); err != nil {
		return err
	}
	return f.SessionStore.Remove(ctx, id)
}

// logged is a logger, and what it was told.
func logged() (*slog.Logger, func() string) {
	var mu sync.Mutex
	var text bytes.Buffer
	return slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			return text.Write(p)
		}), nil)), func() string {
			mu.Lock()
			defer mu.Unlock()
			return text.String()
		}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// failing connects with a store that fails on both ends, and then works again. Each end has waited for it no longer than it
// may, and has counted and logged each failure; timeouts is how many there were of those at least.
func failing(t *testing.T, p Place, fail func(context.Context) error, timeouts uint64) {
	const bound = 4 * time.Second // far more than a store that works takes
	w := newWorld(t)
	l := w.listen()
	store := &faulty{SessionStore: open(t, p, Options{})}
	client, server := w.client(store, mbedtls.VersionTLS12), w.server(store, mbedtls.VersionTLS12)
	logger, log := logged()
	for _, c := range []*mbedtls.Config{client, server} {
		c.SessionStoreTimeout, c.Logger = bound, logger
	}
	visit := func(want bool) time.Duration {
		t.Helper()
		did, took := w.visit(l, client, ours(server))
		if did != want {
			t.Errorf("resumed %t, want %t", did, want)
		}
		return took
	}
	visit(false)
	visit(true)
	if c, s := client.SessionStoreStats(), server.SessionStoreStats(); c.Failures+s.Failures != 0 || c.Hits != 1 || s.Hits != 1 {
		t.Errorf("before it fails: client %+v, server %+v", c, s)
	}
	store.set(fail)
	took := visit(false)
	if limit := 2*bound + 5*time.Second; took > limit { // the rest is for a slow machine
		t.Errorf("the handshake took %v", took)
	}
	c, s := client.SessionStoreStats(), server.SessionStoreStats()
	for end, stats := range map[string]mbedtls.SessionStoreStats{"client": c, "server": s} {
		// A client looks for a session, and both save the new one. (This server is not asked for one.)
		if stats.Failures == 0 || stats.Timeouts < timeouts || stats.Timeouts > stats.Failures {
			t.Errorf("%s: %+v", end, stats)
		}
	}
	if got, want := strings.Count(log(), "level=WARN"), int(c.Failures+s.Failures); got != want {
		t.Errorf("%d warnings, want %d:\n%s", got, want, log())
	}
	store.set(nil)
	visit(true) // with what was saved before
}

// fullHandshakes connects with a store that keeps nothing.
func fullHandshakes(t *testing.T, p Place) {
	w := newWorld(t)
	l := w.listen()
	store := open(t, p, Options{})
	for _, version := range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13} {
		client, server := w.client(store, version), w.server(store, version)
		for range 2 {
			if did, _ := w.visit(l, client, ours(server)); did {
				t.Error("resumed")
			}
		}
		if c, s := client.SessionStoreStats(), server.SessionStoreStats(); c != s || c.Failures != 0 {
			t.Errorf("client %+v, server %+v", c, s)
		}
	}
}

// corruption is for stores that are encrypted.
var corruption = group{
	"corrupt sessions cost a full handshake": func(t *testing.T, p Place) {
		w := newWorld(t)
		l := w.listen()
		store := open(t, p, Options{})
		client, server := w.client(store, mbedtls.VersionTLS12), w.server(store, mbedtls.VersionTLS12)
		for i, want := range []bool{false, true, false, true} {
			if i == 2 {
				p.Corrupt(t)
			}
			if did, _ := w.visit(l, client, ours(server)); did != want {
				t.Errorf("connection %d: resumed %t", i, did)
			}
		}
		if s := client.SessionStoreStats(); s.Failures != 1 {
			t.Errorf("client: %+v", s)
		}
	},
}

// ExpectFullHandshakes has a client and a server resume with a store, and expects that after fail, which makes the store fail
// for good, all their handshakes are full ones, and that each end counts the store's failures.
func ExpectFullHandshakes(t testing.TB, store mbedtls.SessionStore, fail func()) {
	t.Helper()
	w := newWorld(t)
	l := w.listen()
	client, server := w.client(store, mbedtls.VersionTLS12), w.server(store, mbedtls.VersionTLS12)
	for i := range 6 {
		if i == 2 {
			fail()
		}
		did, took := w.visit(l, client, ours(server))
		if did != (i == 1) {
			t.Errorf("connection %d: resumed %t", i, did)
		}
		if took > patient {
			t.Errorf("connection %d: the handshake took %v", i, took)
		}
	}
	for end, s := range map[string]mbedtls.SessionStoreStats{"client": client.SessionStoreStats(), "server": server.SessionStoreStats()} {
		if s.Failures < 4 {
			t.Errorf("%s: %+v, want a failure for each of 4 connections", end, s)
		}
	}
}
