package cbridge

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"
)

var alice, bob = []byte("192.0.2.1:5684"), []byte("192.0.2.2:5684")

func newCookieCtx(t testing.TB) *CookieCtx {
	t.Helper()
	if !Feature(optionCookieC) {
		t.Skip("no cookies")
	}
	k, err := NewCookieCtx()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func TestCookiesBelongToOneClient(t *testing.T) {
	k, other := newCookieCtx(t), newCookieCtx(t)
	cookie, err := k.Write(alice)
	if err != nil {
		t.Fatal(err)
	}
	if len(cookie) == 0 || len(cookie) > MaxCookieLen {
		t.Errorf("a cookie of %d bytes", len(cookie))
	}
	if err := k.Check(cookie, alice); err != nil {
		t.Errorf("Check: %v", err)
	}
	if err := k.Check(cookie, bob); !errors.Is(err, ErrInvalidCookie) {
		t.Errorf("of another client: %v, want ErrInvalidCookie", err)
	}
	if err := other.Check(cookie, alice); !errors.Is(err, ErrInvalidCookie) {
		t.Errorf("of another context: %v, want ErrInvalidCookie", err)
	}
	for n := range cookie {
		if err := k.Check(cookie[:n], alice); !errors.Is(err, ErrInvalidCookie) {
			t.Errorf("%d bytes of it: %v, want ErrInvalidCookie", n, err)
		}
		altered := bytes.Clone(cookie)
		altered[n] ^= 0x80
		if err := k.Check(altered, alice); !errors.Is(err, ErrInvalidCookie) {
			t.Errorf("byte %d altered: %v, want ErrInvalidCookie", n, err)
		}
	}
	if err := k.Check(append(bytes.Clone(cookie), 0), alice); !errors.Is(err, ErrInvalidCookie) {
		t.Errorf("a longer one: %v, want ErrInvalidCookie", err)
	}
	if _, err := k.Write(nil); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("Write for nobody: %v, want ErrSSLBadInputData", err)
	}
	if err := k.Check(cookie, nil); !errors.Is(err, ErrSSLBadInputData) || errors.Is(err, ErrInvalidCookie) {
		t.Errorf("Check for nobody: %v, want ErrSSLBadInputData", err)
	}
}

func TestCookiesAge(t *testing.T) {
	k := newCookieCtx(t)
	for _, d := range []time.Duration{-1, 1, time.Second - 1, 1 << 33 * time.Second} {
		if err := k.SetTimeout(d); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("SetTimeout(%v): %v, want ErrSSLBadInputData", d, err)
		}
	}
	began, shift := time.Now(), time.Duration(0)
	SetClock(&Clock{Now: func() time.Time { return began.Add(shift) }, MS: func() int64 { return 0 }})
	defer SetClock(nil)
	for _, c := range []struct {
		timeout, age time.Duration
		want         error
	}{
		{time.Minute, time.Minute, nil},
		{time.Minute, time.Minute + time.Second, ErrInvalidCookie},
		{time.Minute, -time.Second, ErrInvalidCookie}, // from the future
		{0, 1000 * time.Hour, nil},
	} {
		shift = 0
		if err := k.SetTimeout(c.timeout); err != nil {
			t.Fatal(err)
		}
		cookie, err := k.Write(alice)
		if err != nil {
			t.Fatal(err)
		}
		shift = c.age
		if err := k.Check(cookie, alice); !errors.Is(err, c.want) {
			t.Errorf("a timeout of %v, after %v: %v, want %v", c.timeout, c.age, err, c.want)
		}
	}
}

// verified runs the handshake of p with cookies: it starts the server anew after each HelloVerifyRequest, of which the
// errors are returned.
func (p pair) verified(t *testing.T, id []byte) (refused []error, err error) {
	t.Helper()
	for range 3 {
		if err := p.server.SetClientTransportID(id); err != nil {
			t.Fatal(err)
		}
		err = p.handshake(t)
		if !errors.Is(err, ErrSSLHelloVerifyRequired) {
			return refused, err
		}
		refused = append(refused, err)
		carry(t, p.server, p.client)
		if err := p.server.SessionReset(); err != nil {
			t.Fatal(err)
		}
	}
	return refused, err
}

