package consumertest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	modules "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// files are those of the repository, not committed ones included, and nothing that was built.
func files(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skipf("which files are the repository's is not known: git: %v", err)
	}
	var names []string
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if _, err := os.Stat(filepath.Join(root, name)); err == nil { // deleted, but git still has it
			names = append(names, name)
		}
	}
	return names
}

// newClone copies the repository.
func newClone(t *testing.T) *module {
	t.Helper()
	c := &module{T: t, dir: t.TempDir(), env: map[string]string{
		"GOWORK": "off", "GOSUMDB": "off", "GOPROXY": moduleCache(t), "MBEDTLS_TARBALL": theTarball(t),
	}}
	for _, name := range files(t) {
		info, err := os.Stat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		c.write(name, read(t, filepath.Join(root, name)))
		if err := os.Chmod(c.path(name), info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func theTarball(t *testing.T) string {
	t.Helper()
	if _, err := os.Stat(tarball); err != nil {
		t.Skipf("%v: run ./build.sh vendor", err)
	}
	return absolute(t, tarball)
}

// A file of the repository, as package zip wants it.
type file string

func (f file) Path() string                 { return string(f) }
func (f file) Lstat() (os.FileInfo, error)  { return os.Lstat(filepath.Join(root, string(f))) }
func (f file) Open() (io.ReadCloser, error) { return os.Open(filepath.Join(root, string(f))) }

const version = "v0.0.1"

// newProxy is the address of a tree of files that serves this repository, as it is now, as a version of the module.
func newProxy(t *testing.T) string {
	t.Helper()
	tree := &module{T: t, dir: t.TempDir()}
	var list []zip.File
	for _, name := range files(t) {
		list = append(list, file(name))
	}
	var b bytes.Buffer
	if err := zip.Create(&b, modules.Version{Path: binding, Version: version}, list); err != nil {
		t.Fatal(err)
	}
	at := binding + "/@v/"
	tree.write(at+"list", version+"\n")
	tree.write(at+version+".info", `{"Version": "`+version+`"}`)
	tree.write(at+version+".mod", read(t, root+"/go.mod"))
	tree.write(at+version+".zip", b.String())
	return "file://" + tree.dir
}

// newCached makes a consumer whose binding is in a module cache of its own, which nobody can write to, and whose user has
// a cache of their own.
func newCached(t *testing.T) *module {
	t.Helper()
	c := newConsumer(t)
	c.env["GOPROXY"] = newProxy(t) + "," + c.env["GOPROXY"]
	c.env["GOMODCACHE"] = t.TempDir()
	c.env["GOCACHE"] = strings.TrimSpace(c.ok("go", "env", "GOCACHE")) // or it would be below the next
	c.env["XDG_CACHE_HOME"] = t.TempDir()
	c.env["MBEDTLS_TARBALL"] = theTarball(t)
	t.Cleanup(func() { c.ok("go", "clean", "-modcache") }) // or it cannot be removed
	return c
}

// mbedtlsBuild runs the command as those do who have no clone.
func (c *module) mbedtlsBuild(args ...string) string {
	c.Helper()
	return c.ok("go", append([]string{"run", binding + "/cmd/mbedtls-build@" + version}, args...)...)
}
