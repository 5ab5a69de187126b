package sessionstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore"
	"github.com/gombedtls/gombedtls/mbedtls/sessionstore/storetest"
)

func TestMemory(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) storetest.Place {
		return storetest.Place{Open: func(_ testing.TB, o storetest.Options) (mbedtls.SessionStore, error) {
			return sessionstore.NewMemory(sessionstore.Options{Lifetime: o.Lifetime, Capacity: o.Capacity, Now: o.Now})
		}}
	})
}

func TestNone(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(testing.TB) storetest.Place {
		return storetest.Place{Open: func(testing.TB, storetest.Options) (mbedtls.SessionStore, error) {
			return sessionstore.None{}, nil
		}}
	})
}

// A large store, which has many shards, is bounded all the same, and Clear leaves nothing in it.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const capacity = 2000
	m, err := sessionstore.NewMemory(sessionstore.Options{Capacity: capacity})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 * capacity {
		server := mbedtls.SessionServer{Name: fmt.Sprint(i % 100)}
		if err := m.Save(context.Background(), &mbedtls.SessionEntry{ID: fmt.Append(nil, i), Server: server}); err != nil {
			t.Fatal(err)
		}
	}
	if n := m.Len(); n > capacity || n < capacity*9/10 {
		t.Errorf("%d entries, of at most %d", n, capacity)
	}
	m.Clear()
	if n := m.Len(); n != 0 {
		t.Errorf("%d entries after Clear", n)
	}
	for i := range 100 {
		if e, err := m.ByServer(context.Background(), mbedtls.SessionServer{Name: fmt.Sprint(i)}); e != nil || err != nil {
			t.Fatalf("ByServer after Clear: %+v, %v", e, err)
		}
	}
}

func TestOptionsNameTheFieldOutOfRange(t *testing.T) {
	t.Parallel()
	for _, o := range []sessionstore.Options{{Lifetime: -1}, {Lifetime: 169 * time.Hour}, {Capacity: -1}} {
		if _, err := sessionstore.NewMemory(o); err == nil {
			t.Errorf("%+v: no error", o)
		}
	}
}
