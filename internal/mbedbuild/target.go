package mbedbuild

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"
)

// Target is a machine that the archives, and programs with them, are built for.
type Target struct {
	Name   string // GOOS/GOARCH, with -musl where the C library is musl and not glibc
	GOARCH string
	GOARM  string // only of arm
	Prefix string // of the GNU tools of other machines, such as arm-linux-gnueabihf-
	Musl   bool   // programs are linked statically
	macro  string // that its C compilers define
	Qemu   string // the emulator's name for the processor
	libc   string // Debian's package of its C library, where the host is another machine
	host   string // the GOARCH of other machines whose kernel runs its programs
}

// Targets is the table of all of them. A new processor also needs its lines in cbridge/cgo.go, its name in cbridge/release.h,
// and the emulator's in scripts/common.sh.
var Targets = []Target{
	{Name: "linux/amd64", GOARCH: "amd64", Prefix: "x86_64-linux-gnu-", macro: "__x86_64__", Qemu: "x86_64", libc: "libc6-dev-amd64-cross"},
	{Name: "linux/arm64", GOARCH: "arm64", Prefix: "aarch64-linux-gnu-", macro: "__aarch64__", Qemu: "aarch64", libc: "libc6-dev-arm64-cross"},
	{Name: "linux/arm", GOARCH: "arm", GOARM: "7", Prefix: "arm-linux-gnueabihf-", macro: "__ARM_EABI__", Qemu: "arm", libc: "libc6-dev-armhf-cross"},
	{Name: "linux/386", GOARCH: "386", Prefix: "i686-linux-gnu-", macro: "__i386__", Qemu: "i386", libc: "libc6-dev-i386-cross", host: "amd64"},
	{Name: "linux/riscv64", GOARCH: "riscv64", Prefix: "riscv64-linux-gnu-", macro: "__riscv", Qemu: "riscv64", libc: "libc6-dev-riscv64-cross"},
	{Name: "linux/s390x", GOARCH: "s390x", Prefix: "s390x-linux-gnu-", macro: "__s390x__", Qemu: "s390x", libc: "libc6-dev-s390x-cross"},
	{Name: "linux/amd64-musl", GOARCH: "amd64", Prefix: "x86_64-linux-gnu-", macro: "__x86_64__", Qemu: "x86_64", Musl: true},
	{Name: "linux/arm64-musl", GOARCH: "arm64", Prefix: "aarch64-linux-gnu-", macro: "__aarch64__", Qemu: "aarch64", Musl: true},
}

// FindTarget returns the target with that name, for which linux/ may be left out. An empty name is what $GOOS and $GOARCH
// say, or this machine.
func FindTarget(name string) (Target, error) {
	if name == "" {
		name = cmp.Or(os.Getenv("GOOS"), runtime.GOOS) + "/" + cmp.Or(os.Getenv("GOARCH"), runtime.GOARCH)
	}
	var known []string
	for _, t := range Targets {
		if name == t.Name || "linux/"+name == t.Name {
			return t, nil
		}
		known = append(known, t.Name)
	}
	return Target{}, fmt.Errorf("unknown target %s: there are %s", name, strings.Join(known, ", "))
}

// SystemTarget is FindTarget for an installed Mbed TLS, which may be there for machines that are not in the table.
func SystemTarget(name string) (Target, error) {
	t, err := FindTarget(name)
	if err != nil && name == "" {
		arch := cmp.Or(os.Getenv("GOARCH"), runtime.GOARCH)
		return Target{Name: "linux/" + arch, GOARCH: arch}, nil
	}
	return t, err
}

// Folder is the name in file names.
func (t Target) Folder() string { return strings.ReplaceAll(t.Name, "/", "-") }

// native reports whether this machine's own compiler is the target's.
func (t Target) native() bool { return t.GOARCH == runtime.GOARCH && runtime.GOOS == "linux" }

// A Compiler is the C compiler of a target.
type Compiler struct {
	CC, AR string // commands, which may have arguments
	first  string // of what --version says
}

// compiler is $CC and $AR, or the target's own, which is installed when it is missing and that is possible, as the tools that
// are wanted beside it are.
func (t Target) compiler(ctx context.Context, h *Home, tools ...tool) (Compiler, error) {
	c := Compiler{CC: os.Getenv("CC"), AR: os.Getenv("AR")}
	prefix := t.Prefix
	if t.native() {
		prefix = ""
	}
	own := c.CC == ""
	libc := t.libc
	switch {
	case !own:
	case t.Musl && t.native():
		c.CC = "musl-gcc"
		libc = "musl-tools"
		tools = append(tools, tool{c.CC, libc})
	case t.native():
		c.CC = "gcc"
		libc = "libc6-dev"
		tools = append(tools, tool{c.CC, "gcc"})
	default:
		c.CC = prefix + "gcc"
		tools = append(tools, tool{c.CC, "gcc-" + strings.TrimSuffix(debianName(prefix), "-")})
	}
	if c.AR == "" {
		c.AR = prefix + "ar"
		tools = append(tools, tool{c.AR, "binutils" + strings.TrimSuffix("-"+debianName(prefix), "-")})
	}
	if err := need(ctx, h.Progress, tools); err != nil {
		return c, err
	}
	if own && libc != "" { // Debian's compilers only recommend it
		if _, err := run(ctx, nil, c.CC, "-E", "-include", "stdlib.h", "-x", "c", "/dev/null"); err != nil {
			if err := install(ctx, h.Progress, []string{"stdlib.h"}, []string{libc}); err != nil {
				return c, err
			}
		}
	}
	if own && t.Musl && !t.native() {
		specs, err := h.muslSpecs(ctx, t)
		if err != nil {
			return c, err
		}
		c.CC += " -specs=" + specs
	}
	words, err := shellquote.Split(c.CC)
	if err != nil || len(words) == 0 {
		return c, fmt.Errorf("CC=%s is no command", c.CC)
	}
	ask := func(args ...string) (string, error) {
		return run(ctx, nil, words[0], slices.Concat(words[1:], args)...)
	}
	text, err := ask("--version")
	if err != nil {
		return c, fmt.Errorf("the compiler for %s does not run: install %s, or set CC (%w)", t.Name, words[0], err)
	}
	c.first, _, _ = strings.Cut(text, "\n")
	macros, err := ask("-dM", "-E", "-x", "c", "/dev/null")
	if t.macro != "" && (err != nil || !strings.Contains(macros, "#define "+t.macro+" ")) {
		return c, fmt.Errorf("CC=%s does not compile for %s: unset CC, or name a compiler that does", c.CC, t.Name)
	}
	return c, nil
}

// debianName is how Debian's packages spell a prefix.
func debianName(prefix string) string { return strings.ReplaceAll(prefix, "_", "-") }

// root is where Debian has the target's C library on other machines.
func (t Target) root() string { return "/usr/" + strings.TrimSuffix(t.Prefix, "-") }

// Emulator is the command that runs the target's programs on this machine, empty where it runs them itself.
func (t Target) Emulator() string {
	switch {
	case t.native() || t.host == runtime.GOARCH:
		return ""
	case t.Musl:
		return "qemu-" + t.Qemu + "-static"
	}
	return "qemu-" + t.Qemu + "-static -L " + t.root()
}

// interpreter are the linker's flags with which programs find the target's C library on a machine that runs them but has
// that library in a place of its own.
func (t Target) interpreter() []string {
	if t.host != runtime.GOARCH {
		return nil
	}
	return []string{"-Wl,-dynamic-linker=" + t.root() + "/lib/ld-linux.so.2", "-Wl,-rpath=" + t.root() + "/lib"}
}
