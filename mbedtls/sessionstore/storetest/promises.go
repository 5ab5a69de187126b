package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// promises are what the interface says.
var promises = group{
	"saved entry is found by id and by server":  savedEntryIsFound,
	"what is not there is nil without an error": nothingIsNil,
	"saving takes the place of the same id":     savingReplaces,
	"newest entry comes first":                  newestComesFirst,
	"entry that is used once is taken":          onceIsTaken,
	"servers that differ are different":         serversDiffer,
	"entry without a server has none":           noServer,
	"removed entry is gone":                     removedIsGone,
	"expired entry is gone":                     expiredIsGone,
	"lifetime bounds entries":                   lifetimeBounds,
	"capacity bounds entries":                   capacityBounds,
	"large entry is kept":                       largeIsKept,
	"entry without an id is an error":           noID,
	"given up context is an error":              givenUp,
	"entries are copies":                        copies,
	"many goroutines":                           manyGoroutines,
	"entry that is used once is taken by one":   onceIsTakenByOne,
}

func savedEntryIsFound(t *testing.T, p Place) {
	s := open(t, p, Options{})
	for _, e := range []*mbedtls.SessionEntry{
		entry("client's", example),
		entry("server's", mbedtls.SessionServer{}),
		entry("of DTLS", mbedtls.SessionServer{Name: "::1", Port: "5684", Identity: "psk:\x00\xff", DTLS: true}),
		once(entry("\x00\xff\n", mbedtls.SessionServer{Name: "b.example", Port: "443"})),
	} {
		want := *e
		save(t, s, e)
		got, err := s.ByID(background, e.ID)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("ByID(%q): %v (-want +got):\n%s", e.ID, err, diff)
		}
		if e.Server.Name == "" {
			continue
		}
		got, err = s.ByServer(background, e.Server)
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("ByServer(%v): %v (-want +got):\n%s", e.Server, err, diff)
		}
	}
}

func nothingIsNil(t *testing.T, p Place) {
	s := open(t, p, Options{})
	expectID(t, s, "nobody", false)
	expectServer(t, s, example, "")
	if err := s.Remove(background, []byte("nobody")); err != nil {
		t.Errorf("Remove: %v", err)
	}
}

