// Package leakcheck is the TestMain of packages whose tests must give back everything they open.
package leakcheck

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long cleanups by the garbage collector, and connections that end, may take.
const patience = 20 * time.Second

// Main runs the tests between start and stop, and exits with their result: 1 also if they leave goroutines, open files or
// child processes behind, or if held, asked again and again while garbage is collected, does not return nil in the end.
func Main(m *testing.M, start, stop func(), held func() error) {
	start()
	goroutines, files := goleak.IgnoreCurrent(), openFiles()
	code := m.Run()
	stop()
	if err := left(goroutines, files, held); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, "leak:", err)
		code = 1
	}
	os.Exit(code)
}

func left(goroutines goleak.Option, files map[string]string, held func() error) error {
	var err error
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); runtime.Gosched() {
		runtime.GC()
		if err = errors.Join(held(), newFiles(files), children()); err == nil {
			break
		}
	}
	return errors.Join(err, goleak.Find(goroutines))
}

// openFiles are the descriptors of the process and what they are open on.
func openFiles() map[string]string {
	files := map[string]string{}
	entries, _ := os.ReadDir("/proc/self/fd")
	for _, e := range entries {
		// The runtime keeps its own: the poller, and the directory that is being read is gone by now.
		if on, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && !strings.HasPrefix(on, "anon_inode:") {
			files[e.Name()] = on
		}
	}
	return files
}

func newFiles(before map[string]string) error {
	var errs []error
	for fd, on := range openFiles() {
		if before[fd] != on {
			errs = append(errs, fmt.Errorf("descriptor %s is open on %s", fd, on))
		}
	}
	return errors.Join(errs...)
}

func children() error {
	lists, _ := filepath.Glob("/proc/self/task/*/children")
	for _, list := range lists {
		if pids, err := os.ReadFile(list); err == nil && len(pids) > 0 {
			return fmt.Errorf("child processes %s", pids)
		}
	}
	return nil
}
