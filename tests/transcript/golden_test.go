package transcript

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
)

var update = flag.Bool("update", false, "write testdata/golden-<release>.txt anew")

// goldenProfile is the one that the golden file is for.
const goldenProfile = "default"

var goldenFile = filepath.Join("testdata", "golden-"+cbridge.Release+".txt")

// played are the transcripts so far: both tests need all of them.
var played = struct {
	sync.Mutex
	lines map[string][]string
}{lines: map[string][]string{}}

// transcript plays a session, if that has not been done yet. Sessions cannot be played side by side: PSA's randomness and
// the clock are the process's.
func (s *session) transcript(t *testing.T) []string {
	t.Helper()
	if missing := s.lacks(); missing != "" {
		t.Skipf("this build (profile %s) lacks %s", cbridge.Profile, missing)
	}
	played.Lock()
	defer played.Unlock()
	if played.lines[s.name] == nil {
		played.lines[s.name] = play(t, s)
	}
	return played.lines[s.name]
}

// golden is a session's line in the file: its name, the SHA-256 of its transcript's lines, and the calls that failed.
func golden(name string, lines []string) string {
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n") + "\n"))
	fields := append([]string{fmt.Sprintf("%s %x", name, sum)}, failures(lines)...)
	return strings.Join(fields, "; ")
}

func TestGolden(t *testing.T) {
	if cbridge.Profile != goldenProfile {
		t.Skipf("%s is for profile %s, and this is %s", goldenFile, goldenProfile, cbridge.Profile)
	}
	want := map[string]string{}
	data, err := os.ReadFile(goldenFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		name, _, _ := strings.Cut(line, " ")
		want[name] = line
	}
	var lines []string
	for _, s := range all() {
		t.Run(s.name, func(t *testing.T) {
			line := golden(s.name, s.transcript(t))
			lines = append(lines, line)
			if diff := cmp.Diff(want[s.name], line); diff != "" && !*update {
				t.Errorf("-want +got\n%s", diff)
			}
		})
		delete(want, s.name)
	}
	switch {
	case *update:
		if err := os.WriteFile(goldenFile, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	case len(want) > 0:
		t.Errorf("%s has %d sessions that there are not: %v", goldenFile, len(want), want)
	}
}