func savingReplaces(t *testing.T, p Place) {
	s := open(t, p, Options{})
	other := mbedtls.SessionServer{Name: "other.example"}
	second := entry("a", other)
	second.Data = []byte("the second")
	save(t, s, entry("a", example), entry("b", example), second)
	got, err := s.ByID(background, []byte("a"))
	if diff := cmp.Diff(second, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	expectServer(t, s, example, "b")
	expectServer(t, s, other, "a")
	if err := s.Remove(background, []byte("b")); err != nil {
		t.Fatal(err)
	}
	expectServer(t, s, example, "")
}

func newestComesFirst(t *testing.T, p Place) {
	s := open(t, p, Options{})
	save(t, s, entry("a", example), entry("b", example), entry("c", example), entry("a", example))
	for _, want := range []string{"a", "c", "b", ""} {
		expectServer(t, s, example, want)
		expectServer(t, s, example, want) // it stays
		if err := s.Remove(background, []byte(want)); err != nil {
			t.Fatal(err)
		}
	}
}

func onceIsTaken(t *testing.T, p Place) {
	s := open(t, p, Options{})
	save(t, s, entry("a", example), once(entry("b", example)), once(entry("c", example)))
	expectID(t, s, "c", true) // looking is not taking
	for _, want := range []string{"c", "b", "a", "a"} {
		expectServer(t, s, example, want)
	}
	expectID(t, s, "b", false)
	expectID(t, s, "c", false)
}

func serversDiffer(t *testing.T, p Place) {
	s := open(t, p, Options{})
	servers := map[string]mbedtls.SessionServer{"itself": example}
	for name, change := range map[string]func(*mbedtls.SessionServer){
		"name":           func(s *mbedtls.SessionServer) { s.Name = "b.example" },
		"port":           func(s *mbedtls.SessionServer) { s.Port = "444" },
		"fewer ALPN":     func(s *mbedtls.SessionServer) { s.Protocols = s.Protocols[:1] },
		"no ALPN":        func(s *mbedtls.SessionServer) { s.Protocols = nil },
		"ALPN's order":   func(s *mbedtls.SessionServer) { s.Protocols = []string{"http/1.1", "h2"} },
		"joined ALPN":    func(s *mbedtls.SessionServer) { s.Protocols = []string{`h2" "http/1.1`} },
		"identity":       func(s *mbedtls.SessionServer) { s.Identity = "cert:01" },
		"none":           func(s *mbedtls.SessionServer) { s.Identity = "" },
		"transport":      func(s *mbedtls.SessionServer) { s.DTLS = true },
		"other division": func(s *mbedtls.SessionServer) { s.Name, s.Port = "a.example4", "43" },
	} {
		server := example
		change(&server)
		servers[name] = server
	}
	for name, server := range servers {
		expectServer(t, s, server, "")
		save(t, s, entry(name, server))
	}
	for name, server := range servers {
		expectServer(t, s, server, name)
	}
}

func noServer(t *testing.T, p Place) {
	s := open(t, p, Options{})
	save(t, s, entry("a", mbedtls.SessionServer{}))
	expectServer(t, s, mbedtls.SessionServer{}, "")
	expectID(t, s, "a", true)
}

func removedIsGone(t *testing.T, p Place) {
	s := open(t, p, Options{})
	save(t, s, entry("a", example), entry("b", example))
	for range 2 {
		if err := s.Remove(background, []byte("b")); err != nil {
			t.Fatal(err)
		}
		expectID(t, s, "b", false)
		expectServer(t, s, example, "a")
	}
}

func expiredIsGone(t *testing.T, p Place) {
	c := newClock()
	s := open(t, p, Options{Now: c.Now})
	lasting := func(id string, d time.Duration) *mbedtls.SessionEntry {
		e := entry(id, example)
		e.Expires = c.Now().Add(d)
		return e
	}
	save(t, s, lasting("long", 2*time.Minute), lasting("short", time.Minute), lasting("gone", time.Minute), lasting("gone", -time.Second))
	expectID(t, s, "gone", false)
	c.advance(time.Minute - time.Millisecond)
	expectID(t, s, "short", true)
	expectServer(t, s, example, "short")
	c.advance(time.Millisecond)
	expectServer(t, s, example, "long")
	expectID(t, s, "short", false)
	c.advance(time.Minute)
	expectServer(t, s, example, "")
	expectID(t, s, "long", false)
}

func lifetimeBounds(t *testing.T, p Place) {
	c := newClock()
	s := open(t, p, Options{Now: c.Now, Lifetime: time.Minute})
	if got := s.Lifetime(); got != time.Minute {
		t.Errorf("Lifetime: %v", got)
	}
	for id, expires := range map[string]time.Time{"far": c.Now().Add(time.Hour), "never": {}} {
		e := entry(id, mbedtls.SessionServer{})
		e.Expires = expires
		save(t, s, e)
	}
	for _, there := range []bool{true, false} {
		expectID(t, s, "far", there)
		expectID(t, s, "never", there)
		c.advance(time.Minute)
	}
}

func capacityBounds(t *testing.T, p Place) {
	const capacity = 20
	s := open(t, p, Options{Capacity: capacity})
	var names []string
	for i := range 3 * capacity {
		names = append(names, fmt.Sprintf("entry %d", i))
		save(t, s, entry(names[i], example))
	}
	kept := 0
	for i, name := range names {
		e, err := s.ByID(background, []byte(name))
		if found(t, e, err) == "" {
			continue
		}
		if kept++; i < 2*capacity {
			t.Errorf("%s is there, of %d", name, len(names))
		}
	}
	if kept == 0 || kept > capacity {
		t.Errorf("%d entries are there, want at most %d", kept, capacity)
	}
	expectServer(t, s, example, names[len(names)-1])
}

func largeIsKept(t *testing.T, p Place) {
	s := open(t, p, Options{})
	e := entry("large", example)
	e.Data = bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	e.Server.Name = string(bytes.Repeat([]byte("x"), 1<<12))
	save(t, s, e)
	got, err := s.ByServer(background, e.Server)
	if err != nil || got == nil || !bytes.Equal(got.Data, e.Data) {
		t.Errorf("what is found is different (%v)", err)
	}
}

func noID(t *testing.T, p Place) {
	s := open(t, p, Options{})
	if err := s.Save(background, entry("", example)); err == nil {
		t.Error("Save takes an entry without an ID")
	}
	for _, id := range [][]byte{nil, {}} {
		e, err := s.ByID(background, id)
		if got := found(t, e, err); got != "" {
			t.Errorf("ByID finds %q", got)
		}
		if err := s.Remove(background, id); err != nil {
			t.Error(err)
		}
	}
	expectServer(t, s, example, "")
}

func givenUp(t *testing.T, p Place) {
	s := open(t, p, Options{})
	save(t, s, once(entry("a", example)))
	ctx, cancel := context.WithCancel(background)
	cancel()
	_, byID := s.ByID(ctx, []byte("a"))
	_, byServer := s.ByServer(ctx, example)
	for call, err := range map[string]error{
		"Save": s.Save(ctx, entry("b", example)), "ByID": byID, "ByServer": byServer, "Remove": s.Remove(ctx, []byte("a")),
	} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v, want context.Canceled", call, err)
		}
	}
	expectID(t, s, "b", false)
	expectServer(t, s, example, "a")
}

