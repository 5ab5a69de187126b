package upstream

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/drbg"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// counted is a source that tells how much of it was read.
type counted struct {
	*bytes.Reader
}

func entropyOf(p []byte) counted { return counted{bytes.NewReader(p)} }

func (c counted) used() int { return int(c.Size()) - c.Len() }

// ctr makes a CTR_DRBG with seeds of n bytes, without a nonce.
func ctr(t *suites.T, source io.Reader, n int, personalization []byte) *drbg.Generator {
	g, err := drbg.NewCTR(&drbg.Options{Entropy: source, EntropyLen: n, NonceLen: drbg.NoNonce, Personalization: personalization})
	t.Code("NewCTR", err, 0)
	return g
}

func reseed(t *suites.T, g *drbg.Generator, additional []byte) {
	t.Code("Reseed", g.Reseed(additional), 0)
}

// draws checks the second of two requests, with something in between.
func draws(t *suites.T, g *drbg.Generator, add1, add2, want []byte, between func()) {
	defer g.Close()
	out := make([]byte, len(want))
	t.Code("ReadWithAdditional", g.ReadWithAdditional(out, add1), 0)
	between()
	t.Code("ReadWithAdditional", g.ReadWithAdditional(out, add2), 0)
	t.Equal("random bytes", out, want)
}

func nothing() {}

// usage checks how much entropy a generator takes, after a first seed of so many bytes, each later one of which takes seed.
func usage(t *suites.T, g *drbg.Generator, source counted, first, seed, tooMuch int) {
	const reps = 10
	want := first
	used := func(when string) { t.Equal("entropy used "+when, source.used(), want) }
	used("at first")
	random := func(n int, p []byte, additional []byte) {
		for range n {
			_, err := g.Read(p)
			t.Code("Read", err, 0)
			if additional != nil {
				t.Code("ReadWithAdditional", g.ReadWithAdditional(p, additional), 0)
			}
		}
	}
	out, additional := make([]byte, 16), make([]byte, 16)
	random(reps, out[:12], additional)
	used("before the interval ends")
	t.Equal("bytes behind the request", out[12:], make([]byte, 4))
	random(1, out, nil)
	want += seed
	used("after the interval")
	t.Code("SetReseedInterval", g.SetReseedInterval(4*reps+1), 0)
	random(2*reps, out, additional)
	used("before another interval ends")
	if tooMuch > 0 {
		if g.Update(make([]byte, tooMuch)) == nil {
			t.Fatalf("Update takes %d bytes", tooMuch)
		}
	}
	t.Code("SetPredictionResistance", g.SetPredictionResistance(true), 0)
	random(1, out, nil)
	want += seed
	used("with prediction resistance")
	for _, n := range []int{42, 13} {
		t.Code("SetEntropyLen", g.SetEntropyLen(n), 0)
		random(1, out, nil)
		want += n
		used("with another length")
	}
}

// seedFile checks a file in a temporary folder, in the place of one of upstream's tree.
func seedFile(t *suites.T, path string, write, update func(string) error, want int) {
	if strings.HasPrefix(path, "../framework/data_files/") {
		path = filepath.Join(t.TempDir(), filepath.Base(path))
	}
	t.Code("WriteSeedFile", write(path), want)
	t.Code("UpdateSeedFile", update(path), want)
}

// twice checks that two generators with the same entropy context differ.
func twice(t *suites.T, of func(*drbg.Options) (*drbg.Generator, error)) {
	e, err := drbg.NewSystemEntropy()
	t.Code("NewSystemEntropy", err, 0)
	defer e.Close()
	var outputs [2][32]byte
	for i := range outputs {
		g, err := of(&drbg.Options{Entropy: e})
		t.Code("new Generator", err, 0)
		_, err = g.Read(outputs[i][:])
		t.Code("Read", err, 0)
		g.Close()
	}
	t.Equal("the same", outputs[0] == outputs[1], false)
}

