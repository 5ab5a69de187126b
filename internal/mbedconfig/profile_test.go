package mbedconfig

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestApplyErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		text     string
		included map[string]string
		want     string
	}{
		{"empty", "# nothing\n", nil,
			`p:1: p: a profile begins with start default, start full or start empty`},
		{"no start", "set MBEDTLS_PEAR\n", nil,
			`p:1: p: a profile begins with start default, start full or start empty`},
		{"second start", "start empty\ninclude q\n", map[string]string{"q": "start default\n"},
			`q:1: start default: already started at p:1: start comes once, before every set and unset`},
		{"unknown start", "start nowhere\n", nil,
			`p:1: start nowhere: want start default, start full or start empty`},
		{"unknown verb", "start empty\nenable MBEDTLS_PEAR\n", nil,
			`p:2: enable MBEDTLS_PEAR: not a statement: a line is include, start, set or unset`},
		{"set nothing", "start empty\nset\n", nil,
			`p:2: set: want set NAME or set NAME = value`},
		{"set without =", "start empty\nset MBEDTLS_STONES 5\n", nil,
			`p:2: set MBEDTLS_STONES 5: want set NAME or set NAME = value`},
		{"set to nothing", "start empty\nset MBEDTLS_STONES =\n", nil,
			`p:2: set MBEDTLS_STONES =: want set NAME or set NAME = value`},
		{"unset with value", "start empty\nunset MBEDTLS_STONES = 5\n", nil,
			`p:2: unset MBEDTLS_STONES = 5: only set takes a value: want unset NAME`},
		{"include nothing", "start empty\ninclude\n", nil,
			`p:2: include: include needs a file name`},
		{"include of a missing file", "start empty\ninclude q\n", nil,
			`p:2: include q: open q: no such file or directory`},
		{"include cycle", "start empty\ninclude q\n", map[string]string{"q": "\ninclude d/r\n", "d/r": "include ../p\n"},
			`d/r:1: include p: files include each other: p -> q -> d/r -> p`},
		{"own cycle", "start empty\ninclude p\n", nil,
			`p:2: include p: files include each other: p -> p`},
		{"unknown option", "start empty\nset MBEDTLS_PAER # typo\n", nil,
			`p:2: set MBEDTLS_PAER: no such option in Mbed TLS 9.8.7; nearest: MBEDTLS_PEAR, MBEDTLS_PEEL, MBEDTLS_PLUM`},
		{"unlike any option", "start empty\nset BANANAS_AND_MELONS\n", nil,
			`p:2: set BANANAS_AND_MELONS: no such option in Mbed TLS 9.8.7`},
		{"two values", "start empty\nset MBEDTLS_STONES = 5\n\nset MBEDTLS_STONES = 6\n", nil,
			`p:4: set MBEDTLS_STONES = 6: contradicts line 2: set MBEDTLS_STONES = 5`},
		{"set and unset", "start empty\nset MBEDTLS_PEAR\nunset MBEDTLS_PEAR\n", nil,
			`p:3: unset MBEDTLS_PEAR: contradicts line 2: set MBEDTLS_PEAR`},
		{"value for on/off", "start empty\nset MBEDTLS_PEAR = 1\n", nil,
			`p:2: set MBEDTLS_PEAR = 1: is on or off and takes no value`},
		{"no value", "start empty\nset MBEDTLS_STONES\n", nil,
			`p:2: set MBEDTLS_STONES: needs a value: set MBEDTLS_STONES = 7`},
		{"generator's own", "start empty\nset MBEDTLS_CONFIG_FILE = \"x.h\"\n", nil,
			`p:2: set MBEDTLS_CONFIG_FILE = "x.h": the generated header is the configuration; this is not a profile's to decide`},
		{"PSA_WANT without its switch", "start default\nunset PSA_WANT_JAM\n", nil,
			`p:2: unset PSA_WANT_JAM: has no effect: while MBEDTLS_PSA_CRYPTO_CONFIG is off the library derives PSA_WANT_* from MBEDTLS_* options`},
	}
	c := toy(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := profile(t, c, tt.text, tt.included)
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		text     string
		included map[string]string
		want     map[string]string // options that are on, with their values
	}{
		{"default", "start default", nil,
			map[string]string{"MBEDTLS_APPLE": "", "MBEDTLS_CRATE": `"a b"`}},
		{"full", "start full", nil, map[string]string{"MBEDTLS_APPLE": "", "MBEDTLS_PLUM": "", "MBEDTLS_CRATE": `"a b"`,
			"MBEDTLS_PSA_CRYPTO_CONFIG": "", "PSA_WANT_JAM": "1"}},
		{"value with spaces and a note", "start empty\n\tset\tMBEDTLS_STONES  =  3 + 4\t# seven\n", nil,
			map[string]string{"MBEDTLS_STONES": "3 + 4"}},
		{"the includer wins below, the included above", "start empty\nset MBEDTLS_PEAR\nset MBEDTLS_PLUM\ninclude q\nunset MBEDTLS_APPLE\n",
			map[string]string{"q": "set MBEDTLS_APPLE\nunset MBEDTLS_PEAR\n"},
			map[string]string{"MBEDTLS_PLUM": ""}},
		{"built on another profile", "include q\nunset MBEDTLS_CRATE\n", map[string]string{"q": "start default\n"},
			map[string]string{"MBEDTLS_APPLE": ""}},
		{"one file twice", "start empty\ninclude q\ninclude q\n", map[string]string{"q": "set MBEDTLS_PEAR\n"},
			map[string]string{"MBEDTLS_PEAR": ""}},
		{"PSA_WANT with its switch", "start empty\nset MBEDTLS_PSA_CRYPTO_CONFIG\nset PSA_WANT_JUICE\n", nil,
			map[string]string{"MBEDTLS_PSA_CRYPTO_CONFIG": "", "PSA_WANT_JUICE": "1"}},
	}
	c := toy(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg, err := profile(t, c, tt.text, tt.included)
			if err != nil {
				t.Fatal(err)
			}
			on := map[string]string{}
			for _, s := range cfg.Settings {
				if s.On {
					on[s.Name] = s.Value
				}
			}
			if diff := cmp.Diff(tt.want, on); diff != "" {
				t.Errorf("options that are on (-want +got):\n%s", diff)
			}
		})
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	c := toy(t, nil)
	for switched, want := range map[string]map[string]string{
		"":                              {"MBEDTLS_APPLE": "on", "MBEDTLS_PEAR": "off", "PSA_WANT_JAM": "derived", "PSA_WANT_JUICE": "derived"},
		"set MBEDTLS_PSA_CRYPTO_CONFIG": {"MBEDTLS_APPLE": "on", "MBEDTLS_PEAR": "off", "PSA_WANT_JAM": "on", "PSA_WANT_JUICE": "off"},
	} {
		cfg, err := profile(t, c, "start default\n"+switched, nil)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for name := range want {
			s, err := cfg.Setting(name)
			if err != nil {
				t.Fatal(err)
			}
			got[name] = cfg.State(s)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("states with %q (-want +got):\n%s", switched, diff)
		}
	}
}

// The rule for "full" is read from upstream's script; a script of another form must not pass for an empty rule.
func TestFullNeedsKnownScript(t *testing.T) {
	t.Parallel()
	for script, want := range map[string]string{
		"FULL = {}\n": `p:1: start full: scripts/config.py no longer holds EXCLUDE_FROM_FULL in the form this program reads`,
		"\nEXCLUDE_FROM_FULL = frozenset([\n    other\n])\n": `p:1: start full: scripts/config.py: EXCLUDE_FROM_FULL is empty`,
	} {
		_, err := profile(t, toy(t, map[string]string{"scripts/config.py": script}), "start full", nil)
		if err == nil {
			t.Errorf("no error for %q", script)
			continue
		}
		if diff := cmp.Diff(want, err.Error()); diff != "" {
			t.Errorf("error (-want +got):\n%s", diff)
		}
	}
}
