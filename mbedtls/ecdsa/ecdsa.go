// Package ecdsa is Mbed TLS's signatures on elliptic curves: as two numbers, and in DER. Numbers are those of package
// bignum, groups, points and keys those of package ecp. Hashes are of any length: what is longer than the order of the group
// is cut.
//
// Functions that take a [ecp.Restart], which may be nil, give ErrECPInProgress while the operation is over the bound of
// [ecp.SetMaxOps]: then the same call is to be made again, with the same arguments.
//
// Errors are *cbridge.Error, which package mbedtls calls mbedtls.Error, with the library's code, such as
// mbedtls.ErrECPVerifyFailed; a build without an option that a call needs gives a *cbridge.NotBuiltError. Randomness is the
// library's own for nil and [crypto/rand.Reader]. What is closed gives [net.ErrClosed].
package ecdsa

import (
	"crypto"
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// CanDo reports whether there are signatures on the curve: not on Montgomery curves (mbedtls_ecdsa_can_do).
func CanDo(id ecp.ID) bool { return cbridge.ECDSACanDo(id) }

// Sign makes r and s the signature of a hash by the private key d. The error is ErrECPInvalidKey if that is none, and
// ErrECPRandomFailed if the reader yields nothing that will do (mbedtls_ecdsa_sign, mbedtls_ecdsa_sign_restartable).
func Sign(g *ecp.Group, r, s, d *bignum.Int, hash []byte, random io.Reader, restart *ecp.Restart) error {
	return results(r, s, func(r, s *cbridge.MPI) error {
		return cbridge.ECDSASign(g.Bridge(), r, s, d.Operand(), hash, random, restart)
	})
}

// SignDeterministic is Sign as in RFC 6979, of a hash that was computed with h. random changes nothing of the signature:
// values are blinded with it that could leak through the time it takes (mbedtls_ecdsa_sign_det_ext,
// mbedtls_ecdsa_sign_det_restartable).
func SignDeterministic(g *ecp.Group, r, s, d *bignum.Int, hash []byte, h crypto.Hash, random io.Reader,
	restart *ecp.Restart) error {
	return results(r, s, func(r, s *cbridge.MPI) error {
		return cbridge.ECDSASignDeterministic(g.Bridge(), r, s, d.Operand(), hash, h, random, restart)
	})
}

func results(r, s *bignum.Int, f func(r, s *cbridge.MPI) error) error {
	mr, err := r.Result()
	if err != nil {
		return err
	}
	ms, err := s.Result()
	if err != nil {
		return err
	}
	return f(mr, ms)
}

// Verify is nil if r and s are the signature of the hash by the public key q, else ErrECPVerifyFailed; ErrECPInvalidKey if q
// is no public key (mbedtls_ecdsa_verify, mbedtls_ecdsa_verify_restartable).
func Verify(g *ecp.Group, hash []byte, q *ecp.Point, r, s *bignum.Int, restart *ecp.Restart) error {
	return cbridge.ECDSAVerify(g.Bridge(), hash, q.Bridge(), r.Operand(), s.Operand(), restart)
}

// SignASN1 is the signature of a hash, which was computed with h, by the private key of the pair, in DER. It is
// deterministic, as in RFC 6979, if the build has MBEDTLS_ECDSA_DETERMINISTIC (mbedtls_ecdsa_write_signature,
// mbedtls_ecdsa_write_signature_restartable).
func SignASN1(k *ecp.KeyPair, h crypto.Hash, hash []byte, random io.Reader, restart *ecp.Restart) ([]byte, error) {
	sig, err := cbridge.ECDSAWriteSignature(k.Bridge(), h, hash, random, restart)
	if err != nil {
		return nil, err
	}
	return sig, nil
}

// VerifyASN1 is nil if the DER is the signature of the hash by the public key of the pair, else ErrECPVerifyFailed,
// ErrECPBadInputData plus a code of ASN.1, or ErrECPSigLenMismatch if more bytes follow in it (mbedtls_ecdsa_read_signature,
// mbedtls_ecdsa_read_signature_restartable).
func VerifyASN1(k *ecp.KeyPair, hash, sig []byte, restart *ecp.Restart) error {
	return cbridge.ECDSAReadSignature(k.Bridge(), hash, sig, restart)
}
