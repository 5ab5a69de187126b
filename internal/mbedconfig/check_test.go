package mbedconfig

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// compiler names a C compiler, or fails: the library needs one anyway.
func compiler(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("cc"); err != nil {
		t.Fatal("a C compiler is needed: run ./build.sh setup")
	}
	return "cc"
}

func TestParseRules(t *testing.T) {
	t.Parallel()
	c := toy(t, nil)
	got, err := c.rulesOf(checkHeader)
	if err != nil {
		t.Fatal(err)
	}
	rule := func(line int, message string, conditions ...string) Rule {
		return Rule{File: checkHeader, Line: line, Message: message, Conditions: conditions}
	}
	want := []Rule{
		rule(7, "pears need apples", "defined(MBEDTLS_PEAR) && !defined(MBEDTLS_APPLE)"),
		rule(12, "too many stones, see https://example.org/stones", "defined(MBEDTLS_STONES)", "MBEDTLS_STONES > 8"),
		rule(14, "too few stones", "defined(MBEDTLS_STONES)", "!(MBEDTLS_STONES > 8)", "MBEDTLS_STONES < 2"),
		rule(17, "stones of what?", "defined(MBEDTLS_STONES)", "!(MBEDTLS_STONES > 8)", "!(MBEDTLS_STONES < 2)", "!defined(MBEDTLS_APPLE)"),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}

	about, err := c.Rules("MBEDTLS_PLUM")
	if err != nil {
		t.Fatal(err)
	}
	want = []Rule{{File: adjustHeader, Line: 3, Undefines: "MBEDTLS_PLUM", Conditions: []string{"!defined(MBEDTLS_APPLE)"}}}
	if diff := cmp.Diff(want, about); diff != "" {
		t.Errorf("rules about MBEDTLS_PLUM (-want +got):\n%s", diff)
	}
}

func TestCheckToy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text, want string
	}{
		{"sound", "start default\nset MBEDTLS_PEAR", ""},
		{"every broken rule", "start empty\nset MBEDTLS_PEAR\nset MBEDTLS_STONES = 9\n",
			`profile p: upstream does not allow this combination of options:
  include/mbedtls/check_config.h:7: pears need apples
    when defined(MBEDTLS_PEAR) && !defined(MBEDTLS_APPLE)
  include/mbedtls/check_config.h:12: too many stones, see https://example.org/stones
    when (defined(MBEDTLS_STONES)) && (MBEDTLS_STONES > 8)`},
		{"turned off", "start empty\nset MBEDTLS_PLUM\n",
			`profile p: upstream does not allow this combination of options:
  include/mbedtls/config_adjust_ssl.h:3: turns off MBEDTLS_PLUM
    when !defined(MBEDTLS_APPLE)`},
		{"PSA in the same header", "start full", ""},
	}
	c := toy(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := profile(t, c, tt.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			var got string
			if err := cfg.Check(compiler(t)); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// A rule of the real tree, as its user would break it.
func TestCheckVendored(t *testing.T) {
	t.Parallel()
	cfg, err := profile(t, vendored(t), "start default\nset MBEDTLS_THREADING_C\nset MBEDTLS_SSL_EARLY_DATA\nunset MBEDTLS_SSL_SESSION_TICKETS\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	var conflict *ConflictError
	if err := cfg.Check(compiler(t)); !errors.As(err, &conflict) {
		t.Fatalf("error %v, want a conflict", err)
	}
	var got []string
	for _, r := range conflict.Rules {
		if !r.Mentions("MBEDTLS_THREADING_C") && !r.Mentions("MBEDTLS_SSL_SESSION_TICKETS") {
			t.Errorf("%s does not quote the condition that the profile breaks", r)
		}
		got = append(got, r.File)
	}
	// Tickets are needed by early data, and by the ticket module, which upstream turns off.
	if diff := cmp.Diff([]string{checkHeader, checkHeader, adjustHeader}, got); diff != "" {
		t.Errorf("headers of the broken rules (-want +got):\n%s", diff)
	}
}

func TestCheckWithoutCompiler(t *testing.T) {
	t.Parallel()
	cfg, err := profile(t, toy(t, nil), "start default", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"", "no-such-compiler -O2"} {
		if err := cfg.Check(command); !errors.Is(err, ErrNoCompiler) {
			t.Errorf("Check(%q): %v, want ErrNoCompiler", command, err)
		}
	}
	if err := cfg.Check("false"); err == nil || errors.Is(err, ErrNoCompiler) {
		t.Errorf("a compiler that fails without a word: %v", err)
	}
}
