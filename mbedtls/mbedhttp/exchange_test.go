package mbedhttp_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

// The protocols that an end offers, by the version of HTTP that results.
var protos = map[string][]string{"HTTP/1.1": {"http/1.1"}, "HTTP/2.0": {"h2", "http/1.1"}}

// servers and clients are our ends and those of net/http with crypto/tls.
var (
	servers = map[string]func(w *world, handler http.Handler, version uint16) (url string){
		"mbedhttp": func(w *world, handler http.Handler, version uint16) string {
			config := w.config("server")
			config.ClientAuth, config.MaxVersion = mbedtls.RequireAndVerifyClientCert, version
			return w.serve(&mbedhttp.Server{HTTP: w.httpServer(handler), Config: config})
		},
		"crypto/tls": (*world).serveCrypto,
	}
	clients = map[string]func(w *world, proto string) *http.Client{
		"mbedhttp": func(w *world, proto string) *http.Client {
			config := w.config("client")
			config.NextProtos = protos[proto]
			// HTTP/2's client holds a connection for so long that broke under a request.
			return w.client(&mbedhttp.Transport{HTTP: &http.Transport{IdleConnTimeout: time.Second}, Config: config})
		},
		"crypto/tls": (*world).cryptoClient,
	}
)

func (w *world) serveCrypto(handler http.Handler, version uint16) string {
	return w.serveTLS(handler, &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: w.ca.Pool(), MaxVersion: version})
}

// serveTLS serves by crypto/tls until the test ends.
func (w *world) serveTLS(handler http.Handler, config *tls.Config) string {
	w.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	server := w.httpServer(handler)
	config.Certificates = []tls.Certificate{w.ca.Issue(leaf("server"))}
	server.TLSConfig = config
	served := make(chan error, 1)
	go func() { served <- server.ServeTLS(l, "", "") }()
	w.Cleanup(func() {
		server.Close()
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			w.Error(err)
		}
	})
	return "https://localhost:" + port(l.Addr())
}

func (w *world) cryptoClient(proto string) *http.Client {
	t := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{RootCAs: w.ca.Pool(), NextProtos: protos[proto],
		Certificates: []tls.Certificate{w.ca.Issue(leaf("client"))}}}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(proto == "HTTP/2.0")
	return w.client(t)
}

// pairs runs a test for each pair of ends of which one is ours, each version of HTTP, and of TLS.
func pairs(t *testing.T, handler http.Handler, f func(w *world, c *http.Client, url, proto string, version uint16)) {
	for server, serve := range servers {
		for client, connect := range clients {
			if server != "mbedhttp" && client != "mbedhttp" {
				continue
			}
			for proto := range protos {
				for _, version := range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13} {
					t.Run(fmt.Sprintf("%s from %s/%s/%s", client, server, proto, mbedtls.VersionName(version)), func(t *testing.T) {
						t.Parallel()
						w := newWorld(t)
						f(w, connect(w, proto), serve(w, handler, version), proto, version)
					})
				}
			}
		}
	}
}

func TestBothEndsSeeTheOtherInTLS(t *testing.T) {
	t.Parallel()
	pairs(t, http.HandlerFunc(writeReport), func(w *world, c *http.Client, url, proto string, version uint16) {
		response, text := w.get(c, url)
		atServer, atClient := w.parse(text), reportOf(response.Proto, response.TLS)
		want := report{Proto: proto, ALPN: protos[proto][0], ServerName: "localhost", Suite: atClient.Suite, Version: version}
		wantServer, wantClient := want, want
		wantServer.Peers, wantClient.Peers = []string{"client"}, []string{"server"}
		if diff := cmp.Diff([]report{wantServer, wantClient}, []report{atServer, atClient}); diff != "" {
			w.Error(diff)
		}
		if !strings.HasPrefix(want.Suite, "TLS_") {
			w.Errorf("the suite is %s", want.Suite)
		}
	})
}

// bodySize takes many flow-control windows of HTTP/2.
const bodySize = 8 << 20

func TestLargeBodiesPassBothWays(t *testing.T) {
	t.Parallel()
	data := make([]byte, bodySize)
	rand.Read(data) // never fails
	want := fmt.Sprintf("%x", sha256.Sum256(data))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write(data) })
	mux.HandleFunc("PUT /", func(rw http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(rw, "%x", h.Sum(nil))
	})
	pairs(t, mux, func(w *world, c *http.Client, url, proto string, version uint16) {
		if _, got := w.get(c, url); fmt.Sprintf("%x", sha256.Sum256([]byte(got))) != want {
			w.Errorf("GET: %d bytes with another hash", len(got))
		}
		if _, got := w.do(c, http.MethodPut, url, bytes.NewReader(data)); got != want {
			w.Errorf("PUT: %s, want %s", got, want)
		}
	})
}

