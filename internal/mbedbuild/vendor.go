package mbedbuild

import (
	"archive/tar"
	"compress/bzip2"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

// Vendor fetches the release, checks its SHA-256 and unpacks it, unless it is there, and returns its tree. It tries the
// file in $MBEDTLS_TARBALL, the one kept from before, Debian's source package, and the official release asset.
func (h *Home) Vendor(ctx context.Context, r pin.Release) (tree string, err error) {
	tree = h.Tree(r)
	if h.vendored(r) {
		return tree, nil
	}
	return tree, h.locked(ctx, h.Dir, func(w *workplace) error {
		if h.vendored(r) { // by the run we waited for
			return nil
		}
		temp, remove, err := w.temp()
		if err != nil {
			return err
		}
		defer remove()
		f := fetcher{Home: h, workplace: w, Release: r, temp: temp}
		tarball, err := f.fetch(ctx)
		if err != nil {
			return err
		}
		made := filepath.Join(temp, "tree")
		if err := unpack(ctx, tarball, made); err != nil {
			return fmt.Errorf("cannot unpack %s: %w", h.name(tarball), err)
		}
		if err := os.WriteFile(filepath.Join(made, stampFile), []byte(stamp(r)), 0o644); err != nil {
			return err
		}
		if err := w.replace(tree, made); err != nil {
			return err
		}
		h.Progress.Say("Mbed TLS %s is in %s", r.Version, h.name(tree))
		return nil
	})
}

// stampFile is written before the tree gets its name, so a tree that has it is whole.
const stampFile = ".gombedtls-release"

func stamp(r pin.Release) string { return r.Version + " " + r.SHA256 + "\n" }

func (h *Home) vendored(r pin.Release) bool {
	text, err := os.ReadFile(filepath.Join(h.Tree(r), stampFile))
	return err == nil && string(text) == stamp(r)
}

// A fetcher gets one tarball.
type fetcher struct {
	*Home
	*workplace
	pin.Release
	temp  string
	tried []string
}

// fetch returns the path of the tarball, whose hash is right.
func (f *fetcher) fetch(ctx context.Context) (string, error) {
	kept := f.path(filepath.Join("download", f.File))
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return "", err
	}
	got := filepath.Join(f.temp, "tarball")
	if local := os.Getenv("MBEDTLS_TARBALL"); local != "" {
		if info, err := os.Stat(local); err != nil || !info.Mode().IsRegular() {
			return "", fmt.Errorf("MBEDTLS_TARBALL=%s is not a readable file: it must be %s with SHA-256 %s", local, f.File, f.SHA256)
		}
		if err := copyFile(got, local); err != nil {
			return "", fmt.Errorf("MBEDTLS_TARBALL=%s: %w", local, err)
		}
		if have, err := sha256File(got); err != nil || have != f.SHA256 {
			return "", errors.Join(err, fmt.Errorf("MBEDTLS_TARBALL=%s has SHA-256 %s, but %s must have %s", local, have, f.File, f.SHA256))
		}
		return kept, os.Rename(got, kept)
	}
	if have, err := sha256File(kept); err == nil && have == f.SHA256 {
		return kept, nil
	}
	if f.debian(ctx, got) || f.official(ctx, got) {
		return kept, os.Rename(got, kept)
	}
	if err := ctx.Err(); err != nil {
		return "", err
	}
	return "", fmt.Errorf("cannot fetch Mbed TLS %s; tried %s; get %s elsewhere and set MBEDTLS_TARBALL=/path/to/%s",
		f.Version, strings.Join(f.tried, "; "), f.File, f.File)
}

// accept is the one gate before a downloaded file is used.
func (f *fetcher) accept(path, where string) bool {
	have, err := sha256File(path)
	if err == nil && have == f.SHA256 {
		return true
	}
	if err == nil {
		err = fmt.Errorf("wrong SHA-256 %s", have)
	}
	f.failed(where, err)
	os.Remove(path)
	return false
}

func (f *fetcher) failed(where string, err error) {
	f.tried = append(f.tried, fmt.Sprintf("%s (%v)", where, err))
}

func (f *fetcher) official(ctx context.Context, got string) bool {
	if f.URL == "" {
		return false
	}
	f.Progress.Say("fetching %s from the official release", f.File)
	if err := f.download(ctx, got); err != nil {
		f.failed(f.URL, err)
		return false
	}
	return f.accept(got, f.URL)
}

// client gives up on a server that does not answer, but not on a slow one.
var client = http.Client{Transport: func() http.RoundTripper {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSHandshakeTimeout, t.ResponseHeaderTimeout = 20*time.Second, 20*time.Second
	return t
}()}

func (f *fetcher) download(ctx context.Context, got string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.URL, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return errors.Unwrap(err) // what is around it is the address again
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	out, err := os.Create(got)
	if err != nil {
		return err
	}
	defer f.Progress.Clear()
	// One byte more than it should be is enough to know that it is wrong.
	_, err = io.Copy(out, f.Progress.bytes(f.File, f.Size, io.LimitReader(response.Body, f.Size+1)))
	return errors.Join(err, out.Close())
}

// unpack writes what is below the tarball's one folder to dir.
func unpack(ctx context.Context, tarball, dir string) error {
	in, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer in.Close()
	var plain io.Reader = bzip2.NewReader(in)
	if strings.HasSuffix(tarball, ".gz") {
		if plain, err = gzip.NewReader(in); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir) // nothing is written outside of it
	if err != nil {
		return err
	}
	defer root.Close()
	for files := tar.NewReader(plain); ; {
		header, err := files.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		_, name, _ := strings.Cut(strings.TrimSuffix(header.Name, "/"), "/")
		if name == "" {
			continue
		}
		if err := unpackOne(root, name, header, files); err != nil {
			return err
		}
	}
}

func unpackOne(root *os.Root, name string, header *tar.Header, contents io.Reader) error {
	switch header.Typeflag {
	case tar.TypeDir:
		return root.MkdirAll(name, 0o755)
	case tar.TypeSymlink:
		return root.Symlink(header.Linkname, name)
	case tar.TypeReg:
	default:
		return fmt.Errorf("%s is of type %q", header.Name, header.Typeflag)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	out, err := root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, header.FileInfo().Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, contents)
	return errors.Join(err, out.Close(), root.Chtimes(name, header.ModTime, header.ModTime)) // upstream's makefiles compare times
}
