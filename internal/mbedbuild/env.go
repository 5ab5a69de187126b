package mbedbuild

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"

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

// Environment is what go build needs to find the build, besides what the user's environment says already. Whatever changes
// the build changes CGO_CFLAGS: of all that decides it, this is what Go looks at before it takes a package from its cache.
func (b *Build) Environment(ctx context.Context, o EnvOptions) ([]Variable, error) {
	var cflags, ldflags []string
	if o.Reproducible {
		cflags = append(cflags, "-ffile-prefix-map="+b.home+"="+homeName)
	}
	include := filepath.Join(b.Folder, "include")
	if o.Flags {
		cflags = append(cflags, "-I"+include, "-I"+filepath.Join(include, "gombedtls"))
		ldflags = append(ldflags, "-L"+filepath.Join(b.Folder, "lib"))
		if b.Sanitize {
			ldflags = append(ldflags, "-fsanitize=address,undefined")
		}
		return b.Target.environment(ctx, b.CC, o, "", cflags, ldflags), nil
	}
	if err := hasPkgConfig(); err != nil {
		return nil, err
	}
	vars := b.Target.environment(ctx, b.CC, o, systemTag, append(cflags, keyFlag+b.key), nil)
	folders := []string{filepath.Join(b.Folder, "lib/pkgconfig")}
	if old := os.Getenv("PKG_CONFIG_PATH"); old != "" {
		folders = append(folders, old)
	}
	return append(vars, Variable{"PKG_CONFIG_PATH", strings.Join(folders, ":")}), nil
}

// keyFlag makes CGO_CFLAGS depend on what pkg-config finds, at which Go does not look.
const keyFlag = "-DGOMBEDTLS_BUILD="

// environment makes go build compile for the target. What it was told already comes after what is added, so that this is
// found first.
func (t Target) environment(ctx context.Context, cc string, o EnvOptions, tag string, cflags, ldflags []string) []Variable {
	vars := []Variable{{"CGO_ENABLED", "1"}, {"GOOS", "linux"}, {"GOARCH", t.GOARCH}, {"CC", cc}}
	if t.GOARM != "" {
		vars = append(vars, Variable{"GOARM", t.GOARM})
	}
	var own []string // flags that gcc knows, and Go's own linker does not, which links programs with little of cgo
	if t.Musl {
		own = append(own, "-static")
	}
	if o.Here {
		own = append(own, t.interpreter()...)
	}
	if flags := goflags(goEnv(ctx, "GOFLAGS"), o, tag, len(own) > 0); len(flags) > 0 {
		vars = append(vars, Variable{"GOFLAGS", joinFlags(flags)})
	}
	vars = append(vars, Variable{"CGO_CFLAGS", addFlags(goEnv(ctx, "CGO_CFLAGS"), cflags)})
	if ldflags = append(ldflags, own...); len(ldflags) > 0 {
		vars = append(vars, Variable{"CGO_LDFLAGS", addFlags(goEnv(ctx, "CGO_LDFLAGS"), ldflags)})
	}
	if e := t.Emulator(); e != "" {
		vars = append(vars, Variable{"GOMBEDTLS_EXEC", e})
	}
	return vars
}

// goEnv is a setting of Go's, from the environment or go env -w, or else its default.
func goEnv(ctx context.Context, name string) string {
	text, err := run(ctx, nil, "go", "env", name)
	if err != nil {
		return os.Getenv(name)
	}
	return strings.TrimSpace(text)
}

// addFlags puts flags before those that there are, of which an earlier call may have added some.
func addFlags(old string, flags []string) string {
	words, err := shellquote.Split(old)
	if err != nil { // Go will say so
		words = []string{old}
	}
	words = slices.DeleteFunc(words, func(word string) bool {
		return strings.HasPrefix(word, keyFlag) || slices.Contains(flags, word)
	})
	return joinFlags(append(flags, words...))
}

// joinFlags makes a list of flags as Go reads it: a word with a space is within quotes as a whole, and nothing is escaped.
func joinFlags(flags []string) string {
	words := slices.Clone(flags)
	for i, word := range words {
		switch {
		case !strings.ContainsAny(word, " \t'\""):
		case strings.Contains(word, "'"):
			words[i] = `"` + word + `"`
		default:
			words[i] = "'" + word + "'"
		}
	}
	return strings.Join(words, " ")
}

