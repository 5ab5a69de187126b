package mbedhttp_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// testTimeout bounds every wait of a test.
const testTimeout = 30 * time.Second

// world is a CA that both ends of a test trust.
type world struct {
	*testing.T
	ctx  context.Context
	ca   *testpki.CA
	pool *mbedtls.CertPool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testTimeout)
	t.Cleanup(cancel)
	w := &world{T: t, ctx: ctx, ca: testpki.NewCA(testpki.P256, "root"), pool: mbedtls.NewCertPool()}
	w.pool.AddCert(w.ca.Cert)
	return w
}

// config is for either end of ours, with a certificate for name.
func (w *world) config(name string) *mbedtls.Config {
	w.Helper()
	cert, err := mbedtls.FromTLSCertificate(w.ca.Issue(testpki.Leaf{Name: name}))
	if err != nil {
		w.Fatal(err)
	}
	return &mbedtls.Config{RootCAs: w.pool, ClientCAs: w.pool, Certificates: []mbedtls.Certificate{cert}}
}

// serve lets s serve until the test ends, and returns its URL.
func (w *world) serve(s *mbedhttp.Server) (url string) {
	w.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	w.Cleanup(func() {
		if err := s.Close(); err != nil {
			w.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			w.Errorf("Serve: %v", err)
		}
	})
	return "https://localhost:" + port(l.Addr())
}

func port(addr net.Addr) string {
	_, port, _ := net.SplitHostPort(addr.String())
	return port
}

// httpServer is a server of net/http that says in the test's log what goes wrong.
func (w *world) httpServer(handler http.Handler) *http.Server {
	out := &testLog{to: w.Output()}
	w.Cleanup(out.end)
	return &http.Server{Handler: handler, ErrorLog: log.New(out, "server: ", 0)}
}

// testLog is a test's log, until that ends: Close waits for no goroutine that serves.
type testLog struct {
	mu sync.Mutex
	to io.Writer
}

func (l *testLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}

func (l *testLog) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.to = io.Discard
}

// client makes requests through t, whose connections are closed when the test ends.
func (w *world) client(t interface {
	http.RoundTripper
	CloseIdleConnections()
}) *http.Client {
	w.Cleanup(t.CloseIdleConnections)
	return &http.Client{Transport: t}
}

// get makes a request and returns the answer, with its body read and closed.
func (w *world) get(c *http.Client, url string) (*http.Response, string) {
	w.Helper()
	return w.do(c, http.MethodGet, url, nil)
}

func (w *world) do(c *http.Client, method, url string, body io.Reader) (*http.Response, string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.ctx, method, url, body)
	if err != nil {
		w.Fatal(err)
	}
	response, err := c.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return response, string(text)
}

// report is what a handler knows of the connection of a request.
type report struct {
	Proto, ALPN, ServerName, Suite string
	Version                        uint16
	Peers                          []string
	Resumed                        bool
}

func reportOf(proto string, st *tls.ConnectionState) report {
	r := report{Proto: proto, ALPN: st.NegotiatedProtocol, ServerName: st.ServerName, Version: st.Version,
		Suite: tls.CipherSuiteName(st.CipherSuite), Resumed: st.DidResume}
	for _, cert := range st.PeerCertificates {
		r.Peers = append(r.Peers, cert.Subject.CommonName)
	}
	return r
}

// writeReport is a handler.
func writeReport(rw http.ResponseWriter, r *http.Request) {
	if r.TLS == nil {
		http.Error(rw, "Request.TLS is nil", http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(rw).Encode(reportOf(r.Proto, r.TLS))
}

func (w *world) parse(text string) (r report) {
	w.Helper()
	if err := json.NewDecoder(strings.NewReader(text)).Decode(&r); err != nil {
		w.Fatalf("%q: %v", text, err)
	}
	return r
}
