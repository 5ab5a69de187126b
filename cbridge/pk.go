package cbridge

// #include <stdlib.h>
// #include "pk.h"
import "C"

import (
	"bytes"
	"runtime"
	"strings"
	"unsafe"
)

// PK is an mbedtls_pk_context: a private key, or a public one. Any number of goroutines may use it at once.
type PK struct {
	res    *resource
	c      *C.mbedtls_pk_context
	signer *signer // of NewSignerKey
	alt    *rsaAlt // of NewRSAAlt
}

// The kinds of keys (mbedtls_pk_type_t). That of a key is the first of those it can do.
const (
	PKNone      = C.MBEDTLS_PK_NONE
	PKRSA       = C.MBEDTLS_PK_RSA
	PKECKey     = C.MBEDTLS_PK_ECKEY
	PKECKeyDH   = C.MBEDTLS_PK_ECKEY_DH
	PKECDSA     = C.MBEDTLS_PK_ECDSA
	PKRSAAlt    = C.MBEDTLS_PK_RSA_ALT
	PKRSASSAPSS = C.MBEDTLS_PK_RSASSA_PSS
	PKOpaque    = C.MBEDTLS_PK_OPAQUE
)

// The curves that Go's standard library has, of mbedtls_ecp_group_id.
const (
	PKGroupP224   = C.MBEDTLS_ECP_DP_SECP224R1
	PKGroupP256   = C.MBEDTLS_ECP_DP_SECP256R1
	PKGroupP384   = C.MBEDTLS_ECP_DP_SECP384R1
	PKGroupP521   = C.MBEDTLS_ECP_DP_SECP521R1
	PKGroupX25519 = C.MBEDTLS_ECP_DP_CURVE25519
)