func copies(t *testing.T, p Place) {
	s := open(t, p, Options{})
	e := entry("a", example)
	e.Server.Protocols = slices.Clone(e.Server.Protocols)
	save(t, s, e)
	want, err := s.ByID(background, []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	spoil := func(e *mbedtls.SessionEntry) {
		clear(e.Data)
		clear(e.Server.Protocols)
		clear(e.ID)
	}
	spoil(e)
	for range 2 {
		got, err := s.ByServer(background, example)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Fatalf("%v (-want +got):\n%s", err, diff)
		}
		spoil(got)
	}
}

// goroutines is how many use a store at once.
const goroutines = 16

func manyGoroutines(t *testing.T, p Place) {
	s := open(t, p, Options{Capacity: 100})
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for i := range 50 {
				server := mbedtls.SessionServer{Name: fmt.Sprintf("%d.example", i%4)}
				e := entry(fmt.Sprintf("%d/%d", g, i%10), server)
				e.Once = i%2 == 0
				if err := s.Save(background, e); err != nil {
					t.Error(err)
				}
				got, err := s.ByServer(background, server)
				if err != nil || got != nil && got.Server.Name != server.Name {
					t.Errorf("ByServer(%s): %+v, %v", server.Name, got, err)
				}
				if got, err = s.ByID(background, e.ID); err != nil || got != nil && !bytes.Equal(got.ID, e.ID) {
					t.Errorf("ByID(%s): %+v, %v", e.ID, got, err)
				}
				if i%5 == 0 {
					if err := s.Remove(background, e.ID); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
}

// onceIsTakenByOne has takers in as many stores at one place as there are, if they share their entries.
func onceIsTakenByOne(t *testing.T, p Place) {
	stores := []mbedtls.SessionStore{open(t, p, Options{})}
	if p.Corrupt != nil {
		stores = append(stores, open(t, p, Options{}), open(t, p, Options{}))
	}
	const entries = 30
	for i := range entries {
		save(t, stores[0], once(entry(fmt.Sprint(i), example)))
	}
	taken := make(chan string, goroutines*entries)
	var wg sync.WaitGroup
	for g := range goroutines {
		wg.Go(func() {
			for {
				e, err := stores[g%len(stores)].ByServer(background, example)
				if err != nil {
					t.Error(err)
				}
				if e == nil {
					return
				}
				taken <- string(e.ID)
			}
		})
	}
	wg.Wait()
	close(taken)
	seen := map[string]int{}
	for id := range taken {
		if seen[id]++; seen[id] > 1 {
			t.Errorf("entry %s was taken %d times", id, seen[id])
		}
	}
	if len(seen) != entries {
		t.Errorf("%d entries were taken, want %d", len(seen), entries)
	}
}

// nothingKept is for a store whose Lifetime is 0.
var nothingKept = group{
	"nothing is kept": func(t *testing.T, p Place) {
		s := open(t, p, Options{})
		save(t, s, entry("a", example))
		expectID(t, s, "a", false)
		expectServer(t, s, example, "")
		if err := s.Remove(background, []byte("a")); err != nil {
			t.Error(err)
		}
	},
	"every handshake is a full one": fullHandshakes,
}
