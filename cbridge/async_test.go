package cbridge

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// needAsync skips the test in a build that has no raw asynchronous keys.
func needAsync(t *testing.T) {
	t.Helper()
	if !Feature("MBEDTLS_SSL_ASYNC_PRIVATE") {
		t.Skip("the build lacks MBEDTLS_SSL_ASYNC_PRIVATE")
	}
}

// rawOperation signs when it is resumed for the last time.
type rawOperation struct {
	digest    []byte
	resumes   int
	cancelled int
}

// rawKey is a key behind raw closures.
type rawKey struct {
	crypto.Signer
	started    error // what Sign returns
	inProgress int   // how often Resume says so
	ops        []*rawOperation
}

func (k *rawKey) closures() AsyncPrivate {
	return AsyncPrivate{
		Sign: func(_ *SSL, _ []byte, _ crypto.Hash, digest []byte) (any, error) {
			op := &rawOperation{digest: slices.Clone(digest)}
			k.ops = append(k.ops, op)
			return op, k.started
		},
		Resume: func(op any, output []byte) (int, error) {
			o := op.(*rawOperation)
			if o.resumes++; o.resumes <= k.inProgress {
				return 0, ErrSSLAsyncInProgress
			}
			signature, err := k.Signer.Sign(rand.Reader, o.digest, crypto.SHA256)
			return copy(output, signature), err
		},
		Cancel: func(op any) { op.(*rawOperation).cancelled++ },
	}
}

// drive runs both ends' handshakes, and takes those up again that wait for a key. It counts how often they did.
func drive(t *testing.T, p pair) (waits int, err error) {
	t.Helper()
	for {
		if err = p.handshake(t); err != ErrSSLAsyncInProgress {
			return waits, err
		}
		waits++
		for _, s := range []*SSL{p.client, p.server} {
			if done := s.AsyncDone(); done != nil {
				<-done
			}
		}
	}
}

// rawPair is a pair for TLS 1.2 whose server's key is used by closures.
func rawPair(t *testing.T, a func(key crypto.Signer) AsyncPrivate) pair {
	t.Helper()
	needAsync(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	crt, pk := selfSigned(t, key)
	return newPairOf(t, crt, pk, func(client, server *Config) {
		if err := errors.Join(client.SetVersions(TLS12, TLS12), server.SetAsyncPrivate(a(key))); err != nil {
			t.Fatal(err)
		}
	})
}

func TestRawAsyncKeyFollowsTheContractOfC(t *testing.T) {
	for _, c := range []struct {
		name       string
		started    error
		inProgress int
		waits      int
		resumes    []int // of each operation
	}{
		{"at once", nil, 0, 0, []int{1}},
		{"at once, yet not done", nil, 2, 2, []int{3}},
		{"later", ErrSSLAsyncInProgress, 0, 1, []int{1}},
		{"much later", ErrSSLAsyncInProgress, 3, 4, []int{4}},
		{"by the library", ErrSSLHwAccelFallthrough, 0, 0, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			key := &rawKey{started: c.started, inProgress: c.inProgress}
			p := rawPair(t, func(k crypto.Signer) AsyncPrivate { key.Signer = k; return key.closures() })
			waits, err := drive(t, p)
			if err != nil {
				t.Fatal(err)
			}
			if waits != c.waits {
				t.Errorf("the handshake waited %d times, want %d", waits, c.waits)
			}
			var resumes []int
			for _, op := range key.ops {
				resumes = append(resumes, op.resumes)
				if op.cancelled != 0 {
					t.Error("an operation that was complete is cancelled")
				}
			}
			if diff := cmp.Diff(c.resumes, resumes); diff != "" {
				t.Errorf("calls of Resume (-want +got)\n%s", diff)
			}
			send(t, p.server, p.client, []byte("hello"))
		})
	}
}

