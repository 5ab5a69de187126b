package cbridge

import (
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
)

// The tests of this file are those of the bridge's rules, in the order of the design.

// Rule 1: one handle per Config and per SSL, none per call.
func TestHandlesAreMadeOncePerObjectAndDroppedAtClose(t *testing.T) {
	start := LiveHandles()
	p := newPair(t, func(client, server *Config) {
		for _, c := range []*Config{client, server} {
			c.SetRandom(func(p []byte) error { _, err := io.ReadFull(processDrbg, p); return err })
			if err := c.SetDebug(4, func(int, string, int, string) {}); err != nil {
				t.Fatal(err)
			}
		}
	})
	p.client.SetVerify(func(_ []byte, _ int, flags uint32) (uint32, error) { return flags, nil })
	if got := LiveHandles() - start; got != 4 {
		t.Errorf("%d handles for two configs and two connections, want 4", got)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if got := LiveHandles() - start; got != 4 {
		t.Errorf("%d handles after a handshake with callbacks, want 4", got)
	}
	p.client.Close()
	p.server.Close()
	p.client.conf.Close()
	p.server.conf.Close()
	if got := LiveHandles() - start; got != 0 {
		t.Errorf("%d handles after Close, want 0", got)
	}
}

// Rule 2: what is forgotten is collected, in whatever order.
func TestForgottenObjectsAreFreed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	before := Allocations()
	handles := LiveHandles()
	func() {
		crt, key := identity(t)
		for range 50 {
			c, err := NewConfig(Server, Stream, PresetDefault)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.AddOwnCert(crt, key); err != nil {
				t.Fatal(err)
			}
			s, err := NewSSL(c)
			if err != nil {
				t.Fatal(err)
			}
			// A closure that refers to its own connection must not keep that alive.
			s.SetVerify(func([]byte, int, uint32) (uint32, error) { return s.VerifyResult(), nil })
			if err := s.Handshake(); err != ErrSSLWantRead {
				t.Fatal(err)
			}
		}
	}()
	awaitCollection(t, handles, before.LiveBlocks+99) // the identity is closed when the test ends: a few blocks
}

// awaitCollection collects garbage until so many handles, and no more than so many blocks, are left. Buffers that are kept at
// hand are nobody's.
func awaitCollection(t *testing.T, handles int, blocks int64) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		runtime.GC()
		Trim()
		now := Allocations().LiveBlocks
		if LiveHandles() == handles && now <= blocks {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d handles and %d blocks are left, want %d and at most %d", LiveHandles(), now, handles, blocks)
		}
	}
}

// Rule 2: every method fails with net.ErrClosed after Close, or gives a zero value.
func TestUseAfterCloseIsAnError(t *testing.T) {
	p := newPair(t, nil)
	s, c := p.client, p.client.conf
	s.Close()
	s.Close()
	calls := map[string]func() error{
		"SetHostname":   func() error { return s.SetHostname("x") },
		"SessionReset":  s.SessionReset,
		"Handshake":     s.Handshake,
		"HandshakeStep": s.HandshakeStep,
		"Read":          func() error { _, err := s.Read(make([]byte, 1)); return err },
		"Write":         func() error { _, err := s.Write([]byte("x")); return err },
		"FlushOutput":   s.FlushOutput,
		"SendAlert":     func() error { return s.SendAlert(AlertFatal, 0) },
		"CloseNotify":   s.CloseNotify,
		"Retain":        s.Retain,
	}
	for name, call := range calls {
		if err := call(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Close: %v, want net.ErrClosed", name, err)
		}
	}
	if s.Version() != 0 || s.Ciphersuite() != 0 || s.PeerCertificates() != nil || s.HandshakeOver() || s.ALPN() != "" {
		t.Error("accessors after Close give values")
	}
	if _, ok := s.LastAlert(); ok {
		t.Error("LastAlert after Close gives an alert")
	}
	c.Close()
	c.Close()
	if _, err := NewSSL(c); !errors.Is(err, net.ErrClosed) {
		t.Errorf("NewSSL of a closed Config: %v, want net.ErrClosed", err)
	}
}

