package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

const (
	thirdParty = "third_party/mbedtls"
	mine       = thirdParty + "/src/mine" // a file that a failed run must not touch
)

// offline makes every source of the network fail.
func (c *checkout) offline() {
	c.stub("apt-get", "echo 'Err:1 http://mirror.invalid sid InRelease'\necho '  Could not resolve mirror.invalid'\nexit 100\n")
	c.stub("curl", "echo 'curl: (6) Could not resolve host: github.com' >&2\nexit 6\n")
}

func (c *checkout) isUntouched() {
	c.Helper()
	text, err := os.ReadFile(c.path(mine))
	if err != nil || string(text) != "mine" {
		c.Errorf("the tree that was there has changed: %q, %v", text, err)
	}
	if left, _ := filepath.Glob(c.path(thirdParty + "/.tmp.*")); len(left) > 0 {
		c.Errorf("left behind: %v", left)
	}
}

func (c *checkout) isVendored() {
	c.Helper()
	stamp, err := os.ReadFile(c.path(thirdParty + "/src/.gombedtls-release"))
	if err != nil || !strings.HasPrefix(string(stamp), release+" ") {
		c.Errorf("stamp: %q, %v", stamp, err)
	}
	if _, err := os.Stat(c.path(thirdParty + "/src/library/ssl_tls.c")); err != nil {
		c.Error(err)
	}
	if _, err := os.Stat(c.path(mine)); err == nil {
		c.Error("the old tree is still there")
	}
	want := []string{".lock", "download", "sources.txt", "src"}
	if got := c.names(thirdParty); !slices.Equal(got, want) {
		c.Errorf("%s holds %v, want %v", thirdParty, got, want)
	}
}

func TestVendorRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		env   map[string]string
		facts []string
	}{
		"wrong hash": {
			map[string]string{"MBEDTLS_TARBALL": "go.mod"},
			[]string{"go.mod has SHA-256 ", "must have a7e8bcbe", tarball},
		},
		"missing file": {
			map[string]string{"MBEDTLS_TARBALL": "no/such/file"},
			[]string{"no/such/file is not a readable file", tarball, "SHA-256 a7e8bcbe"},
		},
		"unknown release": {
			map[string]string{"MBEDTLS_VERSION": "1.2.3"},
			[]string{"unknown Mbed TLS release 1.2.3", "sources.txt has 3.6.7 3.6.6 2.28.3"},
		},
		"no network": {
			nil,
			[]string{
				"cannot fetch Mbed TLS 3.6.7", "Debian source", "https://github.com/Mbed-TLS/mbedtls/releases/",
				"Could not resolve host", "MBEDTLS_TARBALL=/path/to/" + tarball + " ./build.sh vendor",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			c.offline()
			for name, value := range test.env {
				c.env[name] = value
			}
			c.write(mine, "mine")
			c.fails(1, []string{"vendor"}, test.facts...)
			c.isUntouched()
		})
	}
}

// TestVendorKeeps shows that the tarball is kept, and that the tree is made again from it without a network.
func TestVendorKeeps(t *testing.T) {
	c := newCheckout(t)
	c.offline()
	c.useTarball()
	c.write(mine, "mine")
	c.ok("vendor")
	c.isVendored()
	delete(c.env, "MBEDTLS_TARBALL")
	if out := c.ok("vendor"); out != "" {
		t.Errorf("the second run says %q", out)
	}
	if err := os.RemoveAll(c.path(thirdParty + "/src")); err != nil {
		t.Fatal(err)
	}
	c.ok("vendor")
	c.isVendored()

	// A spoilt download is as good as none.
	if err := os.RemoveAll(c.path(thirdParty + "/src")); err != nil {
		t.Fatal(err)
	}
	c.write(thirdParty+"/download/"+tarball, "spoilt")
	c.write(mine, "mine")
	c.fails(1, []string{"vendor"}, "cannot fetch")
	c.isUntouched()
}

// TestVendorDebian has an apt that lacks the first suite, and one whose tarball is not upstream's.
func TestVendorDebian(t *testing.T) {
	c := newCheckout(t)
	c.useTarball()
	upstream := c.env["MBEDTLS_TARBALL"]
	delete(c.env, "MBEDTLS_TARBALL")
	if len(debianMirrors(c, "/etc/apt")) == 0 {
		t.Skip("this machine's apt has no Debian mirror")
	}
	c.stub("apt-cache", "echo Version: 3.6.6-1; echo Version: 3.6.7-9\n")
	// The options are: -c FILE -q update, or -c FILE -q source … mbedtls=VERSION.
	c.stub("apt-get", `
if [[ $4 == update ]]; then
    [[ $(cat "${2%/*}/sources.list") == "deb-src "*" sid main" ]] && exit
    echo "E: The repository does not have a Release file."
    exit 100
fi
[[ ${!#} == mbedtls=3.6.7-9 ]] && cp "$DEBIAN_TARBALL" mbedtls_3.6.7.orig.tar.bz2
`)
	c.stub("curl", "echo 'curl: (6) Could not resolve host: github.com' >&2\nexit 6\n")

	c.env["DEBIAN_TARBALL"] = c.path("go.mod")
	c.write(mine, "mine")
	c.fails(1, []string{"vendor"},
		"in forky (E: The repository does not have a Release file.)", "in sid (wrong SHA-256 ")
	c.isUntouched()

	c.env["DEBIAN_TARBALL"] = upstream
	c.ok("vendor")
	c.isVendored()
}