// A chain may be without a key: closures have it, or the handshake fails.
func TestChainsWithoutAKey(t *testing.T) {
	needAsync(t)
	signer, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	crt, _ := selfSigned(t, signer)
	for _, handshake := range []bool{false, true} {
		for name, c := range map[string]struct {
			version int
			closure bool
		}{
			"TLS 1.2 with closures": {TLS12, true},
			"TLS 1.2":               {TLS12, false},
			"TLS 1.3":               {TLS13, false},
		} {
			t.Run(fmt.Sprintf("%s, for one handshake %t", name, handshake), func(t *testing.T) {
				p := newPairOf(t, crt, nil, func(client, server *Config) {
					err := client.SetVersions(c.version, c.version)
					if c.closure {
						err = errors.Join(err, server.SetAsyncPrivate((&rawKey{Signer: signer}).closures()))
					}
					if handshake {
						err = errors.Join(err, server.SetCertSelect(func(s *SSL) error { return s.AddHandshakeOwnCert(crt, nil) }))
					}
					if err != nil {
						t.Fatal(err)
					}
				})
				if err := p.handshake(t); (err == nil) != c.closure {
					t.Error(err)
				}
			})
		}
	}
}

func TestRawAsyncKeyIsCancelledOnce(t *testing.T) {
	for name, end := range map[string]func(p pair) error{
		"Close":        func(p pair) error { return p.server.Close() },
		"SessionReset": func(p pair) error { return p.server.SessionReset() },
		"CancelAsync":  func(p pair) error { p.server.CancelAsync(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			key := &rawKey{started: ErrSSLAsyncInProgress}
			p := rawPair(t, func(k crypto.Signer) AsyncPrivate { key.Signer = k; return key.closures() })
			if err := p.handshake(t); err != ErrSSLAsyncInProgress {
				t.Fatalf("handshake: %v, want ErrSSLAsyncInProgress", err)
			}
			if err := end(p); err != nil {
				t.Fatal(err)
			}
			p.server.Close()
			if n := key.ops[0].cancelled; n != 1 {
				t.Errorf("cancelled %d times, want once", n)
			}
		})
	}
}

// Rule 4, for these closures: errors come back whole, panics go on in the caller.
func TestRawAsyncClosuresThatFail(t *testing.T) {
	want := errors.New("the closure's own")
	for name, set := range map[string]func(a *AsyncPrivate, fail func() error){
		"sign": func(a *AsyncPrivate, fail func() error) {
			a.Sign = func(*SSL, []byte, crypto.Hash, []byte) (any, error) { return nil, fail() }
		},
		"resume": func(a *AsyncPrivate, fail func() error) {
			a.Resume = func(any, []byte) (int, error) { return 0, fail() }
		},
	} {
		failing := func(t *testing.T, fail func() error) pair {
			return rawPair(t, func(k crypto.Signer) AsyncPrivate {
				a := (&rawKey{Signer: k}).closures()
				set(&a, fail)
				return a
			})
		}
		t.Run(name+" error", func(t *testing.T) {
			_, err := drive(t, failing(t, func() error { return fmt.Errorf("wrapped: %w", want) }))
			if !errors.Is(err, want) || !errors.Is(err, ErrPlatformHwAccelFailed) {
				t.Errorf("handshake: %v, want the closure's error and the library's code", err)
			}
		})
		t.Run(name+" panic", func(t *testing.T) {
			p := failing(t, func() error { panic("from " + name) })
			func() {
				defer func() {
					if v := recover(); v != "from "+name {
						t.Errorf("recovered %v", v)
					}
				}()
				_ = p.handshake(t)
				t.Error("handshake returns")
			}()
			if err := p.server.Handshake(); err != ErrPoisoned {
				t.Errorf("Handshake after a panic: %v, want ErrPoisoned", err)
			}
		})
		t.Run(name+" no result", func(t *testing.T) {
			for _, n := range []int{-1, 0, 1 << 20} {
				p := rawPair(t, func(k crypto.Signer) AsyncPrivate {
					a := (&rawKey{Signer: k}).closures()
					a.Resume = func(any, []byte) (int, error) { return n, nil }
					return a
				})
				if _, err := drive(t, p); !errors.Is(err, errNoResult) {
					t.Errorf("a result of %d bytes: %v", n, err)
				}
			}
		})
	}
}

