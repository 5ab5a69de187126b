package mbedbuild

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/internal/mbedconfig"
	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
)

// Options choose a build.
type Options struct {
	Release  pin.Release
	Target   Target
	Profile  string // a name in config/profiles, or the path of a file
	Sanitize bool   // with address and undefined-behaviour sanitizers
}

// Without the last flag, undefined behaviour is only printed.
const sanitizers = "-fsanitize=address,undefined -fno-omit-frame-pointer -fno-sanitize-recover=all"

// Build is a folder of headers and archives, laid out like an installed library.
type Build struct {
	Options
	Compiler
	Folder string // absolute
	key    string
	home   string
	tree   string
	cflags string
}

// homeName is what debug information calls the home, wherever it is.
const homeName = "third_party/mbedtls"

// Build returns the build that the options choose. It is made now unless it is there.
func (h *Home) Build(ctx context.Context, o Options) (*Build, error) {
	if strings.ContainsAny(h.Dir, "'\"$`\\\n") || o.Target.Musl && strings.ContainsAny(h.Dir, " \t") {
		return nil, fmt.Errorf("the name of the folder %q has a character that make or gcc do not take", h.Dir)
	}
	tree, err := h.Vendor(ctx, o.Release)
	if err != nil {
		return nil, err
	}
	config, err := readProfile(tree, o.Profile)
	if err != nil {
		return nil, err
	}
	b := &Build{Options: o, tree: tree, cflags: "-O2 -g"}
	if b.Compiler, err = o.Target.compiler(ctx, h, tool{"make", "make"}); err != nil {
		return nil, err
	}
	if o.Sanitize {
		b.cflags += " " + sanitizers
	}
	if more := os.Getenv("MBEDTLS_CFLAGS"); more != "" {
		b.cflags += " " + more
	}
	b.home = h.Dir
	cc := strings.ReplaceAll(b.CC, h.Dir, homeName)
	key := sha256.Sum256(fmt.Appendln(nil, layout, o.Release.SHA256, o.Target.Name, b.cflags, cc, b.first, config.Header()))
	b.key = fmt.Sprintf("%x", key[:6])
	b.Folder = filepath.Join(h.path("build"), o.Target.Folder()+"-"+b.key)
	if exists(b.Folder) {
		return b, nil
	}
	return b, h.locked(ctx, h.path("build"), func(w *workplace) error {
		if exists(b.Folder) { // by the run we waited for
			return nil
		}
		if err := config.Check(b.CC); err != nil {
			return err
		}
		return h.build(ctx, w, b, config)
	})
}

// layout is part of every key: another arrangement of the folder is another build.
const layout = "1"

// readProfile looks for a path in the file system, and for a name among the built-in profiles.
func readProfile(tree, profile string) (*mbedconfig.Config, error) {
	catalogue, err := mbedconfig.ReadCatalogue(tree)
	if err != nil {
		return nil, err
	}
	if strings.Contains(profile, "/") {
		return mbedconfig.Apply(catalogue, profile)
	}
	return mbedconfig.ApplyBuiltIn(catalogue, profile)
}

func (h *Home) build(ctx context.Context, w *workplace, b *Build, config *mbedconfig.Config) error {
	began := time.Now()
	temp, remove, err := w.temp()
	if err != nil {
		return err
	}
	defer remove()
	out := filepath.Join(temp, "out")
	if err := b.writeHeaders(ctx, out, config.Header()); err != nil {
		return err
	}
	m, err := b.prepare(ctx, h, w, temp, out)
	if err != nil {
		return err
	}
	sanitized := ""
	if b.Sanitize {
		sanitized = ", sanitizers"
	}
	h.Progress.Say("%s, profile %s%s, Mbed TLS %s: compiling", b.Target.Name, config.Profile, sanitized, b.Release.Version)
	archives := []string{"libmbedcrypto.a", "libmbedx509.a", "libmbedtls.a"}
	if err := m.make(ctx, "archives", "library", archives...); err != nil {
		return err
	}
	for _, name := range archives {
		if err := copyFile(filepath.Join(out, "lib", name), filepath.Join(m.tree, "library", name)); err != nil {
			return err
		}
	}
	if err := b.writePkgConfig(filepath.Join(out, "lib/pkgconfig")); err != nil {
		return err
	}
	if err := os.Rename(out, b.Folder); err != nil {
		return err
	}
	h.Progress.Say("%s built in %.0f s", h.name(b.Folder), time.Since(began).Seconds())
	return nil
}

