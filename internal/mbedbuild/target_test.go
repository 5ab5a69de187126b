package mbedbuild

import (
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestTargetsAreFoundByName(t *testing.T) {
	for name, want := range map[string]string{
		"linux/arm": "linux/arm", "arm": "linux/arm", "arm64-musl": "linux/arm64-musl",
		"": runtime.GOOS + "/" + runtime.GOARCH,
	} {
		if got, err := FindTarget(name); got.Name != want || err != nil {
			t.Errorf("%q: %q, %v", name, got.Name, err)
		}
	}
	t.Setenv("GOARCH", "s390x")
	if got, err := FindTarget(""); got.Name != "linux/s390x" || err != nil {
		t.Errorf("GOARCH=s390x: %q, %v", got.Name, err)
	}
	if _, err := FindTarget("linux/vax"); err == nil || !strings.Contains(err.Error(), "linux/vax: there are linux/amd64, linux/arm64, ") {
		t.Errorf("linux/vax: %v", err)
	}
}

// TestMissingCompilerIsNamedInOneLine has a PATH without tools, and without an apt that could bring them.
func TestMissingCompilerIsNamedInOneLine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("CC", "")
	t.Setenv("AR", "")
	h := &Home{Dir: t.TempDir(), Progress: NewProgress(io.Discard)}
	for _, target := range Targets {
		_, err := target.compiler(t.Context(), h, tool{"make", "make"})
		if err == nil {
			t.Errorf("%s: no error", target.Name)
			continue
		}
		want := "gcc-" + strings.ReplaceAll(strings.TrimSuffix(target.Prefix, "-"), "_", "-")
		switch {
		case target.native() && target.Musl:
			want = "musl-tools"
		case target.native():
			want = "gcc"
		}
		if text := err.Error(); !strings.Contains(text, "missing make ") || !strings.Contains(text, "apt-get install make "+want+" ") || strings.Contains(text, "\n") {
			t.Errorf("%s: %v", target.Name, err)
		}
	}
}

// TestCrossCompilersArePackagedUnderTheseNames asks apt, where there is one.
func TestCrossCompilersArePackagedUnderTheseNames(t *testing.T) {
	if _, err := os.Stat("/usr/bin/apt-cache"); err != nil {
		t.Skip("no apt here")
	}
	for _, target := range Targets {
		if target.native() || target.Musl {
			continue
		}
		name := "gcc-" + strings.TrimSuffix(debianName(target.Prefix), "-")
		out, err := run(t.Context(), nil, "apt-cache", "show", name, target.libc)
		if out == "" {
			t.Skipf("apt has no lists here: %v", err)
		}
		if err != nil || !strings.Contains(out, "Package: "+name+"\n") || !strings.Contains(out, "Package: "+target.libc+"\n") {
			t.Errorf("%s: %s and %s: %v", target.Name, name, target.libc, err)
		}
	}
}
