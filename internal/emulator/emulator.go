// Package emulator is for tests of another target than this machine's: it puts the emulator before programs of the target
// that tests start. What runs on this machine, such as a peer, is started as always.
package emulator

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// Variable is the environment variable that names the emulator of the tests, with its arguments, in the words that go test
// -exec has: "qemu-arm-static -L /usr/arm-linux-gnueabihf". Without it, programs of the target run as they are.
const Variable = "GOMBEDTLS_EXEC"

// On reports whether the tests run under an emulator.
func On() bool { return len(words()) > 0 }

func words() []string { return strings.Fields(os.Getenv(Variable)) }

// CommandLine is what starts a program of the target.
func CommandLine(program string, args ...string) []string {
	return slices.Concat(words(), []string{program}, args)
}

// Command is [exec.Command] for a program of the target.
func Command(program string, args ...string) *exec.Cmd {
	return CommandContext(context.Background(), program, args...)
}

// CommandContext is [exec.CommandContext] for a program of the target.
func CommandContext(ctx context.Context, program string, args ...string) *exec.Cmd {
	line := CommandLine(program, args...)
	return exec.CommandContext(ctx, line[0], line[1:]...)
}

// Patience is how long a test waits for what takes at most d without an emulator.
func Patience(d time.Duration) time.Duration {
	if On() {
		return 5 * d
	}
	return d
}

// Skip skips a test that an emulator cannot do, and says why. Without an emulator, it does nothing.
func Skip(t interface {
	Helper()
	Skipf(format string, args ...any)
}, reason string) {
	t.Helper()
	if On() {
		t.Skipf("under %s: %s", words()[0], reason)
	}
}
