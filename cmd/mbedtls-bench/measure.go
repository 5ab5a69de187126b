package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

// Modes of this binding.
const (
	accelerated = "accelerated"
	stock       = "stock"
)

// accelVariable turns acceleration on and off.
const accelVariable = "MBEDTLS_ACCEL"

var accelValues = map[string]string{accelerated: "on", stock: "off"}

// bench is one run.
type bench struct {
	modes      []string
	rounds     int
	round      time.Duration
	idleConns  int // 0: as many as the task says
	driver     string
	chains     string // folder
	cpuProfile string
	clock      string // of what one thread does in memory
}

// taskLimit ends a task that hangs.
const taskLimit = 5 * time.Minute

// writeChains makes the certificates that all stacks use.
func (b *bench) writeChains() error {
	for name, algorithm := range map[string]testpki.Algorithm{"ecdsa": testpki.P256, "rsa": testpki.RSA2048} {
		ca := testpki.NewCA(algorithm, "Benchmark Root")
		if _, err := ca.Write(b.chains, name+"-root"); err != nil {
			return err
		}
		if _, err := testpki.Write(b.chains, name, ca.Issue(testpki.Leaf{Algorithm: algorithm})); err != nil {
			return err
		}
	}
	return nil
}

// contender is a stack, ours in one of its modes.
type contender struct{ stack, mode string }

func (c contender) String() string {
	if c.mode != "" {
		return c.stack + ", " + c.mode
	}
	return c.stack
}

// contenders of a task. The modes of ours are measured beside the same runs of the others.
func (b *bench) contenders(t *task) (list []contender) {
	for _, s := range t.stacks {
		if s != ours {
			list = append(list, contender{stack: s})
			continue
		}
		for _, m := range b.modes {
			list = append(list, contender{s, m})
		}
	}
	return list
}

// measured are the values of each turn.
type measured map[contender][]values

// measure does a task. A stack that fails is left out of the result.
func (b *bench) measure(ctx context.Context, t *task) (measured, []error) {
	ctx, cancel := context.WithTimeout(ctx, taskLimit)
	defer cancel()
	w := t.work
	w.Chain = filepath.Join(b.chains, w.Chain)
	w.Clock = wallClock
	if w.Transport == inMemory {
		w.Clock = b.clock
	}
	if b.idleConns > 0 && strings.HasSuffix(w.Kind, kindIdle) {
		w.Conns = b.idleConns
	}
	if strings.HasSuffix(w.Kind, kindIdle) {
		return b.measureOnce(ctx, t, &w)
	}
	var errs []error
	result, running := measured{}, map[contender]*process{}
	all := b.contenders(t)
	fail := func(c contender, err error) {
		errs = append(errs, fmt.Errorf("%s: %s: %w", t.name, c, err))
		delete(running, c)
		delete(result, c)
	}
	for _, c := range all {
		p, err := b.start(ctx, t, &w, c)
		if err == nil {
			defer p.stop()
			running[c] = p
			_, err = p.ask("run %d", max(1, (b.round/4).Milliseconds())) // to warm up
		}
		if err != nil {
			fail(c, err)
		}
	}
	for range b.rounds {
		for _, c := range all {
			if running[c] == nil {
				continue
			}
			v, err := running[c].ask("run %d", b.round.Milliseconds())
			if err != nil {
				fail(c, err)
				continue
			}
			result[c] = append(result[c], v)
		}
		slices.Reverse(all) // nobody is always the one after
	}
	return result, errs
}

// measureOnce is for workloads that take no turns.
func (b *bench) measureOnce(ctx context.Context, t *task, w *workload) (measured, []error) {
	var errs []error
	result := measured{}
	for _, c := range b.contenders(t) {
		err := func() error {
			p, err := b.start(ctx, t, w, c)
			if err != nil {
				return err
			}
			defer p.stop()
			v, err := measureIdle(p, w)
			result[c] = []values{v}
			return err
		}()
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %s: %w", t.name, c, err))
			delete(result, c)
		}
	}
	return result, errs
}

// start starts the process of a contender.
func (b *bench) start(ctx context.Context, t *task, w *workload, c contender) (*process, error) {
	if c.stack == driver {
		return start(ctx, nil, b.driver, w.args()...)
	}
	var env []string
	if w.Transport == inMemory {
		env = append(env, "GOMAXPROCS=1") // as the driver in C has one thread
	}
	if c.mode != "" {
		env = append(env, accelVariable+"="+accelValues[c.mode])
	}
	if extra := t.env[c.stack]; extra != "" {
		env = append(env, extra)
	}
	if b.cpuProfile != "" && c.stack == ours {
		env = append(env, profileVariable+"="+profileName(b.cpuProfile, t.name, c.mode))
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	line := emulator.CommandLine(self, append([]string{workerVerb, c.stack}, w.args()...)...)
	return start(ctx, env, line[0], line[1:]...)
}

// profileName puts the task's name and the mode before the file name's extension.
func profileName(file, task, mode string) string {
	ext := filepath.Ext(file)
	return fmt.Sprintf("%s-%s-%s%s", strings.TrimSuffix(file, ext), strings.ReplaceAll(task, "/", "-"), mode, ext)
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// round4 keeps four digits, as there are no more.
func round4(x float64) float64 {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 4, 64), 64)
	if err != nil {
		return x
	}
	return rounded
}
