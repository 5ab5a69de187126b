// Package cdriver compiles the test drivers that are in C, against the archives that Go's packages link.
package cdriver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"github.com/kballard/go-shellquote"

	"github.com/gombedtls/gombedtls/internal/emulator"
)

// ErrNoCompiler says that the compiler of $CC, or gcc, is not there.
var ErrNoCompiler = errors.New("there is no C compiler")

// Compile builds the *.c of folder, which like root, the repository's, may be relative, into program. It has the flags that
// cgo has, and those given. For tests under an emulator, the driver is one for this machine, with the archives that lie
// beside the C programs in the folder of GOMBEDTLS_PROGRAMS: tests then compare the target with this machine.
func Compile(ctx context.Context, root, folder, program string, flags ...string) error {
	// As Go splits them: what has a space in it is quoted.
	cc, err := shellquote.Split(cmp.Or(os.Getenv("CC"), "gcc"))
	if err != nil {
		return fmt.Errorf("CC: %w", err)
	}
	cflags, err := shellquote.Split(os.Getenv("CGO_CFLAGS"))
	if err != nil {
		return fmt.Errorf("CGO_CFLAGS: %w", err)
	}
	ldflags, err := shellquote.Split(os.Getenv("CGO_LDFLAGS"))
	if err != nil {
		return fmt.Errorf("CGO_LDFLAGS: %w", err)
	}
	build, err := filepath.Abs(filepath.Join(root, "third_party/mbedtls/build", runtime.GOOS+"-"+runtime.GOARCH))
	if err != nil {
		return err
	}
	if emulator.On() { // the environment is for the target
		programs := os.Getenv("GOMBEDTLS_PROGRAMS")
		if programs == "" {
			return fmt.Errorf("with %s, GOMBEDTLS_PROGRAMS must name the C programs for this machine", emulator.Variable)
		}
		cc, cflags, ldflags, build = []string{"gcc"}, nil, nil, filepath.Dir(filepath.Clean(programs))
	}
	sources, err := filepath.Glob(filepath.Join(folder, "*.c"))
	if err != nil {
		return err
	}
	args := append(cc[1:], "-g", "-std=gnu11", "-Wall", "-Wextra")
	args = append(append(args, flags...), cflags...)
	args = append(args, "-I"+build+"/include", "-I"+build+"/include/gombedtls", "-o", program)
	args = append(append(args, sources...), filepath.Join(root, "cbridge/platform_time.c"))
	args = append(args, ldflags...)
	args = append(args, "-L"+build+"/lib", "-lmbedtls", "-lmbedx509", "-lmbedcrypto", "-lpthread")
	out, err := exec.CommandContext(ctx, cc[0], args...).CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		return ErrNoCompiler
	}
	if err != nil {
		return fmt.Errorf("the driver cannot be built: %w\n%s", err, out)
	}
	return nil
}
