package cbridge

// #include "bridge.h"
// #include "primitive.h"
// #include <mbedtls/ecp.h>
// #include <mbedtls/rsa.h>
import "C"

import (
	"encoding/hex"
	"math/big"
	"runtime"
	"unsafe"
)

// primitive is a call of one of the library's public-key primitives with whatever numbers, as primitive.h describes it. It
// is for tests that compare acceleration with the library's own.
type primitive struct {
	Op, Group  int
	MD, HashID int
	SaltLen    int
	Hash       []byte
	Bytes      []byte
	Numbers    [C.GM_PRIMITIVE_NUMBERS]*big.Int
}

// primitiveResult is all that can be seen of a call. Of a call that fails, the numbers and bytes mean nothing.
type primitiveResult struct {
	Code    Code
	Drawn   int
	Bytes   string // hexadecimal, as the numbers
	Numbers [C.GM_PRIMITIVE_NUMBERS]string
}

// The groups, paddings and digests that tests name.
const (
	groupP256      = C.MBEDTLS_ECP_DP_SECP256R1
	groupP384      = C.MBEDTLS_ECP_DP_SECP384R1
	groupP521      = C.MBEDTLS_ECP_DP_SECP521R1
	groupBrainpool = C.MBEDTLS_ECP_DP_BP256R1
	groupX25519    = C.MBEDTLS_ECP_DP_CURVE25519
	paddingPKCS1   = C.MBEDTLS_RSA_PKCS_V15
	paddingPSS     = C.MBEDTLS_RSA_PKCS_V21
	saltAny        = C.MBEDTLS_RSA_SALT_LEN_ANY
	mdNone         = C.MBEDTLS_MD_NONE
)

// The primitives.
const (
	opECPMul            = C.GM_ECP_MUL
	opECPMulRestartable = C.GM_ECP_MUL_RESTARTABLE
	opECPGenKeypair     = C.GM_ECP_GEN_KEYPAIR
	opECPMulAdd         = C.GM_ECP_MULADD
	opECDSAVerify       = C.GM_ECDSA_VERIFY
	opECDSARead         = C.GM_ECDSA_READ
	opECDSAWrite        = C.GM_ECDSA_WRITE
	opECDSASignDet      = C.GM_ECDSA_SIGN_DET
	opExpMod            = C.GM_EXP_MOD
	opExpModUnsafe      = C.GM_EXP_MOD_UNSAFE
	opRSASign           = C.GM_RSA_SIGN
	opRSAVerify         = C.GM_RSA_VERIFY
	opRSASignPSS        = C.GM_RSA_SIGN_PSS
	opRSASignPSSSalt    = C.GM_RSA_SIGN_PSS_SALT
	opRSASignPSSAnyMode = C.GM_RSA_SIGN_PSS_ANY_MODE
)

// notBuilt is the code of a primitive that this build lacks.
const notBuilt = Code(C.GM_NOT_BUILT)

func (p primitive) call() (r primitiveResult) {
	numbers := make([]byte, len(p.Numbers)*C.GM_PRIMITIVE_SIZE)
	var signs [len(p.Numbers)]int8
	for i, n := range p.Numbers {
		if n != nil {
			n.FillBytes(numbers[i*C.GM_PRIMITIVE_SIZE:][:C.GM_PRIMITIVE_SIZE])
			if signs[i] = 1; n.Sign() < 0 {
				signs[i] = -1
			}
		}
	}
	bytes := append([]byte(nil), p.Bytes...)
	var pin runtime.Pinner
	defer pin.Unpin()
	for _, b := range [][]byte{p.Hash, bytes} {
		if len(b) > 0 {
			pin.Pin(&b[0])
		}
	}
	c := C.gm_primitive_call{op: C.int(p.Op), group: C.int(p.Group), md: C.int(p.MD), hash_id: C.int(p.HashID), salt_len: C.int(p.SaltLen),
		hash: cbytes(p.Hash), hash_len: C.size_t(len(p.Hash)), bytes: cbytes(bytes), bytes_len: C.size_t(len(bytes))}
	r.Code = Code(C.gm_primitive(&c, cbytes(numbers), (*C.schar)(unsafe.Pointer(&signs[0]))))
	r.Drawn = int(c.drawn)
	if r.Code == 0 {
		r.Bytes = hex.EncodeToString(bytes[:c.bytes_len])
		for i := range r.Numbers {
			r.Numbers[i] = new(big.Int).SetBytes(numbers[i*C.GM_PRIMITIVE_SIZE:][:C.GM_PRIMITIVE_SIZE]).Text(16)
		}
	}
	return r
}
