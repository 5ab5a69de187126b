package drbg

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// kinds are both kinds of generators.
var kinds = map[string]func(*Options) (*Generator, error){
	"CTR":  NewCTR,
	"HMAC": func(o *Options) (*Generator, error) { return NewHMAC(md.SHA256, o) },
}

// each runs a test for each kind that the build has.
func each(t *testing.T, f func(t *testing.T, of func(*Options) (*Generator, error))) {
	t.Parallel()
	for name, of := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "HMAC" && !cbridge.Feature("MBEDTLS_HMAC_DRBG_C") {
				if _, err := of(nil); !errors.Is(err, errors.ErrUnsupported) {
					t.Errorf("%v, want errors.ErrUnsupported", err)
				}
				t.Skip("not in this build")
			}
			f(t, of)
		})
	}
}

func newGen(t *testing.T, of func(*Options) (*Generator, error), o *Options) *Generator {
	t.Helper()
	g, err := of(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g
}

func read(t *testing.T, r io.Reader, n int) []byte {
	t.Helper()
	p := make([]byte, n)
	if _, err := io.ReadFull(r, p); err != nil {
		t.Fatal(err)
	}
	return p
}

func mustBe(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// zeros is a source that can be reproduced.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestRandomBytes(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		g := newGen(t, of, nil)
		if err := isRandom(g.Read); err != nil {
			t.Error(err)
		}
		long := read(t, g, 10000) // more than the library gives at a time
		if bytes.Contains(long, make([]byte, 16)) {
			t.Error("part of a long request is zeros")
		}
	})
}

// What goes into a generator, and nothing else, says what comes out.
func TestWhatGoesIn(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		use := func(o Options, f func(g *Generator) error) string {
			o.Entropy = zeros{}
			g := newGen(t, of, &o)
			if f != nil {
				if err := f(g); err != nil {
					t.Fatal(err)
				}
			}
			return string(read(t, g, 32))
		}
		plain := use(Options{}, nil)
		if again := use(Options{}, nil); again != plain {
			t.Errorf("%x and %x of the same entropy", again, plain)
		}
		seen := map[string]string{plain: "plain"}
		for name, got := range map[string]string{
			"personalization": use(Options{Personalization: []byte("a")}, nil),
			"another":         use(Options{Personalization: []byte("b")}, nil),
			"length":          use(Options{EntropyLen: 40}, nil),
			"prediction":      use(Options{PredictionResistance: true}, nil),
			"reseed":          use(Options{}, func(g *Generator) error { return g.Reseed([]byte("c")) }),
			"update":          use(Options{}, func(g *Generator) error { return g.Update([]byte("d")) }),
			"additional":      use(Options{}, func(g *Generator) error { return g.ReadWithAdditional(make([]byte, 1), []byte("e")) }),
		} {
			if other, twice := seen[got]; twice {
				t.Errorf("%s is the same as %s", name, other)
			}
			seen[got] = name
		}
	})
}

func TestReseedInterval(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		var n int
		source := readerFunc(func(p []byte) (int, error) { n++; return len(p), nil })
		g := newGen(t, of, &Options{Entropy: source, ReseedInterval: 3})
		seeds := n
		for range 10 {
			read(t, g, 1)
		}
		if n != seeds+3 {
			t.Errorf("seeded %d times in 10 requests, want 3", n-seeds)
		}
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestSourceThatFails(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		broken := errors.New("broken")
		fails := true
		source := readerFunc(func(p []byte) (int, error) {
			if fails {
				return 0, broken
			}
			return len(p), nil
		})
		_, err := of(&Options{Entropy: source})
		mustBe(t, "seed", err, broken)
		mustBe(t, "short source", second(of(&Options{Entropy: bytes.NewReader(make([]byte, 10))})), io.ErrUnexpectedEOF)

		fails = false
		g := newGen(t, of, &Options{Entropy: source})
		fails = true
		mustBe(t, "Reseed", g.Reseed(nil), broken)
		if _, err := g.Read(make([]byte, 1)); err != nil {
			t.Errorf("after a failed Reseed: %v", err)
		}
		if err := g.SetPredictionResistance(true); err != nil {
			t.Fatal(err)
		}
		n, err := g.Read(make([]byte, 1))
		mustBe(t, "Read", err, broken)
		if n != 0 {
			t.Errorf("%d bytes with an error", n)
		}
		fails = false
		read(t, g, 1)
	})
}

