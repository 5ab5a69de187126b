package md

import (
	"hash"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Hash is a hash or an HMAC that is under way. It is a [hash.Hash], and a [hash.Cloner]. One goroutine uses it at a time.
//
// Close wipes it; without, that happens when it is garbage. After Close, Write fails with net.ErrClosed, and Sum and Reset,
// which can return no error, panic.
type Hash struct{ md *cbridge.MD }

var _ hash.Cloner = (*Hash)(nil)

// New starts a hash. One that the linked library lacks is ErrMDFeatureUnavailable (mbedtls_md_setup, mbedtls_md_starts).
func New(t Type) (*Hash, error) { return wrap(cbridge.NewMD(cbridge.MDType(t))) }

// NewHMAC starts an HMAC, with a key of any length (mbedtls_md_hmac_starts).
func NewHMAC(t Type, key []byte) (*Hash, error) { return wrap(cbridge.NewHMAC(cbridge.MDType(t), key)) }

func wrap(m *cbridge.MD, err error) (*Hash, error) {
	if err != nil {
		return nil, err
	}
	return &Hash{m}, nil
}

// Type is the hash function (mbedtls_md_info_from_ctx).
func (h *Hash) Type() Type { return Type(h.md.Info().Type) }

// Write adds data (mbedtls_md_update, mbedtls_md_hmac_update).
func (h *Hash) Write(p []byte) (int, error) { return h.md.Write(p) }

// Digest is the digest of what was written so far; more may follow (mbedtls_md_finish, mbedtls_md_hmac_finish).
func (h *Hash) Digest() ([]byte, error) { return h.md.Sum() }

// Sum appends what Digest returns to b. It panics after Close.
func (h *Hash) Sum(b []byte) []byte { return append(b, must(h.Digest())...) }

// Reset starts anew, an HMAC with the same key. It panics after Close (mbedtls_md_starts, mbedtls_md_hmac_reset).
func (h *Hash) Reset() { must(0, h.md.Reset()) }

// must is for methods that have no place for an error.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// Size is how long the digest is, in bytes.
func (h *Hash) Size() int { return h.md.Info().Size }

// BlockSize is how much is hashed at a time, in bytes.
func (h *Hash) BlockSize() int { return h.md.Info().BlockSize }

// Clone makes another *Hash that has seen the same data, of an HMAC with the same key (mbedtls_md_clone).
func (h *Hash) Clone() (hash.Cloner, error) {
	c, err := wrap(h.md.Clone())
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close wipes the state (mbedtls_md_free).
func (h *Hash) Close() error { return h.md.Close() }

// Sum is the hash of p (mbedtls_md).
func Sum(t Type, p []byte) ([]byte, error) { return cbridge.Digest(cbridge.MDType(t), p) }

// SumFile is the hash of what a file holds. One that cannot be read is ErrMDFileIoError (mbedtls_md_file).
func SumFile(t Type, path string) ([]byte, error) { return cbridge.DigestFile(cbridge.MDType(t), path) }

// HMAC is the HMAC of p (mbedtls_md_hmac).
func HMAC(t Type, key, p []byte) ([]byte, error) { return cbridge.HMAC(cbridge.MDType(t), key, p) }
