package consumertest

import (
	"strings"
	"testing"
)

// A change of the profile, and of the archives alone, is in the next build, which is not told of it.
func TestCloneWithReplace(t *testing.T) {
	clone := newClone(t)
	c := newConsumer(t)
	c.replace(clone.dir)
	c.refuses([]string{"Mbed TLS is not built yet", "./build.sh lib", "cmd/mbedtls-build@VERSION env"}, "go", "build", ".")

	clone.ok("./build.sh", "lib", "--profile", "tls13")
	c.builds(nil, ofBuild+"tls13", tls13, clock, noDTLS)

	clone.ok("./build.sh", "lib", "--profile", "iot-dtls")
	c.builds(nil, ofBuild+"iot-dtls", dtls12)

	if *sample {
		return
	}
	clone.env["MBEDTLS_CFLAGS"] = "-O1"
	folder := strings.TrimSpace(clone.ok("./build.sh", "lib", "--profile", "iot-dtls"))
	c.builds(nil, ofBuild+"iot-dtls", dtls12)
	key := folder[strings.LastIndexByte(folder, '-')+1:]
	if !strings.Contains(read(t, c.path("consumer")), key) {
		t.Errorf("the program has not got the archives of %s", folder)
	}
}
