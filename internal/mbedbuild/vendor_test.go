package mbedbuild

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

// tarball makes one whose entries are regular files, or links where the text begins with an arrow.
func tarball(t *testing.T, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, e := range entries {
		header := &tar.Header{Name: e[0], Mode: 0o640, Size: int64(len(e[1])), Typeflag: tar.TypeReg}
		if to, ok := strings.CutPrefix(e[1], "→"); ok {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, to, 0
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if header.Size > 0 {
			if _, err := io.WriteString(w, e[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// redirect sends every request to one server, and keeps which address was asked for.
type redirect struct {
	to    *url.URL
	asked string
}

func (r *redirect) RoundTrip(request *http.Request) (*http.Response, error) {
	r.asked = request.URL.String()
	request = request.Clone(request.Context())
	request.URL.Scheme, request.URL.Host = r.to.Scheme, r.to.Host
	return http.DefaultTransport.RoundTrip(request)
}

func TestOfficialReleaseIsCheckedBeforeItIsUnpacked(t *testing.T) {
	good := tarball(t, [2]string{"mbedtls-9/library/ssl.c", "int x;"}, [2]string{"mbedtls-9/link", "→library/ssl.c"})
	release := pin.Release{
		Version: "9.9.9", SHA256: fmt.Sprintf("%x", sha256.Sum256(good)), Size: int64(len(good)),
		File: "mbedtls-9.tar.gz", URL: "https://example.org/mbedtls-9.tar.gz",
	}
	for _, test := range []struct {
		name   string
		status int
		body   []byte
		want   string // of the error
	}{
		{"right", http.StatusOK, good, ""},
		{"not there", http.StatusNotFound, nil, "https://example.org/mbedtls-9.tar.gz (404 Not Found)"},
		{"another", http.StatusOK, bytes.ToUpper(good), "wrong SHA-256"},
		{"cut off", http.StatusOK, good[:len(good)-1], "wrong SHA-256"},
		{"longer", http.StatusOK, append(bytes.Clone(good), 0), "wrong SHA-256"},
	} {
		t.Run(test.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(test.status)
				w.Write(test.body)
			}))
			defer server.Close()
			to, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			r := &redirect{to: to}
			old := client.Transport
			client.Transport = r
			defer func() { client.Transport = old; http.DefaultTransport.(*http.Transport).CloseIdleConnections() }()

			h := &Home{Dir: t.TempDir(), Progress: NewProgress(io.Discard)}
			tree, err := h.Vendor(t.Context(), release)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "MBEDTLS_TARBALL=/path/to/mbedtls-9.tar.gz") {
					t.Errorf("got %v, want %q in it", err, test.want)
				}
				if exists(tree) {
					t.Error("it was unpacked")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.asked != release.URL {
				t.Errorf("asked for %s", r.asked)
			}
			if text, err := os.ReadFile(filepath.Join(tree, "link")); string(text) != "int x;" {
				t.Errorf("unpacked %q, %v", text, err)
			}
			// The second time, nothing is fetched, and without the tree, the kept tarball is used.
			server.Close()
			for range 2 {
				if _, err := h.Vendor(t.Context(), release); err != nil {
					t.Error(err)
				}
				if err := os.RemoveAll(tree); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestNothingIsUnpackedOutsideOfTheTree(t *testing.T) {
	for _, entries := range [][][2]string{
		{{"m/../../outside", "x"}},
		{{"m/link", "→../.."}, {"m/link/outside", "x"}},
		{{"m/link", "→/tmp"}, {"m/link/outside", "x"}},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "t.tar.gz")
		if err := os.WriteFile(path, tarball(t, entries...), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := unpack(t.Context(), path, filepath.Join(dir, "a/b/tree")); err == nil {
			t.Errorf("%v: no error", entries)
		}
		if found, _ := filepath.Glob(filepath.Join(dir, "*/outside")); len(found) > 0 || exists("/tmp/outside") {
			t.Errorf("%v: unpacked %v", entries, found)
		}
	}
}
