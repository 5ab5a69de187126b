package mbedtls

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// cookieKeys are closed with the test.
func cookieKeys(t testing.TB, timeout, rotation time.Duration) *CookieKeys {
	t.Helper()
	k, err := NewCookieKeys(timeout, rotation)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

func mustWriteCookie(t testing.TB, k *CookieKeys, id string) []byte {
	t.Helper()
	cookie, err := k.write([]byte(id))
	if err != nil {
		t.Fatal(err)
	}
	return cookie
}

func TestDTLSNewCookieKeysChecksItsArguments(t *testing.T) {
	t.Parallel()
	for _, d := range [][2]time.Duration{
		{-time.Second, 0}, {time.Millisecond, 0}, {1500 * time.Millisecond, 0}, {maxDuration + time.Second, 0},
		{time.Minute, time.Second}, {0, time.Second}, {time.Second, -time.Second},
	} {
		if k, err := NewCookieKeys(d[0], d[1]); err == nil || k != nil {
			t.Errorf("%v: %v, %v", d, k, err)
		}
	}
	cookieKeys(t, 2*time.Hour, 0) // the rotation follows
}

// The clock is the whole process's, and so this test is not parallel.
func TestDTLSCookiesAreGoodForTheTimeout(t *testing.T) {
	began, passed := time.Now(), atomic.Int64{}
	cbridge.SetClock(&cbridge.Clock{
		Now: func() time.Time { return began.Add(time.Duration(passed.Load())) },
		MS:  func() int64 { return 0 },
	})
	defer cbridge.SetClock(nil)
	for _, timeout := range []time.Duration{0, 2 * time.Second, 24 * time.Hour} {
		k := cookieKeys(t, timeout, 0)
		if timeout == 0 {
			timeout = time.Minute
		}
		passed.Store(0)
		cookie := mustWriteCookie(t, k, "client")
		for after, want := range map[time.Duration]bool{
			0: true, timeout: true, timeout + time.Second: false, timeout - time.Second: true, -2 * time.Second: false,
		} {
			passed.Store(int64(after))
			if got := k.check([]byte("client"), cookie); got != want {
				t.Errorf("%v after, with a timeout of %v: %t", after, timeout, got)
			}
		}
	}
}

func TestDTLSCookiesOutliveOneRotation(t *testing.T) {
	t.Parallel()
	k, other := cookieKeys(t, 0, 0), cookieKeys(t, 0, 0)
	cookie := mustWriteCookie(t, k, "client")
	for rotations, want := range []bool{true, true, false, false} {
		if got := k.check([]byte("client"), cookie); got != want {
			t.Errorf("after %d rotations: %t", rotations, got)
		}
		if k.check([]byte("another"), cookie) || other.check([]byte("client"), cookie) || k.check(nil, nil) {
			t.Error("a cookie of another client or key is good, or none")
		}
		if err := k.Rotate(); err != nil {
			t.Fatal(err)
		}
	}
	cookie = mustWriteCookie(t, k, "client")
	if err := errors.Join(k.Close(), k.Close()); err != nil {
		t.Error(err)
	}
	if _, err := k.write([]byte("client")); err == nil || k.check([]byte("client"), cookie) || k.Rotate() == nil {
		t.Errorf("closed keys are used: %v", err)
	}
}

func TestDTLSCookieKeysRotateByThemselves(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) { // the library's clock, and so the cookies' age, stays the true one
		k := cookieKeys(t, time.Minute, time.Hour)
		first := mustWriteCookie(t, k, "client")
		for _, step := range []struct {
			sleep time.Duration
			good  bool
		}{{time.Hour, true}, {time.Second, true}, {time.Hour, true}, {time.Second, false}} {
			time.Sleep(step.sleep)
			mustWriteCookie(t, k, "client")
			if got := k.check([]byte("client"), first); got != step.good {
				t.Errorf("%v later: %t", step.sleep, got)
			}
		}
	})
}

// anySource reads from all, as a client behind a load balancer does.
type anySource struct {
	net.Conn
	pc net.PacketConn
}

func (a anySource) Read(p []byte) (int, error) {
	n, _, err := a.pc.ReadFrom(p)
	return n, err
}

// A client asks one listener for a cookie, and brings it to another one.
func TestDTLSListenersShareCookies(t *testing.T) {
	t.Parallel()
	for _, shared := range []bool{true, false} {
		client, server := configs(t)
		second := server.Clone()
		t.Cleanup(func() { second.Close() })
		if shared {
			server.DTLS.Cookies = cookieKeys(t, 0, 0)
			second.DTLS.Cookies = server.DTLS.Cookies
		}
		a, b := listenDTLS(t, new(DTLSListenConfig), server), listenDTLS(t, new(DTLSListenConfig), second)
		pc := socketOf(t)
		link := &tap{Conn: anySource{ConnectPacketConn(pc, b.Addr()), pc}, carry: func(n int, d []byte) ([][]byte, error) {
			if n > 0 {
				return through(n, d)
			}
			_, err := pc.WriteTo(d, a.Addr())
			return nil, err
		}}
		c, s := connectedOver(t, b, link, client)
		mustExchange(t, c, s, "ping")
		want := uint64(1)
		if shared {
			want = 0
		}
		c.Close()
		s.Close()
		first, then := stopped(a), stopped(b)
		if first.HelloVerifies != 1 || first.Accepted != 0 || then.HelloVerifies != want || then.Accepted != 1 {
			t.Errorf("shared: %t; the first listener: %+v, the second: %+v", shared, first, then)
		}
	}
}

