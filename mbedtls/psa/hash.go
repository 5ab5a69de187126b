package psa

import "github.com/gombedtls/gombedtls/cbridge"

// HashCompute hashes (psa_hash_compute).
func HashCompute(a Algorithm, input []byte) ([]byte, error) {
	return written(a.HashLength(), func(out []byte) (int, error) { return cbridge.PSAHashCompute(uint32(a), input, out) })
}

// HashCompare hashes, and compares: ErrInvalidSignature if the hash is another (psa_hash_compare).
func HashCompare(a Algorithm, input, hash []byte) error {
	return cbridge.PSAHashCompare(uint32(a), input, hash)
}

// Hash is a hash in steps: Write, then Finish or Verify, which end it: it is no [hash.Hash], as those of package md are. One
// goroutine uses it at a time (psa_hash_operation_t).
type Hash struct {
	c         *cbridge.PSAHash
	algorithm Algorithm
}

// NewHash starts a hash (psa_hash_setup).
func NewHash(a Algorithm) (*Hash, error) {
	c, err := cbridge.NewPSAHash()
	if err != nil {
		return nil, err
	}
	if err := c.Setup(uint32(a)); err != nil {
		c.Close()
		return nil, err
	}
	return &Hash{c, a}, nil
}

// Write adds data (psa_hash_update).
func (h *Hash) Write(p []byte) (int, error) { return wrote(p, h.c.Update(p)) }

func wrote(p []byte, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

// Finish gives the hash, after which there is no more to do but Close (psa_hash_finish).
func (h *Hash) Finish() ([]byte, error) { return written(h.algorithm.HashLength(), h.c.Finish) }

// Verify is Finish that compares: ErrInvalidSignature if the hash is another (psa_hash_verify).
func (h *Hash) Verify(hash []byte) error { return h.c.Verify(hash) }

// Clone makes another that has seen the same data (psa_hash_clone).
func (h *Hash) Clone() (*Hash, error) {
	c, err := cbridge.NewPSAHash()
	if err != nil {
		return nil, err
	}
	if err := h.c.CloneTo(c); err != nil {
		c.Close()
		return nil, err
	}
	return &Hash{c, h.algorithm}, nil
}

// Close wipes the state (psa_hash_abort).
func (h *Hash) Close() error { return h.c.Close() }
