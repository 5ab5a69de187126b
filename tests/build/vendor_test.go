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
	"time"
)

const (
	thirdParty = "third_party/mbedtls"
	mine       = thirdParty + "/src/mine" // a file that a failed run must not touch
)

// offline makes every source of the network fail.
func (c *checkout) offline() {
	c.stub("apt-get", "echo 'Err:1 http://mirror.invalid sid InRelease'\necho '  Could not resolve mirror.invalid'\nexit 100\n")
	c.env["HTTPS_PROXY"] = "http://127.0.0.1:1"
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
	want := []string{".lock", "download", "pin.go", "sources.txt", "src"}
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
				"127.0.0.1:1: connect: connection refused", "set MBEDTLS_TARBALL=/path/to/" + tarball,
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
	if r := c.run("vendor"); r.stderr != "" || r.stdout != c.path(thirdParty+"/src")+"\n" {
		t.Errorf("the second run says %q and %q", r.stdout, r.stderr)
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
	if _, err := os.Stat("/usr/share/keyrings/debian-archive-keyring.gpg"); err != nil {
		t.Skip("this machine is no Debian")
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
	c.env["HTTPS_PROXY"] = "http://127.0.0.1:1"

	c.env["DEBIAN_TARBALL"] = c.path("go.mod")
	c.write(mine, "mine")
	c.fails(1, []string{"vendor"},
		"in forky (E: The repository does not have a Release file.)", "in sid (wrong SHA-256 ")
	c.isUntouched()

	c.env["DEBIAN_TARBALL"] = upstream
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
		unpacked += strings.Count(r.stderr, "is in third_party")
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
	cmd := c.command("./build.sh", "vendor")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	half := func() bool {
		made, _ := filepath.Glob(c.path(thirdParty + "/.tmp.*/tree/include"))
		return len(made) == 1
	}
	for !half() {
		select {
		case err := <-ended:
			t.Fatalf("the run was not seen in the middle: %v", err)
		case <-time.After(time.Millisecond):
		}
	}
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the run was not killed")
	}
	if text, err := os.ReadFile(c.path(mine)); err != nil || string(text) != "mine" {
		t.Errorf("the tree that was there has changed: %q, %v", text, err)
	}
	c.ok("vendor")
	c.isVendored()
}
