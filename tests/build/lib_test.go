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

// smallConfig compiles in a few seconds, as most files are empty with it.
const smallConfig = "#define MBEDTLS_SHA256_C\n#define MBEDTLS_VERSION_C\n"

func compiles(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles C")
	}
}

func newSmallCheckout(t *testing.T) *checkout {
	compiles(t)
	c := newCheckout(t)
	c.useTarball()
	c.write("config/mbedtls_config.h", smallConfig)
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
		case name != ".lock" && name != ".headers":
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
	c.ok("lib")
	folders, selected := c.built()
	if len(folders) != 1 || selected != folders[0] {
		t.Fatalf("built %v, selected %q", folders, selected)
	}
	first := folders[0]
	for _, name := range []string{
		"include/gombedtls_config.h", "include/gombedtls_build.h", "include/mbedtls/ssl.h", "include/psa/crypto.h",
		"lib/libmbedtls.a", "lib/libmbedx509.a", "lib/libmbedcrypto.a",
	} {
		if _, err := os.Stat(c.path(builds + "/" + first + "/" + name)); err != nil {
			t.Error(err)
		}
	}
	if left, _ := filepath.Glob(c.path(thirdParty + "/src/library/*.[oa]")); len(left) > 0 {
		t.Errorf("the tree is not as upstream made it: %v", left)
	}

	t.Run("again", func(t *testing.T) {
		for _, name := range []string{"go", "apt-get", "apt-cache", "curl", "make", "tar"} {
			c.stub(name, "exit 1\n")
			defer os.Remove(filepath.Join(c.stubs, name))
		}
		before := c.times(".")
		if out := c.ok("lib"); out != "" {
			t.Errorf("the second run says %q", out)
		}
		after := c.times(".")
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
		out := strings.Split(strings.TrimSpace(c.ok("lib", "--no-select", "--print")), "\n")
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
		c.ok("lib")
		if _, selected := c.built(); selected != second {
			t.Errorf("selected %s, want %s", selected, second)
		}
	})

	t.Run("other header", func(t *testing.T) {
		c.write("config/mbedtls_config.h", smallConfig+"#define MBEDTLS_SHA512_C\n")
		c.ok("lib")
		if folders, selected := c.built(); len(folders) != 3 || selected == first {
			t.Errorf("built %v, selected %q", folders, selected)
		}
	})

	t.Run("back", func(t *testing.T) {
		c.write("config/mbedtls_config.h", smallConfig)
		c.stub("make", "exit 1\n")
		defer os.Remove(filepath.Join(c.stubs, "make"))
		c.ok("lib")
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
		if got := c.names(thirdParty); !slices.Equal(got, []string{"sources.txt"}) {
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
	c.write("config/mbedtls_config.h", "#error \"as wished\"\n")
	c.fails(1, []string{"lib"}, "as wished")
	if folders, selected := c.built(); len(folders) != 0 || selected != "" {
		t.Errorf("built %v, selected %q", folders, selected)
	}
}

func TestLibKilled(t *testing.T) {
	c := newSmallCheckout(t)
	c.ok("vendor")
	c.killDuring("make", `"$real" "$@" aes.o`, "lib")
	if left, _ := filepath.Glob(c.path(builds + "/linux-*")); len(left) != 0 {
		t.Errorf("half a build: %v", left)
	}
	c.ok("lib")
	if folders, selected := c.built(); len(folders) != 1 || selected != folders[0] {
		t.Errorf("built %v, selected %q", folders, selected)
	}
}

// TestRelink changes a flag and no header: Go must still link the new archives.
func TestRelink(t *testing.T) {
	compiles(t)
	c := newCheckout(t)
	c.useTarball()
	c.copyIn("cbridge")
	os.Remove(c.path("cbridge/selected_build.h"))
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
