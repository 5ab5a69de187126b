package cbridge

// #include "pkcs.h"
import "C"

import "math"

const (
	pkcs5Option  = "MBEDTLS_PKCS5_C"
	pkcs12Option = "MBEDTLS_PKCS12_C"
)

// PBKDF2 fills out from a password (mbedtls_pkcs5_pbkdf2_hmac_ext).
func PBKDF2(t MDType, password, salt []byte, iterations int, out []byte) error {
	const op = "mbedtls_pkcs5_pbkdf2_hmac_ext"
	if iterations < 1 || iterations > math.MaxInt32 || uint64(len(out)) > math.MaxUint32 {
		return newError(op, int(ErrPKCS5BadInputData), nil)
	}
	if err := initialize(); err != nil {
		return err
	}
	return check(C.gm_pkcs5_pbkdf2_hmac(C.int(t), cbytes(password), C.size_t(len(password)), cbytes(salt),
		C.size_t(len(salt)), C.uint(iterations), C.uint32_t(len(out)), cbytes(out)), op, pkcs5Option)
}

// PBEParams are the parameters of an encryption, as ASN.1 has them: a tag, and what it holds (mbedtls_asn1_buf).
type PBEParams struct {
	Tag      int
	Contents []byte
}

// PBES2 encrypts or decrypts in to out, as parameters of PKCS #5 say. It needs room for a block more to encrypt, and as much
// to decrypt (mbedtls_pkcs5_pbes2_ext).
func PBES2(params PBEParams, op Operation, password, in, out []byte) (n int, err error) {
	if err := initialize(); err != nil {
		return 0, err
	}
	var size C.size_t
	err = check(C.gm_pkcs5_pbes2(C.int(params.Tag), cbytes(params.Contents), C.size_t(len(params.Contents)), C.int(op),
		cbytes(password), C.size_t(len(password)), cbytes(in), C.size_t(len(in)), cbytes(out), C.size_t(len(out)), &size),
		"mbedtls_pkcs5_pbes2_ext", pkcs5Option)
	return pbeResult(int(size), err)
}

// PKCS12Derivation fills out, at most 128 bytes, for one of three purposes, with what PKCS #12 makes of a password: in
// UTF-16, big-endian, with two zero bytes at the end, and of at most 64 bytes, as salt is (mbedtls_pkcs12_derivation).
func PKCS12Derivation(t MDType, purpose int, password, salt []byte, iterations int, out []byte) error {
	const op = "mbedtls_pkcs12_derivation"
	if err := initialize(); err != nil {
		return err
	}
	if iterations < 0 || iterations > math.MaxInt32 { // a negative number, the library counts up to as an unsigned one
		return newError(op, int(ErrPKCS12BadInputData), nil)
	}
	return check(C.gm_pkcs12_derivation(cbytes(out), C.size_t(len(out)), cbytes(password), C.size_t(len(password)),
		cbytes(salt), C.size_t(len(salt)), C.int(t), C.int(purpose), C.int(iterations)), op, pkcs12Option)
}

// PKCS12PBE encrypts or decrypts in to out, as parameters of PKCS #12 say, with a cipher in CBC mode. The password is in
// ISO 8859-1, and has at most 31 bytes. It needs room as PBES2 does (mbedtls_pkcs12_pbe_ext).
func PKCS12PBE(params PBEParams, op Operation, c CipherType, t MDType, password, in, out []byte) (n int, err error) {
	if err := initialize(); err != nil {
		return 0, err
	}
	var size C.size_t
	err = check(C.gm_pkcs12_pbe(C.int(params.Tag), cbytes(params.Contents), C.size_t(len(params.Contents)), C.int(op),
		C.int(c), C.int(t), cbytes(password), C.size_t(len(password)), cbytes(in), C.size_t(len(in)), cbytes(out),
		C.size_t(len(out)), &size), "mbedtls_pkcs12_pbe_ext", pkcs12Option)
	return pbeResult(int(size), err)
}

func pbeResult(n int, err error) (int, error) {
	if err != nil {
		return 0, err
	}
	return n, nil
}
