package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// selection says which tests of a script run: those that pass the filter, and are listed, if there is a list.
type selection struct {
	filter string // as the script's -f takes it
	list   []test
}

// suite is one of upstream's scripts.
type suite struct {
	name   string
	script string
	// numbered: a test has the same number in every execution with the same filter.
	numbered bool
	printed  bool // it has no outcome file: its records are what it prints
	// preserve is the option that keeps the logs of tests that pass, too.
	preserve string
	// units divides the selected tests into executions of the script.
	units func(ctx context.Context, r *runner, s selection, jobs int) ([]unit, error)
	// portArguments takes the ports that the script can be told.
	portArguments func(*ports) (args []string, taken []int, err error)
	// portOf is the port that the script uses with this process ID. Nil: it does not.
	portOf func(pid int) int
	// logs names the files in which the script keeps the output of the test with this number, by role; it has failed
	// this often.
	logs func(number, failures int) map[string]string
}

func noPorts(*ports) ([]string, []int, error) { return nil, nil, nil }

var suites = map[string]*suite{
	"ssl-opt": {
		name: "ssl-opt", script: "ssl-opt.sh", numbered: true, preserve: "--preserve-logs", units: optUnits,
		portArguments: func(p *ports) (args []string, taken []int, err error) {
			for _, option := range []string{"--port", "--proxy-port"} {
				port, err := p.take()
				if err != nil {
					return nil, nil, err
				}
				args, taken = append(args, option, strconv.Itoa(port)), append(taken, port)
			}
			return args, taken, nil
		},
		logs: func(number, _ int) map[string]string {
			return map[string]string{
				"server": fmt.Sprintf("o-srv-%d.log", number),
				"client": fmt.Sprintf("o-cli-%d.log", number),
				"proxy":  fmt.Sprintf("o-pxy-%d.log", number),
			}
		},
	},
	"compat": {
		name: "compat", script: "compat.sh", preserve: "--preserve-logs", units: compatUnits, portArguments: noPorts,
		portOf: func(pid int) int { return 10000 + pid%10000 },
		logs: func(number, _ int) map[string]string {
			return map[string]string{
				"server": fmt.Sprintf("c-srv-%d.log", number),
				"client": fmt.Sprintf("c-cli-%d.log", number),
			}
		},
	},
	"context-info": {
		name: "context-info", script: "context-info.sh", printed: true, portArguments: noPorts,
		units: func(_ context.Context, _ *runner, s selection, _ int) ([]unit, error) {
			return []unit{{name: "context-info", needs: []string{contextInfo}, wants: func(_ int, t test) bool {
				return strings.Contains(t.Name, s.filter) && (s.list == nil || slices.Contains(s.list, t))
			}}}, nil
		},
		logs: func(_, failures int) map[string]string {
			return map[string]string{"program": fmt.Sprintf("Fail.%d_ssl_context_info.log", failures)}
		},
	},
}

// environment names the peers. ssl-opt.sh would not recognise Debian's gnutls-serv as a recent one.
var environment = []string{
	"OPENSSL=openssl", "OPENSSL_NEXT=openssl",
	"GNUTLS_CLI=gnutls-cli", "GNUTLS_SERV=gnutls-serv", "GNUTLS_NEXT_CLI=gnutls-cli", "GNUTLS_NEXT_SERV=gnutls-serv",
	"MBEDTLS_TEST_OUTCOME_FILE=/dev/fd/3", "MBEDTLS_TEST_CONFIGURATION=gombedtls", "MBEDTLS_TEST_PLATFORM=linux",
	"LC_ALL=C",
}

// The sample programs know no other port.
const samplePort = 4433

func optUnits(ctx context.Context, r *runner, s selection, jobs int) ([]unit, error) {
	tests, err := r.listTests(ctx, s.filter)
	if err != nil {
		return nil, err
	}
	return deal(tests, s, jobs), nil
}

