package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// unit is one execution of a suite's script: the arguments that select tests, and which of the tests that it then tells
// of belong to the unit. Number counts from 1 what the script tells of.
type unit struct {
	name  string
	args  []string
	needs []string // programs
	fixed int      // a port that its programs use whatever they are told, or 0
	wants func(number int, t test) bool
}

// runner runs units.
type runner struct {
	suite    *suite
	release  string // the unpacked release
	programs programs
	logs     string // folder
	keepLogs bool   // those of tests that passed, too
	ports    *ports
	progress *progress
}

// run returns the results of the unit's tests, in the script's order. It returns those that it has with an error, too.
func (r *runner) run(ctx context.Context, u unit) ([]*result, error) {
	for _, path := range u.needs {
		if r.programs[path] == "" {
			return nil, fmt.Errorf("%s is missing: ./build.sh upstream builds it", path)
		}
	}
	tree, err := os.MkdirTemp(r.logs, ".tree")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(tree)
	if err := makeTree(tree, r.release, r.programs); err != nil {
		return nil, err
	}
	if u.fixed != 0 {
		release, err := r.ports.await(ctx, u.fixed)
		if err != nil {
			return nil, err
		}
		defer release()
	}
	output, err := os.Create(filepath.Join(r.logs, u.name+".txt"))
	if err != nil {
		return nil, err
	}
	defer output.Close()
	s, err := r.start(ctx, u, tree, output)
	if err != nil {
		return nil, err
	}
	results, total := r.read(u, tree, s.records, output)
	err = s.end()
	if ctx.Err() != nil {
		return results, context.Cause(ctx)
	}
	text, readErr := os.ReadFile(output.Name())
	if readErr != nil {
		return results, readErr
	}
	counted, retried := printed(text)
	if counted != total {
		return results, fmt.Errorf("%s told of %d tests and counts %d (%v): see %s", r.suite.script, total, counted, err, output.Name())
	}
	for _, res := range results {
		res.Retried = retried[res.Number]
	}
	return results, nil
}

// script is a running script.
type script struct {
	records *os.File     // ends when the script ends
	end     func() error // waits for that
}

// start starts the script. compat.sh derives its port from its process ID, so a shell waits until a word on stdin says
// that its ID is a good one, and then becomes the script.
func (r *runner) start(ctx context.Context, u unit, tree string, output *os.File) (*script, error) {
	for {
		args, taken, err := r.suite.portArguments(r.ports)
		if err != nil {
			return nil, err
		}
		if r.keepLogs && r.suite.preserve != "" {
			args = append(args, r.suite.preserve)
		}
		records, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		cmd := exec.CommandContext(ctx, "sh", "-c", `read -r go && exec "$0" "$@"`, "tests/"+r.suite.script)
		cmd.Args = append(append(cmd.Args, args...), u.args...)
		cmd.Dir = tree
		cmd.Env = append(os.Environ(), environment...)
		cmd.Stdout, cmd.Stderr = output, output
		if r.suite.printed {
			cmd.Stdout = w
		}
		cmd.ExtraFiles = []*os.File{w}
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
		cmd.WaitDelay = 5 * time.Second
		gate, err := cmd.StdinPipe()
		if err != nil {
			return nil, err
		}
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		w.Close()
		pid := cmd.Process.Pid
		if r.suite.portOf != nil {
			port := r.suite.portOf(pid)
			if !r.ports.takeThis(port) {
				gate.Close()
				_ = cmd.Wait() // the shell found no word to read
				records.Close()
				continue
			}
			taken = append(taken, port)
		}
		stopWatch := watch(pid)
		ended := make(chan error, 1)
		go func() {
			err := cmd.Wait()
			stopWatch()
			// Watchdogs that the script forgot sleep on. No such group: none is left.
			_ = syscall.Kill(-pid, syscall.SIGKILL)
			r.ports.release(taken...)
			ended <- err
		}()
		_, err = io.WriteString(gate, "go\n")
		gate.Close()
		return &script{records, func() error {
			defer records.Close()
			return <-ended
		}}, err
	}
}

// read reads the script's records until it has ended. It also returns how many there were, with those of others.
func (r *runner) read(u unit, tree string, records io.Reader, output io.Writer) (results []*result, total int) {
	parse := parser(parseOutcome)
	if r.suite.printed {
		parse = printedParser(r.suite.name)
		records = io.TeeReader(records, output)
	}
	failures := 0
	keepLogs := func() {} // of the test before: the script moves them after it told of the test
	began := time.Now()
	lines := bufio.NewScanner(records)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		rec, ok := parse(lines.Text())
		if !ok {
			continue
		}
		keepLogs()
		keepLogs = func() {}
		total++
		if rec.outcome == failed {
			failures++
		}
		if u.wants(total, rec.test) {
			res := &result{Number: total, test: rec.test, attempt: attempt{Outcome: rec.outcome, Reason: rec.reason, Seconds: since(began)}}
			logs := r.suite.logs(total, failures)
			name := fmt.Sprintf("%s-%04d-%s", u.name, total, slug(rec.Name))
			keepLogs = func() { r.moveLogs(res, filepath.Join(tree, "tests"), logs, name) }
			results = append(results, res)
			r.progress.step(res)
		}
		began = time.Now()
	}
	keepLogs()
	return results, total
}

// moveLogs keeps what the programs of a test printed, in files whose names begin with name. The reason that compat.sh
// gives is only where these were, so the client's last words take its place.
func (r *runner) moveLogs(res *result, folder string, logs map[string]string, name string) {
	for _, role := range []string{"server", "client", "proxy", "program"} {
		to := filepath.Join(r.logs, name+"."+role+".log")
		if logs[role] != "" && os.Rename(filepath.Join(folder, logs[role]), to) == nil {
			res.Logs = append(res.Logs, to)
			if role == "client" && strings.HasPrefix(res.Reason, "outputs saved to ") {
				res.Reason = lastWords(to)
			}
		}
	}
}

// lastWords is the last line of a client's log that the client printed.
func lastWords(file string) string {
	data, _ := os.ReadFile(file)
	words := ""
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "EXIT: ") {
			words = line
		}
	}
	return words
}

func since(t time.Time) float64 { return float64(time.Since(t).Milliseconds()) / 1000 }

var notInFileNames = regexp.MustCompile(`[^A-Za-z0-9.-]+`)

func slug(name string) string { return notInFileNames.ReplaceAllString(name, "_") }

var (
	announcement = regexp.MustCompile(`(?m)^(?:PASSED|FAILED) \(.*?([0-9]+) tests`)
	ending       = regexp.MustCompile(`(?m)(?:^| )((?:RETRY\S+ )*)(?:PASS|FAIL|SKIP)$`)
)

// printed is what a script's output says beyond its records: how many tests it counts at its end, or -1 if its end is
// missing, and for the numbers of tests that it retried, why.
func printed(output []byte) (total int, retried map[int]string) {
	total, retried = -1, map[int]string{}
	for _, m := range announcement.FindAllSubmatch(output, -1) {
		if n, err := strconv.Atoi(string(m[1])); err == nil {
			total = n
		}
	}
	for i, m := range ending.FindAllSubmatch(output, -1) {
		if why := strings.TrimSpace(string(m[1])); why != "" {
			retried[i+1] = why
		}
	}
	return total, retried
}
