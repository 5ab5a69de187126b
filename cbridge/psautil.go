package cbridge

// #include "psa.h"
import "C"

import (
	"crypto"
)

// PSAHashOf is the algorithm of a hash; 0 if the library has it not (mbedtls_md_psa_alg_from_type).
func PSAHashOf(hash crypto.Hash) uint32 {
	md, ok := mdOf(hash)
	if !ok {
		return 0
	}
	return uint32(C.gm_md_type_to_psa(md))
}

// ECCGroupToPSA is the family and the size of a curve, which is a number of mbedtls_ecp_group_id; 0 if PSA has it not
// (mbedtls_ecc_group_to_psa).
func ECCGroupToPSA(group int) (family uint8, bits int) {
	var n C.size_t
	family = uint8(C.gm_ecc_group_to_psa(C.int(group), &n))
	return family, int(n)
}

// ECCGroupFromPSA undoes ECCGroupToPSA; 0 if the build has it not (mbedtls_ecc_group_from_psa).
func ECCGroupFromPSA(family uint8, bits int) int {
	return int(C.gm_ecc_group_from_psa(C.uint32_t(family), C.size_t(bits)))
}

const optionECDSAForms = "MBEDTLS_PSA_UTIL_HAVE_ECDSA"

// maxCurveBits is far more than any curve has, and what the library computes with it does not wrap around.
const maxCurveBits = 1 << 16

// ECDSARawToDER makes of PSA's form of a signature, two numbers of the size of the curve, that of X.509
// (mbedtls_ecdsa_raw_to_der).
func ECDSARawToDER(bits int, raw, der []byte) (int, error) {
	const op = "mbedtls_ecdsa_raw_to_der"
	if bits < 0 || bits > maxCurveBits {
		return 0, newError(op, int(ErrASN1BufTooSmall), nil)
	}
	var n C.size_t
	ret := C.gm_ecdsa_raw_to_der(C.size_t(bits), cbytes(raw), C.size_t(len(raw)), cbytes(der), C.size_t(len(der)), &n)
	return int(n), check(ret, op, optionECDSAForms)
}

// ECDSADERToRaw undoes ECDSARawToDER (mbedtls_ecdsa_der_to_raw).
func ECDSADERToRaw(bits int, der, raw []byte) (int, error) {
	const op = "mbedtls_ecdsa_der_to_raw"
	if bits < 0 || bits > maxCurveBits {
		return 0, newError(op, int(ErrASN1BufTooSmall), nil)
	}
	var n C.size_t
	ret := C.gm_ecdsa_der_to_raw(C.size_t(bits), cbytes(der), C.size_t(len(der)), cbytes(raw), C.size_t(len(raw)), &n)
	return int(n), check(ret, op, optionECDSAForms)
}