// newPK makes a key of what fill puts into an empty context.
func newPK(op, option string, fill func(c *C.mbedtls_pk_context) C.int) (*PK, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_pk_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &PK{c: c}
	k.res = own(k, func() { C.gm_pk_delete(c) })
	if err := check(fill(c), op, option); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// ParseKey parses a private key in PEM or DER: PKCS#1, SEC 1, PKCS#8, plain or encrypted under password, which is nil
// if there is none (mbedtls_pk_parse_key).
func ParseKey(data, password []byte) (*PK, error) {
	pem := terminatedPEM(data)
	if len(pem) != len(data) {
		defer clear(pem) // our copy of a secret
	}
	return newPK("mbedtls_pk_parse_key", "", func(c *C.mbedtls_pk_context) C.int {
		return C.gm_pk_parse_key(c, cbytes(pem), C.size_t(len(pem)), cbytes(password), C.size_t(len(password)), nil)
	})
}

// ParseKeyFile is ParseKey for a file that the library reads (mbedtls_pk_parse_keyfile).
func ParseKeyFile(path string, password []byte) (*PK, error) {
	const op = "mbedtls_pk_parse_keyfile"
	if strings.IndexByte(path, 0) >= 0 || bytes.IndexByte(password, 0) >= 0 { // where C's strings end
		return nil, newError(op, int(ErrPKBadInputData), nil)
	}
	cpath := C.CString(path)
	defer free(cpath)
	var cpassword *C.char
	if password != nil {
		ended := make([]byte, len(password)+1)
		copy(ended, password)
		defer clear(ended)
		cpassword = (*C.char)(unsafe.Pointer(cbytes(ended)))
	}
	return newPK(op, "MBEDTLS_FS_IO", func(c *C.mbedtls_pk_context) C.int { return C.gm_pk_parse_keyfile(c, cpath, cpassword) })
}

// ParsePublicKey parses a public key in PEM or DER: a SubjectPublicKeyInfo, or PKCS#1 (mbedtls_pk_parse_public_key).
func ParsePublicKey(data []byte) (*PK, error) {
	pem := terminatedPEM(data)
	return newPK("mbedtls_pk_parse_public_key", "", func(c *C.mbedtls_pk_context) C.int {
		return C.mbedtls_pk_parse_public_key(c, cbytes(pem), C.size_t(len(pem)))
	})
}

// ParsePublicKeyFile is ParsePublicKey for a file that the library reads (mbedtls_pk_parse_public_keyfile).
func ParsePublicKeyFile(path string) (*PK, error) {
	const op = "mbedtls_pk_parse_public_keyfile"
	if strings.IndexByte(path, 0) >= 0 {
		return nil, newError(op, int(ErrPKBadInputData), nil)
	}
	cpath := C.CString(path)
	defer free(cpath)
	return newPK(op, "MBEDTLS_FS_IO", func(c *C.mbedtls_pk_context) C.int { return C.gm_pk_parse_public_keyfile(c, cpath) })
}

// ParseSubPubKey parses the SubjectPublicKeyInfo that der begins with, and returns what follows it
// (mbedtls_pk_parse_subpubkey).
func ParseSubPubKey(der []byte) (k *PK, rest []byte, err error) {
	var used C.size_t
	k, err = newPK("mbedtls_pk_parse_subpubkey", "", func(c *C.mbedtls_pk_context) C.int {
		return C.gm_pk_parse_subpubkey(c, cbytes(der), C.size_t(len(der)), &used)
	})
	if err != nil {
		return nil, nil, err
	}
	return k, der[used:], nil
}

// SetupPK makes a key of a kind that has no numbers yet, for tests of what works without any (mbedtls_pk_setup).
func SetupPK(kind int) (*PK, error) {
	return newPK("mbedtls_pk_setup", "", func(c *C.mbedtls_pk_context) C.int {
		return C.mbedtls_pk_setup(c, C.mbedtls_pk_info_from_type(C.mbedtls_pk_type_t(kind)))
	})
}

// SetupEC makes a key of numbers: kind is one of PKECKey, PKECKeyDH and PKECDSA; group an mbedtls_ecp_group_id; d the
// private key as the curve has it (mbedtls_ecp_read_key), none for a public key; q the public point in one of the library's
// formats (mbedtls_ecp_point_read_binary). Without q, the library computes it of d.
func SetupEC(kind, group int, d, q []byte) (*PK, error) {
	return newPK("mbedtls_pk_setup", "", func(c *C.mbedtls_pk_context) C.int {
		return C.gm_pk_setup_ec(c, C.int(kind), C.int(group), cbytes(d), C.size_t(len(d)), cbytes(q), C.size_t(len(q)), nil)
	})
}

// EC is the numbers of an EC key, as SetupEC takes them: d is nil for a public key (mbedtls_pk_ec,
// mbedtls_ecp_write_key_ext, mbedtls_ecp_write_public_key).
func (k *PK) EC() (group int, d, q []byte, err error) {
	err = k.during("mbedtls_pk_ec", "", func() C.int {
		var id C.int
		var dLen, qLen C.size_t
		d, q = make([]byte, C.GM_PK_SCALAR), make([]byte, C.GM_PK_POINT)
		ret := C.gm_pk_ec(k.c, &id, cbytes(d), &dLen, cbytes(q), &qLen)
		group, d, q = int(id), d[:dLen], q[:qLen]
		return ret
	})
	if err != nil {
		clear(d[:cap(d)])
		return 0, nil, nil, err
	}
	if len(d) == 0 {
		d = nil
	}
	return group, d, q, nil
}

// Public is the public half of the key, as a key of its own (of an opaque one, mbedtls_pk_copy_public_from_psa).
func (k *PK) Public() (pub *PK, err error) {
	err = during(func() error {
		pub, err = newPK("mbedtls_pk_copy_public_from_psa", "", func(c *C.mbedtls_pk_context) C.int { return C.gm_pk_public(c, k.c) })
		return err
	}, k.res)
	return pub, err
}

// CheckPair tells whether private is the private key of k (mbedtls_pk_check_pair).
func (k *PK) CheckPair(private *PK) error {
	return during(func() error {
		defer runtime.KeepAlive(private)
		return private.guard(func() error { return check(C.gm_pk_check_pair(k.c, private.c, nil), "mbedtls_pk_check_pair", "") })
	}, k.res, private.res)
}

// Close wipes and frees the key once no Config uses it.
func (k *PK) Close() error {
	k.res.close()
	return nil
}

// Bits is the size of the key (mbedtls_pk_get_bitlen); 0 after Close.
func (k *PK) Bits() int {
	return ask(k, func() int { return int(C.mbedtls_pk_get_bitlen(k.c)) })
}

// Type is the kind of the key in words, such as RSA or EC (mbedtls_pk_get_name); "" after Close.
func (k *PK) Type() string {
	return ask(k, func() string { return C.GoString(C.mbedtls_pk_get_name(k.c)) })
}

// Kind is the kind of the key (mbedtls_pk_get_type); PKNone after Close.
func (k *PK) Kind() int {
	return ask(k, func() int { return int(C.mbedtls_pk_get_type(k.c)) })
}

// CanDo tells whether the key can be used as one of another kind (mbedtls_pk_can_do); false after Close.
func (k *PK) CanDo(kind int) bool {
	return ask(k, func() bool { return C.mbedtls_pk_can_do(k.c, C.mbedtls_pk_type_t(kind)) != 0 })
}

// CanDoExt tells whether PSA's algorithm and usage are for the key, or of an opaque one, whether its policy allows them
// (mbedtls_pk_can_do_ext).
func (k *PK) CanDoExt(algorithm, usage uint32) (can bool, err error) {
	err = k.during("mbedtls_pk_can_do_ext", optionOpaque, func() C.int {
		ret := C.gm_pk_can_do_ext(k.c, C.uint32_t(algorithm), C.uint32_t(usage))
		if ret == C.GM_NOT_BUILT {
			return ret
		}
		can = ret != 0
		return 0
	})
	return can, err
}

// ask is the answer of a key to a question, the zero value after Close.
func ask[T any](k *PK, question func() T) (answer T) {
	if k.res.acquire() != nil {
		return answer
	}
	defer k.res.release()
	return question()
}

// during runs a call with the key.
func (k *PK) during(op, option string, call func() C.int) error {
	return during(func() error { return check(call(), op, option) }, k.res)
}

// terminatedPEM returns data with the zero byte that the library wants after PEM; DER stays as it is.
func terminatedPEM(data []byte) []byte {
	if !bytes.Contains(data, []byte("-----BEGIN ")) || data[len(data)-1] == 0 {
		return data
	}
	return append(data[:len(data):len(data)], 0)
}
