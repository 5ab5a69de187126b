package drbg

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// Options are how a generator is seeded, and when again. The zero value is the library's way, from the operating system.
type Options struct {
	// Entropy is where seeds come from; nil is the operating system, through an [Entropy] of the generator's own. It is
	// read, by one goroutine at a time, whenever the generator is seeded, by [io.ReadFull], and must not use the generator.
	Entropy io.Reader

	// Personalization makes the generator differ from others with the same entropy. It may be empty.
	Personalization []byte

	// EntropyLen is how many bytes a seed takes from Entropy. 0 is the library's number: for CTR_DRBG, that of
	// MBEDTLS_CTR_DRBG_ENTROPY_LEN (48 or 32), for HMAC_DRBG as much as the hash function is strong (16 to 32).
	EntropyLen int

	// NonceLen is how many bytes more the first seed of CTR_DRBG takes; NoNonce is none. 0 is the library's number: half as
	// many as EntropyLen, unless that has enough for both. HMAC_DRBG always takes half as many more.
	NonceLen int

	// ReseedInterval is after how many requests the generator is seeded again; 0 is 10000.
	ReseedInterval int

	// PredictionResistance seeds the generator again for each request.
	PredictionResistance bool
}

// NoNonce is a NonceLen: the first seed is as long as the others.
const NoNonce = -1

// generator is what the library's generators have in common.
type generator interface {
	io.ReadCloser
	RandomWithAdd(p, additional []byte) error
	Reseed(additional []byte) error
	Update(additional []byte) error
	SetEntropyLen(n int) error
	SetReseedInterval(n int) error
	SetPredictionResistance(on bool) error
	WriteSeedFile(path string) error
	UpdateSeedFile(path string) error
}

// Generator is a CTR_DRBG or an HMAC_DRBG. It is an [io.Reader]. Any number of goroutines may use it, one of which is inside
// of the library at a time.
type Generator struct {
	g   generator
	own *Entropy // made for this generator
}

var _ io.ReadCloser = (*Generator)(nil)

// NewCTR makes a CTR_DRBG, of AES-256 or whatever the build has chosen. If the source fails, the error is
// ErrCtrDRBGEntropySourceFailed; if lengths do not fit into MBEDTLS_CTR_DRBG_MAX_SEED_INPUT, ErrCtrDRBGInputTooBig. Nil is
// the zero Options (mbedtls_ctr_drbg_seed).
func NewCTR(o *Options) (*Generator, error) {
	g, err := cbridge.MakeCtrDrbg()
	if err != nil {
		return nil, err
	}
	return newGenerator(g, o, func(source io.Reader, o *Options) error {
		if o.NonceLen != 0 {
			if err := g.SetNonceLen(max(o.NonceLen, 0)); err != nil {
				return err
			}
		}
		return g.Seed(source, o.Personalization)
	})
}

// NewHMAC makes an HMAC_DRBG of a hash function. If the source fails, the error is ErrHMACDRBGEntropySourceFailed; if
// lengths do not fit into MBEDTLS_HMAC_DRBG_MAX_SEED_INPUT, ErrHMACDRBGInputTooBig. Nil is the zero Options
// (mbedtls_hmac_drbg_seed).
func NewHMAC(t md.Type, o *Options) (*Generator, error) {
	g, err := cbridge.MakeHmacDrbg()
	if err != nil {
		return nil, err
	}
	return newGenerator(g, o, func(source io.Reader, o *Options) error {
		return g.Seed(cbridge.MDType(t), source, o.Personalization)
	})
}

// NewHMACFromSeed makes an HMAC_DRBG from a seed alone: what it gives is always the same, as deterministic signatures need
// it. It is never seeded again, and Reseed is an error (mbedtls_hmac_drbg_seed_buf).
func NewHMACFromSeed(t md.Type, seed []byte) (*Generator, error) {
	g, err := cbridge.MakeHmacDrbg()
	if err != nil {
		return nil, err
	}
	if err := g.SeedBuf(cbridge.MDType(t), seed); err != nil {
		g.Close()
		return nil, err
	}
	return &Generator{g: g}, nil
}

