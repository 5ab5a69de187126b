package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// values are what a workload measures, by name.
type values map[string]float64

func (v values) String() string {
	var b strings.Builder
	b.WriteString("values")
	for _, name := range sortedNames(v) {
		fmt.Fprintf(&b, " %s=%.9g", name, v[name])
	}
	return b.String()
}

func sortedNames(v values) (names []string) {
	for name := range v {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func parseValues(line string) (values, error) {
	words := strings.Fields(line)
	if len(words) < 2 || words[0] != "values" {
		return nil, fmt.Errorf("not values: %q", line)
	}
	v := values{}
	for _, word := range words[1:] {
		name, text, _ := strings.Cut(word, "=")
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", word, err)
		}
		v[name] = x
	}
	return v, nil
}

// job is a workload that a stack is ready for. Its command is "run" for so many milliseconds, or one of idle's.
type job struct {
	port    int // of idle servers
	command func(name string, n int) (values, error)
	close   func()
}

// timed is the job of a workload that runs for some time.
func timed(run func(time.Duration) (values, error), close func()) *job {
	return &job{close: close, command: func(_ string, n int) (values, error) { return run(time.Duration(n) * time.Millisecond) }}
}

var kinds = map[string]func(*workload, *stack) (*job, error){
	kindHandshake: prepareHandshake, kindDTLSHandshake: prepareHandshake,
	kindCrypt: prepareCrypt, kindCalls: prepareCalls, kindBulk: prepareBulk,
	kindRoundTrip: prepareRoundTrip, kindDTLSRoundTrip: prepareRoundTrip,
	kindIdle: prepareIdle, kindDTLSIdle: prepareIdle,
}

// profileVariable names the CPU profile that a worker writes.
const profileVariable = "GOMBEDTLS_BENCH_CPUPROFILE"

// workerMain is a process of one stack and one workload: it says "ready", and answers each line with one.
func workerMain(args []string, in io.Reader, out io.Writer) (err error) {
	w, err := parseWorkload(args[1:])
	if err != nil {
		return err
	}
	if strings.HasSuffix(w.Kind, kindIdle) {
		cbridge.CountAllocations()
	}
	makeStack, prepare := stacks[args[0]], kinds[w.Kind]
	if makeStack == nil || prepare == nil {
		return fmt.Errorf("no stack %q, or no kind %q", args[0], w.Kind)
	}
	s, err := makeStack(w)
	if err != nil {
		return err
	}
	defer s.close()
	j, err := prepare(w, s)
	if err != nil {
		return err
	}
	defer j.close()
	if file := os.Getenv(profileVariable); file != "" {
		f, err := os.Create(file)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Fprintf(out, "ready port=%d\n", j.port)
	for lines := bufio.NewScanner(in); lines.Scan(); {
		name, number, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.Atoi(cmp.Or(number, "0"))
		if err != nil {
			return err
		}
		v, err := j.command(name, n)
		if err != nil {
			return err
		}
		fmt.Fprintln(out, v)
	}
	return nil
}