// Rule 2: Close beside a running call frees nothing that the call uses.
func TestCloseBesideRunningCalls(t *testing.T) {
	for range 50 {
		p := newPair(t, nil)
		entered := make(chan struct{})
		p.client.SetBIO(BIO{
			Send: func(b []byte) (int, error) {
				close(entered)
				runtime.Gosched() // let Close come in between
				return len(b), nil
			},
			Recv: func([]byte) (int, error) { return 0, ErrSSLWantRead },
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := p.client.Handshake(); err != ErrSSLWantRead && !errors.Is(err, net.ErrClosed) {
				t.Errorf("Handshake: %v", err)
			}
		})
		<-entered
		p.client.Close()
		p.client.conf.Close()
		wg.Wait()
	}
}

// Rule 3: a Config holds what C points at, also after its parts are closed.
func TestConfigKeepsItsParts(t *testing.T) {
	p := newPair(t, func(client, server *Config) {
		crt, key := identity(t)
		if err := errors.Join(server.AddOwnCert(crt, key), client.SetCAs(crt, nil)); err != nil {
			t.Fatal(err)
		}
		crt.Close()
		key.Close()
		if err := server.AddOwnCert(crt, key); !errors.Is(err, net.ErrClosed) {
			t.Errorf("AddOwnCert of closed parts: %v, want net.ErrClosed", err)
		}
	})
	p.client.SetVerify(func(_ []byte, _ int, flags uint32) (uint32, error) { return 0, nil })
	p.client.conf.Close()
	p.server.conf.Close()
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
}

// closures are the places where a closure can fail, each with how to put one there.
var closures = map[string]func(t *testing.T, p pair, fail func() error){
	"verify": func(_ *testing.T, p pair, fail func() error) {
		p.client.SetVerify(func([]byte, int, uint32) (uint32, error) { return 0, fail() })
	},
	"verify of the config": func(_ *testing.T, p pair, fail func() error) {
		p.client.conf.SetVerify(func([]byte, int, uint32) (uint32, error) { return 0, fail() })
	},
	"random": func(_ *testing.T, p pair, fail func() error) {
		p.client.conf.SetRandom(func([]byte) error { return fail() })
	},
	"send": func(_ *testing.T, p pair, fail func() error) {
		p.client.SetBIO(BIO{Send: func([]byte) (int, error) { return 0, fail() }, Recv: recvNothing})
	},
	"recv": func(_ *testing.T, p pair, fail func() error) {
		p.client.SetBIO(BIO{Send: sendAll, Recv: func([]byte) (int, error) { return 0, fail() }})
	},
	"recv with timeout": func(_ *testing.T, p pair, fail func() error) {
		p.client.SetBIO(BIO{Send: sendAll, RecvTimeout: func([]byte, time.Duration) (int, error) { return 0, fail() }})
	},
}

func recvNothing([]byte) (int, error) { return 0, ErrSSLWantRead }
func sendAll(b []byte) (int, error)   { return len(b), nil }

// Rule 4: an error of a closure comes back whole.
func TestClosureErrorReachesTheCaller(t *testing.T) {
	want := errors.New("the closure's own")
	for name, set := range closures {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, nil)
			set(t, p, func() error { return fmt.Errorf("wrapped: %w", want) })
			err := p.handshake(t)
			if !errors.Is(err, want) {
				t.Errorf("handshake: %v, want the closure's error inside", err)
			}
			var e *Error
			if !errors.As(err, &e) || e.Code >= 0 {
				t.Errorf("handshake: %v, want a code of the library, too", err)
			}
		})
	}
}