func second[T any](_ T, err error) error { return err }

func TestSourceThatPanics(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		armed := false
		g := newGen(t, of, &Options{Entropy: readerFunc(func(p []byte) (int, error) {
			if armed {
				panic("source")
			}
			return len(p), nil
		})})
		armed = true
		func() {
			defer func() {
				if v := recover(); v != "source" {
					t.Errorf("recovered %v", v)
				}
			}()
			g.Reseed(nil)
		}()
		mustBe(t, "after a panic", second(g.Read(make([]byte, 1))), cbridge.ErrPoisoned)
	})
}

func TestLengths(t *testing.T) {
	t.Parallel()
	mustBe(t, "entropy", second(NewCTR(&Options{EntropyLen: 385})), cbridge.ErrCtrDRBGInputTooBig)
	mustBe(t, "negative entropy", second(NewCTR(&Options{EntropyLen: -1})), cbridge.ErrCtrDRBGInputTooBig)
	mustBe(t, "nonce", second(NewCTR(&Options{NonceLen: 385})), cbridge.ErrCtrDRBGInputTooBig)
	mustBe(t, "personalization", second(NewCTR(&Options{Personalization: make([]byte, 385)})), cbridge.ErrCtrDRBGInputTooBig)
	g := newGen(t, NewCTR, nil)
	mustBe(t, "request", g.ReadWithAdditional(make([]byte, 1025), nil), cbridge.ErrCtrDRBGRequestTooBig)
	mustBe(t, "additional", g.ReadWithAdditional(nil, make([]byte, 257)), cbridge.ErrCtrDRBGInputTooBig)
	mustBe(t, "interval", g.SetReseedInterval(-1), cbridge.ErrCtrDRBGInputTooBig)
	if !cbridge.Feature("MBEDTLS_HMAC_DRBG_C") {
		return
	}
	hmac := kinds["HMAC"]
	wraps := int(^uint(0)/3 + 1) // 3 times this is 2
	mustBe(t, "entropy", second(hmac(&Options{EntropyLen: wraps})), cbridge.ErrHMACDRBGInputTooBig)
	mustBe(t, "entropy", second(hmac(&Options{EntropyLen: 384})), cbridge.ErrHMACDRBGInputTooBig)
	h := newGen(t, hmac, nil)
	mustBe(t, "request", h.ReadWithAdditional(make([]byte, 1025), nil), cbridge.ErrHMACDRBGRequestTooBig)
	mustBe(t, "additional", h.ReadWithAdditional(nil, make([]byte, 257)), cbridge.ErrHMACDRBGInputTooBig)
}

func TestHMACFromSeed(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_HMAC_DRBG_C") {
		t.Skip("not in this build")
	}
	var outputs [2][]byte
	for i := range outputs {
		g := newGen(t, func(*Options) (*Generator, error) { return NewHMACFromSeed(md.SHA256, []byte("seed")) }, nil)
		outputs[i] = read(t, g, 3000)
		mustBe(t, "Reseed", g.Reseed(nil), cbridge.ErrHMACDRBGEntropySourceFailed)
	}
	if !bytes.Equal(outputs[0], outputs[1]) {
		t.Error("a seed gives different bytes")
	}
	mustBe(t, "hash function", second(NewHMACFromSeed(md.Type(99), nil)), cbridge.ErrMDBadInputData)
}

