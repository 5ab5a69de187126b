package mbedhttp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

func leaf(name string) testpki.Leaf { return testpki.Leaf{Name: name} }

// notify is a ConnState hook that tells of one state, if there is room for that.
func notify(to chan<- struct{}, state http.ConnState) func(net.Conn, http.ConnState) {
	return func(_ net.Conn, s http.ConnState) {
		if s == state {
			select {
			case to <- struct{}{}:
			default:
			}
		}
	}
}

func TestHandlersGetTheConnectionAndItsState(t *testing.T) {
	t.Parallel()
	type key struct{}
	for proto := range protos {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h := w.httpServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				st := mbedhttp.ConnState(r)
				fmt.Fprintln(rw, st.HandshakeComplete, st.Version == r.TLS.Version, st.VerifyFlags, len(st.PeerCertificates),
					mbedhttp.Conn(r) == r.Context().Value(key{}), r.Context().Value(http.ServerContextKey) != nil)
			}))
			h.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
				return context.WithValue(ctx, key{}, c.(*mbedtls.Conn))
			}
			config := w.config("server")
			config.ClientAuth = mbedtls.RequireAndVerifyClientCert
			url := w.serve(&mbedhttp.Server{HTTP: h, Config: config})
			if _, got := w.get(w.cryptoClient(proto), url); got != "true true ok 1 true true\n" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestRequestsOfOtherServersHaveNoConnection(t *testing.T) {
	r := new(http.Request)
	if mbedhttp.Conn(r) != nil || mbedhttp.ConnState(r).HandshakeComplete {
		t.Error("a request from nowhere has a connection")
	}
}

// What is offered follows from Config.NextProtos, and if that is not set from Protocols.
func TestTheServerOffersWhatItsSettingsSay(t *testing.T) {
	t.Parallel()
	only := func(http1, http2 bool) *http.Protocols {
		p := new(http.Protocols)
		p.SetHTTP1(http1)
		p.SetHTTP2(http2)
		return p
	}
	for name, c := range map[string]struct {
		protocols *http.Protocols
		next      []string
		alpn      string // what a client that offers both gets
		plain     int    // the status that a client without ALPN gets, by HTTP/1.1; 0 is none
	}{
		"by default":               {nil, nil, "h2", 200},
		"Protocols with HTTP/1":    {only(true, false), nil, "http/1.1", 200},
		"Protocols with HTTP/2":    {only(false, true), nil, "h2", 0},
		"NextProtos with HTTP/1.1": {nil, []string{"http/1.1"}, "http/1.1", 200},
		"NextProtos with HTTP/2":   {nil, []string{"h2"}, "h2", 0},
		"the server's preference":  {only(true, false), []string{"http/1.1", "h2"}, "http/1.1", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			h := w.httpServer(http.HandlerFunc(writeReport))
			h.Protocols = c.protocols
			config := w.config("server")
			config.NextProtos = c.next
			url := w.serve(&mbedhttp.Server{HTTP: h, Config: config})
			if _, text := w.get(w.cryptoClient("HTTP/2.0"), url); w.parse(text).ALPN != c.alpn {
				t.Errorf("ALPN settles %q, want %q", w.parse(text).ALPN, c.alpn)
			}
			status := 0
			if response, err := w.cryptoClient("none").Get(url); err == nil {
				status = response.StatusCode
				response.Body.Close()
			}
			if status != c.plain {
				t.Errorf("without ALPN, the status is %d, want %d", status, c.plain)
			}
		})
	}
}

// Who begins HTTP/2 without having said so in ALPN is refused.
func TestHTTP2NeedsALPN(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	url := w.serve(&mbedhttp.Server{HTTP: w.httpServer(http.HandlerFunc(writeReport)), Config: w.config("server")})
	//lint:ignore SA1019 it does what a client should not
	c := w.client(&http2.Transport{DialTLSContext: func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
		return (&tls.Dialer{Config: &tls.Config{RootCAs: w.ca.Pool()}}).DialContext(ctx, network, addr)
	}})
	if response, text := w.get(c, url); response.StatusCode != http.StatusHTTPVersionNotSupported {
		t.Errorf("%s: %s", response.Status, text)
	}
}

