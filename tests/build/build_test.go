// Package build tests build.sh itself: each test runs the real script in a copy of the files it needs.
package build

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	root    = "../.."
	release = "3.6.7"
	tarball = "mbedtls-" + release + ".tar.bz2"
)

// copied is what build.sh needs from the repository. The files are read by the test itself, so that go test knows that
// its result depends on them.
var copied = []string{
	"build.sh", "scripts", "config", "go.mod", "go.sum", "cmd/mbedtls-build", "cmd/mbedtls-config", "internal/mbedbuild",
	"internal/mbedconfig", "third_party/mbedtls/sources.txt", "third_party/mbedtls/pin.go", "cbridge/platform_time.c",
}

// A checkout is a copy of the repository's build files.
type checkout struct {
	*testing.T
	dir   string
	stubs string            // a folder in front of PATH
	env   map[string]string // what differs from the environment of the test
}

func newCheckout(t *testing.T) *checkout {
	t.Helper()
	c := &checkout{T: t, dir: t.TempDir(), stubs: t.TempDir(), env: map[string]string{}}
	for _, name := range copied {
		c.copyIn(name)
	}
	c.env["PATH"] = c.stubs + ":" + os.Getenv("PATH")
	return c
}

func (c *checkout) copyIn(name string) {
	c.Helper()
	err := filepath.WalkDir(filepath.Join(root, name), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		to, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		to = filepath.Join(c.dir, to)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, text, info.Mode())
	})
	if err != nil {
		c.Fatal(err)
	}
}

func (c *checkout) path(name string) string { return filepath.Join(c.dir, name) }

func (c *checkout) write(name, text string) {
	c.Helper()
	path := c.path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.Fatal(err)
	}
}

// stub puts a shell script in front of the real command.
func (c *checkout) stub(name, script string) {
	c.Helper()
	if err := os.WriteFile(filepath.Join(c.stubs, name), []byte("#!/bin/bash\n"+script), 0o755); err != nil {
		c.Fatal(err)
	}
}

// The verdict of a run.
type result struct {
	stdout, stderr string
	code           int
}

func (c *checkout) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if _, changed := c.env[name]; changed || strings.HasPrefix(name, "MBEDTLS_") ||
			slices.Contains([]string{"CC", "AR", "GOOS", "GOARCH", "MAKEFLAGS", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"}, name) {
			continue
		}
		cmd.Env = append(cmd.Env, v)
	}
	for name, value := range maps.All(c.env) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

func (c *checkout) run(args ...string) result {
	c.Helper()
	return c.wait(c.command("./build.sh", args...))
}

func (c *checkout) wait(cmd *exec.Cmd) result {
	c.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		c.Fatal(err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// ok runs a verb that must succeed, and returns its stdout.
func (c *checkout) ok(args ...string) string {
	c.Helper()
	r := c.run(args...)
	if r.code != 0 {
		c.Fatalf("build.sh %v: exit %d\n%s%s", args, r.code, r.stdout, r.stderr)
	}
	return r.stdout
}

// fails runs a verb that must fail; the last line that it says holds every fact.
func (c *checkout) fails(code int, args []string, facts ...string) {
	c.Helper()
	r := c.run(args...)
	if r.code != code {
		c.Errorf("build.sh %v: exit %d, want %d", args, r.code, code)
	}
	lines := strings.Split(strings.TrimSuffix(r.stderr, "\n"), "\n")
	last := lines[len(lines)-1]
	if strings.Count(r.stderr, "build.sh: ")+strings.Count(r.stderr, "mbedtls-build: ") != 1 ||
		!strings.HasPrefix(last, "build.sh: ") && !strings.HasPrefix(last, "mbedtls-build: ") {
		c.Errorf("build.sh %v: want one line that says what failed, at the end, got %q", args, r.stderr)
	}
	for _, fact := range facts {
		if !strings.Contains(last, fact) {
			c.Errorf("build.sh %v: %q does not say %q", args, last, fact)
		}
	}
}

// useTarball gives the checkout the tarball that ./build.sh vendor left in this repository.
func (c *checkout) useTarball() {
	c.Helper()
	path, err := filepath.Abs(filepath.Join(root, "third_party/mbedtls/download", tarball))
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		c.Fatalf("the test needs the release tarball: run ./build.sh clean --all, then ./build.sh vendor (%v)", err)
	}
	c.env["MBEDTLS_TARBALL"] = path
}

// names lists a folder.
func (c *checkout) names(folder string) []string {
	c.Helper()
	entries, err := os.ReadDir(c.path(folder))
	if err != nil {
		c.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestUsage(t *testing.T) {
	c := newCheckout(t)
	for _, args := range [][]string{
		{"frobnicate"}, {"lib", "--frobnicate"}, {"lib", "--profile"}, {"vendor", "now"}, {"setup", "now"}, {"clean", "now"},
		{"cross"}, {"cross", "--frobnicate"}, {"cross", "--profile"}, {"test", "--target"}, {"targets", "now"},
	} {
		c.fails(2, args, "./build.sh help")
	}
	c.fails(2, []string{"install"}, "--prefix is needed")
	for _, args := range [][]string{{"cross", "linux/vax"}, {"lib", "--target", "linux/vax"}} {
		if r := c.run(args...); r.code != 1 || !strings.Contains(r.stderr, "unknown target linux/vax: there are linux/amd64, ") {
			t.Errorf("%v: exit %d, %s", args, r.code, r.stderr)
		}
	}
	help := c.ok("help")
	for _, verb := range []string{"help", "setup", "vendor", "config", "lib", "demo", "test", "upstream", "bench", "clean", "cross", "targets", "install", "debian-check", "docker-check", "sbom"} {
		if !strings.Contains(help, "\n  "+verb+" ") {
			t.Errorf("help does not list %s", verb)
		}
	}
}

// TestMissingTools has neither the tools nor an apt that could bring them.
func TestMissingTools(t *testing.T) {
	c := newCheckout(t)
	for _, name := range []string{"bash", "dirname", "awk", "uname"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(c.stubs, name)); err != nil {
			t.Fatal(err)
		}
	}
	c.env["PATH"] = c.stubs
	cmd := c.command(filepath.Join(c.stubs, "bash"), "build.sh", "setup")
	r := c.wait(cmd)
	if r.code != 1 || strings.Count(r.stderr, "\n") != 1 ||
		!strings.Contains(r.stderr, "missing gcc openssl") || !strings.Contains(r.stderr, "apt-get install gcc openssl") {
		t.Errorf("exit %d: %s", r.code, r.stderr)
	}
}
