package mbedbuild

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

// A Variable is one of the environment, for go build and go test.
type Variable struct{ Name, Value string }

// systemTag is the build tag with which package cbridge asks pkg-config for Mbed TLS.
const systemTag = "mbedtls_system"

// EnvOptions say how go build finds Mbed TLS.
type EnvOptions struct {
	Flags bool // without pkg-config: by folders in CGO_CFLAGS and CGO_LDFLAGS
	Here  bool // programs are to run on this machine

	Reproducible bool // equal sources give equal programs, whatever the folders are
}

// Environment is what go build needs to find the build. Whatever changes the build changes CGO_CFLAGS: of all that decides
// it, this is what Go looks at before it takes a package from its cache.
func (b *Build) Environment(o EnvOptions) ([]Variable, error) {
	include := filepath.Join(b.Folder, "include")
	if o.Flags {
		ldflags := quote("-L" + filepath.Join(b.Folder, "lib"))
		if b.Sanitize {
			ldflags += " -fsanitize=address,undefined"
		}
		return b.Target.environment(b.CC, o, "", quote("-I"+include)+" "+quote("-I"+include+"/gombedtls"), ldflags), nil
	}
	if err := hasPkgConfig(); err != nil {
		return nil, err
	}
	vars := b.Target.environment(b.CC, o, systemTag, "-DGOMBEDTLS_BUILD="+b.key, "")
	return append(vars, Variable{"PKG_CONFIG_PATH", filepath.Join(b.Folder, "lib/pkgconfig")}), nil
}

// environment makes go build compile for the target. The flags are added to those that Go has by default.
func (t Target) environment(cc string, o EnvOptions, tag, cflags, ldflags string) []Variable {
	vars := []Variable{{"CGO_ENABLED", "1"}, {"GOOS", "linux"}, {"GOARCH", t.GOARCH}, {"CC", cc}}
	if t.GOARM != "" {
		vars = append(vars, Variable{"GOARM", t.GOARM})
	}
	own := "" // flags that gcc knows, and Go's own linker does not, which links programs with little of cgo
	if t.Musl {
		own = " -static"
	}
	if o.Here {
		own += t.interpreter()
	}
	ldflags += own
	if flags := goflags(o, tag, own != ""); len(flags) > 0 {
		vars = append(vars, Variable{"GOFLAGS", strings.Join(flags, " ")})
	}
	vars = append(vars, Variable{"CGO_CFLAGS", "-O2 -g " + cflags})
	if ldflags = strings.TrimSpace(ldflags); ldflags != "" {
		vars = append(vars, Variable{"CGO_LDFLAGS", "-O2 -g " + ldflags})
	}
	if e := t.Emulator(); e != "" {
		vars = append(vars, Variable{"GOMBEDTLS_EXEC", e})
	}
	return vars
}

// goflags are those that there were, and what is added.
func goflags(o EnvOptions, tag string, external bool) (flags []string) {
	var ldflags []string
	if external {
		ldflags = append(ldflags, "-linkmode=external")
	}
	if o.Reproducible {
		ldflags = append(ldflags, "-buildid=") // it would be made of, among others, the names of folders
	}
	if old := os.Getenv("GOFLAGS"); old != "" {
		flags = append(flags, old)
	}
	if tag != "" {
		flags = append(flags, "-tags="+tag)
	}
	if o.Reproducible {
		flags = append(flags, "-trimpath")
	}
	if len(ldflags) > 0 {
		flags = append(flags, "'-ldflags="+strings.Join(ldflags, " ")+"'")
	}
	return flags
}

// quote is for a word of CGO_CFLAGS or CGO_LDFLAGS, which Go splits as a shell would.
func quote(word string) string {
	if strings.ContainsAny(word, " \t'\"") {
		return "'" + word + "'"
	}
	return word
}

func pkgConfig() string { return cmp.Or(os.Getenv("PKG_CONFIG"), "pkg-config") } // as Go has it

