package consumertest

import (
	"debug/elf"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// install puts a build below a prefix, by build.sh.
func install(t *testing.T, prefix, profile string) string {
	t.Helper()
	c := newConsumer(t)
	c.env["MBEDTLS_TARBALL"] = theTarball(t)
	c.ok(absolute(t, root+"/build.sh"), "install", "--prefix", prefix, "--profile", profile)
	return prefix
}

// useSystem makes the consumer use what is installed at a prefix.
func (c *module) useSystem(prefix string) {
	c.env["PKG_CONFIG_PATH"] = filepath.Join(prefix, "lib/pkgconfig")
	// Go does not see that another prefix, or what is below it, is another library. Without -O2, it takes half the time.
	c.env["CGO_CFLAGS"] = "-DGOMBEDTLS_BUILD=" + regexp.MustCompile(`\W`).ReplaceAllString(prefix, "_")
}

var system = []string{"-tags=mbedtls_system"}

func TestInstalled(t *testing.T) {
	prefix := install(t, t.TempDir(), "default")
	c := newConsumer(t)
	c.replace(absolute(t, root))
	c.useSystem(prefix)

	// A shared library beside the archive is what a linker takes first.
	for _, name := range []string{"mbedtls", "mbedx509", "mbedcrypto"} {
		c.ok("gcc", "-shared", "-x", "c", "/dev/null", "-o", filepath.Join(prefix, "lib/lib"+name+".so"))
	}
	c.builds(system, ofBuild+"default", tls13, clock, dtls12)
	program, err := elf.Open(c.path("consumer"))
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	libraries, err := program.ImportedLibraries()
	if err != nil || len(libraries) == 0 {
		t.Fatalf("libraries %v, %v", libraries, err)
	}
	for _, l := range libraries {
		if strings.Contains(l, "mbed") {
			t.Errorf("the program needs %s when it runs", l)
		}
	}

	// Another one in its place: mbedtls-build tells Go.
	t.Run("replaced", func(t *testing.T) {
		if *sample {
			t.Skip("only a sample is asked for")
		}
		c := newConsumer(t)
		c.replace(absolute(t, root))
		c.env["PKG_CONFIG_PATH"] = filepath.Join(prefix, "lib/pkgconfig")
		for _, want := range [][]string{{ofBuild + "tls13", tls13, noDTLS}, {ofBuild + "iot-dtls", dtls12}} {
			install(t, prefix, strings.TrimPrefix(want[0], ofBuild))
			c.env["GOFLAGS"] = "-mod=mod"
			c.use(c.ok("go", "run", binding+"/cmd/mbedtls-build", "env", "--system"))
			c.builds(nil, want...)
		}
	})

	t.Run("without pkg-config", func(t *testing.T) {
		c := newConsumer(t)
		c.replace(absolute(t, root))
		c.useSystem(prefix)
		c.env["PKG_CONFIG"] = "no-such-pkg-config"
		c.env["CGO_CFLAGS"] += "_again" // or Go has it all in its cache
		c.refuses([]string{"no-such-pkg-config"}, "go", "build", system[0], ".")
	})
}

// copied is a copy of what is installed: the .pc files name no folder.
func copied(t *testing.T, prefix string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(prefix)); err != nil {
		t.Fatal(err)
	}
	return to
}

