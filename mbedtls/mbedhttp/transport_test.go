package mbedhttp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

// dials counts the connections of a Transport.
func dials(n *atomic.Int32) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		n.Add(1)
		return new(net.Dialer).DialContext(ctx, network, addr)
	}
	return t
}

// closeCounter is a body.
type closeCounter struct {
	io.Reader
	closed atomic.Int32
}

func (c *closeCounter) Close() error { c.closed.Add(1); return nil }

// A connection that was made to find out the version of HTTP serves the request, whichever it is, and stays.
func TestOneConnectionServesRequestsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for proto := range protos {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h := w.httpServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.Copy(rw, r.Body) }))
			config := w.config("server")
			config.NextProtos = protos[proto]
			url := w.serve(&mbedhttp.Server{HTTP: h, Config: config})
			var made atomic.Int32
			c := w.client(&mbedhttp.Transport{HTTP: dials(&made), Config: w.config("client")})
			for _, text := range []string{"first", "second"} {
				body := &closeCounter{Reader: strings.NewReader(text)}
				response, got := w.do(c, http.MethodPost, url, body)
				if got != text || response.Proto != proto {
					t.Errorf("%s: %q, want %q", response.Proto, got, text)
				}
				if n := body.closed.Load(); n != 1 {
					t.Errorf("the body was closed %d times", n)
				}
			}
			if n := made.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	}
}

// Requests that come together do not know yet that the server has HTTP/1.1 only.
func TestManyRequestsFallBackToHTTP1Together(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := w.config("server")
	config.NextProtos = protos["HTTP/1.1"]
	url := w.serve(&mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: config})
	c := w.client(&mbedhttp.Transport{Config: w.config("client")})
	var requests sync.WaitGroup
	for range 20 {
		requests.Go(func() {
			response, err := c.Get(url)
			if err != nil {
				t.Error(err)
				return
			}
			response.Body.Close()
			if response.ProtoMajor != 1 || response.TLS == nil {
				t.Errorf("%s, %v", response.Proto, response.TLS)
			}
		})
	}
	requests.Wait()
}

func TestAServerThatLearnsHTTP2IsFoundOutAfterCloseIdleConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, young := w.config("server"), w.config("server")
	old.NextProtos = protos["HTTP/1.1"]
	handler := http.HandlerFunc(writeReport)
	addrs := []string{w.serve(&mbedhttp.Server{HTTP: w.httpServer(handler), Config: old}),
		w.serve(&mbedhttp.Server{HTTP: w.httpServer(handler), Config: young})}
	var at atomic.Int32
	settings := new(http.Transport)
	settings.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, strings.TrimPrefix(addrs[at.Load()], "https://"))
	}
	c := w.client(&mbedhttp.Transport{HTTP: settings, Config: w.config("client")})
	var got []string
	for i := range addrs {
		at.Store(int32(i))
		response, _ := w.get(c, "https://localhost")
		got = append(got, response.Proto)
		c.CloseIdleConnections()
	}
	if diff := cmp.Diff([]string{"HTTP/1.1", "HTTP/2.0"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestUpgradesTakeHTTP1(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	handler := func(rw http.ResponseWriter, r *http.Request) {
		c, buffered, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		line, _ := buffered.ReadString('\n')
		_, _ = io.WriteString(c, line)
	}
	url := w.serve(&mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(handler)), Config: w.config("server")})
	request, err := http.NewRequestWithContext(w.ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Connection", "Upgrade")
	request.Header.Set("Upgrade", "echo")
	response, err := w.client(&mbedhttp.Transport{Config: w.config("client")}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response.Status)
	}
	if _, err := io.WriteString(response.Body.(io.Writer), "to and fro\n"); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(response.Body).ReadString('\n'); line != "to and fro\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestErrorsOfTheHandshakeReachTheCaller(t *testing.T) {
	t.Parallel()
	silent := func(w *world) string {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			w.Fatal(err)
		}
		w.Cleanup(func() { l.Close() })
		return "https://localhost:" + port(l.Addr())
	}
	report := func(change func(*mbedtls.Config)) func(w *world) string {
		return func(w *world) string {
			config := w.config("server")
			change(config)
			return w.serve(&mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: config})
		}
	}
	strangers := newWorld(t).pool
	good := report(func(*mbedtls.Config) {})
	for name, c := range map[string]struct {
		server func(w *world) (url string)
		client func(t *mbedhttp.Transport)
		is     func(error) bool
	}{
		"a stranger's certificate": {good, func(t *mbedhttp.Transport) { t.Config.RootCAs = strangers },
			verifyFails(mbedtls.CertNotTrusted)},
		"another host's": {good, func(t *mbedhttp.Transport) { t.Config.ServerName = "example.com" },
			verifyFails(mbedtls.CertNameMismatch)},
		"no common version": {
			report(func(c *mbedtls.Config) { c.MaxVersion = mbedtls.VersionTLS12 }),
			func(t *mbedhttp.Transport) { t.Config.MinVersion = mbedtls.VersionTLS13 },
			func(err error) bool { return errors.Is(err, mbedtls.AlertHandshakeFailure) }},
		"nothing in time": {silent, func(t *mbedhttp.Transport) { t.HTTP.TLSHandshakeTimeout = 20 * time.Millisecond },
			func(err error) bool { return errors.Is(err, context.DeadlineExceeded) }},
		"a suite that HTTP/2 forbids": {(*world).serveForbidden, func(*mbedhttp.Transport) {},
			func(err error) bool { var e *mbedhttp.ForbiddenSuiteError; return errors.As(err, &e) }},
		"a field that cannot be": {good, func(t *mbedhttp.Transport) { t.Config.CipherSuites = []uint16{0xFFFF} },
			func(err error) bool {
				var e *mbedtls.ConfigError
				return errors.As(err, &e) && e.Field == "CipherSuites[0]"
			}},
	} {
		for proto := range protos {
			t.Run(name+"/"+proto, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				transport := &mbedhttp.Transport{HTTP: new(http.Transport), Config: w.config("client")}
				transport.Config.NextProtos = protos[proto]
				c.client(transport)
				body := &closeCounter{Reader: strings.NewReader("text")}
				response, err := w.client(transport).Post(c.server(w), "text/plain", body)
				if err == nil {
					response.Body.Close()
				}
				if !c.is(err) && !(err == nil && strings.HasPrefix(name, "a suite") && proto == "HTTP/1.1") {
					t.Errorf("got %v", err)
				}
				if n := body.closed.Load(); n == 0 {
					t.Error("the body is not closed")
				}
			})
		}
	}
}

