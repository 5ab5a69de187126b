package upstream

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// The tests of this file are those of the runner of ./build.sh upstream, with the C programs.

// runner builds mbedtls-interop and returns a command that runs a suite against the selected build.
func runner(t *testing.T, out string, args ...string) *exec.Cmd {
	t.Helper()
	// go test keeps a result for as long as the files stay that the test looked at.
	sources, err := filepath.Glob("../../cmd/mbedtls-interop/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range sources {
		if _, err := os.Stat(file); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(t.TempDir(), "mbedtls-interop")
	if text, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../cmd/mbedtls-interop").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	build := "../../third_party/mbedtls/build/" + runtime.GOOS + "-" + runtime.GOARCH
	if bin := os.Getenv("GOMBEDTLS_PROGRAMS"); bin != "" {
		build = filepath.Dir(bin)
	}
	return exec.CommandContext(t.Context(), program, append(args, "--root", "../..", "--profile", "default",
		"--source", "../../third_party/mbedtls/src", "--build", build, "--out", out)...)
}

func lastLine(text []byte) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1]
}

// kept is what the tests read of a result's file.
type kept struct {
	Results []struct {
		Name, Outcome string
		Seconds       float64
		Logs          []string
		Repeat        *struct{ Outcome string }
	}
}

func readResult(t *testing.T, file string) kept {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var k kept
	if err := json.Unmarshal(data, &k); err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRunWithTheCPrograms(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	text, err := runner(t, out, "ssl-opt", "--programs", "c", "-f", "Default, ").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	if diff := cmp.Diff("ssl-opt: 2 passed, 0 failed, 0 skipped", lastLine(text)); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
	var names []string
	for _, r := range readResult(t, filepath.Join(out, "ssl-opt-c-default-filtered.json")).Results {
		names = append(names, r.Name)
		if r.Outcome != "PASS" || r.Seconds <= 0 || r.Repeat != nil {
			t.Errorf("%+v", r)
		}
	}
	if diff := cmp.Diff([]string{"Default, TLS 1.2", "Default, DTLS"}, names); diff != "" {
		t.Error(diff)
	}
}

// TestDifferencesAreTold runs a test with a client that does nothing in the place of ssl_client2.
func TestDifferencesAreTold(t *testing.T) {
	t.Parallel()
	out, bin := t.TempDir(), t.TempDir()
	client := "#!/bin/sh\n[ \"$1\" != help_ciphersuites ] || echo TLS-PSK-WITH-NULL-SHA\necho 'I do nothing'\n"
	if err := os.WriteFile(filepath.Join(bin, "ssl_client2"), []byte(client), 0o777); err != nil {
		t.Fatal(err)
	}
	text, err := runner(t, out, "ssl-opt", "--programs", "go-client", "--bin", bin, "-f", "DTLS client auth: required").CombinedOutput()
	if err == nil {
		t.Error("a difference is no failure")
	}
	want := "ssl-opt: 0 passed, 1 failed, 0 skipped; C: 1 passed, 0 failed, 0 skipped; differing: 1"
	if diff := cmp.Diff(want, lastLine(text)); diff != "" {
		t.Errorf("%s\n%s", diff, text)
	}
	result := readResult(t, filepath.Join(out, "ssl-opt-go-client-default-filtered.json")).Results[0]
	if result.Outcome != "FAIL" || result.Repeat == nil || result.Repeat.Outcome != "FAIL" {
		t.Errorf("%+v", result)
	}
	if !bytes.Contains(text, []byte("pattern 'Verifying peer X.509 certificate... ok' MUST be present")) {
		t.Errorf("no reason in\n%s", text)
	}
	if len(result.Logs) != 3 {
		t.Fatalf("logs: %v", result.Logs)
	}
	if log, err := os.ReadFile(result.Logs[1]); err != nil || !bytes.Contains(log, []byte("I do nothing")) {
		t.Errorf("%s holds %q, %v", result.Logs[1], log, err)
	}
}

func TestNothingSelected(t *testing.T) {
	t.Parallel()
	text, err := runner(t, t.TempDir(), "ssl-opt", "--programs", "c", "-f", "no such test").CombinedOutput()
	if want := "no test of ssl-opt.sh is selected"; err == nil || !strings.Contains(lastLine(text), want) {
		t.Errorf("%v: %s", err, text)
	}
}

// TestInterrupted interrupts a run when a program of it is up: all that it started must end.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	cmd := runner(t, out, "ssl-opt", "--programs", "c", "-f", "ALPN")
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	await(t, "a server", func() bool { return slices.Contains(inside(out), "ssl_server2") })
	if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v\n%s", err, &text)
	}
	await(t, "the end of all", func() bool { return len(inside(out)) == 0 })
	if left, err := filepath.Glob(filepath.Join(out, "*/logs/.tree*")); err != nil || left != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !is(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("no sign of %s", what)
		}
	}
}

// inside are the programs that run in a folder.
func inside(folder string) []string {
	var names []string
	links, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range links {
		if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, folder) {
			exe, _ := os.Readlink(filepath.Join(filepath.Dir(link), "exe"))
			names = append(names, filepath.Base(exe))
		}
	}
	return names
}