// deal deals the tests, which have the numbers from 1, to executions of ssl-opt.sh. Each walks through all tests, which
// takes some seconds, so there are only so many that no job waits for long at the end.
func deal(tests []test, s selection, jobs int) []unit {
	var sample, memory, other []int
	for i, t := range tests {
		switch number := i + 1; {
		case s.list != nil && !slices.Contains(s.list, t):
		case t.Suite == "sample":
			sample = append(sample, number)
		case strings.HasPrefix(t.Name, "Handshake memory usage"): // all but the first compare with it
			memory = append(memory, number)
		default:
			other = append(other, number)
		}
	}
	var units []unit
	add := func(numbers []int, u unit) {
		if len(numbers) == 0 {
			return
		}
		u.name = fmt.Sprintf("ssl-opt-%d", len(units)+1)
		u.args = []string{"--min", "0", "-n", strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ","), "[]")}
		if s.filter != "" {
			u.args = append(u.args, "-f", s.filter)
		}
		u.wants = func(number int, _ test) bool { return slices.Contains(numbers, number) }
		units = append(units, u)
	}
	add(sample, unit{fixed: samplePort, needs: slices.Concat(servers, clients, optPrograms)})
	hands := jobs
	if jobs > 1 && len(other) > 500 {
		hands = 2 * jobs
	}
	for i := range hands {
		var hand []int
		for j := i; j < len(other); j += hands {
			hand = append(hand, other[j])
		}
		if i == 0 {
			hand = append(hand, memory...)
		}
		add(hand, unit{needs: optPrograms})
	}
	return units
}

// listTests returns the tests of ssl-opt.sh in the order of their numbers.
func (r *runner) listTests(ctx context.Context, filter string) ([]test, error) {
	args := []string{"--list-test-cases"}
	if filter != "" {
		args = append(args, "-f", filter)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(r.release, "tests", r.suite.script), args...)
	cmd.Env = append(os.Environ(), environment...)
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s --list-test-cases: %w", r.suite.script, err)
	}
	return parseTests(out)
}

// parseTests reads lines of a suite and a description.
func parseTests(data []byte) ([]test, error) {
	var tests []test
	for line := range bytes.Lines(data) {
		text := strings.TrimSpace(string(line))
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		suite, name, ok := strings.Cut(text, ";")
		if !ok {
			return nil, fmt.Errorf("no suite and description: %q", text)
		}
		tests = append(tests, test{suite, name})
	}
	return tests, nil
}

// compatRun is what one execution of compat.sh takes.
type compatRun struct{ peer, mode, keyType, verify string }

// What the peers of Debian 12 know, and what upstream leaves to builds with other peers.
var compatPeers = []struct{ letter, name, exclude string }{
	{"O", "OpenSSL", "NULL"},
	{"G", "GnuTLS", `NULL\|ARIA\|CHACHA20_POLY1305\|CAMELLIA\|DHE_PSK\|RSA_PSK`},
	{"m", "mbedTLS", "NULL"},
}

// compatUnits has an execution of compat.sh for each combination of its options.
func compatUnits(_ context.Context, _ *runner, s selection, _ int) ([]unit, error) {
	wanted := map[compatRun][]string{} // suites of the list
	for _, t := range s.list {
		run, cipher, err := parseCompat(t.Name)
		if err != nil {
			return nil, err
		}
		wanted[run] = append(wanted[run], "^"+cipher+"$")
	}
	var units []unit
	for _, peer := range compatPeers {
		for _, mode := range []string{"tls12", "dtls12"} {
			for _, keyType := range []string{"ECDSA", "RSA", "PSK"} {
				for _, verify := range []string{"NO", "YES"} {
					run := compatRun{peer.letter, mode, keyType, verify}
					if keyType == "PSK" && verify == "YES" || s.list != nil && wanted[run] == nil {
						continue
					}
					units = append(units, unit{
						needs: []string{server2, client2},
						name:  strings.Join([]string{"compat", peer.name, mode, keyType, verify}, "-"),
						args: []string{"--min", "0", "-p", peer.name, "-e", peer.exclude, "-m", mode, "-t", keyType, "-V", verify,
							"-f", cmp.Or(s.filter, strings.Join(wanted[run], `\|`))},
						wants: func(_ int, t test) bool { return s.list == nil || slices.Contains(s.list, t) },
					})
				}
			}
		}
	}
	return units, nil
}

var compatName = regexp.MustCompile(`^([mOG])->([mOG]) (\w+),(yes|no) (\w+)$`)

// parseCompat says which execution has a test.
func parseCompat(name string) (run compatRun, cipher string, err error) {
	m := compatName.FindStringSubmatch(name)
	if m == nil {
		return run, "", fmt.Errorf("not a test of compat.sh: %q", name)
	}
	run = compatRun{peer: m[1], mode: m[3], verify: strings.ToUpper(m[4]), keyType: "RSA"}
	if run.peer == "m" {
		run.peer = m[2]
	}
	switch {
	case strings.Contains(m[5], "PSK"):
		run.keyType = "PSK"
	case strings.Contains(m[5], "ECDSA"):
		run.keyType = "ECDSA"
	}
	return run, m[5], nil
}
