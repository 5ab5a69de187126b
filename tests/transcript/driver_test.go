package transcript

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/kballard/go-shellquote"

	"github.com/gombedtls/gombedtls/cbridge"
)

// errForeign says that what the compiler makes does not run here.
var errForeign = errors.New("the C driver is for another machine: only the golden file is compared")

var errNoCompiler = errors.New("there is no C compiler: only the golden file is compared")

// compileDriver builds driver/*.c with the flags that cgo has, and returns the program.
func compileDriver(ctx context.Context, dir string) (string, error) {
	// As Go splits them: what has a space in it is quoted.
	cc, err := shellquote.Split(cmp.Or(os.Getenv("CC"), "gcc"))
	if err != nil {
		return "", fmt.Errorf("CC: %w", err)
	}
	cflags, err := shellquote.Split(os.Getenv("CGO_CFLAGS"))
	if err != nil {
		return "", fmt.Errorf("CGO_CFLAGS: %w", err)
	}
	ldflags, err := shellquote.Split(os.Getenv("CGO_LDFLAGS"))
	if err != nil {
		return "", fmt.Errorf("CGO_LDFLAGS: %w", err)
	}
	tree, err := filepath.Abs("../../third_party/mbedtls")
	if err != nil {
		return "", err
	}
	build := filepath.Join(tree, "build", runtime.GOOS+"-"+runtime.GOARCH)
	sources, err := filepath.Glob("driver/*.c")
	if err != nil {
		return "", err
	}
	program := filepath.Join(dir, "driver")
	args := append(cc[1:], "-O1", "-g", "-std=gnu11", "-Wall", "-Wextra", "-DMBEDTLS_CONFIG_FILE=<gombedtls_config.h>")
	args = append(args, cflags...)
	args = append(args, "-I"+build+"/include", "-I"+tree+"/src/include", "-I"+tree+"/src/library", "-o", program)
	args = append(append(args, sources...), "../../cbridge/platform_time.c")
	args = append(args, ldflags...)
	args = append(args, "-L"+build+"/lib", "-lmbedtls", "-lmbedx509", "-lmbedcrypto", "-lpthread")
	out, err := exec.CommandContext(ctx, cc[0], args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errNoCompiler
	}
	if err != nil {
		return "", fmt.Errorf("the driver cannot be built: %w\n%s", err, out)
	}
	return program, nil
}

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
	program, err := compileDriver(t.Context(), t.TempDir())
	if err == errNoCompiler {
		t.Skip(err)
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
