package pk

import (
	"crypto"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Restart holds a signature with an EC key that is made or verified step by step, so that no step takes long. How long one
// is, cbridge.SetECPMaxOps says for the process; without it all is one step. One goroutine uses a Restart at a time. It
// needs a build with MBEDTLS_ECP_RESTARTABLE (mbedtls_pk_restart_ctx).
type Restart struct{ r *cbridge.PKRestart }

// NewRestart makes one that nothing is under way with (mbedtls_pk_restart_init).
func NewRestart() (*Restart, error) {
	r, err := cbridge.NewPKRestart()
	if err != nil {
		return nil, err
	}
	return &Restart{r}, nil
}

// Sign is [PrivateKey.Sign] with a hash, in steps: while it returns ErrECPInProgress, it is to be called again with the same
// arguments. Another key meanwhile is ErrECPBadInputData. RSA is one step (mbedtls_pk_sign_restartable).
func (r *Restart) Sign(k *PrivateKey, random io.Reader, digest []byte, hash crypto.Hash) ([]byte, error) {
	return k.pk.SignRestartable(random, hash, digest, r.r)
}

// Verify is to [PublicKey.Verify] what [Restart.Sign] is to [PrivateKey.Sign] (mbedtls_pk_verify_restartable).
func (r *Restart) Verify(k *PublicKey, digest, sig []byte, hash crypto.Hash) error {
	return k.pk.VerifyRestartable(hash, digest, sig, r.r)
}

// Close drops what is under way (mbedtls_pk_restart_free).
func (r *Restart) Close() error { return r.r.Close() }