func TestDTLSCookiesOfAnotherAddressAreRefused(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	own, thief := socketOf(t), socketOf(t)
	hellos := make(chan []byte, 100)
	c := ClientDTLS(&tap{Conn: ConnectPacketConn(own, l.Addr()), carry: func(_ int, d []byte) ([][]byte, error) {
		hellos <- d
		return nil, nil
	}}, client)
	t.Cleanup(func() { c.Close() })
	inBackground(c)
	send := func(from net.PacketConn, d []byte) {
		t.Helper()
		if _, err := from.WriteTo(d, l.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	send(own, <-hellos)
	withCookie := <-hellos
	buf := make([]byte, 1000)
	for range 3 {
		send(thief, withCookie)
		n, _, err := thief.ReadFrom(buf)
		if err != nil || n < recordHeaderLen+1 || buf[recordHeaderLen] != handshakeVerifyRequest {
			t.Fatalf("the answer is % x, %v", buf[:n], err)
		}
	}
	if st := l.Stats(); st.Accepted != 0 || st.Conns != 0 {
		t.Errorf("%+v", st)
	}
	send(own, withCookie)
	conn, err := l.Accept()
	if err != nil || conn.RemoteAddr().String() != own.LocalAddr().String() {
		t.Fatalf("%v, %v", conn, err)
	}
	conn.Close()
	if st := stopped(l); st.HelloVerifies != 4 || st.Accepted != 1 {
		t.Errorf("%+v", st)
	}
}

func TestDTLSCookieClosuresMakeAndCheckCookies(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	var mu sync.Mutex
	var ids [][]byte
	made := map[string]string{}
	longest := bytes.Repeat([]byte("c"), maxCookieLen-12)
	server.DTLS.WriteCookie = func(id []byte) ([]byte, error) {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, id)
		cookie := fmt.Appendf(longest[:len(longest):len(longest)], "%012d", len(ids))
		made[string(id)] = string(cookie)
		return cookie, nil
	}
	server.DTLS.CheckCookie = func(id, cookie []byte) bool {
		mu.Lock()
		defer mu.Unlock()
		ids = append(ids, id)
		return made[string(id)] == string(cookie)
	}
	l := listenDTLS(t, new(DTLSListenConfig), server)
	const clients = 8
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			c, err := DialDTLS("udp", l.Addr().String(), client)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			if _, err := c.Write([]byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	addresses := map[string]bool{}
	for range clients {
		s, err := accept(l)
		if err != nil {
			t.Error(err)
			continue
		}
		addresses[string(server.DTLS.transportID(s.RemoteAddr()))] = true
		if _, err := io.Copy(io.Discard, s); err != nil {
			t.Error(err)
		}
		s.Close()
	}
	wg.Wait()
	for _, id := range ids {
		if !addresses[string(id)] {
			t.Errorf("id % x is no client's", id)
		}
	}
	if len(made) != clients {
		t.Errorf("%d clients got cookies, want %d", len(made), clients)
	}
}

// What a closure does wrong fails a lone server's handshake, and sends a listener's clients nothing.
func TestDTLSCookieClosureThatFailsAnswersNobody(t *testing.T) {
	t.Parallel()
	ownErr := errors.New("no cookies today")
	for name, test := range map[string]struct {
		write func([]byte) ([]byte, error)
		want  error
	}{
		"error":    {func([]byte) ([]byte, error) { return nil, ownErr }, ownErr},
		"too long": {func([]byte) ([]byte, error) { return make([]byte, maxCookieLen+1), nil }, nil},
		"empty":    {func([]byte) ([]byte, error) { return nil, nil }, nil},
	} {
		client, server := configs(t)
		server.DTLS.WriteCookie = test.write
		server.DTLS.CheckCookie = func(_, _ []byte) bool { return false }
		c, s, _, _ := linked(t, client, server)
		done := inBackground(s)
		inBackground(c)
		err := <-done
		var ce *ConfigError
		if test.want != nil && !errors.Is(err, test.want) ||
			test.want == nil && (!errors.As(err, &ce) || ce.Field != "DTLS.WriteCookie") {
			t.Errorf("%s: %v", name, err)
		}
		l := listenDTLS(t, new(DTLSListenConfig), server)
		short := changed(t, client, func(c *Config) {
			c.DTLS.HandshakeTimeoutMin, c.DTLS.HandshakeTimeoutMax = 5*time.Millisecond, 5*time.Millisecond
		})
		if _, err := DialDTLS("udp", l.Addr().String(), short); !errors.Is(err, ErrSSLTimeout) {
			t.Errorf("%s: the client of a listener: %v", name, err)
		}
		if st := stopped(l); st.DroppedUnknown == 0 || st.HelloVerifies != 0 || st.Conns != 0 {
			t.Errorf("%s: %+v", name, st)
		}
	}
}

func TestDTLSClientTransportIDIsWhatCookiesAreFor(t *testing.T) {
	t.Parallel()
	for name, id := range map[string][]byte{"one": []byte("one for all"), "long": bytes.Repeat([]byte("x"), 10000), "none": nil} {
		client, server := configs(t)
		asked := make(chan string, 100)
		server.DTLS.ClientTransportID = func(a net.Addr) []byte { asked <- a.String(); return id }
		c, s, _, _ := linked(t, client, server)
		done := inBackground(s)
		if id == nil {
			var ce *ConfigError
			if err := <-done; !errors.As(err, &ce) || ce.Field != "DTLS.ClientTransportID" {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err := errors.Join(c.Handshake(), <-done); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := <-asked; got != "client" {
			t.Errorf("%s: asked for %q", name, got)
		}
		l := listenDTLS(t, new(DTLSListenConfig), server)
		c, _ = dialDTLS(t, l, client)
		for got := <-asked; got != c.LocalAddr().String(); got = <-asked {
			if got != "client" {
				t.Errorf("%s: asked for %q", name, got)
			}
		}
	}
}