// Rule 4: a panic of a closure goes on in the caller, and leaves the connection unusable but closable.
func TestClosurePanicReachesTheCaller(t *testing.T) {
	set := map[string]func(t *testing.T, p pair, fail func() error){
		"debug": func(t *testing.T, p pair, fail func() error) {
			if err := p.client.conf.SetDebug(1, func(int, string, int, string) { _ = fail() }); err != nil {
				t.Fatal(err)
			}
			p.server.SetBIO(BIO{Send: sendAll, Recv: recvNothing})
			p.client.InputEOF() // makes the library log an error
		},
		"time": func(_ *testing.T, p pair, fail func() error) {
			p.client.conf.SetTime(func() time.Time { _ = fail(); return time.Now() })
		},
	}
	for name, f := range closures {
		set[name] = f
	}
	for name, set := range set {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, nil)
			set(t, p, func() error { panic("from " + name) })
			got := func() (v any) {
				defer func() { v = recover() }()
				err := p.handshake(t)
				t.Errorf("handshake returned %v, want a panic", err)
				return nil
			}()
			if got != "from "+name {
				t.Errorf("recovered %v", got)
			}
			if err := p.client.Handshake(); err != ErrPoisoned {
				t.Errorf("Handshake after a panic: %v, want ErrPoisoned", err)
			}
			if err := p.client.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
		})
	}
}

// Rule 7: threads are on, and PSA is there before anything else.
func TestBuildHasThreads(t *testing.T) {
	for _, option := range []string{"MBEDTLS_THREADING_C", "MBEDTLS_THREADING_PTHREAD", "MBEDTLS_PLATFORM_MEMORY"} {
		if !Feature(option) {
			t.Errorf("the build lacks %s", option)
		}
	}
	if Feature("MBEDTLS_NO_SUCH_OPTION") {
		t.Error("Feature finds what does not exist")
	}
}

// Rule 8: codes split, print and match.
func TestErrorCodes(t *testing.T) {
	tests := []struct {
		code      Code
		high, low Code
		text      string
	}{
		{ErrSSLFatalAlertMessage, ErrSSLFatalAlertMessage, 0,
			"SSL - A fatal alert message was received from our peer (MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, -0x7780)"},
		{ErrNetRecvFailed, 0, ErrNetRecvFailed,
			"NET - Reading information from the socket failed (MBEDTLS_ERR_NET_RECV_FAILED, -0x004C)"},
		{ErrX509InvalidDate + ErrASN1UnexpectedTag, ErrX509InvalidDate, ErrASN1UnexpectedTag,
			"X509 - The date tag or value is invalid : ASN1 - ASN1 tag was of an unexpected value " +
				"(MBEDTLS_ERR_X509_INVALID_DATE | MBEDTLS_ERR_ASN1_UNEXPECTED_TAG, -0x2462)"},
		{-0x7FFF, ErrSSLHwAccelFailed, -0x7F, "SSL - Hardware acceleration function returned with error : UNKNOWN ERROR CODE (007F) (MBEDTLS_ERR_SSL_HW_ACCEL_FAILED | -0x007F, -0x7FFF)"},
	}
	for _, test := range tests {
		if test.code.High() != test.high || test.code.Low() != test.low {
			t.Errorf("%s splits into %s and %s", test.code.Hex(), test.code.High().Hex(), test.code.Low().Hex())
		}
		if got := test.code.Error(); got != test.text {
			t.Errorf("%s prints\n%s, want\n%s", test.code.Hex(), got, test.text)
		}
		err := error(&Error{Code: test.code, Op: "f", Cause: io.EOF})
		for _, target := range []error{test.code, io.EOF} {
			if !errors.Is(err, target) {
				t.Errorf("%v does not match %v", err, target)
			}
		}
		for _, half := range []Code{test.high, test.low} {
			if half != 0 && !errors.Is(err, half) {
				t.Errorf("%v does not match %s", err, half.Hex())
			}
		}
		if errors.Is(err, Code(0)) || errors.Is(err, ErrSSLTimeout) {
			t.Errorf("%v matches what it is not", err)
		}
	}
	var ne net.Error = &Error{Code: ErrSSLTimeout}
	if !ne.Timeout() {
		t.Error("ErrSSLTimeout is no timeout")
	}
	err := &NotBuiltError{Option: "MBEDTLS_SSL_ALPN", Field: "Config.NextProtos"}
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Error("NotBuiltError does not match errors.ErrUnsupported")
	}
}

