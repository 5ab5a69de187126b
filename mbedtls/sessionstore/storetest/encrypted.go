package storetest

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
)

// encrypted are for stores that outlast the process that saves.
var encrypted = group{
	"store that is opened again has its entries": func(t *testing.T, p Place) {
		want := entry("a", example)
		save(t, open(t, p, Options{}), want)
		got, err := open(t, p, Options{}).ByServer(background, example)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	},
	"stores that are open together share entries": func(t *testing.T, p Place) {
		a, b := open(t, p, Options{}), open(t, p, Options{})
		save(t, a, entry("a", example))
		expectServer(t, b, example, "a")
		save(t, b, entry("b", example))
		expectServer(t, a, example, "b")
		if err := a.Remove(background, []byte("b")); err != nil {
			t.Fatal(err)
		}
		expectServer(t, b, example, "a")
	},
	"new store may be opened by many at once": func(t *testing.T, p Place) {
		stores := make([]mbedtls.SessionStore, goroutines)
		var wg sync.WaitGroup
		for i := range stores {
			wg.Go(func() {
				var err error
				if stores[i], err = p.Open(t, Options{Passphrase: passphrase}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if t.Failed() {
			return
		}
		save(t, stores[0], entry("a", example))
		for _, s := range stores {
			expectServer(t, s, example, "a")
		}
	},
	"wrong passphrase is an error, and loses nothing": func(t *testing.T, p Place) {
		save(t, open(t, p, Options{}), entry("a", example))
		if _, err := p.Open(t, Options{Passphrase: "Tr0ub4dor&3"}); !errors.Is(err, sessionstore.ErrWrongKey) {
			t.Errorf("Open: %v, want ErrWrongKey", err)
		}
		expectServer(t, open(t, p, Options{}), example, "a")
	},
	"corrupt entry is an error, and the only one that is lost": func(t *testing.T, p Place) {
		s := open(t, p, Options{})
		save(t, s, entry("a", example), entry("b", mbedtls.SessionServer{}), once(entry("c", example)))
		p.Corrupt(t)
		save(t, s, entry("sound", mbedtls.SessionServer{Name: "sound.example"}))
		_, byServer := s.ByServer(background, example)
		_, byID := s.ByID(background, []byte("b"))
		for call, err := range map[string]error{"ByServer": byServer, "ByID": byID} {
			var corrupt *sessionstore.CorruptError
			if !errors.As(err, &corrupt) || len(corrupt.Row) == 0 {
				t.Errorf("%s: %v, want a CorruptError", call, err)
			}
		}
		expectID(t, s, "b", false) // dropped
		expectID(t, s, "c", false)
		if _, err := s.ByServer(background, example); err == nil {
			t.Error("the other corrupt entry is no error")
		}
		expectServer(t, s, example, "")
		expectServer(t, s, mbedtls.SessionServer{Name: "sound.example"}, "sound")
	},
}