// writeHeaders makes include: upstream's headers with this configuration in the place of upstream's, and in
// include/gombedtls those of the library's inside, which the bridge needs.
func (b *Build) writeHeaders(ctx context.Context, out, header string) error {
	include := filepath.Join(out, "include")
	for _, name := range []string{"include/mbedtls", "include/psa", "3rdparty/everest/include/everest"} {
		err := copyTree(ctx, filepath.Join(include, filepath.Base(name)), filepath.Join(b.tree, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // not every release has everest
			return err
		}
	}
	build := fmt.Sprintf(`/* Which build these headers and archives are. */
#define GOMBEDTLS_BUILD_KEY %q
#define GOMBEDTLS_BUILD_PROFILE %q
#define GOMBEDTLS_BUILD_RELEASE %q
`, b.key, filepath.Base(b.Profile), b.Release.Version)
	return errors.Join(
		os.WriteFile(filepath.Join(include, "mbedtls/mbedtls_config.h"), []byte(header), 0o644),
		writeInternalHeaders(filepath.Join(include, "gombedtls"), b.tree),
		os.WriteFile(filepath.Join(include, "gombedtls/gombedtls_build.h"), []byte(build), 0o644))
}

var versionNumber = regexp.MustCompile(`(?m)^#define\s+MBEDTLS_VERSION_NUMBER\s+(0x[0-9A-Fa-f]+)`)

// writeInternalHeaders copies the library's own headers, and says which release they are of: nothing in them does.
func writeInternalHeaders(folder, tree string) error {
	info, err := os.ReadFile(filepath.Join(tree, "include/mbedtls/build_info.h"))
	if err != nil {
		return err
	}
	number := versionNumber.FindSubmatch(info)
	if number == nil {
		return fmt.Errorf("%s: no MBEDTLS_VERSION_NUMBER in include/mbedtls/build_info.h", tree)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := copyMatching(folder, filepath.Join(tree, "library"), "*.h"); err != nil {
		return err
	}
	text := fmt.Sprintf("/* The release that the headers in this folder are of. */\n#define GOMBEDTLS_INTERNAL_VERSION %s\n", number[1])
	return os.WriteFile(filepath.Join(folder, "gombedtls_internal.h"), []byte(text), 0o644)
}

// A maker runs upstream's makefiles in a copy of the release made of links: they then know what belongs to what, and their
// output stays out of the tree.
type maker struct {
	*Home
	*workplace
	tree  string
	flags []string
}

// prepare makes the copy in temp. The headers are those in out.
func (b *Build) prepare(ctx context.Context, h *Home, w *workplace, temp, out string, ldflags ...string) (*maker, error) {
	m := &maker{Home: h, workplace: w, tree: filepath.Join(temp, "tree")}
	if _, err := run(ctx, w, "cp", "-as", b.tree+"/.", m.tree); err != nil {
		return nil, err
	}
	config := "include/mbedtls/mbedtls_config.h"
	if err := errors.Join(os.Remove(filepath.Join(m.tree, config)), copyFile(filepath.Join(m.tree, config), filepath.Join(out, config))); err != nil {
		return nil, err
	}
	// Names of folders are no part of a build: equal input, equal bytes.
	cflags := fmt.Sprintf("%s '-ffile-prefix-map=%s=%s' '-ffile-prefix-map=%s=%s/src'", b.cflags, h.Dir, homeName, m.tree, homeName)
	m.flags = []string{
		"CC=" + b.CC, "AR=" + b.AR, "CFLAGS=" + cflags, "LDFLAGS=" + strings.Join(ldflags, " "),
		"ARFLAGS=-Drcs", // D: no times, no users
		// A release holds its generated files: GEN_FILES says so, and with PYTHON upstream's makefile of tests does without the
		// lists of them it asks for.
		"GEN_FILES=", "PYTHON=true",
	}
	return m, nil
}

// makefileVariables are what make and upstream's makefiles read, and what the key of a build does not know of.
var makefileVariables = []string{
	"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "GNUMAKEFLAGS", "MAKEFILES", "DEBUG", "SHARED", "WINDOWS", "WINDOWS_BUILD", "APPLE_BUILD",
	"WARNING_CFLAGS", "AR_DASH", "RL", "RLFLAGS", "TEST_CPP", "PKGCONFIG_LIBS",
}

var makeStep = regexp.MustCompile(`^  (?:CC|Gen) +(\S+)`)

// make makes targets in a subfolder. Upstream prints one "CC" line per object.
func (m *maker) make(ctx context.Context, label, folder string, targets ...string) error {
	command := func(args ...string) *exec.Cmd {
		args = slices.Concat(args, []string{"-C", filepath.Join(m.tree, folder)}, m.flags, targets)
		cmd := exec.CommandContext(ctx, "make", args...)
		for _, v := range os.Environ() {
			if name, _, _ := strings.Cut(v, "="); !slices.Contains(makefileVariables, name) {
				cmd.Env = append(cmd.Env, v)
			}
		}
		cmd.Env = append(cmd.Env, "LC_ALL=C", "SOURCE_DATE_EPOCH="+cmp.Or(os.Getenv("SOURCE_DATE_EPOCH"), "0"))
		cmd.ExtraFiles = []*os.File{m.lock}
		return cmd
	}
	plan, err := command("-n").Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = errors.New(reason(string(exit.Stderr), err.Error()))
	}
	if err != nil {
		return fmt.Errorf("%s: make: %w", label, err)
	}
	total := bytes.Count(plan, []byte("\necho \"  CC"))

	var stderr bytes.Buffer
	cmd := command(fmt.Sprintf("-j%d", runtime.NumCPU()))
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	progress := m.Progress.steps(label, total, scanMatches(stdout, makeStep))
	err = cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s failed: %s", label, reason(stderr.String(), err.Error()))
	}
	return progress
}

// scanMatches gives the first group of each line that the pattern matches.
func scanMatches(r io.Reader, pattern *regexp.Regexp) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Split(func(data []byte, atEOF bool) (int, []byte, error) {
		advance, line, err := bufio.ScanLines(data, atEOF)
		if m := pattern.FindSubmatch(line); m != nil {
			return advance, m[1], err
		}
		return advance, nil, err
	})
	return s
}
