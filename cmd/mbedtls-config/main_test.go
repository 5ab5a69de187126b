package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// call runs the program as main does.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

// write makes a file in a folder of its own and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		code int
		want string // part of stderr
	}{
		{"help", []string{"--help"}, 0, "-profile"},
		{"unknown flag", []string{"--frobnicate"}, 2, "frobnicate"},
		{"two verbs", []string{"--check", "--list"}, 2, "exclude each other"},
		{"stray argument", []string{"--list", "default"}, 2, `unexpected argument "default"`},
		{"diff of one", []string{"--diff", "default"}, 2, "--diff needs two profiles"},
		{"unknown profile", []string{"--profile", "defalt"}, 1, "open ../../config/profiles/defalt: no such file"},
		{"no tree", []string{"--list", "--source", "/nowhere"}, 1, "run ./build.sh vendor"},
		{"no compiler", []string{"--cc", "no-such-cc"}, 1, "mbedtls-config: no C compiler to check profile default against include/mbedtls/check_config.h: "},
		{"unknown option", []string{"--explain", "MBEDTLS_SSL_EARLY_DATE"}, 1, "nearest: MBEDTLS_SSL_EARLY_DATA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, tt.args...)
			if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("code %d, stdout %q, stderr %q; want code %d, nothing, %q in stderr", code, stdout, stderr, tt.code, tt.want)
			}
			if tt.code == 1 && strings.Count(stderr, "\n") != 1 {
				t.Errorf("stderr is not one line: %q", stderr)
			}
		})
	}
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	committed, err := os.ReadFile("../../config/mbedtls_config.h")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "out.h")
	if code, _, stderr := call(t, "--profile", "default", "-o", path); code != 0 {
		t.Fatalf("code %d: %s", code, stderr)
	}
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), string(written)); diff != "" {
		t.Errorf("generated header (-committed +generated):\n%s", diff)
	}
	code, stdout, stderr := call(t)
	if code != 0 || stdout != string(written) {
		t.Errorf("on stdout: code %d, %s, equal %v", code, stderr, stdout == string(written))
	}

	old := time.Unix(1e9, 0)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	call(t, "--profile", "default", "-o", path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(old) {
		t.Error("a current header was written again")
	}
}

func TestGenerateRefusesConflict(t *testing.T) {
	t.Parallel()
	bad := write(t, "bad", "start default\nset MBEDTLS_THREADING_C\n")
	out := filepath.Join(t.TempDir(), "out.h")
	code, _, stderr := call(t, "--profile", bad, "-o", out)
	if code != 1 || !strings.Contains(stderr, "when defined(MBEDTLS_THREADING_C) && !defined(MBEDTLS_THREADING_IMPL)") {
		t.Errorf("code %d, stderr does not quote the rule: %s", code, stderr)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a header was written all the same")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	if code, stdout, stderr := call(t, "--check"); code != 0 || stdout+stderr != "" {
		t.Errorf("committed header: code %d, %s%s", code, stdout, stderr)
	}

	current, err := os.ReadFile("../../config/mbedtls_config.h")
	if err != nil {
		t.Fatal(err)
	}
	stale := write(t, "stale.h", strings.Replace(string(current), "#define MBEDTLS_GCM_C\n", "", 1))
	code, stdout, stderr := call(t, "--check", "-o", stale)
	if code != 1 || stderr != "" {
		t.Errorf("stale header: code %d, stderr %q", code, stderr)
	}
	for _, line := range []string{"--- " + stale, "+++ profile default", "+#define MBEDTLS_GCM_C", stale + " is stale: run "} {
		if !strings.Contains(stdout, "\n"+line) && !strings.HasPrefix(stdout, line) {
			t.Errorf("no line %q in\n%s", line, stdout)
		}
	}

	if code, _, stderr := call(t, "--check", "-o", filepath.Join(t.TempDir(), "none.h")); code != 1 || stderr == "" {
		t.Errorf("missing header: code %d, stderr %q", code, stderr)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := call(t, "--list", "--profile", "iot-dtls")
	if code != 0 {
		t.Fatal(stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if len(lines) < 300 {
		t.Errorf("%d lines, want one for each option", len(lines))
	}
	got := map[string]string{}
	for _, line := range lines {
		name, rest, _ := strings.Cut(line, " ")
		got[name] = strings.Join(strings.Fields(rest), " ")
	}
	for name, want := range map[string]string{
		"MBEDTLS_CCM_C":                 "on on/off -",
		"MBEDTLS_RSA_C":                 "off on/off -",
		"MBEDTLS_SSL_IN_CONTENT_LEN":    "on valued 4096",
		"MBEDTLS_PSK_MAX_LEN":           "off valued -",
		"PSA_WANT_KEY_TYPE_RAW_DATA":    "derived on/off -",
		"MBEDTLS_PLATFORM_MS_TIME_ALT":  "on on/off -",
		"MBEDTLS_SSL_PROTO_TLS1_3":      "off on/off -",
		"MBEDTLS_SSL_OUT_CONTENT_LEN":   "on valued 2048",
		"MBEDTLS_SSL_DTLS_HELLO_VERIFY": "on on/off -",
	} {
		if got[name] != want {
			t.Errorf("%s: %q, want %q", name, got[name], want)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	a := write(t, "a", "start default\nset MBEDTLS_SSL_IN_CONTENT_LEN = 4096\n")
	b := write(t, "b", "start default\nset MBEDTLS_SSL_IN_CONTENT_LEN = 8192\nunset MBEDTLS_GCM_C\n")
	code, stdout, stderr := call(t, "--diff", a, b)
	const want = `OPTION                      a     b
MBEDTLS_GCM_C               on    off
MBEDTLS_SSL_IN_CONTENT_LEN  4096  8192
`
	if diff := cmp.Diff(want, stdout); code != 0 || diff != "" {
		t.Errorf("code %d %s (-want +got):\n%s", code, stderr, diff)
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := call(t, "--explain", "MBEDTLS_SSL_DTLS_SRTP")
	if code != 0 {
		t.Fatal(stderr)
	}
	for _, part := range []string{
		"MBEDTLS_SSL_DTLS_SRTP (on/off) is on in profile default\n",
		"\nupstream's default, include/mbedtls/mbedtls_config.h:",
		"\n  ../../config/profiles/default:",
		": set MBEDTLS_SSL_DTLS_SRTP\n",
		"\n  include/mbedtls/check_config.h:",
		"\n    when defined(MBEDTLS_SSL_DTLS_SRTP) && ( !defined(MBEDTLS_SSL_PROTO_DTLS) )\n",
		": turns off MBEDTLS_SSL_DTLS_SRTP\n    when !defined(MBEDTLS_SSL_PROTO_DTLS)\n",
	} {
		if !strings.Contains(stdout, part) {
			t.Errorf("no %q in\n%s", part, stdout)
		}
	}

	outer := write(t, "outer", "start empty\ninclude middle\n")
	for name, text := range map[string]string{"middle": "# note\ninclude inner\n", "inner": "set MBEDTLS_GCM_C\n"} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(outer), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, stdout, _ = call(t, "--explain", "MBEDTLS_GCM_C", "--profile", outer)
	dir := filepath.Dir(outer) + "/"
	want := "  " + dir + "inner:1: set MBEDTLS_GCM_C (included at " + dir + "middle:2, " + dir + "outer:2)\n"
	if !strings.Contains(stdout, want) {
		t.Errorf("no %q in\n%s", want, stdout)
	}
}
