package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/internal/emulator"
)

func TestWrongUsageIsExitCodeTwo(t *testing.T) {
	for _, test := range []struct{ args, want string }{
		{"", "usage: mbedtls-build vendor|lib|env|install|targets"},
		{"frobnicate", "unknown verb frobnicate"},
		{"lib --frobnicate", "lib: flag provided but not defined: -frobnicate"},
		{"lib --prefix /x", "lib: flag provided but not defined: -prefix"},
		{"lib here", `lib: unexpected argument "here"`},
		{"lib --select", "--select needs --clone"},
		{"lib --programs=bin", "--programs needs --clone"},
		{"lib --clone . --programs=bin,more", `--programs: there is no set "more"`},
		{"env --system --flags", "--flags and --system exclude each other"},
		{"env --target", "flag needs an argument: -target"},
		{"install", "--prefix is needed"},
	} {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), strings.Fields(test.args), &stdout, &stderr)
		if code != 2 || !strings.Contains(stderr.String(), test.want) || strings.Count(stderr.String(), "\n") != 1 || stdout.Len() > 0 {
			t.Errorf("%q: exit %d, %q, %q; want %q", test.args, code, stdout.String(), stderr.String(), test.want)
		}
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	for args, want := range map[string]string{"help": "usage: ", "--help": "usage: ", "env -h": "-system"} {
		var all bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), &all, &all); code != 0 || !strings.Contains(all.String(), want) {
			t.Errorf("%q: exit %d, %q", args, code, &all)
		}
	}
}

func TestUnknownNamesAreErrorsThatListTheKnown(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	for args, want := range map[string]string{
		"env --target linux/vax":   "unknown target linux/vax: there are linux/amd64, ",
		"vendor --release 1.2.3":   "unknown Mbed TLS release 1.2.3: third_party/mbedtls/sources.txt has 3.6.7 ",
		"env --system --release 9": "unknown Mbed TLS release 9",
	} {
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), &stdout, &stderr); code != 1 || !strings.Contains(stderr.String(), want) {
			t.Errorf("%q: exit %d, %q", args, code, stderr.String())
		}
	}
}

// What env prints is for a shell, whatever is in it.
func TestEnvIsForAShell(t *testing.T) {
	emulator.Skip(t, "this machine's compiler is no native one")
	t.Setenv("CC", "")
	t.Setenv("GOARCH", "")
	clone := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(clone, "third_party/mbedtls/src")); err != nil {
		t.Fatal("run ./build.sh lib")
	}
	t.Setenv("GOFLAGS", `'-ldflags=-X main.x="1 2"'`)
	file := filepath.Join(t.TempDir(), "env")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"env", "--flags", "--clone", clone, "-o", file}, &stdout, &stderr); code != 0 || stdout.Len() > 0 {
		t.Fatalf("exit %d, %q, %s", code, stdout.String(), &stderr)
	}
	out, err := exec.Command("sh", "-c", `. "$1"; echo "$GOFLAGS"; echo "$CGO_LDFLAGS"`, "sh", file).CombinedOutput()
	lines := strings.Split(string(out), "\n")
	if err != nil || lines[0] != `'-ldflags=-X main.x="1 2"'` || !strings.HasPrefix(lines[1], "-L/") {
		t.Errorf("%q, %v", out, err)
	}
}
