package psa

import "github.com/gombedtls/gombedtls/cbridge"

// MaxOpsUnlimited is no bound for [SetMaxOps].
const MaxOpsUnlimited = cbridge.PSAMaxOpsUnlimited

// SetMaxOps bounds how much a call of Complete does, in units of the library's own, for the process. Builds without
// MBEDTLS_ECP_RESTARTABLE do all at once. In others, the library makes it the bound of package ecp, too, and so that of
// handshakes, in each Complete, and locks nothing: a process that has both sets it to what ecp.SetMaxOps gets, before
// (psa_interruptible_set_max_ops).
func SetMaxOps(n uint32) error { return cbridge.SetPSAMaxOps(n) }

// MaxOps is the bound (psa_interruptible_get_max_ops).
func MaxOps() uint32 { return cbridge.PSAMaxOps() }

// SignHashOperation is an ECDSA signature in steps (psa_sign_hash_interruptible_operation_t). One goroutine uses it at a time.
type SignHashOperation struct {
	c    *cbridge.PSASignHash
	size int
}

// StartSignHash begins to sign a digest (psa_sign_hash_start).
func (k *Key) StartSignHash(a Algorithm, hash []byte) (*SignHashOperation, error) {
	attr, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	c, err := cbridge.NewPSASignHash()
	if err != nil {
		return nil, err
	}
	if err := c.Start(k.c, uint32(a), hash); err != nil {
		c.Close()
		return nil, err
	}
	return &SignHashOperation{c, SignOutputSize(attr.Type, attr.Bits, a)}, nil
}

// Complete goes on, and gives the signature in the end. ErrOperationIncomplete says to call again (psa_sign_hash_complete).
func (o *SignHashOperation) Complete() ([]byte, error) { return written(o.size, o.c.Complete) }

// NumOps is what was done so far (psa_sign_hash_get_num_ops).
func (o *SignHashOperation) NumOps() (uint32, error) { return o.c.NumOps() }

// Close wipes the state (psa_sign_hash_abort).
func (o *SignHashOperation) Close() error { return o.c.Close() }

// VerifyHashOperation checks an ECDSA signature in steps (psa_verify_hash_interruptible_operation_t). One goroutine uses it
// at a time.
type VerifyHashOperation struct{ c *cbridge.PSAVerifyHash }

// StartVerifyHash begins to check the signature of a digest (psa_verify_hash_start).
func (k *Key) StartVerifyHash(a Algorithm, hash, signature []byte) (*VerifyHashOperation, error) {
	c, err := cbridge.NewPSAVerifyHash()
	if err != nil {
		return nil, err
	}
	if err := c.Start(k.bridge(), uint32(a), hash, signature); err != nil {
		c.Close()
		return nil, err
	}
	return &VerifyHashOperation{c}, nil
}

// Complete goes on. ErrOperationIncomplete says to call again, ErrInvalidSignature that the signature is wrong
// (psa_verify_hash_complete).
func (o *VerifyHashOperation) Complete() error { return o.c.Complete() }

// NumOps is what was done so far (psa_verify_hash_get_num_ops).
func (o *VerifyHashOperation) NumOps() (uint32, error) { return o.c.NumOps() }

// Close wipes the state (psa_verify_hash_abort).
func (o *VerifyHashOperation) Close() error { return o.c.Close() }