func init() {
	register("ctr_drbg", functions{
		"ctr_drbg_special_behaviours": func(t *suites.T) {
			g := ctr(t, rand.Reader, 0, nil)
			defer g.Close()
			t.Code("too long a request", g.ReadWithAdditional(make([]byte, 1025), make([]byte, 16)), int(cbridge.ErrCtrDRBGRequestTooBig))
			const tooBig = int(cbridge.ErrCtrDRBGInputTooBig)
			t.Code("too much to mix in", g.ReadWithAdditional(make([]byte, 16), make([]byte, 257)), tooBig)
			t.Code("too much to seed with", g.Reseed(make([]byte, 385)), tooBig)
			t.Code("SetEntropyLen", g.SetEntropyLen(1<<31-1), 0)
			t.Code("too much entropy", g.Reseed(make([]byte, 384)), tooBig)
		},
		"ctr_drbg_validate_no_reseed": func(t *suites.T, nonce, entropy, add1, add2, want []byte) {
			draws(t, ctr(t, entropyOf(entropy), len(entropy), nonce), add1, add2, want, nothing)
		},
		"ctr_drbg_validate_pr": func(t *suites.T, nonce, entropy, add1, add2, want []byte) {
			g := ctr(t, entropyOf(entropy), len(entropy)/3, nonce)
			t.Code("SetPredictionResistance", g.SetPredictionResistance(true), 0)
			draws(t, g, add1, add2, want, nothing)
		},
		"ctr_drbg_validate_reseed_between": func(t *suites.T, nonce, entropy, add1, add, add2, want []byte) {
			g := ctr(t, entropyOf(entropy), len(entropy)/2, nonce)
			draws(t, g, add1, add2, want, func() { reseed(t, g, add) })
		},
		"ctr_drbg_validate_reseed_first": func(t *suites.T, nonce, entropy, add1, add, add2, want []byte) {
			g := ctr(t, entropyOf(entropy), len(entropy)/2, nonce)
			reseed(t, g, add)
			draws(t, g, add1, add2, want, nothing)
		},
		"ctr_drbg_entropy_strength": func(t *suites.T, bits int) {
			source := entropyOf(make([]byte, 1024))
			g, err := drbg.NewCTR(&drbg.Options{Entropy: source})
			t.Code("NewCTR", err, 0)
			defer g.Close()
			first := source.used()
			reseed(t, g, nil)
			if strength := bits / 8; first < (strength*3+1)/2 || source.used()-first < strength {
				t.Fatalf("seeds of %d and %d bytes", first, source.used()-first)
			}
		},
		"ctr_drbg_entropy_usage": func(t *suites.T, nonce int) {
			source := entropyOf(make([]byte, 1024))
			o := &drbg.Options{Entropy: source, ReseedInterval: 20, NonceLen: nonce}
			first, seed := 48, 48 // with SHA-512 in the entropy context
			if drbg.BlockSize == 32 {
				first, seed = 32+16, 32
			}
			if nonce >= 0 {
				first = seed + nonce
			}
			switch nonce {
			case 0:
				o.NonceLen = drbg.NoNonce
			case -1:
				o.NonceLen = 0
			}
			g, err := drbg.NewCTR(o)
			t.Code("NewCTR", err, 0)
			defer g.Close()
			usage(t, g, source, first, seed, 1024)
		},
		"ctr_drbg_threads": func(t *suites.T, want []byte, reseeds, threads int) {
			const reps, seed = 10, 48
			calls := threads*reps + 1
			size := seed
			if reseeds != 0 {
				size = (calls + 1) * seed
			}
			if drbg.BlockSize == 32 {
				size += 16
			}
			g, err := drbg.NewCTR(&drbg.Options{Entropy: entropyOf(make([]byte, size)), EntropyLen: seed, ReseedInterval: calls + 1,
				PredictionResistance: reseeds != 0})
			t.Code("NewCTR", err, 0)
			defer g.Close()
			errs := make([]error, threads)
			var wg sync.WaitGroup
			for i := range errs {
				wg.Go(func() {
					for range reps {
						if _, err := g.Read(make([]byte, 16)); err != nil {
							errs[i] = err
						}
					}
				})
			}
			wg.Wait()
			t.Code("Read", errors.Join(errs...), 0)
			out := make([]byte, 16)
			_, err = g.Read(out)
			t.Code("Read", err, 0)
			t.Equal("random bytes", out, want)
		},
		"ctr_drbg_seed_file": func(t *suites.T, path string, want int) {
			g := ctr(t, rand.Reader, 0, nil)
			defer g.Close()
			seedFile(t, path, g.WriteSeedFile, g.UpdateSeedFile, want)
		},
	}, unmapped{
		"ctr_drbg_selftest":      selfTest,
		"ctr_increment_rollover": "a function inside of the library",
		"ctr_increment":          "a function inside of the library",
	})
	register("hmac_drbg", functions{
		"hmac_drbg_entropy_usage": func(t *suites.T, typ md.Type) {
			source := entropyOf(make([]byte, 1024))
			g, err := drbg.NewHMAC(typ, &drbg.Options{Entropy: source, ReseedInterval: 20})
			t.Code("NewHMAC", err, 0)
			defer g.Close()
			seed := 32
			switch size := typ.Size(); {
			case size <= 20:
				seed = 16
			case size <= 28:
				seed = 24
			}
			usage(t, g, source, seed*3/2, seed, 0)
		},
		"hmac_drbg_seed_file": func(t *suites.T, typ md.Type, path string, want int) {
			g, err := drbg.NewHMAC(typ, &drbg.Options{Entropy: rand.Reader})
			t.Code("NewHMAC", err, 0)
			defer g.Close()
			seedFile(t, path, g.WriteSeedFile, g.UpdateSeedFile, want)
		},
		"hmac_drbg_buf": func(t *suites.T, typ md.Type) {
			g, err := drbg.NewHMACFromSeed(typ, make([]byte, 100))
			t.Code("NewHMACFromSeed", err, 0)
			defer g.Close()
			t.Code("SetReseedInterval", g.SetReseedInterval(3), 0)
			t.Code("SetPredictionResistance", g.SetPredictionResistance(true), 0)
			for range 30 {
				_, err := g.Read(make([]byte, 16))
				t.Code("Read", err, 0)
			}
		},
		"hmac_drbg_no_reseed": func(t *suites.T, typ md.Type, entropy, custom, add1, add2, want []byte) {
			g, err := drbg.NewHMACFromSeed(typ, append(bytes.Clone(entropy), custom...))
			t.Code("NewHMACFromSeed", err, 0)
			draws(t, g, add1, add2, want, nothing)
			draws(t, hmacDRBG(t, typ, entropy, custom), add1, add2, want, nothing)
		},
		"hmac_drbg_nopr": func(t *suites.T, typ md.Type, entropy, custom, add1, add2, add3, want []byte) {
			g := hmacDRBG(t, typ, entropy, custom)
			reseed(t, g, add1)
			draws(t, g, add2, add3, want, nothing)
		},
		"hmac_drbg_pr": func(t *suites.T, typ md.Type, entropy, custom, add1, add2, want []byte) {
			g := hmacDRBG(t, typ, entropy, custom)
			t.Code("SetPredictionResistance", g.SetPredictionResistance(true), 0)
			draws(t, g, add1, add2, want, nothing)
		},
	}, unmapped{"hmac_drbg_selftest": selfTest})
	register("random", functions{
		"random_twice_with_ctr_drbg": func(t *suites.T) { twice(t, drbg.NewCTR) },
		"random_twice_with_hmac_drbg": func(t *suites.T, typ md.Type) {
			twice(t, func(o *drbg.Options) (*drbg.Generator, error) { return drbg.NewHMAC(typ, o) })
		},
	}, unmapped{
		"random_twice_with_psa_from_classic": psaRestart,
		"random_twice_with_psa_from_psa":     psaRestart,
		"mbedtls_psa_get_random_no_init":     psaDispatch,
		"mbedtls_psa_get_random_length":      psaRandom,
		"mbedtls_psa_get_random_ecdsa_sign":  psaRandom,
	})
}

const (
	psaRestart = "shuts PSA down and starts it again, which would lose the keys of the process"
	psaRandom  = "PSA's generator as an f_rng, which Go's functions have another in the place of"
)

func hmacDRBG(t *suites.T, typ md.Type, entropy, custom []byte) *drbg.Generator {
	g, err := drbg.NewHMAC(typ, &drbg.Options{Entropy: entropyOf(entropy), Personalization: custom})
	t.Code("NewHMAC", err, 0)
	return g
}
