// Package cross tests what is built for other targets than this machine: which instructions it uses, and what it needs of
// the system that it runs on. The tests of all other packages can run on a target as well: see ./build.sh help.
package cross

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	nothing := func() {}
	leakcheck.Main(m, nothing, nothing, func() error { return nil })
}

// need skips the test unless all the programs are here.
func need(t *testing.T, programs ...string) {
	t.Helper()
	for _, p := range programs {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is missing", p)
		}
	}
}

// archives builds those of a target, as the environment says, and returns their folder.
func archives(t *testing.T, environment ...string) string {
	t.Helper()
	var said strings.Builder
	cmd := exec.CommandContext(t.Context(), "../../build.sh", "lib", "--no-select", "--print")
	cmd.Env, cmd.Stderr = append(os.Environ(), environment...), &said
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("build.sh lib, %v: %v\n%s", environment, err, &said)
	}
	return strings.TrimSpace(string(out))
}

// run runs a command to its end, and returns what it says.
func run(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", cmd.Args, err, out)
	}
	return string(out)
}