func TestServerAsksForACookie(t *testing.T) {
	k := newCookieCtx(t)
	p := datagramPair(t, func(client, server *Config) {
		if err := server.SetCookies(k); err != nil {
			t.Fatal(err)
		}
	})
	k.Close() // the Config holds it
	refused, err := p.verified(t, alice)
	if err != nil || len(refused) != 1 {
		t.Fatalf("%v after %v", err, refused)
	}
	send(t, p.client, p.server, []byte("data"))
}

func TestServerNeedsAChoiceOfCookies(t *testing.T) {
	newCookieCtx(t) // skips
	crt, key := identity(t)
	p := newPairOver(t, Datagram, crt, key, nil)
	if err := p.handshake(t); !errors.Is(err, ErrSSLFeatureUnavailable) {
		t.Errorf("%v, want ErrSSLFeatureUnavailable", err)
	}
}

func TestNoTransportIDIsAnError(t *testing.T) {
	k := newCookieCtx(t)
	p := datagramPair(t, func(_, server *Config) {
		if err := server.SetCookies(k); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("%v, want ErrSSLBadInputData", err)
	}
	for name, err := range map[string]error{
		"of a client": p.client.SetClientTransportID(alice),
		"empty":       p.server.SetClientTransportID(nil),
	} {
		if !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("SetClientTransportID, %s: %v, want ErrSSLBadInputData", name, err)
		}
	}
}

func TestCookieFuncs(t *testing.T) {
	own := errors.New("the closure's own")
	for _, c := range []struct {
		name        string
		write       func([]byte) ([]byte, error)
		check       func(cookie, id []byte) error
		wantRefused int
		want        error // of the handshake
		wantCode    Code  // of that, if it is one of the library
		wantCause   error // of the refusals
	}{
		{
			name:        "a cookie",
			write:       func(id []byte) ([]byte, error) { return append([]byte("for "), id...), nil },
			wantRefused: 1,
			wantCause:   own,
		},
		{
			name:        "the longest",
			write:       func([]byte) ([]byte, error) { return make([]byte, MaxCookieLen), nil },
			check:       func(cookie, _ []byte) error { return map[bool]error{false: own}[len(cookie) == MaxCookieLen] },
			wantRefused: 1,
			wantCause:   own,
		},
		{
			name:        "a longer one",
			write:       func([]byte) ([]byte, error) { return make([]byte, MaxCookieLen+1), nil },
			wantRefused: 0,
			want:        ErrSSLInternalError,
		},
		{
			name:     "no cookie",
			write:    func([]byte) ([]byte, error) { return nil, own },
			want:     own,
			wantCode: ErrSSLInternalError,
		},
		{
			name:     "cookies that are not set up",
			write:    func([]byte) ([]byte, error) { return nil, ErrSSLFeatureUnavailable },
			want:     ErrSSLFeatureUnavailable,
			wantCode: ErrSSLFeatureUnavailable,
		},
		{
			name:     "what would make the handshake wait",
			write:    func([]byte) ([]byte, error) { return nil, ErrSSLWantRead },
			want:     ErrSSLWantRead,
			wantCode: ErrSSLInternalError,
		},
		{
			name:        "never right",
			write:       func([]byte) ([]byte, error) { return []byte("x"), nil },
			check:       func(_, _ []byte) error { return fmt.Errorf("wrapped: %w", own) },
			wantRefused: 3,
			want:        own,
			wantCause:   own,
		},
		{
			name:  "always right",
			write: func([]byte) ([]byte, error) { return nil, own },
			check: func(_, _ []byte) error { return nil },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.check == nil {
				c.check = func(cookie, id []byte) error {
					if !bytes.Equal(cookie, append([]byte("for "), id...)) {
						return own
					}
					return nil
				}
			}
			var seen []byte
			p := datagramPair(t, func(_, server *Config) {
				err := server.SetCookieFuncs(CookieFuncs{
					Write: c.write,
					Check: func(cookie, id []byte) error {
						seen = bytes.Clone(id)
						return c.check(cookie, id)
					},
				})
				if err != nil {
					t.Fatal(err)
				}
			})
			refused, err := p.verified(t, alice)
			if !errors.Is(err, c.want) || len(refused) != c.wantRefused {
				t.Errorf("%v after %v, want %v after %d", err, refused, c.want, c.wantRefused)
			}
			if e := (*Error)(nil); c.wantCode != 0 && (!errors.As(err, &e) || e.Code != c.wantCode) {
				t.Errorf("%v, want code %v", err, c.wantCode)
			}
			for _, err := range refused {
				if !errors.Is(err, c.wantCause) {
					t.Errorf("refused: %v, want %v inside", err, c.wantCause)
				}
			}
			if !bytes.Equal(seen, alice) {
				t.Errorf("the closure saw the client %q", seen)
			}
		})
	}
}

