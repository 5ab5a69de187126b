package cbridge

import (
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// untrusting makes the client trust another's certificate; what the closures return decides.
func untrusting(t *testing.T, verify VerifyFunc) options {
	other, _ := identity(t)
	return func(client, _ *Config) {
		if err := errors.Join(client.SetCAs(other, nil), client.SetVerify(verify)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConfigVerify(t *testing.T) {
	type call struct {
		Depth int
		Flags uint32
		Leaf  bool
	}
	const notTrusted = 0x08 // MBEDTLS_X509_BADCERT_NOT_TRUSTED
	var calls []call
	crt, key := identity(t)
	p := newPairOf(t, crt, key, untrusting(t, func(der []byte, depth int, flags uint32) (uint32, error) {
		calls = append(calls, call{depth, flags, cmp.Equal(der, crt.DER()[0])})
		return flags &^ notTrusted, nil
	}))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]call{{0, notTrusted, true}}, calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	if flags := p.client.VerifyResult(); flags != 0 {
		t.Errorf("flags %#x are left", flags)
	}
}

func TestConnectionVerifyGoesBeforeTheConfigs(t *testing.T) {
	p := newPair(t, untrusting(t, func([]byte, int, uint32) (uint32, error) { return 0, errors.New("not this one") }))
	if err := p.client.SetVerify(func([]byte, int, uint32) (uint32, error) { return 0, nil }); err != nil {
		t.Fatal(err)
	}
	if err := p.handshake(t); err != nil {
		t.Error(err)
	}
	if err := p.client.conf.SetVerify(nil); err != nil {
		t.Error(err)
	}
	p.client.conf.Close()
	if err := p.client.conf.SetVerify(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after Close: %v, want net.ErrClosed", err)
	}
}

// Connections that share a Config and are in its closure at once each get their own error, and only their own.
func TestConfigVerifyOfSeveralConnections(t *testing.T) {
	const n = 8
	var clients [n]*SSL
	inside := make(chan int, n)
	leave := make(chan struct{})
	next := make(chan int, n)
	crt, key := identity(t)
	first := newPairOf(t, crt, key, untrusting(t, func([]byte, int, uint32) (uint32, error) {
		i := <-next
		inside <- i
		<-leave
		switch i % 3 {
		case 0:
			panic(fmt.Sprint("panic ", i))
		case 1:
			return 0, fmt.Errorf("error %d", i)
		}
		return 0, nil
	}))
	results := make(chan string, n)
	for i := range n {
		client, server := first.client, first.server
		if i > 0 {
			var err, err2 error
			client, err = NewSSL(first.client.conf)
			server, err2 = NewSSL(first.server.conf)
			if err := errors.Join(err, err2); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { client.Close(); server.Close() })
			if err := client.SetHostname("localhost"); err != nil {
				t.Fatal(err)
			}
		}
		clients[i] = client
		go func() {
			result := "it ended its goroutine"
			defer func() {
				if v := recover(); v != nil {
					result = fmt.Sprint(v)
				}
				results <- result
			}()
			result = "done"
			if err := (pair{client, server}).handshake(t); err != nil {
				var e *Error
				errors.As(err, &e)
				result = fmt.Sprint(e.Cause)
			}
		}()
	}
	for i := range n {
		next <- i
	}
	for range n {
		<-inside
	}
	close(leave)
	got := map[string]int{}
	for range n {
		got[<-results]++
	}
	want := map[string]int{"panic 0": 1, "panic 3": 1, "panic 6": 1, "error 1": 1, "error 4": 1, "error 7": 1, "done": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	poisoned := 0
	for _, c := range clients {
		if c.Handshake() == ErrPoisoned {
			poisoned++
		}
	}
	if poisoned != 3 {
		t.Errorf("%d connections are poisoned, want 3", poisoned)
	}
}