// All requests wait in the handler for the last one: with HTTP/2, one connection has all.
func TestManyRequestsRunAtOnce(t *testing.T) {
	t.Parallel()
	const requests = 60
	var mu sync.Mutex
	waiting := map[string]*sync.WaitGroup{} // by the path, which is a test's
	connections := map[string]map[string]bool{}
	handler := func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if waiting[r.URL.Path] == nil {
			waiting[r.URL.Path], connections[r.URL.Path] = new(sync.WaitGroup), map[string]bool{}
			waiting[r.URL.Path].Add(requests)
		}
		connections[r.URL.Path][r.RemoteAddr] = true
		all := waiting[r.URL.Path]
		mu.Unlock()
		all.Done()
		all.Wait()
	}
	pairs(t, http.HandlerFunc(handler), func(w *world, c *http.Client, url, proto string, version uint16) {
		path := "/" + strings.NewReplacer("/", "-", " ", "-").Replace(w.Name())
		var clients sync.WaitGroup
		for range requests {
			clients.Go(func() {
				response, err := c.Get(url + path)
				if err != nil {
					w.Error(err)
					return
				}
				response.Body.Close()
			})
		}
		clients.Wait()
		mu.Lock()
		defer mu.Unlock()
		// crypto/tls's client makes more than it uses.
		if n := len(connections[path]); proto == "HTTP/2.0" && n != 1 || proto == "HTTP/1.1" && n != requests {
			w.Errorf("%d connections", n)
		}
	})
}

func TestTrailersPassAndNothingIsPushed(t *testing.T) {
	t.Parallel()
	handler := func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Trailer", "X-Sum")
		_, _ = io.Copy(rw, r.Body)
		rw.Header().Set("X-Sum", "of "+r.Trailer.Get("X-Count"))
		if pusher, ok := rw.(http.Pusher); ok {
			if err := pusher.Push("/other", nil); !errors.Is(err, http.ErrNotSupported) {
				rw.Header().Set("X-Sum", fmt.Sprintf("Push: %v", err))
			}
		}
	}
	pairs(t, http.HandlerFunc(handler), func(w *world, c *http.Client, url, proto string, version uint16) {
		request, err := http.NewRequestWithContext(w.ctx, http.MethodPost, url, io.NopCloser(strings.NewReader("text")))
		if err != nil {
			w.Fatal(err)
		}
		request.Trailer = http.Header{"X-Count": {"4"}}
		response, err := c.Do(request)
		if err != nil {
			w.Fatal(err)
		}
		defer response.Body.Close()
		if text, err := io.ReadAll(response.Body); err != nil || string(text) != "text" {
			w.Errorf("%q, %v", text, err)
		}
		if got := response.Trailer.Get("X-Sum"); got != "of 4" {
			w.Errorf("X-Sum is %q", got)
		}
	})
}

func TestRequestsAfterTheFirstConnectionResumeItsSession(t *testing.T) {
	t.Parallel()
	for proto := range protos {
		for _, version := range []uint16{mbedtls.VersionTLS12, mbedtls.VersionTLS13} {
			t.Run(proto+"/"+mbedtls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				keys, err := mbedtls.NewTicketKeys(mbedtls.TicketAES256GCM, 0)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { keys.Close() })
				server, client := w.config("server"), w.config("client")
				server.TicketKeys, server.MaxVersion = keys, version
				client.ClientSessionCache, client.NextProtos = mbedtls.NewLRUClientSessionCache(8), protos[proto]
				url := w.serve(&mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: server})
				c := w.client(&mbedhttp.Transport{Config: client})
				for _, resumed := range []bool{false, true} {
					response, text := w.get(c, url)
					if got := w.parse(text); got.Resumed != resumed || response.TLS.DidResume != resumed || got.Proto != proto {
						t.Errorf("resumed %t: the server has %+v, the client %+v", resumed, got, reportOf(response.Proto, response.TLS))
					}
					c.CloseIdleConnections()
				}
			})
		}
	}
}

// serveForbidden negotiates HTTP/2 with a suite that HTTP/2 forbids.
func (w *world) serveForbidden() string {
	return w.serveTLS(http.HandlerFunc(writeReport), &tls.Config{MaxVersion: tls.VersionTLS12,
		CipherSuites: []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}}) // net/http insists on this one, for which there is no key
}