func TestCookieFuncsAreBothNeeded(t *testing.T) {
	c := newDatagramSSL(t, Server).conf
	write := func([]byte) ([]byte, error) { return nil, nil }
	check := func(_, _ []byte) error { return nil }
	for _, f := range []CookieFuncs{{}, {Write: write}, {Check: check}} {
		if err := c.SetCookieFuncs(f); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%v, want ErrSSLBadInputData", err)
		}
	}
}

func TestCookieFuncPanicReachesTheCaller(t *testing.T) {
	for _, where := range []string{"write", "check"} {
		t.Run(where, func(t *testing.T) {
			fail := func(here string) error {
				if here == where {
					panic("from " + where)
				}
				return ErrInvalidCookie
			}
			p := datagramPair(t, func(_, server *Config) {
				err := server.SetCookieFuncs(CookieFuncs{
					Write: func([]byte) ([]byte, error) { return []byte("x"), fail("write") },
					Check: func(_, _ []byte) error { return fail("check") },
				})
				if err != nil {
					t.Fatal(err)
				}
			})
			got := func() (v any) {
				defer func() { v = recover() }()
				_, err := p.verified(t, alice)
				t.Errorf("handshake returned %v, want a panic", err)
				return nil
			}()
			if got != "from "+where {
				t.Errorf("recovered %v", got)
			}
			if err := p.server.Handshake(); err != ErrPoisoned {
				t.Errorf("Handshake after a panic: %v, want ErrPoisoned", err)
			}
		})
	}
}

