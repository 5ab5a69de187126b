package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	repository = "../.."
	release    = repository + "/third_party/mbedtls/src"
)

// called is a call of run_test in ssl-opt.sh.
type called struct {
	test
	commands []string
}

// calls has ssl-opt.sh tell how it calls run_test, by a line at the beginning of that function.
func calls(t *testing.T) []called {
	t.Helper()
	tree := t.TempDir()
	from, err := filepath.Abs(release)
	if err != nil {
		t.Fatal(err)
	}
	if err := makeTree(tree, from, nil); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(tree, "tests/ssl-opt.sh")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const function = "\nrun_test() {\n"
	if strings.Count(string(text), function) != 1 {
		t.Fatal("ssl-opt.sh has not one function run_test")
	}
	told := strings.Replace(string(text), function, function+`printf '%s\037' "${TEST_SUITE_NAME:-ssl-opt}" "$@"; printf '\036'; return`+"\n", 1)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(told), 0o777); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), path, "--list-test-cases")
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []called
	for text := range strings.SplitSeq(strings.TrimSuffix(string(out), "\036"), "\036") {
		fields := strings.Split(text, "\037")
		c := called{test: test{fields[0], fields[1]}}
		for _, field := range fields[2:] {
			if strings.HasPrefix(field, "-") {
				continue
			}
			c.commands = append(c.commands, field)
		}
		all = append(all, c)
	}
	return all
}

var option = regexp.MustCompile(`^([a-z][a-z0-9_]*)=`)

// options are those of ssl_client2 and ssl_server2 in a command: "program option".
func (c called) options() map[string]bool {
	used := map[string]bool{}
	for _, command := range c.commands {
		program := ""
		for word := range strings.FieldsSeq(command) {
			switch name := filepath.Base(word); {
			case name == "ssl_client2" || name == "ssl_server2":
				program = name
			case name == "openssl" || name == "udp_proxy" || strings.HasPrefix(name, "gnutls-"):
				program = ""
			}
			if m := option.FindStringSubmatch(word); m != nil && program != "" {
				used[program+" "+m[1]] = true
			}
		}
	}
	return used
}

// compatOptions are the options that compat.sh gives the programs.
func compatOptions(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile(release + "/tests/compat.sh")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^ *M_(CLIENT|SERVER)_ARGS="(.*)"$`).FindAllStringSubmatch(string(text), -1) {
		program := map[string]string{"CLIENT": "ssl_client2", "SERVER": "ssl_server2"}[m[1]]
		for word := range strings.FieldsSeq(m[2]) {
			if m := option.FindStringSubmatch(word); m != nil {
				used[program+" "+m[1]] = true
			}
		}
	}
	if len(used) < 10 {
		t.Fatalf("compat.sh seems to use only the options %v", slices.Sorted(maps.Keys(used)))
	}
	return used
}

func TestSampleUsesEveryOption(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(repository + "/tests/upstream/sample.txt")
	if err != nil {
		t.Fatal(err)
	}
	sample, err := parseTests(data)
	if err != nil {
		t.Fatal(err)
	}
	inSample := map[test]bool{}
	for _, s := range sample {
		if inSample[s] {
			t.Errorf("the sample has %s twice", s)
		}
		inSample[s] = true
	}
	// ssl-opt.sh gives these to the programs in every test.
	covered := map[string]bool{}
	for _, o := range []string{"server_addr", "server_port", "allow_sha1"} {
		covered["ssl_client2 "+o], covered["ssl_server2 "+o] = true, true
	}
	exists := map[test]bool{}
	users := map[string]test{}
	for _, c := range calls(t) {
		exists[c.test] = true
		for o := range c.options() {
			users[o] = c.test
			if inSample[c.test] {
				covered[o] = true
			}
		}
	}
	for o := range compatOptions(t) {
		users[o] = test{"compat", "any"}
	}
	for _, o := range slices.Sorted(maps.Keys(users)) {
		if !covered[o] {
			t.Errorf("no test of the sample uses %s, as does %s", o, users[o])
		}
	}
	directions := map[string]bool{}
	for _, s := range sample {
		switch scriptOf(s) {
		case "ssl-opt":
			if !exists[s] {
				t.Errorf("ssl-opt.sh has no test %s", s)
			}
		case "compat":
			run, _, err := parseCompat(s.Name)
			if err != nil {
				t.Error(err)
			}
			directions[fmt.Sprint(run.peer, s.Name[0] == 'm', run.mode)] = true
		}
	}
	if want := 2*2*2 + 2; len(directions) != want {
		t.Errorf("the sample has %d combinations of client, server and protocol of compat.sh, not %d: %v", len(directions), want, directions)
	}
	t.Logf("%d tests, %d options", len(sample), len(users))
}

func TestKnownDifferencesExist(t *testing.T) {
	t.Parallel()
	known, err := readKnown(repository + "/tests/upstream/known.txt")
	if err != nil {
		t.Fatal(err)
	}
	exists := map[test]bool{}
	for _, c := range calls(t) {
		exists[c.test] = true
	}
	for _, k := range known {
		if k.script == "ssl-opt" && !exists[k.test] {
			t.Errorf("ssl-opt.sh has no test %s", k.test)
		}
	}
}
