package build

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const builds = thirdParty + "/build"

// smallProfile compiles in a few seconds, as most files are empty with it.
const smallProfile = "start empty\nset MBEDTLS_SHA256_C\nset MBEDTLS_VERSION_C\n"

func compiles(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles C")
	}
}

func newSmallCheckout(t *testing.T) *checkout {
	compiles(t)
	c := newCheckout(t)
	c.useTarball()
	c.write("config/profiles/small", smallProfile)
	return c
}

// built lists the builds and the link that selects one.
func (c *checkout) built() (folders []string, selected string) {
	c.Helper()
	folder := regexp.MustCompile(`^linux-[a-z0-9]+-[0-9a-f]{12}$`)
	link := regexp.MustCompile(`^linux-[a-z0-9]+$`)
	for _, name := range c.names(builds) {
		switch {
		case folder.MatchString(name):
			folders = append(folders, name)
		case link.MatchString(name):
			to, err := os.Readlink(c.path(builds + "/" + name))
			if err != nil {
				c.Error(err)
			}
			selected = to
		case name != ".lock":
			c.Errorf("%s holds %s", builds, name)
		}
	}
	return folders, selected
}

// times are the modification times of everything below a folder.
func (c *checkout) times(folder string) map[string]time.Time {
	c.Helper()
	times := map[string]time.Time{}
	err := filepath.WalkDir(c.path(folder), func(path string, d os.DirEntry, err error) error {
		if err == nil {
			info, e := d.Info()
			times[path], err = info.ModTime(), e
		}
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return times
}

func TestLib(t *testing.T) {
	c := newSmallCheckout(t)
	c.ok("lib", "--profile", "small")
	folders, selected := c.built()
	if len(folders) != 1 || selected != folders[0] {
		t.Fatalf("built %v, selected %q", folders, selected)
	}
	first := folders[0]
	for _, name := range []string{
		"include/mbedtls/mbedtls_config.h", "include/mbedtls/ssl.h", "include/psa/crypto.h", "include/everest/everest.h",
		"include/gombedtls/gombedtls_build.h", "include/gombedtls/gombedtls_internal.h", "include/gombedtls/ssl_misc.h",
		"lib/libmbedtls.a", "lib/libmbedx509.a", "lib/libmbedcrypto.a", "lib/pkgconfig/mbedtls.pc",
	} {
		if _, err := os.Stat(c.path(builds + "/" + first + "/" + name)); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(c.path(thirdParty + "/src/library/*.[oa]")); len(left) > 0 {
		t.Errorf("the tree is not as upstream made it: %v", left)
	}

	t.Run("again", func(t *testing.T) {
		for _, name := range []string{"apt-get", "apt-cache", "make"} {
			c.stub(name, "exit 1\n")
			defer os.Remove(filepath.Join(c.stubs, name))
		}
		c.env["HTTPS_PROXY"] = "http://127.0.0.1:1"
		defer delete(c.env, "HTTPS_PROXY")
		before := c.times(thirdParty)
		if r := c.run("lib", "--profile", "small"); r.stderr != "" || r.stdout != c.path(builds+"/"+first)+"\n" {
			t.Errorf("the second run says %q and %q", r.stdout, r.stderr)
		}
		after := c.times(thirdParty)
		for path, when := range before {
			if !after[path].Equal(when) {
				t.Errorf("the second run has touched %s", path)
			}
		}
		if len(after) != len(before) {
			t.Errorf("the second run has made %d files", len(after)-len(before))
		}
	})

	t.Run("other flag, not selected", func(t *testing.T) {
		c.env["MBEDTLS_CFLAGS"] = "-DANYTHING"
		defer delete(c.env, "MBEDTLS_CFLAGS")
		header := c.times("cbridge")
		out := strings.Split(strings.TrimSpace(c.ok("lib", "--profile", "small", "--no-select")), "\n")
		folders, selected := c.built()
		if len(folders) != 2 || selected != first {
			t.Errorf("built %v, selected %q", folders, selected)
		}
		second := folders[1-slices.Index(folders, first)]
		if len(out) != 1 || out[0] != c.path(builds+"/"+second) {
			t.Errorf("printed %q, want %s", out, second)
		}
		for path, when := range c.times("cbridge") {
			if !header[path].Equal(when) {
				t.Errorf("%s has changed", path)
			}
		}
		c.ok("lib", "--profile", "small")
		if _, selected := c.built(); selected != second {
			t.Errorf("selected %s, want %s", selected, second)
		}
	})

	t.Run("other profile of the same name", func(t *testing.T) {
		c.write("config/profiles/small", smallProfile+"set MBEDTLS_SHA512_C\n")
		c.ok("lib", "--profile", "small")
		if folders, selected := c.built(); len(folders) != 3 || selected == first {
			t.Errorf("built %v, selected %q", folders, selected)
		}
	})

	t.Run("back", func(t *testing.T) {
		c.write("config/profiles/small", smallProfile)
		c.stub("make", "exit 1\n")
		defer os.Remove(filepath.Join(c.stubs, "make"))
		c.ok("lib", "--profile", "small")
		text, err := os.ReadFile(c.path("cbridge/selected_build.h"))
		if _, selected := c.built(); selected != first || !strings.Contains(string(text), `"`+first+`"`) {
			t.Errorf("selected %q: %s, %v", selected, text, err)
		}
	})

	t.Run("clean", func(t *testing.T) {
		c.ok("clean")
		for _, name := range []string{builds, "cbridge/selected_build.h"} {
			if _, err := os.Lstat(c.path(name)); err == nil {
				t.Errorf("%s is still there", name)
			}
		}
		c.isVendored()
		c.ok("clean", "--all")
		if got := c.names(thirdParty); !slices.Equal(got, []string{"pin.go", "sources.txt"}) {
			t.Errorf("left: %v", got)
		}
	})
}

func TestLibRefuses(t *testing.T) {
	c := newSmallCheckout(t)
	c.ok("vendor")
	c.fails(1, []string{"lib", "--profile", "none-such"}, "unknown profile none-such", "iot-dtls")
	c.env["CC"] = "none-such-gcc"
	c.fails(1, []string{"lib"}, "install none-such-gcc")
	delete(c.env, "CC")
	c.env["MBEDTLS_CFLAGS"] = "-include as-wished.h"
	c.fails(1, []string{"lib", "--profile", "small"}, "archives failed", "as-wished.h")
	if folders, selected := c.built(); len(folders) != 0 || selected != "" {
		t.Errorf("built %v, selected %q", folders, selected)
	}
}

func TestLibKilled(t *testing.T) {
	c := newSmallCheckout(t)
	c.ok("vendor")
	c.killDuring("make", `[[ $1 == -n ]] && exec "$real" "$@"; "$real" "$@" aes.o`, "lib", "--profile", "small")
	if left, _ := filepath.Glob(c.path(builds + "/linux-*")); len(left) != 0 {
		t.Errorf("half a build: %v", left)
	}
	c.ok("lib", "--profile", "small")
	if folders, selected := c.built(); len(folders) != 1 || selected != folders[0] {
		t.Errorf("built %v, selected %q", folders, selected)
	}
}

// TestRelink changes a flag and no header: Go must still link the new archives.
func TestRelink(t *testing.T) {
	compiles(t)
	c := newCheckout(t)
	c.useTarball()
	// What binds Go to a build, and nothing of what it binds: that takes a minute to compile.
	for _, name := range []string{"cgo.go", "release.h", "build_key.c"} {
		c.copyIn("cbridge/" + name)
	}
	c.write("cbridge/version.c", "#include \"release.h\"\n#include <mbedtls/version.h>\n\n"+
		"unsigned gm_version(void);\nunsigned gm_version(void) { return mbedtls_version_get_number(); }\n")
	c.write("cmd/x/main.go", "package main\n\nimport _ \"github.com/gombedtls/gombedtls/cbridge\"\n\nfunc main() {}\n")
	// The flags of the surrounding run must not reach this one.
	c.env["GOFLAGS"], c.env["CGO_CFLAGS"], c.env["CGO_LDFLAGS"] = "", "", ""
	var programs [2][]byte
	for i, flag := range []string{"-O1", "-O0"} {
		c.env["MBEDTLS_CFLAGS"] = flag
		c.ok("lib")
		if r := c.wait(c.command("go", "build", "-o", "x", "./cmd/x")); r.code != 0 {
			t.Fatal(r.stderr)
		}
		var err error
		if programs[i], err = os.ReadFile(c.path("x")); err != nil {
			t.Fatal(err)
		}
		_, selected := c.built()
		if _, key, _ := strings.Cut(selected[len("linux-"):], "-"); !bytes.Contains(programs[i], []byte(key)) {
			t.Errorf("%s: the program is not from build %s", flag, selected)
		}
	}
}