// TestVendorOfficial has a curl that works.
func TestVendorOfficial(t *testing.T) {
	c := newCheckout(t)
	c.useTarball()
	c.env["OFFICIAL"] = c.env["MBEDTLS_TARBALL"]
	delete(c.env, "MBEDTLS_TARBALL")
	c.offline()
	c.stub("curl", `
while (($# > 1)); do [[ $1 == -o ]] && out=$2; shift; done
[[ $1 == https://github.com/Mbed-TLS/mbedtls/releases/download/mbedtls-3.6.7/mbedtls-3.6.7.tar.bz2 ]] && cp "$OFFICIAL" "$out"
`)
	c.ok("vendor")
	c.isVendored()
}

// TestVendorTwice starts two runs at once.
func TestVendorTwice(t *testing.T) {
	c := newCheckout(t)
	c.useTarball()
	var results [2]result
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = c.run("vendor") })
	}
	wg.Wait()
	unpacked := 0
	for _, r := range results {
		if r.code != 0 {
			t.Errorf("exit %d: %s", r.code, r.stderr)
		}
		unpacked += strings.Count(r.stdout, "is in third_party")
	}
	if unpacked != 1 {
		t.Errorf("unpacked %d times", unpacked)
	}
	c.isVendored()
}

// killDuring runs a verb, and kills it with all its children once the command that stub replaces has done half of its
// work: the script half, which the real command is at hand for as $real.
func (c *checkout) killDuring(stub, half string, args ...string) {
	c.Helper()
	fifo := filepath.Join(c.stubs, "half-done")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		c.Fatal(err)
	}
	real, err := exec.LookPath(stub)
	if err != nil {
		c.Fatal(err)
	}
	// The redirection of the last line waits for a reader, the read after it for ever.
	c.stub(stub, "real="+real+"\n"+half+"\necho > "+fifo+"\nread -r < "+fifo+"\n")
	cmd := c.command("./build.sh", args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	if _, err := os.ReadFile(fifo); err != nil {
		c.Error(err)
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		c.Error(err)
	}
	if err := cmd.Wait(); err == nil {
		c.Error("the run was not killed")
	}
	if err := os.Remove(filepath.Join(c.stubs, stub)); err != nil {
		c.Fatal(err)
	}
}

func TestVendorKilled(t *testing.T) {
	c := newCheckout(t)
	c.useTarball()
	c.write(mine, "mine")
	c.killDuring("tar", `"$real" "$@" --wildcards '*/include/*'`, "vendor")
	if left, _ := filepath.Glob(c.path(thirdParty + "/.tmp.*/tree/include")); len(left) != 1 {
		t.Errorf("the run was not killed in the middle: %v", left)
	}
	if text, err := os.ReadFile(c.path(mine)); err != nil || string(text) != "mine" {
		t.Errorf("the tree that was there has changed: %q, %v", text, err)
	}
	c.ok("vendor")
	c.isVendored()
}

func debianMirrors(c *checkout, folder string) []string {
	c.Helper()
	r := c.wait(c.command("bash", "-euo", "pipefail", "-c",
		`ROOT=$PWD; source scripts/common.sh; source scripts/vendor.sh; debian_mirrors "$1"`, "bash", folder))
	if r.code != 0 {
		c.Fatal(r.stderr)
	}
	return strings.Fields(r.stdout)
}

func TestDebianMirrors(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"none": {nil, nil},
		"one line style": {
			map[string]string{"sources.list": `
# deb http://comment.invalid/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://one.invalid/debian bookworm main contrib # why
deb-src	http://two.invalid/debian/ trixie contrib main
deb http://one.invalid/debian bookworm-updates main
deb http://security.invalid/debian-security bookworm-security main
`},
			[]string{"http://one.invalid/debian", "http://two.invalid/debian/"},
		},
		"deb822 style": {
			map[string]string{"sources.list.d/debian.sources": `Types: deb
# Suites: comment
URIs: http://one.invalid/debian
 mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie
 trixie-updates
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 Suites: sid

Types: deb
URIs: http://security.invalid/debian-security
Suites: trixie-security
Components: main

Enabled: no
Types: deb
URIs: http://off.invalid/debian
Suites: trixie
Components: main
`},
			[]string{"http://one.invalid/debian", "mirror+file:///etc/apt/mirrors/debian.list"},
		},
		"others": {
			map[string]string{
				"sources.list.d/a.sources":       "Types: deb\nURIs: https://node.invalid\nSuites: nodistro\nComponents: main\n",
				"sources.list.d/b.sources":       "Types: deb\nURIs: https://one.invalid\nSuites: sid\nComponents: main\n",
				"sources.list.d/c.list":          "deb https://cloud.invalid/apt cloud-sdk-bookworm main\ndeb https://docker.invalid bookworm stable\n",
				"sources.list.d/d.list.disabled": "deb https://off.invalid/debian bookworm main\n",
			},
			[]string{"https://one.invalid"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCheckout(t)
			for name, text := range test.files {
				c.write("apt/"+name, text)
			}
			if got := debianMirrors(c, c.path("apt")); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
