package consumertest

import (
	"os"
	"strings"
	"testing"
)

// Without a clone: the binding is in a read-only module cache, and mbedtls-build builds into the user's cache.
func TestModuleCache(t *testing.T) {
	c := newCached(t)
	c.refuses([]string{"Mbed TLS is not built yet", "cmd/mbedtls-build@VERSION env"}, "go", "build", ".")
	folder := strings.TrimSpace(c.ok("go", "list", "-m", "-f", "{{.Dir}}", binding))
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm()&0o222 != 0 {
		t.Fatalf("%s, which must be read-only: %v, %v", folder, info, err)
	}

	flags := c.env["GOFLAGS"]
	c.use(c.mbedtlsBuild("env", "--profile", "tls13"))
	c.builds(nil, ofBuild+"tls13", tls13, clock, noDTLS)

	if *sample {
		return
	}

	// Archives alone: of the same headers, with other flags. This environment is in a file.
	c.env["MBEDTLS_CFLAGS"] = "-O1"
	c.env["GOFLAGS"] = flags
	c.mbedtlsBuild("env", "--profile", "tls13", "-o", c.path("env"))
	c.use(". ./env")
	c.builds(nil, ofBuild+"tls13", tls13)
	_, key, ok := strings.Cut(c.env["CGO_CFLAGS"], "-DGOMBEDTLS_BUILD=")
	if !ok || !strings.Contains(read(t, c.path("consumer")), strings.Fields(key)[0]) {
		t.Errorf("the program has not got the archives that %s names", c.env["CGO_CFLAGS"])
	}
	delete(c.env, "MBEDTLS_CFLAGS")

	// Another profile, in a vendor folder.
	c.ok("go", "mod", "vendor")
	c.env["GOFLAGS"] = flags
	c.use(c.mbedtlsBuild("env", "--profile", "iot-dtls"))
	c.builds([]string{"-mod=vendor"}, ofBuild+"iot-dtls", dtls12)

	// Folders in CGO_CFLAGS and CGO_LDFLAGS.
	delete(c.env, "PKG_CONFIG_PATH")
	delete(c.env, "CGO_CFLAGS")
	c.env["GOFLAGS"] = flags
	c.use(c.mbedtlsBuild("env", "--profile", "tls13", "--flags"))
	c.builds(nil, ofBuild+"tls13", tls13, clock, noDTLS)
}

func TestModuleCacheWithoutPkgConfig(t *testing.T) {
	c := newCached(t)
	c.env["PKG_CONFIG"] = "no-such-pkg-config"
	c.refuses([]string{"mbedtls-build: missing no-such-pkg-config: install"},
		"go", "run", binding+"/cmd/mbedtls-build@"+version, "env", "--profile", "tls13")
}
