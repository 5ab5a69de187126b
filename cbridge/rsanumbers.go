package cbridge

// #include "rsa.h"
import "C"

import (
	"io"
	"math/big"
	"unsafe"
)

// RSANumbers are those of a key: the modulus, its primes, the private and the public exponent. nil is one that is not there.
type RSANumbers struct{ N, P, Q, D, E *big.Int }

// joinNumbers gives numbers as rsa.h has them, where they have no sign.
func joinNumbers(list ...*big.Int) (bytes []byte, lens []C.size_t, err error) {
	size := 0
	for _, n := range list {
		if n != nil {
			size += (n.BitLen() + 7) / 8
		}
	}
	bytes = make([]byte, 0, size) // once: nobody would clear what is left behind
	for _, n := range list {
		switch {
		case n == nil:
			lens = append(lens, C.GM_NO_NUMBER)
		case n.Sign() < 0:
			clear(bytes)
			return nil, nil, newError("mbedtls_mpi_read_binary", int(ErrRSABadInputData), nil)
		default:
			b := n.Bytes()
			bytes, lens = append(bytes, b...), append(lens, C.size_t(len(b)))
			clear(b)
		}
	}
	return bytes, lens, nil
}

// rsaRoom is where C puts numbers.
type rsaRoom struct {
	bytes []byte
	lens  []C.size_t
}

func newRSARoom(n int) rsaRoom { return rsaRoom{make([]byte, n*C.GM_NUMBER), make([]C.size_t, n)} }

func (r rsaRoom) take(i int) *big.Int {
	if r.lens[i] == C.GM_NO_NUMBER {
		return nil
	}
	return new(big.Int).SetBytes(r.bytes[i*C.GM_NUMBER:][:r.lens[i]])
}

// Import sets those numbers that are there (mbedtls_rsa_import).
func (r *RSA) Import(n RSANumbers) error {
	bytes, lens, err := joinNumbers(n.N, n.P, n.Q, n.D, n.E)
	if err != nil {
		return err
	}
	defer clear(bytes)
	return r.do("mbedtls_rsa_import", optionRSA, func() C.int { return C.gm_rsa_import(r.c, cbytes(bytes), &lens[0]) })
}

// ImportRaw is Import for bytes, most significant first (mbedtls_rsa_import_raw). nil is a number that is not there.
func (r *RSA) ImportRaw(n, p, q, d, e []byte) error {
	bytes := make([]byte, 0, len(n)+len(p)+len(q)+len(d)+len(e))
	var lens [C.GM_RSA_CORE]C.size_t
	defer func() { clear(bytes) }()
	for i, b := range [][]byte{n, p, q, d, e} {
		if lens[i] = C.GM_NO_NUMBER; b != nil {
			bytes, lens[i] = append(bytes, b...), C.size_t(len(b))
		}
	}
	return r.do("mbedtls_rsa_import_raw", optionRSA, func() C.int { return C.gm_rsa_import_raw(r.c, cbytes(bytes), &lens[0]) })
}

// SetNumbers sets the numbers of a context, and its length in bytes, whatever they are; n is N, P, Q, D, E, DP, DQ and QP.
// It is for tests of what checks keys.
func (r *RSA) SetNumbers(length int, n ...*big.Int) error {
	bytes, lens, err := joinNumbers(append(n, make([]*big.Int, C.GM_RSA_ALL)...)[:C.GM_RSA_ALL]...)
	if err != nil {
		return err
	}
	return r.do("mbedtls_rsa_import", optionRSA, func() C.int {
		return C.gm_rsa_set_numbers(r.c, C.size_t(length), cbytes(bytes), &lens[0])
	})
}

// Complete computes the numbers that are missing (mbedtls_rsa_complete).
func (r *RSA) Complete() error {
	return r.do("mbedtls_rsa_complete", optionRSA, func() C.int { return C.gm_rsa_complete(r.c) })
}

// Export gives the public numbers, the private ones, or both. Of a public key, private ones are ErrRSABadInputData
// (mbedtls_rsa_export).
func (r *RSA) Export(public, private bool) (n RSANumbers, err error) {
	room := newRSARoom(C.GM_RSA_CORE)
	defer clear(room.bytes)
	wanted := [C.GM_RSA_CORE]bool{C.GM_RSA_N: public, C.GM_RSA_E: public, C.GM_RSA_P: private, C.GM_RSA_Q: private, C.GM_RSA_D: private}
	for i, is := range wanted {
		if !is {
			room.lens[i] = C.GM_NO_NUMBER
		}
	}
	err = r.do("mbedtls_rsa_export", optionRSA, func() C.int { return C.gm_rsa_export(r.c, cbytes(room.bytes), &room.lens[0]) })
	if err != nil {
		return RSANumbers{}, err
	}
	return RSANumbers{
		N: room.take(C.GM_RSA_N), P: room.take(C.GM_RSA_P), Q: room.take(C.GM_RSA_Q), D: room.take(C.GM_RSA_D), E: room.take(C.GM_RSA_E),
	}, nil
}

