package consumertest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/internal/mbedbuild"
)

// debianVariable turns on the test that needs root, and some minutes.
const debianVariable = "GOMBEDTLS_DEBIAN"

// debianPackages are what a user of Debian's Mbed TLS has.
const debianPackages = "gcc,libc6-dev,pkgconf,libmbedtls-dev"

// debianRoot is an archive with a root of Debian trixie, which is made once.
func debianRoot(t *testing.T) string {
	t.Helper()
	folder := absolute(t, root+"/build/debian")
	archive := filepath.Join(folder, "trixie.tar")
	if _, err := os.Stat(archive); err == nil {
		return archive
	}
	mirrors, keyring, err := mbedbuild.DebianMirrors()
	if err != nil {
		t.Fatal(err)
	}
	host := &module{T: t, dir: t.TempDir(), env: map[string]string{}}
	t.Logf("a root of Debian trixie is made, once")
	host.ok("unshare", "--mount", "--pid", "--fork", "--kill-child", "debootstrap", "--variant=minbase", "--keyring="+keyring, "--include="+debianPackages, "trixie", host.path("root"), mirrors[0])
	host.ok("tar", "-C", host.path("root"), "-cf", host.path("tar"), ".")
	host.ok("mkdir", "-p", folder)
	host.ok("mv", host.path("tar"), archive)
	return archive
}

// inside is what runs in a mount namespace of its own, so that nothing stays mounted, and in a network of its own, whose
// only interface is loopback. Its arguments are the root, and pairs of a folder and where it is mounted.
const inside = `set -eu
ip link set lo up
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ $# -gt 0 ]; do
	mkdir -p "$root$2"
	mount --bind "$1" "$root$2"
	mount -o remount,bind,ro "$root$2"
	shift 2
done
exec chroot "$root" /usr/bin/env -i PATH=/go/bin:/usr/bin:/bin HOME=/root GOCACHE=/gocache GOTOOLCHAIN=local GOSUMDB=off \
	GOPROXY=file:///proxy,file:///modules GOFLAGS=-mod=mod sh /session
`

// session is what the user does: go build, read its error, do what that says, and build again.
const session = `set -eu
cd /consumer
if go build -tags mbedtls_system . 2>/error; then
	echo "built without the headers of the inside" >&2
	exit 1
fi
grep -q 'no internal headers.*cmd/mbedtls-build@VERSION env --system' /error || { cat /error >&2; exit 1; }
export MBEDTLS_TARBALL=/download/mbedtls-$(pkg-config --modversion mbedtls).tar.bz2
go run ` + binding + `/cmd/mbedtls-build@` + version + ` env --system >/environment
. /environment
go build -o consumer .
./consumer
`

// Debian's libmbedtls-dev has upstream's default configuration, shared libraries beside the archives, and no internal headers.
func TestDebianLibrary(t *testing.T) {
	if os.Getenv(debianVariable) == "" {
		t.Skipf("set %s=1 for it, as root", debianVariable)
	}
	if os.Geteuid() != 0 {
		t.Fatalf("%s is set, which is for root alone", debianVariable)
	}
	for _, tool := range []string{"debootstrap", "unshare", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatal(err)
		}
	}
	c := newConsumer(t)
	c.ok("mkdir", "root")
	c.ok("tar", "-C", "root", "-xf", debianRoot(t))
	folder := func(variable string) string { return strings.TrimSpace(c.ok("go", "env", variable)) }
	installed := c.ok("chroot", "root", "pkg-config", "--modversion", "mbedtls")
	c.ok("go", "-C", absolute(t, root), "run", "./cmd/mbedtls-build", "vendor", "--clone", ".", "--release", strings.TrimSpace(installed))

	c.write("root/session", session)
	c.ok("mkdir", "root/consumer", "root/gocache")
	c.ok("cp", "go.mod", "main.go", "root/consumer")
	got := c.ok("unshare", "--mount", "--net", "--fork", "--kill-child", "sh", "-c", inside, "sh", c.path("root"),
		folder("GOROOT"), "/go", strings.TrimPrefix(newProxy(t), "file://"), "/proxy",
		filepath.Join(folder("GOMODCACHE"), "cache/download"), "/modules",
		absolute(t, filepath.Dir(tarball)), "/download")
	t.Log("\n" + got)
	for _, want := range []string{
		"Mbed TLS " + strings.TrimSpace(installed) + " system\n", tls13, dtls12,
		"TLS with a clock: not built: Config.Time: this build of Mbed TLS (profile system) lacks MBEDTLS_PLATFORM_TIME_ALT",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("without %q", want)
		}
	}
	for _, line := range strings.Split(c.ok("readelf", "-d", "root/consumer/consumer"), "\n") {
		if strings.Contains(line, "(NEEDED)") && strings.Contains(line, "mbed") {
			t.Errorf("the program needs a shared library: %s", line)
		}
	}
}
