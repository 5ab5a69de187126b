package cbridge

// #include "bridge.h"
import "C"

import "bytes"

// PK is an mbedtls_pk_context with a private key.
type PK struct {
	res    *resource
	c      *C.mbedtls_pk_context
	signer *signer // of NewSignerKey
}

// ParseKey parses a private key in PEM or DER: PKCS#1, SEC 1, PKCS#8, plain or encrypted under password, which is nil
// if there is none (mbedtls_pk_parse_key).
func ParseKey(data, password []byte) (*PK, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_pk_new()
	if c == nil {
		return nil, errNoMemory
	}
	k := &PK{c: c}
	k.res = own(k, func() { C.gm_pk_delete(c) })
	pem := terminatedPEM(data)
	ret := C.gm_pk_parse_key(c, cbytes(pem), C.size_t(len(pem)), cbytes(password), C.size_t(len(password)), processDrbg.c)
	if len(pem) != len(data) {
		clear(pem) // our copy of a secret
	}
	if ret != 0 {
		k.Close()
		return nil, newError("mbedtls_pk_parse_key", int(ret), nil)
	}
	return k, nil
}

// Close wipes and frees the key once no Config uses it.
func (k *PK) Close() error {
	k.res.close()
	return nil
}

// Bits is the size of the key (mbedtls_pk_get_bitlen); 0 after Close.
func (k *PK) Bits() int {
	if k.res.acquire() != nil {
		return 0
	}
	defer k.res.release()
	return int(C.mbedtls_pk_get_bitlen(k.c))
}

// Type is the kind of the key, such as RSA or EC (mbedtls_pk_get_name); "" after Close.
func (k *PK) Type() string {
	if k.res.acquire() != nil {
		return ""
	}
	defer k.res.release()
	return C.GoString(C.mbedtls_pk_get_name(k.c))
}

// terminatedPEM returns data with the zero byte that the library wants after PEM; DER stays as it is.
func terminatedPEM(data []byte) []byte {
	if !bytes.Contains(data, []byte("-----BEGIN ")) || data[len(data)-1] == 0 {
		return data
	}
	return append(data[:len(data):len(data)], 0)
}
