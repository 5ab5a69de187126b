package transcript

import (
	"slices"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

func TestSameBytesAsC(t *testing.T) {
	var sessions []*session
	for _, s := range all() {
		if s.lacks() == "" {
			sessions = append(sessions, s)
		}
	}
	want := driven(t, sessions)
	for _, s := range all() {
		t.Run(s.name, func(t *testing.T) {
			if missing := s.lacks(); missing != "" {
				t.Skipf("this build (profile %s) lacks %s", cbridge.Profile, missing)
			}
			got := play(t, s)
			if !slices.Equal(got, want[s.name]) {
				t.Errorf("differs\n%s", difference(got, want[s.name]))
			}
			if f := failures(got); !slices.Equal(f, s.fails) {
				t.Errorf("outcomes %q, want %q", f, s.fails)
			}
		})
	}
}