func TestUseAfterClose(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		g := newGen(t, of, nil)
		g.Close()
		g.Close()
		for name, err := range map[string]error{
			"Read": second(g.Read(make([]byte, 1))), "ReadWithAdditional": g.ReadWithAdditional(nil, nil), "Reseed": g.Reseed(nil),
			"Update": g.Update(nil), "SetEntropyLen": g.SetEntropyLen(1), "SetReseedInterval": g.SetReseedInterval(1),
			"SetPredictionResistance": g.SetPredictionResistance(true), "WriteSeedFile": g.WriteSeedFile("x"),
			"UpdateSeedFile": g.UpdateSeedFile("x"),
		} {
			mustBe(t, name, err, net.ErrClosed)
		}
	})
}

func TestConcurrentUse(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		g := newGen(t, of, &Options{ReseedInterval: 2})
		var mu sync.Mutex
		seen := map[[16]byte]bool{}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 50 {
					var p [16]byte
					if _, err := g.Read(p[:]); err != nil {
						t.Error(err)
					}
					mu.Lock()
					seen[p] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		if len(seen) != 400 {
			t.Errorf("%d different blocks of 400", len(seen))
		}
	})
}

// seeder is what has seed files.
type seeder interface {
	WriteSeedFile(string) error
	UpdateSeedFile(string) error
}

func seeders(t *testing.T) map[string]seeder {
	s := map[string]seeder{"CTR": newGen(t, NewCTR, nil)}
	if cbridge.Feature("MBEDTLS_HMAC_DRBG_C") {
		s["HMAC"] = newGen(t, kinds["HMAC"], nil)
	}
	e, err := NewSystemEntropy()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	s["Entropy"] = e
	return s
}

func TestSeedFiles(t *testing.T) {
	t.Parallel()
	for name, s := range seeders(t) {
		path := filepath.Join(t.TempDir(), name)
		if err := s.WriteSeedFile(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		first, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.UpdateSeedFile(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		next, err := os.ReadFile(path)
		if err != nil || len(next) != len(first) || bytes.Equal(next, first) {
			t.Errorf("%s: %x, then %x, %v", name, first, next, err)
		}
		code := map[string]cbridge.Code{"CTR": cbridge.ErrCtrDRBGFileIoError, "HMAC": cbridge.ErrHMACDRBGFileIoError,
			"Entropy": cbridge.ErrEntropyFileIoError}[name]
		for _, bad := range []string{filepath.Join(path, "x"), "a\x00b"} {
			mustBe(t, name+": write "+bad, s.WriteSeedFile(bad), code)
			mustBe(t, name+": update "+bad, s.UpdateSeedFile(bad), code)
		}
	}
}

// A seed file may be a pipe, whose length cannot be asked for.
func TestSeedFileIsAPipe(t *testing.T) {
	t.Parallel()
	for name, s := range seeders(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "fifo")
			if err := unix.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			got := make(chan []byte, 1)
			wait := func() []byte {
				text, err := os.ReadFile(path)
				if err != nil {
					t.Error(err)
				}
				return text
			}
			go func() { got <- wait() }()
			if err := s.WriteSeedFile(path); err != nil {
				t.Fatal(err)
			}
			first := <-got
			go func() {
				if err := os.WriteFile(path, first, 0); err != nil {
					t.Error(err)
				}
				got <- wait()
			}()
			if err := s.UpdateSeedFile(path); err != nil {
				t.Fatal(err)
			}
			if next := <-got; len(first) == 0 || len(next) != len(first) || bytes.Equal(next, first) {
				t.Errorf("%x, then %x", first, next)
			}
		})
	}
}

