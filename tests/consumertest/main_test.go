// Package consumertest builds and runs tests/consumer, a module of somebody else's, in each of the ways in which such a
// module can come to the binding and to Mbed TLS.
package consumertest

import (
	"bytes"
	"errors"
	"flag"
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
	binding = "github.com/gombedtls/gombedtls"
	tarball = root + "/third_party/mbedtls/download/mbedtls-3.6.7.tar.bz2"
)

// sample is each way once, for ./build.sh test: every build of the bridge takes most of a minute.
var sample = flag.Bool("sample", false, "go each way, but not with all the builds that it can be gone with")

// A module is a copy of the consumer, or a clone of the binding, and the environment of its user.
type module struct {
	*testing.T
	dir string
	env map[string]string // what differs from the environment of the test
}

// newConsumer makes a copy of the consumer that finds the modules it needs where this machine keeps them, without any network.
func newConsumer(t *testing.T) *module {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles C, and all of the binding")
	}
	c := &module{T: t, dir: t.TempDir(), env: map[string]string{
		"GOWORK": "off", "GOSUMDB": "off", "GOFLAGS": "-mod=mod", "GOPROXY": moduleCache(t),
	}}
	for _, name := range []string{"go.mod", "main.go"} {
		c.write(name, read(t, filepath.Join(root, "tests/consumer", name)))
	}
	return c
}

// moduleCache is the address of the cache that this test's own modules are from. Go has kept there what it downloaded, in
// the form in which a proxy serves it.
func moduleCache(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.Join(strings.TrimSpace(string(out)), "cache/download")
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func absolute(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func (c *module) path(name string) string { return filepath.Join(c.dir, name) }

func (c *module) write(name, text string) {
	c.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(c.path(name)), 0o755), os.WriteFile(c.path(name), []byte(text), 0o644)); err != nil {
		c.Fatal(err)
	}
}

// replace makes the module use a clone of the binding.
func (c *module) replace(clone string) {
	c.Helper()
	c.ok("go", "mod", "edit", "-replace", binding+"="+clone)
}

// chosen are the variables that say what is built, and are the business of each test alone.
var chosen = []string{
	"CC", "AR", "GOOS", "GOARCH", "GOFLAGS", "CGO_ENABLED", "CGO_CFLAGS", "CGO_LDFLAGS", "PKG_CONFIG", "PKG_CONFIG_PATH", "MAKEFLAGS",
}

// run runs a command in the module's folder.
func (c *module) run(name string, args ...string) (stdout, stderr string, err error) {
	c.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = c.dir
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if _, changed := c.env[name]; !changed && !strings.HasPrefix(name, "MBEDTLS_") && !slices.Contains(chosen, name) {
			cmd.Env = append(cmd.Env, v)
		}
	}
	for name, value := range maps.All(c.env) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		c.Fatal(err)
	}
	return out.String(), errs.String(), err
}

// ok runs a command that must succeed.
func (c *module) ok(name string, args ...string) string {
	c.Helper()
	stdout, stderr, err := c.run(name, args...)
	if err != nil {
		c.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, stdout, stderr)
	}
	return stdout
}

// use takes over variables as mbedtls-build prints them, by a shell, as users do.
func (c *module) use(environment string) {
	c.Helper()
	const marker = "\x01"
	before := strings.Split(c.ok("sh", "-c", "env -0"), "\x00")
	after := c.ok("sh", "-c", environment+"\nprintf '"+marker+"'; env -0")
	_, after, _ = strings.Cut(after, marker)
	for v := range strings.SplitSeq(strings.TrimSuffix(after, "\x00"), "\x00") {
		if name, value, ok := strings.Cut(v, "="); ok && name != "_" && !slices.Contains(before, v) {
			c.env[name] = value
		}
	}
}

// builds compiles the module without asking for anything to be built again, and runs it. It must print what is wanted.
func (c *module) builds(flags []string, want ...string) {
	c.Helper()
	c.ok("go", append(append([]string{"build"}, flags...), "-o", "consumer", ".")...)
	got := c.ok("./consumer")
	for _, w := range want {
		if !strings.Contains(got, w) {
			c.Errorf("the consumer prints\n%swithout %q", got, w)
		}
	}
}

// refuses is a build, or a run, that must fail and say one thing.
func (c *module) refuses(want []string, name string, args ...string) {
	c.Helper()
	_, stderr, err := c.run(name, args...)
	if err == nil {
		c.Fatalf("%s succeeded", name)
	}
	for _, w := range want {
		if !strings.Contains(stderr, w) {
			c.Errorf("the error does not have %q:\n%s", w, stderr)
		}
	}
	for _, unwanted := range []string{"undefined:", "build constraints exclude", "SIGSEGV", "panic"} {
		if strings.Contains(stderr, unwanted) {
			c.Errorf("the error has %q:\n%s", unwanted, stderr)
		}
	}
}

// What the consumer prints of a whole build.
const (
	tls13   = "TLS: TLS 1.3"
	clock   = "TLS with a clock: TLS 1.3"
	dtls12  = "DTLS: DTLS 1.2"
	noDTLS  = "DTLS: not built"
	ofBuild = "Mbed TLS 3.6.7 "
)