// Rule 9: no call crashes the library, whatever the connection is at.
func TestNoCallCrashesInAnyState(t *testing.T) {
	states := map[string]func(t *testing.T, p pair){
		"new": func(*testing.T, pair) {},
		"mid-handshake": func(t *testing.T, p pair) {
			_ = p.client.Handshake()
			carry(t, p.client, p.server)
			_ = p.server.Handshake()
		},
		"done": func(t *testing.T, p pair) {
			if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
		},
		"failed": func(t *testing.T, p pair) {
			in, err := p.client.InputSpace()
			if err != nil {
				t.Fatal(err)
			}
			p.client.Commit(copy(in, "this is not TLS, whatever it is"))
			if err := p.client.Handshake(); err == nil || err == ErrSSLWantRead {
				t.Fatalf("Handshake on garbage: %v", err)
			}
		},
		"at the end": func(t *testing.T, p pair) {
			p.client.InputEOF()
			_ = p.client.Handshake()
		},
		"closed": func(t *testing.T, p pair) { p.client.Close(); p.server.Close() },
	}
	for name, reach := range states {
		t.Run(name, func(t *testing.T) {
			for _, version := range []int{TLS12, TLS13} {
				for call := range 18 {
					p := newPair(t, func(client, server *Config) {
						if err := errors.Join(client.SetVersions(version, version), server.SetVersions(version, version)); err != nil {
							t.Fatal(err)
						}
					})
					reach(t, p)
					for _, s := range []*SSL{p.client, p.server} {
						buf := make([]byte, 100)
						// The results differ by state; that there is one is what counts.
						switch call {
						case 0:
							_ = s.SetHostname("other.example")
						case 1:
							_ = s.SetNoHostname()
						case 2:
							_ = s.SessionReset()
						case 3:
							_ = s.Handshake()
						case 4:
							_ = s.HandshakeStep()
						case 5:
							_, _ = s.Read(buf)
						case 6:
							_, _ = s.Write(buf)
						case 7:
							_, _ = s.Write(nil)
						case 8:
							_ = s.FlushOutput()
						case 9:
							_ = s.SendAlert(AlertFatal, 255)
						case 10:
							_ = s.CloseNotify()
						case 11:
							_, _ = s.LastAlert()
						case 12:
							_, _, _ = s.VerifyResult(), s.Version(), s.Ciphersuite()
						case 13:
							_, _, _ = s.ALPN(), s.Resumed(), s.Group()
						case 14:
							_, _, _ = s.RecordExpansion(), s.MaxOutPayload(), s.MaxInPayload()
						case 15:
							_, _ = s.BytesAvail(), s.PeerCertificates()
						case 16:
							s.SetVerify(nil)
						case 17:
							s.SetBIO(BIO{})
							_ = s.Handshake()
						}
					}
				}
			}
		})
	}
}

// Rule 4: what cannot be stopped leaves no use of the connection, and no trace in the thread.
func TestGoexitInAClosurePoisons(t *testing.T) {
	p := newPair(t, func(client, _ *Config) {
		if err := client.SetDebug(1, nil); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.client.SetBIO(BIO{Send: func([]byte) (int, error) { runtime.Goexit(); return 0, nil }, Recv: recvNothing}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = p.client.Handshake()
		t.Error("Handshake returns after Goexit")
	}()
	<-done
	if err := p.client.Handshake(); err != ErrPoisoned {
		t.Errorf("Handshake: %v, want ErrPoisoned", err)
	}
}
