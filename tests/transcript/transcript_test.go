package transcript

import (
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) {
	cbridge.SetExactRandomness(true) // the driver, which has no acceleration, draws from the same generators
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

func TestSameBytesAsC(t *testing.T) {
	var sessions []*session
	for _, s := range all() {
		if s.lacks() == "" {
			sessions = append(sessions, s)
		}
	}
	if len(sessions) == 0 {
		t.Skipf("this build (profile %s) lacks %s, and so on", cbridge.Profile, all()[0].lacks())
	}
	want := driven(t, sessions)
	for _, s := range all() {
		t.Run(s.name, func(t *testing.T) {
			got := s.transcript(t)
			d := difference(got, want[s.name], s.datagram)
			switch {
			case d != "" && s.differs == "":
				t.Errorf("the transcripts differ\n%s", d)
			case d == "" && s.differs != "":
				t.Errorf("the transcripts are the same, and there is a reason for a difference: %s", s.differs)
			}
			s.checkOutcomes(t, got)
		})
	}
}

func (s *session) checkOutcomes(t *testing.T, lines []string) {
	t.Helper()
	if f := failures(lines); s.fails != (len(f) > 0) {
		t.Errorf("failed calls: %q; want some: %v", f, s.fails)
	}
}