func newGenerator(g generator, o *Options, seed func(io.Reader, *Options) error) (*Generator, error) {
	if o == nil {
		o = &Options{}
	}
	made := &Generator{g: g}
	err := made.configure(o, seed)
	if err != nil {
		made.Close()
		return nil, err
	}
	return made, nil
}

func (g *Generator) configure(o *Options, seed func(io.Reader, *Options) error) error {
	if o.EntropyLen != 0 {
		if err := g.SetEntropyLen(o.EntropyLen); err != nil {
			return err
		}
	}
	source := o.Entropy
	if source == nil {
		e, err := NewSystemEntropy()
		if err != nil {
			return err
		}
		g.own, source = e, e
	}
	if err := seed(source, o); err != nil {
		return err
	}
	if o.ReseedInterval != 0 {
		if err := g.SetReseedInterval(o.ReseedInterval); err != nil {
			return err
		}
	}
	return g.SetPredictionResistance(o.PredictionResistance)
}

// Read fills p, in requests of at most MBEDTLS_CTR_DRBG_MAX_REQUEST or MBEDTLS_HMAC_DRBG_MAX_REQUEST bytes (1024). If the
// source fails, n bytes are filled (mbedtls_ctr_drbg_random, mbedtls_hmac_drbg_random).
func (g *Generator) Read(p []byte) (n int, err error) { return g.g.Read(p) }

// ReadWithAdditional fills p by one request, and mixes additional data in. More than 1024 bytes are
// ErrCtrDRBGRequestTooBig or ErrHMACDRBGRequestTooBig, more than 256 of data ErrCtrDRBGInputTooBig or
// ErrHMACDRBGInputTooBig (mbedtls_ctr_drbg_random_with_add, mbedtls_hmac_drbg_random_with_add).
func (g *Generator) ReadWithAdditional(p, additional []byte) error {
	return g.g.RandomWithAdd(p, additional)
}

// Reseed seeds the generator again, from its source and additional data, which may be empty
// (mbedtls_ctr_drbg_reseed, mbedtls_hmac_drbg_reseed).
func (g *Generator) Reseed(additional []byte) error { return g.g.Reseed(additional) }

// Update mixes additional data in, and no entropy (mbedtls_ctr_drbg_update, mbedtls_hmac_drbg_update).
func (g *Generator) Update(additional []byte) error { return g.g.Update(additional) }

// SetEntropyLen sets how many bytes the next seeds take (mbedtls_ctr_drbg_set_entropy_len,
// mbedtls_hmac_drbg_set_entropy_len).
func (g *Generator) SetEntropyLen(n int) error { return g.g.SetEntropyLen(n) }

// SetReseedInterval sets after how many requests the generator is seeded again (mbedtls_ctr_drbg_set_reseed_interval,
// mbedtls_hmac_drbg_set_reseed_interval).
func (g *Generator) SetReseedInterval(n int) error { return g.g.SetReseedInterval(n) }

// SetPredictionResistance says whether the generator is seeded again for each request
// (mbedtls_ctr_drbg_set_prediction_resistance, mbedtls_hmac_drbg_set_prediction_resistance).
func (g *Generator) SetPredictionResistance(on bool) error { return g.g.SetPredictionResistance(on) }

// WriteSeedFile writes random bytes to a file, for UpdateSeedFile of the next run of the program. The file may be a pipe:
// the call then waits for somebody who reads it (mbedtls_ctr_drbg_write_seed_file, mbedtls_hmac_drbg_write_seed_file).
func (g *Generator) WriteSeedFile(path string) error { return g.g.WriteSeedFile(path) }

// UpdateSeedFile mixes in what a file holds, and writes it as WriteSeedFile does, so that no seed is used twice. The file
// may be a pipe. An empty file, or none, is ErrCtrDRBGFileIoError or ErrHMACDRBGFileIoError, one of more than 256 bytes
// ErrCtrDRBGInputTooBig or ErrHMACDRBGInputTooBig (mbedtls_ctr_drbg_update_seed_file, mbedtls_hmac_drbg_update_seed_file).
func (g *Generator) UpdateSeedFile(path string) error { return g.g.UpdateSeedFile(path) }

// Close wipes the generator (mbedtls_ctr_drbg_free, mbedtls_hmac_drbg_free).
func (g *Generator) Close() error {
	if g.own != nil {
		g.own.Close()
	}
	return g.g.Close()
}
