package drbg

import (
	"errors"
	"io"
	"os"

	"github.com/gombedtls/gombedtls/cbridge"
)

// The limits of an Entropy.
const (
	BlockSize   = cbridge.EntropyBlockSize   // bytes that it gives at a time
	MaxGather   = cbridge.EntropyMaxGather   // bytes that a source is asked for
	MaxSources  = cbridge.EntropyMaxSources  // the operating system's included
	MaxSeedSize = cbridge.EntropyMaxSeedSize // bytes of a seed file that are read
)

// Source is a source of entropy.
type Source struct {
	// Poll fills p, of MaxGather bytes, as far as it can, and tells how far; 0 is no error. It is called by whoever
	// gathers, by one goroutine at a time, and must not use the Entropy.
	Poll func(p []byte) (n int, err error)

	// Threshold is how many bytes the source must have given before the Entropy gives any.
	Threshold int

	// Strong says that what the source gives cannot be guessed. An Entropy needs one source that is strong.
	Strong bool
}

// Entropy is a pool that hashes what sources give (mbedtls_entropy_context). It is an [io.Reader]. Any number of goroutines
// may use it, one of which is inside of the library at a time.
type Entropy struct{ e *cbridge.Entropy }

var _ io.ReadCloser = (*Entropy)(nil)

// NewSystemEntropy makes a pool with the operating system as its source: getrandom, and /dev/urandom where the kernel has no
// such call (mbedtls_entropy_init).
func NewSystemEntropy() (*Entropy, error) { return newEntropy(true) }

// NewEntropy makes a pool of sources alone, without the operating system.
func NewEntropy(sources ...Source) (*Entropy, error) { return newEntropy(false, sources...) }

func newEntropy(system bool, sources ...Source) (*Entropy, error) {
	c, err := cbridge.NewEntropy(system)
	if err != nil {
		return nil, err
	}
	e := &Entropy{c}
	for _, s := range sources {
		if err := e.AddSource(s); err != nil {
			e.Close()
			return nil, err
		}
	}
	return e, nil
}

// AddSource adds a source. More than MaxSources are ErrEntropyMaxSources (mbedtls_entropy_add_source).
func (e *Entropy) AddSource(s Source) error { return e.e.AddSource(s.Poll, s.Threshold, s.Strong) }

// Gather asks each source once. An error of a source is ErrEntropySourceFailed, of which it is the cause; without a source,
// it is ErrEntropyNoSourcesDefined, and without a strong one ErrEntropyNoStrongSource (mbedtls_entropy_gather).
func (e *Entropy) Gather() error { return e.e.Gather() }

// Read fills p, in blocks of BlockSize, for each of which it gathers until all thresholds are reached; if they are not after
// 256 times, the error is ErrEntropySourceFailed (mbedtls_entropy_func).
func (e *Entropy) Read(p []byte) (n int, err error) { return e.e.Read(p) }

// Update adds data to the pool, which counts for no source (mbedtls_entropy_update_manual).
func (e *Entropy) Update(data []byte) error { return e.e.UpdateManual(data) }

// UpdateNVSeed writes a new seed to where the platform keeps it: only if the linked library has MBEDTLS_ENTROPY_NV_SEED
// (mbedtls_entropy_update_nv_seed).
func (e *Entropy) UpdateNVSeed() error { return e.e.UpdateNVSeed() }

// WriteSeedFile writes BlockSize bytes to a file, for UpdateSeedFile of the next run of the program. The file may be a pipe
// (mbedtls_entropy_write_seed_file).
func (e *Entropy) WriteSeedFile(path string) error { return e.e.WriteSeedFile(path) }

// UpdateSeedFile adds at most MaxSeedSize bytes that a file holds to the pool, and writes it as WriteSeedFile does, so that
// no seed is used twice. The file may be a pipe, which the library's own function reads only if it has MaxSeedSize bytes:
// it is read here then. A file that cannot be read is ErrEntropyFileIoError (mbedtls_entropy_update_seed_file).
func (e *Entropy) UpdateSeedFile(path string) error {
	if info, err := os.Stat(path); err != nil || info.Mode().IsRegular() {
		return e.e.UpdateSeedFile(path)
	}
	seed, err := readAtMost(path, MaxSeedSize)
	defer clear(seed)
	if err != nil {
		return &cbridge.Error{Code: cbridge.ErrEntropyFileIoError, Op: "mbedtls_entropy_update_seed_file", Cause: err}
	}
	if err := e.Update(seed); err != nil {
		return err
	}
	return e.WriteSeedFile(path)
}

// readAtMost reads what is in a file that has no length. Nothing is an error.
func readAtMost(path string, limit int) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := make([]byte, limit)
	n, err := io.ReadFull(f, p)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = nil
	}
	return p[:n], err
}

// Close wipes the pool (mbedtls_entropy_free).
func (e *Entropy) Close() error { return e.e.Close() }
