package upstream

import (
	"bytes"
	"errors"
	"path/filepath"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/drbg"
)

// dummy is a source that gives the same bytes, and counts.
type dummy struct {
	length int // of what it gives; more is what it was asked for
	err    error
	calls  int
}

func (d *dummy) source(threshold int, strong bool) drbg.Source {
	return drbg.Source{Threshold: threshold, Strong: strong, Poll: func(p []byte) (int, error) {
		d.calls++
		n := min(d.length, len(p))
		copy(p[:n], bytes.Repeat([]byte{0x2a}, n))
		return n, d.err
	}}
}

func newEntropy(t *suites.T, sources ...drbg.Source) *drbg.Entropy {
	e, err := drbg.NewEntropy(sources...)
	t.Code("NewEntropy", err, 0)
	return e
}

func systemEntropy(t *suites.T) *drbg.Entropy {
	e, err := drbg.NewSystemEntropy()
	t.Code("NewSystemEntropy", err, 0)
	return e
}

// asked checks how often source was, or the error of the pool.
func asked(t *suites.T, e *drbg.Entropy, source *dummy, want int) {
	_, err := e.Read(make([]byte, drbg.BlockSize))
	if want < 0 {
		t.Code("Read", err, want)
		return
	}
	t.Code("Read", err, 0)
	t.Equal("calls", source.calls, want)
}

func init() {
	register("entropy", functions{
		"entropy_init_free": func(t *suites.T, again int) {
			for range again + 1 {
				e := systemEntropy(t)
				e.Close()
				e.Close()
			}
		},
		"entropy_seed_file": func(t *suites.T, path string, want int) {
			e := systemEntropy(t)
			defer e.Close()
			seedFile(t, path, e.WriteSeedFile, e.UpdateSeedFile, want)
		},
		"entropy_write_base_seed_file": func(t *suites.T, want int) {
			e := systemEntropy(t)
			defer e.Close()
			seedFile(t, filepath.Join(t.TempDir(), "seedfile"), e.WriteSeedFile, e.UpdateSeedFile, want)
		},
		"entropy_no_sources": func(t *suites.T) {
			e := newEntropy(t)
			defer e.Close()
			_, err := e.Read(make([]byte, drbg.BlockSize))
			t.Code("Read", err, noSources)
		},
		"entropy_too_many_sources": func(t *suites.T) {
			e := systemEntropy(t)
			defer e.Close()
			s := (&dummy{length: drbg.MaxGather}).source(16, false)
			for range drbg.MaxSources - 1 {
				t.Code("AddSource", e.AddSource(s), 0)
			}
			t.Code("AddSource", e.AddSource(s), maxSources)
		},
		"entropy_func_len": func(t *suites.T, length, want int) {
			e, err := newPool()
			t.Code("new pool", err, 0)
			defer e.Close()
			seen := make([]byte, length)
			for range 8 {
				p := make([]byte, length)
				t.Code("Func", e.Func(p), want)
				for i := range p {
					seen[i] |= p[i]
				}
			}
			for i, b := range seen {
				if (b == 0) != (want != 0) {
					t.Fatalf("byte %d is %d", i, b)
				}
			}
		},
		"entropy_source_fail": func(t *suites.T, path string) {
			broken := errors.New("broken")
			e := systemEntropy(t)
			defer e.Close()
			t.Code("AddSource", e.AddSource((&dummy{err: broken}).source(16, false)), 0)
			_, err := e.Read(make([]byte, 16))
			t.Code("Read", err, sourceFailed)
			t.Equal("cause", errors.Is(err, broken), true)
			t.Code("Gather", e.Gather(), sourceFailed)
			t.Code("WriteSeedFile", e.WriteSeedFile(filepath.Join(t.TempDir(), filepath.Base(path))), sourceFailed)
		},
		"entropy_threshold": func(t *suites.T, threshold, size, want int) {
			weak := &dummy{length: size}
			e := newEntropy(t, (&dummy{length: drbg.BlockSize}).source(1, true), weak.source(threshold, false))
			defer e.Close()
			asked(t, e, weak, want)
		},
		"entropy_calls": func(t *suites.T, strong1, strong2, threshold, size, want int) {
			first := &dummy{length: size}
			e := newEntropy(t, first.source(threshold, strong1 != 0), (&dummy{length: size}).source(threshold, strong2 != 0))
			defer e.Close()
			asked(t, e, first, want)
		},
	}, unmapped{
		"entropy_count_sources":  insideOf,
		"nv_seed_file_create":    nvSeed,
		"entropy_nv_seed_std_io": nvSeed,
		"entropy_nv_seed":        nvSeed,
		"entropy_selftest":       selfTest,
	})
}

const (
	nvSeed       = "a seed in memory that survives: no profile has MBEDTLS_ENTROPY_NV_SEED"
	noSources    = int(cbridge.ErrEntropyNoSourcesDefined)
	maxSources   = int(cbridge.ErrEntropyMaxSources)
	sourceFailed = int(cbridge.ErrEntropySourceFailed)
)

// newPool is an Entropy whose blocks can be asked for with a length that is too long.
func newPool() (*cbridge.Entropy, error) { return cbridge.NewEntropy(true) }
