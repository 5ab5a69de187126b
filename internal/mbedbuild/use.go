package mbedbuild

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
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

// Select points the cgo flags of the clone at root to the build.
func (h *Home) Select(b *Build, root string) error {
	link := filepath.Join(h.path("build"), b.Target.Folder())
	if to, _ := os.Readlink(link); to != filepath.Base(b.Folder) {
		// The link is read once for all, so no compiler sees half a change.
		next := fmt.Sprintf("%s.%d", link, os.Getpid())
		if err := errors.Join(os.Symlink(filepath.Base(b.Folder), next), os.Rename(next, link)); err != nil {
			return err
		}
		h.Progress.Say("%s uses %s", b.Target.Name, h.name(b.Folder))
	}
	links, err := filepath.Glob(filepath.Join(h.path("build"), "*"))
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
	next := fmt.Sprintf("%s.%d", header, os.Getpid())
	return errors.Join(os.WriteFile(next, []byte(text.String()), 0o644), os.Rename(next, header))
}

var notInNames = regexp.MustCompile(`[^a-z0-9]`)

// A Variable is one of the environment, for go build and go test.
type Variable struct{ Name, Value string }

// SystemTag is the build tag with which package cbridge asks pkg-config for Mbed TLS.
const SystemTag = "mbedtls_system"

// Environment is what go build needs to find the build. Without pkg-config, cgo gets folders instead of a tag. Either way
// a change of the build changes CGO_CFLAGS: of all that decides it, this is what Go looks at before it takes a package from
// its cache.
func (b *Build) Environment(pkgConfig bool) ([]Variable, error) {
	vars := b.Target.environment(b.CC)
	if !pkgConfig {
		ldflags := "-O2 -g " + quote("-L"+filepath.Join(b.Folder, "lib"))
		if b.Sanitize {
			ldflags += " -fsanitize=address,undefined"
		}
		include := filepath.Join(b.Folder, "include")
		return append(b.Target.goflags(vars, ""),
			Variable{"CGO_CFLAGS", "-O2 -g " + quote("-I"+include) + " " + quote("-I"+include+"/gombedtls")},
			Variable{"CGO_LDFLAGS", ldflags}), nil
	}
	if err := hasPkgConfig(); err != nil {
		return nil, err
	}
	return append(b.Target.goflags(vars, SystemTag),
		Variable{"PKG_CONFIG_PATH", filepath.Join(b.Folder, "lib/pkgconfig")},
		Variable{"CGO_CFLAGS", "-O2 -g -DGOMBEDTLS_BUILD=" + b.key}), nil
}

// environment makes go build compile for the target.
func (t Target) environment(cc string) []Variable {
	vars := []Variable{{"CGO_ENABLED", "1"}, {"GOOS", "linux"}, {"GOARCH", t.GOARCH}, {"CC", cc}}
	if t.GOARM != "" {
		vars = append(vars, Variable{"GOARM", t.GOARM})
	}
	if e := t.Emulator(); e != "" {
		vars = append(vars, Variable{"GOMBEDTLS_EXEC", e})
	}
	return vars
}

// goflags adds GOFLAGS for the tag and for static linking, where there is one or the other.
func (t Target) goflags(vars []Variable, tag string) []Variable {
	var flags []string
	if old := os.Getenv("GOFLAGS"); old != "" {
		flags = append(flags, old)
	}
	if tag != "" {
		flags = append(flags, "-tags="+tag)
	}
	if t.Musl {
		flags = append(flags, `'-ldflags=-linkmode=external -extldflags=-static'`)
	}
	if len(flags) == 0 {
		return vars
	}
	return append(vars, Variable{"GOFLAGS", strings.Join(flags, " ")})
}

// quote is for a word of CGO_CFLAGS or CGO_LDFLAGS, which Go splits as a shell would.
func quote(word string) string {
	if strings.ContainsAny(word, " \t'\"") {
		return "'" + word + "'"
	}
	return word
}

func hasPkgConfig() error {
	command := os.Getenv("PKG_CONFIG")
	if command == "" {
		command = "pkg-config"
	}
	if _, err := exec.LookPath(command); err != nil {
		return fmt.Errorf("missing %s: install pkg-config or pkgconf, or use --flags, which does without", command)
	}
	return nil
}

// SystemEnvironment is what go build needs to use the Mbed TLS that pkg-config knows of. Where that came without the
// headers of its inside, as Debian's does, they are taken from the source of the same release.
func (h *Home) SystemEnvironment(ctx context.Context, t Target) ([]Variable, error) {
	if err := hasPkgConfig(); err != nil {
		return nil, err
	}
	version, err := run(ctx, nil, "pkg-config", "--modversion", "mbedtls")
	if err != nil {
		return nil, fmt.Errorf("pkg-config finds no mbedtls: %w; install libmbedtls-dev, or set PKG_CONFIG_PATH", err)
	}
	release, err := pin.Find(strings.TrimSpace(version))
	if err != nil {
		return nil, fmt.Errorf("the installed Mbed TLS: %w", err)
	}
	tree, err := h.Vendor(ctx, release)
	if err != nil {
		return nil, err
	}
	headers := h.path("headers-" + release.Version)
	if !exists(headers) {
		err := h.locked(h.Dir, func(w *workplace) error {
			if exists(headers) { // by the run we waited for
				return nil
			}
			temp, remove, err := w.temp()
			if err != nil {
				return err
			}
			defer remove()
			made := filepath.Join(temp, "gombedtls")
			return errors.Join(writeInternalHeaders(made, tree), os.Rename(made, headers))
		})
		if err != nil {
			return nil, err
		}
	}
	c, err := t.compiler(ctx, h)
	if err != nil {
		return nil, err
	}
	return append(t.goflags(t.environment(c.CC), SystemTag), Variable{"CGO_CFLAGS", "-O2 -g " + quote("-I"+headers)}), nil
}
