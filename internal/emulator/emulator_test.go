package emulator

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestEmulatorGoesBeforeTheProgram(t *testing.T) {
	for variable, want := range map[string][]string{
		"":                               {"./program", "-a", "b c"},
		"qemu-arm-static -L  /usr/arm  ": {"qemu-arm-static", "-L", "/usr/arm", "./program", "-a", "b c"},
	} {
		t.Setenv(Variable, variable)
		if diff := cmp.Diff(want, CommandLine("./program", "-a", "b c")); diff != "" {
			t.Errorf("%s=%q: (-want +got)\n%s", Variable, variable, diff)
		}
		if diff := cmp.Diff(want, Command("./program", "-a", "b c").Args); diff != "" {
			t.Errorf("%s=%q: Command (-want +got)\n%s", Variable, variable, diff)
		}
		if On() != (variable != "") {
			t.Errorf("%s=%q: On is %t", Variable, variable, On())
		}
	}
}

func TestPatienceIsLongerUnderAnEmulator(t *testing.T) {
	for variable, want := range map[string]time.Duration{"": time.Second, "qemu-arm-static": 5 * time.Second} {
		t.Setenv(Variable, variable)
		if got := Patience(time.Second); got != want {
			t.Errorf("%s=%q: %v, want %v", Variable, variable, got, want)
		}
	}
}

func TestSkipIsForEmulatorsAlone(t *testing.T) {
	for _, variable := range []string{"", "qemu-arm-static"} {
		t.Setenv(Variable, variable)
		var s skipped
		Skip(&s, "there is no reason")
		if bool(s) != (variable != "") {
			t.Errorf("%s=%q: skipped: %t", Variable, variable, s)
		}
	}
}

type skipped bool

func (*skipped) Helper()                {}
func (s *skipped) Skipf(string, ...any) { *s = true }