// A closure that changed the id would free what the library still looks at.
func TestTransportIDIsNotChangedByAClosure(t *testing.T) {
	var server *SSL
	var errs []error
	p := datagramPair(t, func(_, conf *Config) {
		err := conf.SetCookieFuncs(CookieFuncs{
			Write: func(id []byte) ([]byte, error) { return bytes.Clone(id), nil },
			Check: func(cookie, id []byte) error {
				errs = append(errs, server.SetClientTransportID(bob))
				if !bytes.Equal(cookie, id) {
					return ErrInvalidCookie
				}
				return nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	server = p.server
	if _, err := p.verified(t, alice); err != nil {
		t.Fatal(err)
	}
	for _, err := range errs {
		if !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%v, want ErrSSLBadInputData", err)
		}
	}
}

// A client that lost its state begins anew from the same address: RFC 6347, section 4.2.8.
func TestClientBeginsAnewWithACookie(t *testing.T) {
	if !Feature("MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE") {
		t.Skip("not in this build")
	}
	k := newCookieCtx(t)
	checks := 0
	p := datagramPair(t, func(_, server *Config) {
		err := server.SetCookieFuncs(CookieFuncs{
			Write: k.Write,
			Check: func(cookie, id []byte) error { checks++; return k.Check(cookie, id) },
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if _, err := p.verified(t, alice); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("data"))
	old := record(t, p.client, "more")
	if err := p.client.SessionReset(); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Handshake(); err != ErrSSLWantRead {
		t.Fatal(err)
	}
	checks = 0
	carry(t, p.client, p.server)
	if err := read(p.server); err != ErrSSLWantRead || checks != 1 || p.server.OutputLen() == 0 {
		t.Fatalf("a ClientHello without a cookie: %v, %d checks, %d bytes of answer", err, checks, p.server.OutputLen())
	}
	answer := datagrams(p.server)[0]
	if s, err := got(t, p.server, old); s != "more" || err != nil {
		t.Errorf("what comes on the old connection: %q, %v", s, err)
	}
	if err := p.client.Feed(answer); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Handshake(); err != ErrSSLWantRead {
		t.Fatal(err)
	}
	carry(t, p.client, p.server)
	if err := read(p.server); !errors.Is(err, ErrSSLClientReconnect) {
		t.Fatalf("a ClientHello with a cookie: %v, want ErrSSLClientReconnect", err)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("new"))
}

func TestCookiesAfterClose(t *testing.T) {
	k := newCookieCtx(t)
	open := newDatagramSSL(t, Server).conf
	k.Close()
	_, err := k.Write(alice)
	for name, err := range map[string]error{
		"Write":      err,
		"Check":      k.Check(nil, alice),
		"SetTimeout": k.SetTimeout(time.Second),
		"SetCookies": open.SetCookies(k),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Close: %v, want net.ErrClosed", name, err)
		}
	}
	k = newCookieCtx(t)
	afterClose(t, Server, func(s *SSL, c *Config) []error {
		return []error{c.SetCookies(k), c.SetNoCookies(), s.SetClientTransportID(alice), c.SetCookieFuncs(CookieFuncs{
			Write: k.Write, Check: k.Check,
		})}
	})
}

// Anybody can send a datagram. The library itself would look at these again in each later call, and fail it.
func TestFalseClientHelloBreaksNoConnection(t *testing.T) {
	if !Feature("MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE") {
		t.Skip("not in this build")
	}
	own := errors.New("the closure's own")
	var failing error
	p := datagramPair(t, func(_, server *Config) {
		err := server.SetCookieFuncs(CookieFuncs{
			Write: func(id []byte) ([]byte, error) { return bytes.Clone(id), failing },
			Check: func(cookie, id []byte) error { return map[bool]error{false: ErrInvalidCookie}[bytes.Equal(cookie, id)] },
		})
		if err != nil {
			t.Fatal(err)
		}
	})
	if _, err := p.verified(t, alice); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, []byte("data"))
	header := []byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0}
	hello := append(header, 0, 48, 1, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 36, 0xfe, 0xfd)
	hello = append(hello, make([]byte, 32+2)...) // random, and no session id and no cookie
	for name, datagram := range map[string][]byte{
		"a header":    append(bytes.Clone(header), 0, 4, 1, 0, 0, 0),
		"a fragment":  append(append(bytes.Clone(header), 0, 48, 1, 0, 0, 36, 0, 0, 0, 0, 9), hello[22:]...),
		"a long id":   append(bytes.Clone(hello[:59]), 255, 0),
		"no cookie":   hello,
		"a cut hello": hello[:60],
	} {
		for range 2 {
			if s, err := got(t, p.server, datagram); s != "" || err != ErrSSLWantRead {
				t.Errorf("%s: %q, %v; want ErrSSLWantRead", name, s, err)
			}
		}
		if s, err := got(t, p.server, record(t, p.client, "more")); s != "more" || err != nil {
			t.Errorf("after %s: %q, %v", name, s, err)
		}
	}
	failing = own
	if _, err := got(t, p.server, hello); !errors.Is(err, own) {
		t.Errorf("a closure that fails: %v, want its error", err)
	}
	if s, err := got(t, p.server, record(t, p.client, "more")); s != "more" || err != nil {
		t.Errorf("after a closure that failed: %q, %v", s, err)
	}
}
