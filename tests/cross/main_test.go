// Package cross tests what is built for other targets than this machine: which instructions it uses, and what it needs of
// the system that it runs on. The tests of all other packages can run on a target as well: see ./build.sh help.
package cross

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/mbedbuild"
	pin "github.com/gombedtls/gombedtls/third_party/mbedtls"
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

// build builds the archives of a target, unless they are there.
func build(t *testing.T, name string) *mbedbuild.Build {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles C")
	}
	target, err := mbedbuild.FindTarget(name)
	if err != nil {
		t.Fatal(err)
	}
	release, err := pin.Find("")
	if err != nil {
		t.Fatal(err)
	}
	home, err := mbedbuild.CloneHome("../..", mbedbuild.NewProgress(t.Output()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := home.Build(t.Context(), mbedbuild.Options{Release: release, Target: target, Profile: "default"})
	if errors.Is(err, mbedbuild.ErrMissing) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
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
