package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/cdriver"
	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == workerVerb {
		main()
		return
	}
	leakcheck.Main(m, func() {}, func() { cbridge.Shutdown() }, func() error { return nil })
}

// newBench is for turns of an instant.
func newBench(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{modes: []string{accelerated, stock}, rounds: 1, round: time.Millisecond, idleConns: 3, clock: wallClock,
		driver: filepath.Join(dir, "driver"), chains: dir}
	err := cdriver.Compile(t.Context(), "../..", "../../tests/bench/driver", b.driver, "-O2", "-Werror")
	if err == cdriver.ErrNoCompiler {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := b.writeChains(); err != nil {
		t.Fatal(err)
	}
	return b
}

// What costs nothing may be 0, and of three connections, memory says little.
var mayBeZero = regexp.MustCompile(`/(allocs|cgo)-|^(dtls/)?idle/.*/(c-heap|go-heap|stack|resident|total)$`)

func TestEachStackMeasuresEachRow(t *testing.T) {
	emulator.Skip(t, "hundreds of processes would measure the emulator against the driver for this machine")
	b := newBench(t)
	for _, task := range tasks() {
		t.Run(task.name, func(t *testing.T) {
			if what := task.work.lacks(); what != "" {
				t.Skipf("this build is without %s", what)
			}
			m, errs := b.measure(t.Context(), task)
			for _, err := range errs {
				t.Error(err)
			}
			for _, r := range b.results(task, m) {
				for stack, x := range map[string]*float64{ours: r.Ours, driver: r.C, cryptoTLS: r.CryptoTLS, pionDTLS: r.Pion} {
					switch {
					case !slices.Contains(task.stacks, stack):
						if x != nil {
							t.Errorf("%s has a number of %s, which does not do it", r.Name, stack)
						}
					case x == nil || *x < 0 || *x == 0 && !mayBeZero.MatchString(r.Name):
						t.Errorf("%s, %s: no number of %s", r.Name, r.Mode, stack)
					}
				}
			}
		})
	}
}

func TestNamesOfRowsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, task := range tasks() {
		for _, r := range task.rows {
			if name := task.rowName(r); seen[name] {
				t.Errorf("two rows %s", name)
			} else {
				seen[name] = true
			}
		}
	}
}

func TestReportIsOfTheFormat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "bench.json")
	rate := contender{stack: driver}
	list := tasks()[0]
	b := &bench{modes: []string{stock}}
	r := &report{Machine: thisMachine(), Rows: b.results(list, measured{
		{ours, stock}: {{"rate": 30}, {"rate": 10}, {"rate": 20}}, rate: {{"rate": 10}, {"rate": 10}, {"rate": 10}}})}
	if err := r.write(file); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Machine map[string]any
		Rows    []map[string]any
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := []map[string]any{{"name": list.name, "mode": stock, "ours": 20.0, "c": 10.0, "cryptotls": nil, "pion": nil,
		"ratio_c": 2.0, "ratio_cryptotls": nil, "ratio_pion": nil, "unit": "handshakes/s", "better": "higher"}}
	if diff := cmp.Diff(want, got.Rows); diff != "" {
		t.Error(diff)
	}
	for _, key := range []string{"cpu", "cores", "kernel", "go", "mbedtls", "profile", "acceleration", "date"} {
		if got.Machine[key] == nil || got.Machine[key] == "" {
			t.Errorf("the machine has no %s", key)
		}
	}
}

func TestRatiosAboveOneAreBetter(t *testing.T) {
	for _, c := range []struct {
		lower      bool
		own, other []float64
		want       *float64
	}{
		{false, []float64{2, 4, 60}, []float64{1, 1, 10}, ptr(4)},
		{true, []float64{2, 4}, []float64{4, 8}, ptr(2)},
		{false, []float64{1, 4}, []float64{1, 1}, ptr(2.5)},
		{true, []float64{0}, []float64{1}, nil},
		{false, nil, []float64{1}, nil},
	} {
		turns := func(list []float64) (v []values) {
			for _, x := range list {
				v = append(v, values{"x": x})
			}
			return v
		}
		got := row{value: "x", lower: c.lower}.ratio(turns(c.own), turns(c.other))
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v: %s", c, diff)
		}
	}
}

func ptr(x float64) *float64 { return &x }

func TestWorkloadsSurviveTheCommandLine(t *testing.T) {
	for _, task := range tasks() {
		got, err := parseWorkload(task.work.args())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&task.work, got); diff != "" {
			t.Errorf("%s: %s", task.name, diff)
		}
	}
}

func TestBadOptionsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-mode", "fast"}, {"-run", "("}, {"-clock", "sand"}, {"more"}, {"-no-such"}} {
		if _, err := parseOptions(args, io.Discard); err == nil {
			t.Errorf("%v is taken", args)
		}
	}
}

func TestFailureOfAStackLosesThatStackAlone(t *testing.T) {
	b := newBench(t)
	b.modes = []string{stock}
	task := *tasks()[0]
	if what := task.work.lacks(); what != "" {
		t.Skipf("this build is without %s", what)
	}
	b.driver = filepath.Join(t.TempDir(), "none")
	m, errs := b.measure(t.Context(), &task)
	if len(errs) != 1 {
		t.Errorf("errors %v, want one", errs)
	}
	got := fmt.Sprint(len(m[contender{ours, stock}]), len(m[contender{stack: driver}]), len(m[contender{stack: cryptoTLS}]))
	if got != "1 0 1" {
		t.Errorf("values of ours, C, crypto/tls: %s, want 1 0 1", got)
	}
}