func hasPkgConfig() error {
	if _, err := exec.LookPath(pkgConfig()); err != nil {
		return fmt.Errorf("%w %s: install pkg-config or pkgconf, or use --flags, which does without", ErrMissing, pkgConfig())
	}
	return nil
}

// SystemEnvironment is what go build needs to use the Mbed TLS that pkg-config knows of. Where that came without the
// headers of its inside, as Debian's does, they are taken from the source of the same release.
func (h *Home) SystemEnvironment(ctx context.Context, t Target, o EnvOptions) ([]Variable, error) {
	if err := hasPkgConfig(); err != nil {
		return nil, err
	}
	ask := func(args ...string) (string, error) {
		out, err := run(ctx, nil, pkgConfig(), append(args, "mbedtls", "mbedx509", "mbedcrypto")...)
		return strings.TrimSpace(out), err
	}
	flags, err := ask("--cflags", "--libs", "--keep-system-cflags")
	if err != nil {
		return nil, fmt.Errorf("pkg-config finds no Mbed TLS: %w; install libmbedtls-dev, or set PKG_CONFIG_PATH", err)
	}
	key, err := systemKey(ctx, flags)
	if err != nil {
		return nil, err
	}
	cflags := "-DGOMBEDTLS_BUILD=" + key
	if !hasInternalHeaders(flags) {
		headers, err := h.internalHeaders(ctx)
		if err != nil {
			return nil, err
		}
		cflags += " " + quote("-I"+headers)
	}
	c, err := t.compiler(ctx, h)
	if err != nil {
		return nil, err
	}
	return t.environment(c.CC, o, systemTag, cflags, ""), nil
}

// systemKey is a hash of the installed headers' configuration and of the archives.
func systemKey(ctx context.Context, flags string) (string, error) {
	all := sha256.New()
	fmt.Fprintln(all, flags)
	folder, err := run(ctx, nil, pkgConfig(), "--variable=libdir", "mbedtls")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"mbedtls", "mbedx509", "mbedcrypto"} {
		path := filepath.Join(strings.TrimSpace(folder), "lib"+name+".a")
		hash, err := sha256File(path)
		if err != nil {
			return "", fmt.Errorf("the static archives are needed: %w", err)
		}
		fmt.Fprintln(all, hash)
	}
	for _, flag := range strings.Fields(flags) {
		if folder, ok := strings.CutPrefix(flag, "-I"); ok {
			for _, header := range []string{"mbedtls_config.h", "build_info.h"} {
				if hash, err := sha256File(filepath.Join(folder, "mbedtls", header)); err == nil {
					fmt.Fprintln(all, hash)
				}
			}
		}
	}
	return fmt.Sprintf("%x", all.Sum(nil)[:6]), nil
}

func hasInternalHeaders(flags string) bool {
	for _, flag := range strings.Fields(flags) {
		if folder, ok := strings.CutPrefix(flag, "-I"); ok && exists(filepath.Join(folder, "gombedtls_internal.h")) {
			return true
		}
	}
	return false
}

// internalHeaders is a folder with those of the installed release.
func (h *Home) internalHeaders(ctx context.Context) (string, error) {
	version, err := run(ctx, nil, pkgConfig(), "--modversion", "mbedtls")
	if err != nil {
		return "", err
	}
	release, err := pin.Find(strings.TrimSpace(version))
	if err != nil {
		return "", fmt.Errorf("the installed one: %w", err)
	}
	tree, err := h.Vendor(ctx, release)
	if err != nil {
		return "", err
	}
	headers := h.path("headers-" + release.Version)
	if exists(headers) {
		return headers, nil
	}
	return headers, h.locked(h.Dir, func(w *workplace) error {
		if exists(headers) { // by the run we waited for
			return nil
		}
		temp, remove, err := w.temp()
		if err != nil {
			return err
		}
		defer remove()
		made := filepath.Join(temp, "headers")
		if err := os.Mkdir(made, 0o755); err != nil {
			return err
		}
		return errors.Join(writeInternalHeaders(made, tree), os.Rename(made, headers))
	})
}
