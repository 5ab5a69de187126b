package cross

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// instructions are those of ARMv8's extensions for cryptography that the library uses, as a mask of the bits that make
// them and their value (Arm Architecture Reference Manual, C7.2).
var instructions = []struct {
	name        string
	mask, value uint64
}{
	{"AESE", 0xfffffc00, 0x4e284800},
	{"PMULL", 0xbfe0fc00, 0x0ee0e000},
	{"SHA256H", 0xffe0fc00, 0x5e004000},
	{"SHA512H", 0xffe0fc00, 0xce608000},
}

// The library looks at run time for what the processor has: it uses that, and nothing else, and computes the same.
func TestARMv8ExtensionsAreUsedWherePresent(t *testing.T) {
	const emulator = "qemu-aarch64-static"
	need(t, emulator)
	b := build(t, "linux/arm64")
	dir := t.TempDir()
	compile := func(name string, flags ...string) string {
		program := filepath.Join(dir, name)
		args := append(flags, "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-I"+b.Folder+"/include",
			"testdata/armv8/main.c", "../../cbridge/platform_time.c", "-L"+b.Folder+"/lib", "-lmbedcrypto", "-o", program)
		run(t, exec.Command(b.CC, args...))
		return program
	}
	all, few := compile("all"), compile("few", "-DFEW", "-Wl,--wrap=getauxval")
	want := vectors(t)
	for _, test := range []struct {
		name, program, cpu string
		uses               []string
	}{
		{"all of them", all, "max", []string{"AESE", "PMULL", "SHA256H", "SHA512H"}},
		{"without SHA-512", all, "cortex-a72", []string{"AESE", "PMULL", "SHA256H"}},
		{"none", few, "max", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			translated := filepath.Join(t.TempDir(), "translated")
			got := run(t, exec.Command(emulator, "-cpu", test.cpu, "-d", "in_asm", "-D", translated, test.program))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("results (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(test.uses, used(t, translated)); diff != "" {
				t.Errorf("instructions (-want +got)\n%s", diff)
			}
		})
	}
}

// vectors are the program's results, from Go.
func vectors(t *testing.T) string {
	in := make([]byte, 1000)
	for i := range in {
		in[i] = byte(i)
	}
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x\n%x\n%x\n", sha256.Sum256(in), sha512.Sum512(in), gcm.Seal(nil, make([]byte, gcm.NonceSize()), in, nil))
}

// word is an instruction in what the emulator tells of the code that it has translated: that which ran.
var word = regexp.MustCompile(`(?m)^0x[0-9a-f]+:\s+([0-9a-f]{8})\s`)

// used are the names of the instructions in that file.
func used(t *testing.T, translated string) (names []string) {
	t.Helper()
	text, err := os.ReadFile(translated)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range word.FindAllSubmatch(text, -1) {
		w, err := strconv.ParseUint(string(m[1]), 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range instructions {
			if w&i.mask == i.value && !slices.Contains(names, i.name) {
				names = append(names, i.name)
			}
		}
	}
	slices.Sort(names)
	return names
}
