package mbedbuild

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// writePkgConfig describes the build to pkg-config. The folder may be copied elsewhere, as it names itself.
func (b *Build) writePkgConfig(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, l := range []struct{ name, title, requires string }{
		{"mbedcrypto", "Mbed TLS: cryptography", ""},
		{"mbedx509", "Mbed TLS: X.509", "mbedcrypto"},
		{"mbedtls", "Mbed TLS: TLS and DTLS", "mbedx509 mbedcrypto"},
	} {
		text := fmt.Sprintf(`# Build %s, profile %s
prefix=${pcfiledir}/../..
includedir=${prefix}/include
libdir=${prefix}/lib

Name: %s
Description: %s
URL: https://www.trustedfirmware.org/projects/mbed-tls/
Version: %s
Requires.private: %s
Cflags: -I${includedir} -I${includedir}/gombedtls
Libs: -L${libdir} -l%s
Libs.private: -lpthread
`, b.key, filepath.Base(b.Profile), l.name, l.title, b.Release.Version, l.requires, l.name)
		if err := os.WriteFile(filepath.Join(folder, l.name+".pc"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Install copies headers, archives and pkg-config's files below prefix, as upstream's own installation would put them.
func (b *Build) Install(ctx context.Context, prefix string) error {
	for _, name := range []string{"include", "lib"} {
		if err := copyTree(ctx, filepath.Join(prefix, name), filepath.Join(b.Folder, name)); err != nil {
			return err
		}
	}
	return nil
}

// Select points the cgo flags of the clone at root to the build. Those for static programs, with musl, are not among what
// cgo.go names: they are for Environment alone.
func (h *Home) Select(ctx context.Context, b *Build, root string) error {
	if b.Target.Musl {
		return nil
	}
	return h.locked(ctx, h.path("build"), func(*workplace) error { return h.selectBuild(b, root) })
}

func (h *Home) selectBuild(b *Build, root string) error {
	link := filepath.Join(h.path("build"), b.Target.Folder())
	if to, _ := os.Readlink(link); to != filepath.Base(b.Folder) {
		// The link is read once for all, so no compiler sees half a change.
		next := filepath.Join(h.path("build"), ".tmp.link")
		if err := os.Symlink(filepath.Base(b.Folder), next); err != nil {
			return err
		}
		if err := os.Rename(next, link); err != nil {
			return err
		}
		h.Progress.Say("%s uses %s", b.Target.Name, h.name(b.Folder))
	}
	links, err := matching(h.path("build"), "linux-*")
	if err != nil {
		return err
	}
	var text strings.Builder
	text.WriteString("/* Written by build.sh lib. Go hashes the headers in this folder, not those it includes from elsewhere:\n" +
		"   a changed selection must change this file, or Go would not compile the package again. */\n")
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && exists(filepath.Join(h.path("build"), to)) {
			fmt.Fprintf(&text, "#define GOMBEDTLS_SELECTED_%s %q\n", notInNames.ReplaceAllString(filepath.Base(link), "_"), to)
		}
	}
	header := filepath.Join(root, "cbridge/selected_build.h")
	if old, err := os.ReadFile(header); err == nil && string(old) == text.String() {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(header), 0o755); err != nil {
		return err
	}
	next := header + ".new"
	if err := os.WriteFile(next, []byte(text.String()), 0o644); err != nil {
		return err
	}
	return os.Rename(next, header)
}

var notInNames = regexp.MustCompile(`[^a-z0-9]`)