// ExportRaw fills those of n, p, q, d and e that are not empty with the numbers, most significant byte first
// (mbedtls_rsa_export_raw).
func (r *RSA) ExportRaw(n, p, q, d, e []byte) error {
	var lens [C.GM_RSA_CORE]C.size_t
	size := 0
	for i, b := range [][]byte{n, p, q, d, e} {
		lens[i] = C.size_t(len(b))
		size += len(b)
	}
	bytes := make([]byte, size)
	defer clear(bytes)
	err := r.do("mbedtls_rsa_export_raw", optionRSA, func() C.int { return C.gm_rsa_export_raw(r.c, cbytes(bytes), &lens[0]) })
	if err != nil {
		return err
	}
	rest := bytes
	for _, b := range [][]byte{n, p, q, d, e} {
		rest = rest[copy(b, rest):]
	}
	return nil
}

// ExportCRT gives what the Chinese remainder theorem makes use of (mbedtls_rsa_export_crt).
func (r *RSA) ExportCRT() (dp, dq, qp *big.Int, err error) {
	room := newRSARoom(3)
	defer clear(room.bytes)
	err = r.do("mbedtls_rsa_export_crt", optionRSA, func() C.int {
		return C.gm_rsa_export_crt(r.c, cbytes(room.bytes), &room.lens[0])
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return room.take(0), room.take(1), room.take(2), nil
}

// deduce runs a function that makes out numbers of others.
func deduce(op string, out int, call func(bytes *C.uchar, lens *C.size_t, room rsaRoom) C.int, in ...*big.Int) ([]*big.Int, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	for _, n := range in {
		if n == nil {
			return nil, newError(op, int(ErrMPIBadInputData), nil)
		}
	}
	bytes, lens, err := joinNumbers(in...)
	if err != nil {
		return nil, err
	}
	defer clear(bytes)
	room := newRSARoom(out)
	defer clear(room.bytes)
	if err := check(call(cbytes(bytes), &lens[0], room), op, optionRSA); err != nil {
		return nil, err
	}
	numbers := make([]*big.Int, out)
	for i := range numbers {
		numbers[i] = room.take(i)
	}
	return numbers, nil
}

// DeduceRSAPrimes finds the primes of N, E and D (mbedtls_rsa_deduce_primes).
func DeduceRSAPrimes(n, e, d *big.Int) (p, q *big.Int, err error) {
	r, err := deduce("mbedtls_rsa_deduce_primes", 2, func(bytes *C.uchar, lens *C.size_t, room rsaRoom) C.int {
		return C.gm_rsa_deduce_primes(bytes, lens, cbytes(room.bytes), &room.lens[0])
	}, n, e, d)
	if err != nil {
		return nil, nil, err
	}
	return r[0], r[1], nil
}

// DeduceRSAPrivateExponent finds D of P, Q and E (mbedtls_rsa_deduce_private_exponent).
func DeduceRSAPrivateExponent(p, q, e *big.Int) (*big.Int, error) {
	r, err := deduce("mbedtls_rsa_deduce_private_exponent", 1, func(bytes *C.uchar, lens *C.size_t, room rsaRoom) C.int {
		return C.gm_rsa_deduce_private_exponent(bytes, lens, cbytes(room.bytes), &room.lens[0])
	}, p, q, e)
	if err != nil {
		return nil, err
	}
	return r[0], nil
}

// DeduceRSACRT finds DP, DQ and QP of P, Q and D (mbedtls_rsa_deduce_crt).
func DeduceRSACRT(p, q, d *big.Int) (dp, dq, qp *big.Int, err error) {
	r, err := deduce("mbedtls_rsa_deduce_crt", 3, func(bytes *C.uchar, lens *C.size_t, room rsaRoom) C.int {
		return C.gm_rsa_deduce_crt(bytes, lens, cbytes(room.bytes), &room.lens[0])
	}, p, q, d)
	if err != nil {
		return nil, nil, nil, err
	}
	return r[0], r[1], r[2], nil
}

// ValidateRSAParams tells whether the numbers that are there fit; primes tells whether P and Q are to be tested for being
// some, with randomness of random (mbedtls_rsa_validate_params).
func ValidateRSAParams(random io.Reader, primes bool, n RSANumbers) error {
	bytes, lens, err := joinNumbers(n.N, n.P, n.Q, n.D, n.E)
	if err != nil {
		return err
	}
	defer clear(bytes)
	return drawing(random, "mbedtls_rsa_validate_params", optionRSA, func(rng unsafe.Pointer) C.int {
		return C.gm_rsa_validate_params(cbytes(bytes), &lens[0], flag(primes), rng)
	})
}

// ValidateRSACRT tells whether the numbers fit (mbedtls_rsa_validate_crt).
func ValidateRSACRT(p, q, d, dp, dq, qp *big.Int) error {
	if d == nil && (dp != nil || dq != nil) { // the library would read d
		return newError("mbedtls_rsa_validate_crt", int(ErrRSABadInputData), nil)
	}
	if err := initialize(); err != nil {
		return err
	}
	bytes, lens, err := joinNumbers(p, q, d, dp, dq, qp)
	if err != nil {
		return err
	}
	defer clear(bytes)
	return check(C.gm_rsa_validate_crt(cbytes(bytes), &lens[0]), "mbedtls_rsa_validate_crt", optionRSA)
}
