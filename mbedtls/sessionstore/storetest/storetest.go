// Package storetest tests implementations of [mbedtls.SessionStore]: what the interface promises, and what handshakes make of
// it. All stores of this module pass it.
package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
)

// Place is where a store has its entries, such as one file.
type Place struct {
	// Open opens the store, which Place closes with the test. All that are open at a Place share their entries, unless
	// Corrupt is nil: then each has its own.
	Open func(t testing.TB, o Options) (mbedtls.SessionStore, error)

	// Corrupt alters the encrypted part of every entry. It is nil for a store that is not encrypted.
	Corrupt func(t testing.TB)
}

// Options are for a store under test.
type Options struct {
	Lifetime   time.Duration    // 0 is the store's default
	Capacity   int              // how many entries for one server are kept at most; 0 is the store's default
	Now        func() time.Time // nil is time.Now
	Passphrase string
}

// passphrase is that of most stores.
const passphrase = "correct horse battery staple"

// Secret is for a store with the passphrase of o. Argon2id takes no time with it.
func (o Options) Secret() sessionstore.Secret {
	return sessionstore.Secret{Passphrase: o.Passphrase, Argon2: sessionstore.Argon2{Time: 1, Memory: 64, Threads: 1}}
}

// Run tests a store. newPlace makes a new Place, which ends with the test.
func Run(t *testing.T, newPlace func(t testing.TB) Place) {
	t.Helper()
	groups := []group{promises}
	switch p := newPlace(t); {
	case open(t, p, Options{}).Lifetime() <= 0:
		groups = []group{nothingKept}
	case p.Corrupt != nil:
		groups = append(groups, encrypted, resumption, faults, corruption)
	default:
		groups = append(groups, resumption, faults)
	}
	for _, g := range groups {
		for name, test := range g {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				test(t, newPlace(t))
			})
		}
	}
}

type group map[string]func(t *testing.T, p Place)

// open opens a store with the suite's passphrase, unless o has another.
func open(t testing.TB, p Place, o Options) mbedtls.SessionStore {
	t.Helper()
	if o.Passphrase == "" {
		o.Passphrase = passphrase
	}
	s, err := p.Open(t, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// clock is a clock that is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now().Truncate(time.Millisecond)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

var background = context.Background()

var example = mbedtls.SessionServer{Name: "a.example", Port: "443", Protocols: []string{"h2", "http/1.1"}, Identity: "cert:00"}

// entry makes one that lasts for an hour.
func entry(id string, server mbedtls.SessionServer) *mbedtls.SessionEntry {
	return &mbedtls.SessionEntry{
		ID: []byte(id), Server: server, Expires: time.Now().Add(time.Hour).Truncate(time.Millisecond),
		Data: fmt.Appendf(nil, "the session of %s", id),
	}
}

func once(e *mbedtls.SessionEntry) *mbedtls.SessionEntry {
	e.Once = true
	return e
}

func save(t testing.TB, s mbedtls.SessionStore, entries ...*mbedtls.SessionEntry) {
	t.Helper()
	for _, e := range entries {
		if err := s.Save(background, e); err != nil {
			t.Fatalf("Save(%q): %v", e.ID, err)
		}
	}
}

// found is the ID of what was found; "" is nothing.
func found(t testing.TB, e *mbedtls.SessionEntry, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if e == nil {
		return ""
	}
	return string(e.ID)
}

// expectServer expects that the ID of the entry that is found for a server.
func expectServer(t testing.TB, s mbedtls.SessionStore, server mbedtls.SessionServer, want string) {
	t.Helper()
	e, err := s.ByServer(background, server)
	if got := found(t, e, err); got != want {
		t.Errorf("ByServer finds %q, want %q", got, want)
	}
}

// expectID expects that an entry is there, or not.
func expectID(t testing.TB, s mbedtls.SessionStore, id string, want bool) {
	t.Helper()
	e, err := s.ByID(background, []byte(id))
	if got := found(t, e, err); (got == id) != want {
		t.Errorf("ByID(%q) finds %q, want that it is there: %t", id, got, want)
	}
}