func verifyFails(flag mbedtls.VerifyFlags) func(error) bool {
	return func(err error) bool {
		var e *mbedtls.VerifyError
		return errors.As(err, &e) && e.Flags&flag != 0
	}
}

// connectProxy is a proxy that knows CONNECT, and counts what it is asked for.
type connectProxy struct {
	mu    sync.Mutex
	asked []string
}

func (p *connectProxy) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.Host+" "+r.Header.Get("Proxy-Authorization")+" "+r.Header.Get("X-Extra"))
	p.mu.Unlock()
	if r.Method != http.MethodConnect || r.Header.Get("Proxy-Authorization") == "" {
		http.Error(rw, "no", http.StatusProxyAuthRequired)
		return
	}
	far, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadGateway)
		return
	}
	defer far.Close()
	near, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer near.Close()
	_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
	go func() {
		_, _ = io.Copy(far, near)
		far.Close()
	}()
	_, _ = io.Copy(near, far)
}

func TestRequestsPassThroughAProxy(t *testing.T) {
	t.Parallel()
	for proto := range protos {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			proxy := new(connectProxy)
			via := httptest.NewServer(proxy)
			defer via.Close()
			config := w.config("server")
			config.NextProtos = protos[proto]
			target := w.serve(&mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: config})
			for user, want := range map[*url.Userinfo]string{url.UserPassword("a", "b"): "", nil: "407 Proxy Authentication Required"} {
				proxyURL, err := url.Parse(via.URL)
				if err != nil {
					t.Fatal(err)
				}
				proxyURL.User = user
				c := w.client(&mbedhttp.Transport{Config: w.config("client"), HTTP: &http.Transport{
					Proxy: http.ProxyURL(proxyURL), ProxyConnectHeader: http.Header{"X-Extra": {"more"}}}})
				response, err := c.Get(target)
				if err == nil {
					response.Body.Close()
					if response.Proto != proto {
						t.Errorf("by %s", response.Proto)
					}
				}
				if got := fmt.Sprint(err); (err == nil) != (want == "") || !strings.Contains(got, want) {
					t.Errorf("got %v, want %q", err, want)
				}
				c.CloseIdleConnections()
			}
			proxy.mu.Lock()
			defer proxy.mu.Unlock()
			if len(proxy.asked) != 2 || !strings.HasPrefix(proxy.asked[0], "CONNECT localhost:") || !strings.HasSuffix(proxy.asked[1], " more") {
				t.Errorf("the proxy was asked for %q", proxy.asked)
			}
		})
	}
}

func TestProxiesOfOtherSchemesAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.client(&mbedhttp.Transport{HTTP: &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "https", Host: "localhost:1"})}})
	if response, err := c.Get("https://localhost:1"); err == nil || !strings.Contains(err.Error(), `"https"`) {
		t.Errorf("%v, %v", response, err)
	}
}

func TestPlainHTTPPasses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, "plain") }))
	defer server.Close()
	c := w.client(new(mbedhttp.Transport))
	if response, text := w.get(c, server.URL); text != "plain" || response.TLS != nil {
		t.Errorf("%q, %v", text, response.TLS)
	}
	c.CloseIdleConnections()
}