// RFC 9113, section 9.2.2.
func TestHTTP2IsNotSpokenWithForbiddenSuites(t *testing.T) {
	t.Parallel()
	const cbc, gcm = tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
	for name, c := range map[string]struct {
		own, client []uint16
		proto       string
		refused     bool
	}{
		"the server prefers others":     {nil, []uint16{cbc, gcm}, "HTTP/2.0", false},
		"there is no other":             {nil, []uint16{cbc}, "HTTP/2.0", true},
		"the server's own has no other": {[]uint16{cbc}, []uint16{cbc, gcm}, "HTTP/2.0", true},
		"HTTP/1.1 does not forbid them": {nil, []uint16{cbc}, "HTTP/1.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			config := w.config("server")
			config.MaxVersion, config.CipherSuites = mbedtls.VersionTLS12, c.own
			h := w.httpServer(http.HandlerFunc(writeReport))
			logged, logs := io.Pipe()
			defer logged.Close()
			h.ErrorLog = log.New(logs, "", 0)
			url := w.serve(&mbedhttp.Server{HTTP: h, Config: config})
			client := w.cryptoClient(c.proto)
			client.Transport.(*http.Transport).TLSClientConfig.CipherSuites = c.client
			response, err := client.Get(url)
			if err == nil {
				response.Body.Close()
			}
			if refused := err != nil; refused != c.refused {
				t.Fatalf("got %v", err)
			}
			if c.refused { // whether the client reads the alert before it writes is chance
				line, err := bufio.NewReader(logged).ReadString('\n')
				if err != nil || !strings.Contains(line, "HTTP/2 forbids the suite TLS-ECDHE-ECDSA-WITH-AES-256-CBC-SHA") {
					t.Errorf("logged %q, %v", line, err)
				}
			}
		})
	}
}

// Handshakes hold neither Accept up nor each other, and end in time.
func TestASilentClientDelaysNobodyAndIsDropped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	h := w.httpServer(http.HandlerFunc(writeReport))
	h.ReadHeaderTimeout = 3 * time.Second // which is for the good client's handshake, too
	url := w.serve(&mbedhttp.Server{HTTP: h, Config: w.config("server")})
	silent, err := net.Dial("tcp", strings.TrimPrefix(url, "https://"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	w.get(w.cryptoClient("HTTP/2.0"), url)
	if err := silent.SetReadDeadline(time.Now().Add(testTimeout)); err != nil {
		t.Fatal(err)
	}
	if n, err := silent.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestServeTLSReadsTheCertificateFromFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	files, err := testpki.Write(t.TempDir(), "server", w.ca.Issue(leaf("from a file")))
	if err != nil {
		t.Fatal(err)
	}
	listening := make(chan net.Addr, 1)
	h := w.httpServer(http.HandlerFunc(writeReport))
	h.Addr, h.BaseContext = "127.0.0.1:0", func(l net.Listener) context.Context {
		listening <- l.Addr()
		return context.Background()
	}
	s := &mbedhttp.Server{HTTP: h}
	served := make(chan error, 1)
	go func() { served <- s.ListenAndServeTLS(files.Cert, files.Key) }()
	var addr net.Addr
	select {
	case addr = <-listening:
	case err := <-served:
		t.Fatal(err)
	}
	response, _ := w.get(w.cryptoClient("HTTP/2.0"), "https://localhost:"+port(addr))
	if name := response.TLS.PeerCertificates[0].Subject.CommonName; name != "from a file" {
		t.Errorf("the certificate is for %q", name)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}

func TestServeFailsAtOnceIfItCannotServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var configError *mbedtls.ConfigError
	for name, c := range map[string]struct {
		serve func(l net.Listener) error
		is    func(error) bool
	}{
		"no certificate": {
			func(l net.Listener) error { return mbedhttp.Serve(l, nil, nil) },
			func(err error) bool { return errors.As(err, &configError) },
		},
		"no such file": {
			func(l net.Listener) error { return new(mbedhttp.Server).ServeTLS(l, "nowhere.crt", "nowhere.key") },
			func(err error) bool { return errors.Is(err, os.ErrNotExist) },
		},
		"no such address": {
			func(l net.Listener) error {
				l.Close()
				return mbedhttp.ListenAndServeTLS("256.0.0.1:0", "nowhere.crt", "nowhere.key", nil)
			},
			func(err error) bool { return err != nil },
		},
		"closed": {
			func(l net.Listener) error {
				s := &mbedhttp.Server{Config: w.config("server")}
				s.Close()
				return s.Serve(l)
			},
			func(err error) bool { return errors.Is(err, http.ErrServerClosed) },
		},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.serve(l); !c.is(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: the listener is not closed: %v", name, err)
		}
	}
}
