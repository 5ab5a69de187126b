package interop_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

// serveHTTP runs a server of package mbedhttp until the test ends.
func (w *world) serveHTTP(config *mbedtls.Config, handler http.Handler) (addr string) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	server := &mbedhttp.Server{HTTP: &http.Server{Handler: handler}, Config: config}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	w.t.Cleanup(func() {
		if err := server.Close(); err != nil {
			w.t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	return l.Addr().String()
}

// httpSeen is what a handler sees of a request's connection.
type httpSeen struct {
	Proto, ALPN, Version, ServerName, Client string
}

// seenHandler answers with an httpSeen in JSON.
func seenHandler(rw http.ResponseWriter, r *http.Request) {
	st := mbedhttp.ConnState(r)
	seen := httpSeen{Proto: r.Proto, ALPN: r.TLS.NegotiatedProtocol, Version: mbedtls.VersionName(st.Version), ServerName: r.TLS.ServerName}
	if chain := r.TLS.PeerCertificates; len(chain) > 0 {
		seen.Client = chain[0].Subject.CommonName
	}
	rw.Header().Set("Content-Type", "text/plain")
	_ = json.NewEncoder(rw).Encode(seen)
}

var curlProtos = []struct{ option, proto, alpn string }{
	{"--http1.1", "HTTP/1.1", "http/1.1"},
	{"--http2", "HTTP/2.0", "h2"},
}

// Curl shows its certificate, fetches and puts; and does so again over the same connection.
func TestCurlSpeaksBothVersionsOfHTTP(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		for _, c := range curlProtos {
			t.Run(mbedtls.VersionName(version)+c.option, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				file, want := w.randomFile("file", 4<<20)
				mux := largeHandler(file).(*http.ServeMux)
				mux.HandleFunc("GET /seen", seenHandler)
				config := w.config(testpki.Leaf{})
				config.MinVersion, config.MaxVersion, config.ClientAuth = version, version, mbedtls.RequireAndVerifyClientCert
				_, port, err := net.SplitHostPort(w.serveHTTP(config, mux))
				if err != nil {
					t.Fatal(err)
				}
				url := "https://localhost:" + port
				files, err := testpki.Write(w.dir, "curl", w.ca.Issue(testpki.Leaf{Name: "curl"}))
				if err != nil {
					t.Fatal(err)
				}
				curl := func(args ...string) []byte {
					t.Helper()
					out, err := peers.Run(w.ctx, "curl", append([]string{"--silent", "--show-error", "--fail", "--noproxy", "*",
						"--cacert", w.caFile, "--cert", files.Cert, "--key", files.Key, c.option}, args...)...)
					if err != nil {
						t.Fatal(err)
					}
					return out
				}
				var seen [2]httpSeen
				if err := json.Unmarshal(fmt.Appendf(nil, "[%s]", strings.ReplaceAll(strings.TrimSpace(
					string(curl(url+"/seen", url+"/seen"))), "\n", ",")), &seen); err != nil {
					t.Fatal(err)
				}
				for _, got := range seen {
					want := httpSeen{c.proto, c.alpn, mbedtls.VersionName(version), "localhost", "curl"}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Error(diff)
					}
				}
				if got := fmt.Sprintf("%x", sha256.Sum256(curl(url+"/file"))); got != want {
					t.Errorf("GET: hash %s, want %s", got, want)
				}
				if got := string(curl("--upload-file", file, url+"/file")); got != want {
					t.Errorf("PUT: hash %s, want %s", got, want)
				}
			})
		}
	}
}

// Chromium loads a page of many parts, and says what it has made of it.
func TestChromiumLoadsAPage(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("chromium"); err != nil {
		t.Skip("chromium is missing: it is Debian's package chromium")
	}
	const parts = 30
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/html")
		fmt.Fprint(rw, "<!doctype html><title>page</title><body>")
		for i := range parts {
			fmt.Fprintf(rw, "<script src=part/%d.js></script>", i)
		}
	})
	mux.HandleFunc("GET /part/{name}", func(rw http.ResponseWriter, r *http.Request) {
		rw.Header().Set("Content-Type", "text/javascript")
		seen := httpSeen{Proto: r.Proto, ALPN: r.TLS.NegotiatedProtocol, Version: mbedtls.VersionName(r.TLS.Version), ServerName: r.TLS.ServerName}
		fmt.Fprintf(rw, "document.write('<p>%s %s</p>')", r.PathValue("name"), html.EscapeString(fmt.Sprint(seen)))
	})
	for alpn, proto := range map[string]string{"h2": "HTTP/2.0", "http/1.1": "HTTP/1.1"} {
		t.Run(alpn, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config()
			cert := w.ca.Issue(testpki.Leaf{})
			config.Certificates, config.NextProtos = []mbedtls.Certificate{own(t, cert)}, []string{alpn}
			_, port, err := net.SplitHostPort(w.serveHTTP(config, mux))
			if err != nil {
				t.Fatal(err)
			}
			key := sha256.Sum256(cert.Leaf.RawSubjectPublicKeyInfo)
			page, err := peers.Run(w.ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
				"--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
				"--user-data-dir="+t.TempDir(), "--ignore-certificate-errors-spki-list="+base64.StdEncoding.EncodeToString(key[:]),
				"--dump-dom", "https://localhost:"+port+"/")
			if err != nil {
				t.Fatal(err)
			}
			want := fmt.Sprint(httpSeen{proto, alpn, "TLS 1.3", "localhost", ""})
			got := regexp.MustCompile(`<p>(\d+)\.js ([^<]*)</p>`).FindAllStringSubmatch(string(page), -1)
			if len(got) != parts {
				t.Fatalf("%d parts of %d: %s", len(got), parts, page)
			}
			for i, part := range got {
				if part[1] != fmt.Sprint(i) || part[2] != want {
					t.Errorf("part %d is %q, want %q", i, part[1:], want)
				}
			}
		})
	}
}
