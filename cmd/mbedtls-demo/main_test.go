package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
)

func runDemo(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs strings.Builder
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestEveryRowMovesItsBytes(t *testing.T) {
	code, stdout, stderr := runDemo(t, "-v")
	if code != 0 || stderr != "" {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	table, _, _ := strings.Cut(stdout, "\n\n")
	lines := strings.Split(table, "\n")
	if len(lines) != 1+len(rows()) {
		t.Errorf("%d lines, want a heading and %d rows\n%s", len(lines), len(rows()), table)
	}
	for _, line := range lines[1:] {
		if !strings.Contains(line, " ok      1048576 ") {
			t.Errorf("not verified, or not 1 MiB: %s", line)
		}
	}
}

func TestRunChoosesRows(t *testing.T) {
	code, stdout, _ := runDemo(t, "-run", "package mbedtls.*1.3", "-size", "100000")
	if code != 0 || strings.Count(stdout, "\n") != 2 || !strings.Contains(stdout, " 100000 ") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
}

func TestFailedRowIsExplainedAndFailsTheProgram(t *testing.T) {
	t.Setenv("GOMBEDTLS_PROGRAMS", t.TempDir())
	code, stdout, _ := runDemo(t, "-run", "ssl_server2.*1.3|package.*1.3")
	for _, want := range []string{"FAILED", "ssl_server2 client TLS 1.3 failed: ssl_server2 is missing: run ./build.sh test", "1 of 2 rows failed"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
}

func TestWrongUsageIsOneLine(t *testing.T) {
	for _, args := range [][]string{{"-run", "("}, {"-run", "nothing like it"}, {"-size", "0"}, {"extra"}} {
		code, stdout, stderr := runDemo(t, args...)
		if code != 2 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%q: exit code %d, %q, %q", args, code, stdout, stderr)
		}
	}
}

// A peer that never speaks is what an interrupt must get the demonstration away from.
func TestInterruptEndsARow(t *testing.T) {
	e, err := newEnvironment(t.TempDir(), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	ctx, cancel := context.WithCancel(t.Context())
	silent := peers.OpenSSL
	silent.Client = func(ctx context.Context, _ string, _ peers.Options) (*peers.Peer, error) {
		p, err := peers.Start(ctx, "cat", "cat")
		time.AfterFunc(10*time.Millisecond, cancel)
		return &peers.Peer{Process: p}, err
	}
	if r := withClient(silent)(ctx, e, 0); r.err == nil || errors.Is(r.err, context.DeadlineExceeded) {
		t.Errorf("got %v", r.err)
	}
}
