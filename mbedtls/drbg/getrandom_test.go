package drbg

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/emulator"
)

// withoutGetrandom is the variable that makes the test's program another one, which runs under a filter that has the kernel
// know no getrandom. Its values are filter, which sets that up, and the cases of filtered.
const withoutGetrandom = "GOMBEDTLS_TEST_WITHOUT_GETRANDOM"

// filtered are what is tried under the filter.
var filtered = map[string]func() error{
	// There is /dev/urandom.
	"urandom": func() error {
		g, err := NewCTR(nil)
		if err != nil {
			return err
		}
		defer g.Close()
		return isRandom(g.Read)
	},
	// From some moment on, no file can be opened.
	"later": func() error {
		g, err := NewCTR(nil)
		if err != nil {
			return err
		}
		defer g.Close()
		if err := openNothing(); err != nil {
			return err
		}
		if err := isRandom(g.Read); err != nil { // it has a seed
			return err
		}
		p := make([]byte, 64)
		if n, err := cbridge.PlatformEntropy(p); n != 0 || !errors.Is(err, cbridge.ErrEntropySourceFailed) {
			return fmt.Errorf("PlatformEntropy: %d bytes, %v", n, err)
		}
		if err := g.Reseed(nil); !errors.Is(err, cbridge.ErrCtrDRBGEntropySourceFailed) {
			return fmt.Errorf("Reseed: %v", err)
		}
		if other, err := NewCTR(nil); !errors.Is(err, cbridge.ErrCtrDRBGEntropySourceFailed) || !errors.Is(err, cbridge.ErrEntropySourceFailed) {
			return fmt.Errorf("NewCTR: %v, %v", other, err)
		}
		e, err := NewSystemEntropy()
		if err != nil {
			return err
		}
		defer e.Close()
		if n, err := e.Read(p); n != 0 || !errors.Is(err, cbridge.ErrEntropySourceFailed) || !bytes.Equal(p, make([]byte, 64)) {
			return fmt.Errorf("Entropy.Read: %d bytes, %v", n, err)
		}
		return nil
	},
	// From the start, no file can be opened.
	"nothing": func() error {
		if err := openNothing(); err != nil {
			return err
		}
		if g, err := NewCTR(nil); err == nil {
			return fmt.Errorf("NewCTR: %v without entropy", g)
		}
		return nil
	},
}

// isRandom tells whether what read gives neither repeats itself nor is zeros.
func isRandom(read func([]byte) (int, error)) error {
	var a, b [32]byte
	for _, p := range []*[32]byte{&a, &b} {
		if n, err := read(p[:]); n != len(p) || err != nil {
			return fmt.Errorf("%d bytes, %w", n, err)
		}
	}
	if a == b || a == [32]byte{} {
		return fmt.Errorf("%x and %x are not random", a, b)
	}
	return nil
}

// openNothing makes each open of a file fail.
func openNothing() error { return unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{}) }

// runWithoutGetrandom is the program that the test's becomes.
func runWithoutGetrandom(mode string) int {
	err := errors.New("no such mode: " + mode)
	if set, ok := strings.CutPrefix(mode, "filter:"); ok {
		err = filter(set)
	} else if f := filtered[mode]; f != nil {
		if _, err = unix.Getrandom(make([]byte, 1), 0); err != unix.ENOSYS {
			err = fmt.Errorf("getrandom: %v, not ENOSYS", err)
		} else {
			err = f()
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// filter starts the program again, with the filter in place.
func filter(mode string) error {
	runtime.LockOSThread() // the filter is this thread's, until it becomes the process
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		leave = unix.BPF_RET | unix.BPF_K
	)
	program := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the call
		{Code: equal, K: unix.SYS_GETRANDOM, Jf: 1},
		{Code: leave, K: unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)},
		{Code: leave, K: unix.SECCOMP_RET_ALLOW},
	}
	prog := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&prog)), 0, 0); err != nil {
		return err
	}
	runtime.KeepAlive(program)
	if err := os.Setenv(withoutGetrandom, mode); err != nil {
		return err
	}
	return unix.Exec("/proc/self/exe", []string{"drbg.test"}, os.Environ())
}

func TestGetrandomMissing(t *testing.T) {
	emulator.Skip(t, "an emulator makes the system's calls in its own way")
	t.Parallel()
	for mode := range filtered {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("/proc/self/exe")
			cmd.Env = append(os.Environ(), withoutGetrandom+"=filter:"+mode)
			if text, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, text)
			}
		})
	}
}
