package interop_test

import (
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/peers"
)

// Upstream's own program, of the same build, prints the same, and finds the same undefined.
func TestQueryConfigIsThatOfUpstream(t *testing.T) {
	program, err := peers.MbedTLSProgram("query_compile_time_config")
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(program, "-l").Output()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, name := range cbridge.Configs() {
		expansion, _ := cbridge.QueryConfig(name)
		if expansion != "" {
			expansion = "=" + expansion
		}
		lines = append(lines, name+expansion)
	}
	upstream := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if strconv.IntSize == 32 { // the program may be this machine's, and print a time of 64 bits in another way
		time := func(line string) bool { return strings.HasPrefix(line, "MBEDTLS_PRINTF_MS_TIME=") }
		upstream, lines = slices.DeleteFunc(upstream, time), slices.DeleteFunc(lines, time)
	}
	if diff := cmp.Diff(upstream, lines); diff != "" {
		t.Errorf("(-upstream +ours):\n%s", diff)
	}
	for _, name := range []string{"MBEDTLS_SSL_TLS_C", "MBEDTLS_SSL_IN_CONTENT_LEN", "MBEDTLS_NO_PLATFORM_ENTROPY", "NO_SUCH_OPTION"} {
		expansion, defined := cbridge.QueryConfig(name)
		out, err := exec.Command(program, name).Output()
		if defined != (err == nil) || strings.TrimSuffix(string(out), "\n") != expansion {
			t.Errorf("%s: %q, %t; upstream: %q, %v", name, expansion, defined, out, err)
		}
	}
}