func TestSetAsyncPrivateRefusesHalfASet(t *testing.T) {
	c, err := NewConfig(Server, Stream, PresetDefault)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	start := func(*SSL, []byte, crypto.Hash, []byte) (any, error) { return nil, nil }
	if err := c.SetAsyncPrivate(AsyncPrivate{Sign: start}); err == nil {
		t.Error("Sign without Resume and Cancel is taken")
	}
	if !Feature("MBEDTLS_SSL_ASYNC_PRIVATE") {
		if err := c.SetAsyncPrivate(AsyncPrivate{}); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("SetAsyncPrivate: %v, want a NotBuiltError", err)
		}
	}
	c.Close()
	if err := c.SetAsyncPrivate(AsyncPrivate{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("SetAsyncPrivate after Close: %v, want net.ErrClosed", err)
	}
}

// signerPair is a pair whose server's key is elsewhere.
func signerPair(t *testing.T, version int, sign func(ctx context.Context, key crypto.Signer, digest []byte, opts crypto.SignerOpts) ([]byte, error)) pair {
	t.Helper()
	if version == TLS12 {
		needAsync(t)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	crt, inMemory := selfSigned(t, key)
	inMemory.Close()
	pk, err := NewSignerKey(crt, Signer{Sign: func(ctx context.Context, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
		return sign(ctx, key, digest, opts)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer pk.Close() // the Config keeps it
	if pk.Type() != "EC" || pk.Bits() != 256 {
		t.Errorf("a key of type %s with %d bits", pk.Type(), pk.Bits())
	}
	return newPairOf(t, crt, pk, func(client, server *Config) {
		if err := errors.Join(client.SetVersions(version, version), server.SetVersions(version, version)); err != nil {
			t.Fatal(err)
		}
	})
}

// Rule 1, with keys: a handle each, and none per use.
func TestSignerKeyHasOneHandle(t *testing.T) {
	for _, version := range []int{TLS12, TLS13} {
		t.Run(fmt.Sprintf("%#x", version), func(t *testing.T) {
			start := LiveHandles()
			p := signerPair(t, version, func(_ context.Context, key crypto.Signer, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				return key.Sign(rand.Reader, digest, opts)
			})
			waits, err := drive(t, p)
			if err != nil || waits == 0 {
				t.Fatalf("handshake: %v, after %d waits", err, waits)
			}
			if got := LiveHandles() - start; got != 5 {
				t.Errorf("%d handles for two configs, two connections and a key, want 5", got)
			}
			for _, s := range []*SSL{p.client, p.server} {
				s.Close()
				s.conf.Close()
			}
			if got := LiveHandles() - start; got != 0 {
				t.Errorf("%d handles after Close, want 0", got)
			}
		})
	}
}

func TestSessionResetCancelsTheSigner(t *testing.T) {
	for _, version := range []int{TLS12, TLS13} {
		t.Run(fmt.Sprintf("%#x", version), func(t *testing.T) {
			calls, stopped := 0, make(chan struct{})
			p := signerPair(t, version, func(ctx context.Context, key crypto.Signer, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
				if calls++; calls == 1 {
					<-ctx.Done()
					close(stopped)
					return nil, ctx.Err()
				}
				return key.Sign(rand.Reader, digest, opts)
			})
			if err := p.handshake(t); err != ErrSSLAsyncInProgress {
				t.Fatalf("handshake: %v, want ErrSSLAsyncInProgress", err)
			}
			if err := errors.Join(p.client.SessionReset(), p.server.SessionReset()); err != nil {
				t.Fatal(err)
			}
			<-stopped
			if err := p.client.SetHostname("localhost"); err != nil {
				t.Fatal(err)
			}
			if _, err := drive(t, p); err != nil {
				t.Fatalf("handshake after a reset: %v", err)
			}
		})
	}
}

func TestSignerCallsAfterClose(t *testing.T) {
	p := newPair(t, nil)
	p.client.Close()
	if err := p.client.SetContext(context.Background()); !errors.Is(err, net.ErrClosed) {
		t.Errorf("SetContext after Close: %v, want net.ErrClosed", err)
	}
	p.client.CancelAsync()
	if p.client.AsyncDone() != nil || p.client.DecryptError() != nil {
		t.Error("accessors after Close give values")
	}
	crt, key := identity(t)
	crt.Close()
	if _, err := NewSignerKey(crt, Signer{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("NewSignerKey of a closed certificate: %v, want net.ErrClosed", err)
	}
	_ = key
	empty, err := NewCrt()
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if _, err := NewSignerKey(empty, Signer{}); err == nil {
		t.Error("NewSignerKey takes no certificate at all")
	}
}
