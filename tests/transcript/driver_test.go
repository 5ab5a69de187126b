package transcript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/cdriver"
)

// errForeign says that what the compiler makes does not run here.
var errForeign = errors.New("the C driver is for another machine: only the golden file is compared")

// runDriver gives the transcripts of sessions by name.
func runDriver(ctx context.Context, program string, sessions []*session) (map[string][]string, error) {
	var in, stderr bytes.Buffer
	for _, s := range sessions {
		in.WriteString(s.script())
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if errors.Is(err, syscall.ENOEXEC) {
		return nil, errForeign
	}
	transcripts := map[string][]string{}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if want := fmt.Sprintf("driver %s %s", cbridge.Release, cbridge.Profile); lines[0] != want {
		return nil, fmt.Errorf("the driver says %q, not %q: %w\n%s", lines[0], want, err, stderr.String())
	}
	name := ""
	for _, l := range lines[1:] {
		if rest, ok := strings.CutPrefix(l, "session "); ok {
			name = rest
		}
		transcripts[name] = append(transcripts[name], l)
	}
	if err != nil {
		return transcripts, fmt.Errorf("the driver ended in session %s: %w\n%s\n%s", name, err, lines[len(lines)-1], stderr.String())
	}
	return transcripts, nil
}

// driven are the driver's transcripts of the sessions.
func driven(t *testing.T, sessions []*session) map[string][]string {
	program := filepath.Join(t.TempDir(), "driver")
	err := cdriver.Compile(t.Context(), "../..", "driver", program, "-O1")
	if err == cdriver.ErrNoCompiler {
		t.Skipf("%v: only the golden file is compared", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	transcripts, err := runDriver(t.Context(), program, sessions)
	if errors.Is(err, errForeign) {
		t.Skip(err)
	}
	if err != nil {
		t.Error(err)
	}
	return transcripts
}
