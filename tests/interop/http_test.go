package interop_test

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// largeFile is what net/http moves each way.
const largeFile = 64 << 20

// serve runs an http.Server over a listener of package mbedtls until the test ends.
func (w *world) serve(config *mbedtls.Config, handler http.Handler) (addr string) {
	w.t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	server := &http.Server{Handler: handler}
	served := make(chan error, 1)
	go func() { served <- server.Serve(mbedtls.NewListener(inner, config)) }()
	w.t.Cleanup(func() {
		if err := server.Close(); err != nil {
			w.t.Error(err)
		}
		if err := <-served; !errors.Is(err, http.ErrServerClosed) {
			w.t.Error(err)
		}
	})
	return inner.Addr().String()
}

// largeHandler serves a file, and answers a PUT with the hash of the body.
func largeHandler(file string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /file", func(rw http.ResponseWriter, r *http.Request) { http.ServeFile(rw, r, file) })
	mux.HandleFunc("PUT /file", func(rw http.ResponseWriter, r *http.Request) {
		h := sha256.New()
		if _, err := io.Copy(h, r.Body); err != nil {
			http.Error(rw, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintf(rw, "%x", h.Sum(nil))
	})
	return mux
}

func (w *world) randomFile(name string, size int) (path, hash string) {
	data := make([]byte, size)
	rand.Read(data) // never fails
	return w.file(name, data), fmt.Sprintf("%x", sha256.Sum256(data))
}

func TestNetHTTPMovesALargeFileBothWays(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			w := newWorld(t, testpki.P256)
			file, want := w.randomFile("large", largeFile)
			config := w.config(testpki.Leaf{})
			config.MinVersion, config.MaxVersion = version, version
			url := "https://" + w.serve(config, largeHandler(file)) + "/file"
			dialer := &mbedtls.Dialer{Config: config}
			transport := &http.Transport{DialTLSContext: dialer.DialContext}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}

			hash := sha256.New()
			w.do(client, http.MethodGet, url, nil, hash)
			if got := fmt.Sprintf("%x", hash.Sum(nil)); got != want {
				t.Errorf("GET: hash %s, want %s", got, want)
			}
			body, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer body.Close()
			var got bytes.Buffer
			w.do(client, http.MethodPut, url, body, &got)
			if got.String() != want {
				t.Errorf("PUT: hash %s, want %s", &got, want)
			}
		})
	}
}

// do makes a request, and copies the body of the answer.
func (w *world) do(client *http.Client, method, url string, body io.Reader, to io.Writer) {
	w.t.Helper()
	request, err := http.NewRequestWithContext(w.ctx, method, url, body)
	if err != nil {
		w.t.Fatal(err)
	}
	response, err := client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(to, response.Body); err != nil {
		w.t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s", method, response.Status)
	}
}

func TestCurlFetchesAndPuts(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			file, want := w.randomFile("file", 1<<20)
			config := w.config(testpki.Leaf{})
			config.MinVersion, config.MaxVersion, config.NextProtos = version, version, []string{"http/1.1"}
			url := "https://" + w.serve(config, largeHandler(file)) + "/file"
			curl := func(args ...string) []byte {
				t.Helper()
				out, err := peers.Run(w.ctx, "curl", append([]string{"--silent", "--show-error", "--fail", "--noproxy", "*", "--cacert", w.caFile}, args...)...)
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			if got := fmt.Sprintf("%x", sha256.Sum256(curl(url))); got != want {
				t.Errorf("GET: hash %s, want %s", got, want)
			}
			if got := string(curl("--upload-file", file, url)); got != want {
				t.Errorf("PUT: hash %s, want %s", got, want)
			}
		})
	}
}

func TestCurlRefusesAServerThatItsCADoesNotKnow(t *testing.T) {
	t.Parallel()
	w, stranger := newWorld(t, testpki.P256), newWorld(t, testpki.P256)
	url := "https://" + w.serve(w.config(testpki.Leaf{}), http.NotFoundHandler())
	_, err := peers.Run(w.ctx, "curl", "--silent", "--show-error", "--noproxy", "*", "--cacert", stranger.caFile, url)
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("got %v", err)
	}
}