// What the seed file holds goes into the generator.
func TestSeedFileCounts(t *testing.T) {
	each(t, func(t *testing.T, of func(*Options) (*Generator, error)) {
		path := filepath.Join(t.TempDir(), "seed")
		draw := func(seed string) string {
			g := newGen(t, of, &Options{Entropy: zeros{}})
			if err := os.WriteFile(path, []byte(seed), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := g.UpdateSeedFile(path); err != nil {
				t.Fatal(err)
			}
			return string(read(t, g, 16))
		}
		if first, again := draw("a"), draw("a"); first != again || first == draw("b") {
			t.Error("what is drawn does not depend on the seed alone")
		}
		g := newGen(t, of, nil)
		if err := os.WriteFile(path, make([]byte, 257), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.UpdateSeedFile(path); err == nil {
			t.Error("a seed of 257 bytes is taken")
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		if err := g.UpdateSeedFile(path); err == nil {
			t.Error("an empty seed is taken")
		}
	})
}

func TestEntropySources(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	poll := func(n int, err error) func([]byte) (int, error) { return func([]byte) (int, error) { return n, err } }
	for name, c := range map[string]struct {
		sources []Source
		want    error
	}{
		"none":      {nil, cbridge.ErrEntropyNoSourcesDefined},
		"weak":      {[]Source{{Poll: poll(64, nil)}}, cbridge.ErrEntropyNoStrongSource},
		"strong":    {[]Source{{Poll: poll(64, nil), Strong: true}}, nil},
		"silent":    {[]Source{{Poll: poll(0, nil), Strong: true}}, cbridge.ErrEntropySourceFailed},
		"too slow":  {[]Source{{Poll: poll(1, nil), Strong: true, Threshold: 258}}, cbridge.ErrEntropySourceFailed},
		"broken":    {[]Source{{Poll: poll(64, nil), Strong: true}, {Poll: poll(0, broken)}}, broken},
		"too much":  {[]Source{{Poll: poll(MaxGather+1, nil), Strong: true}}, cbridge.ErrEntropySourceFailed},
		"negative":  {[]Source{{Poll: poll(-1, nil), Strong: true}}, cbridge.ErrEntropySourceFailed},
		"threshold": {[]Source{{Poll: poll(64, nil), Strong: true, Threshold: -1}}, cbridge.ErrEntropySourceFailed},
	} {
		e, err := NewEntropy(c.sources...)
		if err == nil {
			_, err = e.Read(make([]byte, 100))
			e.Close()
		}
		mustBe(t, name, err, c.want)
	}
}

func TestEntropyLimits(t *testing.T) {
	t.Parallel()
	e, err := NewSystemEntropy()
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if err := isRandom(e.Read); err != nil {
		t.Error(err)
	}
	if err := e.Update(make([]byte, 1000)); err != nil {
		t.Error(err)
	}
	for range 2 * MaxSources {
		err = e.AddSource(Source{Poll: func([]byte) (int, error) { return 0, nil }})
	}
	mustBe(t, "AddSource", err, cbridge.ErrEntropyMaxSources)
	if !cbridge.Feature("MBEDTLS_ENTROPY_NV_SEED") {
		mustBe(t, "UpdateNVSeed", e.UpdateNVSeed(), errors.ErrUnsupported)
	}
	e.Close()
	for name, err := range map[string]error{"Read": second(e.Read(make([]byte, 1))), "Gather": e.Gather(), "Update": e.Update(nil),
		"AddSource": e.AddSource(Source{}), "WriteSeedFile": e.WriteSeedFile("x"), "UpdateSeedFile": e.UpdateSeedFile("x")} {
		mustBe(t, name, err, net.ErrClosed)
	}
}

func TestEntropySourceThatPanics(t *testing.T) {
	t.Parallel()
	e, err := NewEntropy(Source{Strong: true, Poll: func([]byte) (int, error) { panic("poll") }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	func() {
		defer func() {
			if v := recover(); v != "poll" {
				t.Errorf("recovered %v", v)
			}
		}()
		e.Gather()
	}()
	mustBe(t, "after a panic", e.Gather(), cbridge.ErrPoisoned)
}