// goflags are those that there were, and what is added. Of -tags, Go would take the last one only.
func goflags(old string, o EnvOptions, tag string, external bool) []string {
	var ldflags []string
	if external {
		ldflags = append(ldflags, "-linkmode=external")
	}
	if o.Reproducible {
		ldflags = append(ldflags, "-buildid=") // it would be made of, among others, the names of folders
	}
	flags, err := shellquote.Split(old)
	if err != nil { // Go will say so
		flags = []string{old}
	}
	if tag != "" {
		tags := []string{tag}
		flags = slices.DeleteFunc(flags, func(flag string) bool {
			list, ok := strings.CutPrefix(strings.TrimLeft(flag, "-"), "tags=")
			for more := range strings.SplitSeq(list, ",") {
				if ok && !slices.Contains(tags, more) {
					tags = append(tags, more)
				}
			}
			return ok
		})
		flags = append(flags, "-tags="+strings.Join(tags, ","))
	}
	if o.Reproducible {
		flags = append(flags, "-trimpath")
	}
	if len(ldflags) > 0 {
		flags = append(flags, "-ldflags="+strings.Join(ldflags, " "))
	}
	return flags
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
	out, err := run(ctx, nil, pkgConfig(), "--cflags", "--libs", "mbedtls", "mbedx509", "mbedcrypto")
	if err != nil {
		return nil, fmt.Errorf("pkg-config finds no Mbed TLS: %w; install libmbedtls-dev, or set PKG_CONFIG_PATH", err)
	}
	flags, err := shellquote.Split(strings.TrimSpace(out))
	if err != nil {
		return nil, fmt.Errorf("pkg-config says %q: %w", out, err)
	}
	include := []string{"/usr/include"} // of which pkg-config says nothing
	for _, flag := range flags {
		if folder, ok := strings.CutPrefix(flag, "-I"); ok {
			include = append(include, folder)
		}
	}
	key, err := systemKey(ctx, flags, include)
	if err != nil {
		return nil, err
	}
	cflags := []string{keyFlag + key}
	internal := func(folder string) bool { return exists(filepath.Join(folder, "gombedtls_internal.h")) }
	if !slices.ContainsFunc(include, internal) {
		headers, err := h.internalHeaders(ctx)
		if err != nil {
			return nil, err
		}
		cflags = append(cflags, "-I"+headers)
	}
	c, err := t.compiler(ctx, h)
	if err != nil {
		return nil, err
	}
	return t.environment(ctx, c.CC, o, systemTag, cflags, nil), nil
}

// systemKey is a hash of what decides how the bridge is compiled and linked: the configuration, and the archives.
func systemKey(ctx context.Context, flags, include []string) (string, error) {
	all := sha256.New()
	fmt.Fprintln(all, flags)
	libdir, err := run(ctx, nil, pkgConfig(), "--variable=libdir", "mbedtls")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"mbedtls", "mbedx509", "mbedcrypto"} {
		hash, err := sha256File(filepath.Join(strings.TrimSpace(libdir), "lib"+name+".a"))
		if err != nil {
			return "", fmt.Errorf("the static archives are needed: %w", err)
		}
		fmt.Fprintln(all, hash)
	}
	for _, folder := range include {
		for _, header := range []string{"mbedtls_config.h", "build_info.h"} {
			if hash, err := sha256File(filepath.Join(folder, "mbedtls", header)); err == nil {
				fmt.Fprintln(all, hash)
			}
		}
	}
	return fmt.Sprintf("%x", all.Sum(nil)[:6]), nil
}

// internalHeaders is a folder with those of the installed release.
func (h *Home) internalHeaders(ctx context.Context) (string, error) {
	version, err := run(ctx, nil, pkgConfig(), "--modversion", "mbedtls")
	if err != nil {
		return "", err
	}
	release, err := pin.Find(strings.TrimSpace(version))
	if err != nil {
		return "", fmt.Errorf("the Mbed TLS that pkg-config finds came without its internal headers, which there are here of some releases only: %w", err)
	}
	tree, err := h.Vendor(ctx, release)
	if err != nil {
		return "", err
	}
	headers := h.path("headers-" + release.Version)
	if exists(headers) {
		return headers, nil
	}
	return headers, h.locked(ctx, h.Dir, func(w *workplace) error {
		if exists(headers) { // by the run we waited for
			return nil
		}
		temp, remove, err := w.temp()
		if err != nil {
			return err
		}
		defer remove()
		made := filepath.Join(temp, "headers")
		if err := writeInternalHeaders(made, tree); err != nil {
			return err
		}
		return os.Rename(made, headers)
	})
}
