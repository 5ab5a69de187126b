package cbridge

// #include "ec.h"
import "C"

import (
	"crypto"
	"io"
	"unsafe"
)

const optionECDSA = "MBEDTLS_ECDSA_C"

// ECDSACanDo reports whether there are signatures on the curve (mbedtls_ecdsa_can_do).
func ECDSACanDo(id ECPGroupID) bool { return C.gm_ecdsa_can_do(C.int(id)) == 1 }

type ecdsaCall struct {
	g       *ECPGroup
	k       *ECPKeyPair
	r, s, d *MPI
	q       *ECPPoint
	id      ECPGroupID // of g or k, which may change
	md      C.int
	hash    string
	sig     string
}

// ECDSASign makes r and s the signature of a hash by the private key d. With restart, the error may be ErrECPInProgress:
// then the same call is to be made again (mbedtls_ecdsa_sign_restartable).
func ECDSASign(g *ECPGroup, r, s, d *MPI, hash []byte, random io.Reader, restart *ECRestart) error {
	what := ecdsaCall{g: g, r: r, s: s, d: d, hash: string(hash)}
	const op = "mbedtls_ecdsa_sign"
	return ecdsaSign(op, optionECDSA, what, random, restart, func(rng unsafe.Pointer, rs *C.gm_ec_restart) C.int {
		return C.gm_ecdsa_sign(g.c, r.c, s.c, d.c, cbytes(hash), C.size_t(len(hash)), rng, rs)
	})
}

// ECDSASignDeterministic is ECDSASign as in RFC 6979, of a hash that was computed with h; random is what values are blinded
// with (mbedtls_ecdsa_sign_det_ext, mbedtls_ecdsa_sign_det_restartable).
func ECDSASignDeterministic(g *ECPGroup, r, s, d *MPI, hash []byte, h crypto.Hash, random io.Reader,
	restart *ECRestart) error {
	md, _ := mdOf(h) // 0 is MBEDTLS_MD_NONE, which is an error
	const op, option = "mbedtls_ecdsa_sign_det_ext", "MBEDTLS_ECDSA_DETERMINISTIC"
	what := ecdsaCall{g: g, r: r, s: s, d: d, md: md, hash: string(hash)}
	return ecdsaSign(op, option, what, random, restart, func(rng unsafe.Pointer, rs *C.gm_ec_restart) C.int {
		return C.gm_ecdsa_sign_det(g.c, r.c, s.c, d.c, cbytes(hash), C.size_t(len(hash)), md, rng, rs)
	})
}

func ecdsaSign(op, option string, what ecdsaCall, random io.Reader, restart *ECRestart,
	call func(rng unsafe.Pointer, rs *C.gm_ec_restart) C.int) error {
	// The library writes r and s before it has done with d.
	if what.r != nil && (what.r == what.s || what.r == what.d) || what.s != nil && what.s == what.d {
		return newError(op, int(ErrECPBadInputData), errSame)
	}
	return withNumbers(op, func() error {
		return held(op, func() error {
			what.id = what.g.ID()
			return restarting(restart, op, what, func(rs *C.gm_ec_restart) error {
				return drawing(random, op, option, func(rng unsafe.Pointer) C.int { return call(rng, rs) })
			})
		}, what.g.resource())
	}, what.r, what.s, what.d)
}

// ECDSAVerify is nil if r and s are the signature of the hash by the public key q, else ErrECPVerifyFailed, or
// ErrECPInvalidKey. With restart, the error may be ErrECPInProgress: then the same call is to be made again
// (mbedtls_ecdsa_verify_restartable).
func ECDSAVerify(g *ECPGroup, hash []byte, q *ECPPoint, r, s *MPI, restart *ECRestart) error {
	const op = "mbedtls_ecdsa_verify"
	what := ecdsaCall{g: g, q: q, r: r, s: s, hash: string(hash)}
	return withNumbers(op, func() error {
		return held(op, func() error {
			what.id = g.ID()
			return restarting(restart, op, what, func(rs *C.gm_ec_restart) error {
				return check(C.gm_ecdsa_verify(g.c, cbytes(hash), C.size_t(len(hash)), q.c, r.c, s.c, rs), op, optionECDSA)
			})
		}, g.resource(), q.resource())
	}, r, s)
}

// ECDSAWriteSignature makes the signature of a hash that was computed with h, in DER. It is deterministic if the build has
// MBEDTLS_ECDSA_DETERMINISTIC. With restart, the error may be ErrECPInProgress: then the same call is to be made again
// (mbedtls_ecdsa_write_signature_restartable).
func ECDSAWriteSignature(k *ECPKeyPair, h crypto.Hash, hash []byte, random io.Reader, restart *ECRestart) ([]byte, error) {
	const op = "mbedtls_ecdsa_write_signature"
	md, _ := mdOf(h) // 0 is MBEDTLS_MD_NONE, which is an error
	sig := make([]byte, C.GM_ECDSA_MAX_LEN)
	var n C.size_t
	err := held(op, func() error {
		return restarting(restart, op, ecdsaCall{k: k, id: k.GroupID(), md: md, hash: string(hash)}, func(rs *C.gm_ec_restart) error {
			return drawing(random, op, optionECDSA, func(rng unsafe.Pointer) C.int {
				return C.gm_ecdsa_write_signature(k.c, md, cbytes(hash), C.size_t(len(hash)), cbytes(sig), C.size_t(len(sig)), &n,
					rng, rs)
			})
		})
	}, k.resource())
	return sig[:n], err
}

// ECDSAReadSignature is nil if the DER is the signature of the hash by the public key, else ErrECPVerifyFailed, or
// ErrECPBadInputData plus a code of ASN.1, or ErrECPSigLenMismatch if bytes follow it. With restart, the error may be
// ErrECPInProgress: then the same call is to be made again (mbedtls_ecdsa_read_signature_restartable).
func ECDSAReadSignature(k *ECPKeyPair, hash, sig []byte, restart *ECRestart) error {
	const op = "mbedtls_ecdsa_read_signature"
	return held(op, func() error {
		return restarting(restart, op, ecdsaCall{k: k, id: k.GroupID(), hash: string(hash), sig: string(sig)}, func(rs *C.gm_ec_restart) error {
			return check(C.gm_ecdsa_read_signature(k.c, cbytes(hash), C.size_t(len(hash)), cbytes(sig), C.size_t(len(sig)), rs),
				op, optionECDSA)
		})
	}, k.resource())
}