// substitute changes a file below the prefix.
func substitute(t *testing.T, name, pattern, by string) {
	t.Helper()
	old := read(t, name)
	changed := regexp.MustCompile(pattern).ReplaceAllString(old, by)
	if changed == old {
		t.Fatalf("%s has no %s", name, pattern)
	}
	if err := os.WriteFile(name, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Headers and archives of different builds are an error before either side touches a structure of the other's.
func TestHeadersAndLibraryDiffer(t *testing.T) {
	whole := install(t, t.TempDir(), "default")
	tests := []struct {
		name   string
		change func(t *testing.T, prefix string)
		want   []string
	}{
		{"an option", func(t *testing.T, prefix string) {
			substitute(t, prefix+"/include/mbedtls/mbedtls_config.h", "(?m)^#define MBEDTLS_SSL_ALPN$", "")
		}, []string{"MBEDTLS_SSL_ALPN is on in the library of Mbed TLS, and off in the headers"}},
		{"a length", func(t *testing.T, prefix string) {
			substitute(t, prefix+"/include/mbedtls/mbedtls_config.h", `(?m)^#define MBEDTLS_SSL_ALPN$`,
				"#define MBEDTLS_SSL_ALPN\n#define MBEDTLS_SSL_CID_IN_LEN_MAX 200")
		}, []string{"mbedtls_ssl_context of Mbed TLS 3.6.7 has ", " bytes in the headers and ", " in the library"}},
		{"the release", func(t *testing.T, prefix string) {
			substitute(t, prefix+"/include/mbedtls/build_info.h", `0x03060700`, "0x03060900")
			substitute(t, prefix+"/include/mbedtls/build_info.h", `"3\.6\.7"`, `"3.6.9"`)
			substitute(t, prefix+"/include/gombedtls/gombedtls_internal.h", "0x03060700", "0x03060900")
		}, []string{"compiled with the headers of Mbed TLS 3.6.9, linked with release 3.6.7 (0x03060700)"}},
	}
	if *sample {
		tests = tests[:1]
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			prefix := copied(t, whole)
			test.change(t, prefix)
			c := newConsumer(t)
			c.replace(absolute(t, root))
			c.useSystem(prefix)
			c.ok("go", "build", system[0], "-o", "consumer", ".")
			c.refuses(test.want, "./consumer")
		})
	}
}

// What the bridge cannot be built with is one error of the compiler, which says what is missing and what to do.
func TestHeadersDoNotDo(t *testing.T) {
	whole := install(t, t.TempDir(), "default")
	const config = "include/mbedtls/mbedtls_config.h"
	for _, test := range []struct {
		name, file, pattern, by string
		want                    []string
	}{
		{"no threads", config, "(?m)^#define MBEDTLS_THREADING_(C|PTHREAD)$", "",
			[]string{"without MBEDTLS_THREADING_C", "add it to the configuration"}},
		{"no dates", config, "(?m)^#define MBEDTLS_HAVE_TIME_DATE$", "", []string{"MBEDTLS_HAVE_TIME_DATE", "expired"}},
		{"no release", config, "(?m)^#define MBEDTLS_VERSION_(C|FEATURES)$", "", []string{"without MBEDTLS_VERSION_C"}},
		{"too old", "include/mbedtls/build_info.h", "0x03060700", "0x03060200", []string{"3.6.3 or later"}},
		{"too new", "include/mbedtls/build_info.h", "0x03060700", "0x04000000", []string{"this bridge is for Mbed TLS 3.6"}},
		{"another release inside", "include/gombedtls/gombedtls_internal.h", "0x03060700", "0x03060600",
			[]string{"internal headers are of another release", "env --system"}},
		{"no inside", "lib/pkgconfig/*.pc", " -I[^ \n]*/gombedtls", "",
			[]string{"no internal headers", "mbedtls-build@VERSION env --system"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			prefix := copied(t, whole)
			names, err := filepath.Glob(filepath.Join(prefix, test.file))
			if err != nil || len(names) == 0 {
				t.Fatal(names, err)
			}
			for _, name := range names {
				substitute(t, name, test.pattern, test.by)
			}
			c := newConsumer(t)
			c.replace(absolute(t, root))
			c.useSystem(prefix)
			c.refuses(test.want, "go", "build", system[0], ".")
		})
	}
}

func TestNoCgo(t *testing.T) {
	c := newConsumer(t)
	c.replace(absolute(t, root))
	c.env["CGO_ENABLED"] = "0"
	c.refuses([]string{"needs cgo: set CGO_ENABLED=1", "C compiler", "./build.sh lib", "mbedtls-build"}, "go", "build", ".")
}

// Where there is no build for a target, the first thing that the compiler reads says so.
func TestOtherTargets(t *testing.T) {
	c := newConsumer(t)
	for _, defined := range []string{"-DGOMBEDTLS_NO_BUILD", "-U__linux__"} {
		c.refuses([]string{"no build for this target", "GOOS must be linux", "s390x"},
			"gcc", defined, "-fsyntax-only", "-x", "c", absolute(t, root+"/cbridge/bridge.h"))
	}
}
