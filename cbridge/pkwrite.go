package cbridge

// #include "pk.h"
import "C"

import "bytes"

// maxKey is more than a private key of any kind and size takes in PEM.
const maxKey = 16 << 10

const (
	optionPKWrite  = "MBEDTLS_PK_WRITE_C"
	optionPEMWrite = "MBEDTLS_PEM_WRITE_C"
)

// WriteKeyDER writes the private key: PKCS#1 of RSA, SEC 1 of EC, and PKCS#8 of Curve25519 and Curve448
// (mbedtls_pk_write_key_der). size bounds it; 0 is what any key takes.
func (k *PK) WriteKeyDER(size int) ([]byte, error) {
	return k.writeDER("mbedtls_pk_write_key_der", size, func(buf *C.uchar, n C.size_t) C.int {
		return C.gm_pk_write_key_der(k.c, buf, n)
	})
}

// WritePubKeyDER writes the SubjectPublicKeyInfo (mbedtls_pk_write_pubkey_der).
func (k *PK) WritePubKeyDER(size int) ([]byte, error) {
	return k.writeDER("mbedtls_pk_write_pubkey_der", size, func(buf *C.uchar, n C.size_t) C.int {
		return C.gm_pk_write_pubkey_der(k.c, buf, n)
	})
}

// WritePubKey writes what a SubjectPublicKeyInfo has in its bit string: PKCS#1 of RSA, a point of EC
// (mbedtls_pk_write_pubkey).
func (k *PK) WritePubKey(size int) ([]byte, error) {
	return k.writeDER("mbedtls_pk_write_pubkey", size, func(buf *C.uchar, n C.size_t) C.int {
		return C.gm_pk_write_pubkey(k.c, buf, n)
	})
}

// WriteKeyPEM is WriteKeyDER in PEM (mbedtls_pk_write_key_pem). size includes the byte that ends a string in C.
func (k *PK) WriteKeyPEM(size int) ([]byte, error) {
	return k.writePEM("mbedtls_pk_write_key_pem", size, func(buf *C.uchar, n C.size_t) C.int {
		return C.gm_pk_write_key_pem(k.c, buf, n)
	})
}

// WritePubKeyPEM is WritePubKeyDER in PEM (mbedtls_pk_write_pubkey_pem).
func (k *PK) WritePubKeyPEM(size int) ([]byte, error) {
	return k.writePEM("mbedtls_pk_write_pubkey_pem", size, func(buf *C.uchar, n C.size_t) C.int {
		return C.gm_pk_write_pubkey_pem(k.c, buf, n)
	})
}

func (k *PK) writeDER(op string, size int, write func(buf *C.uchar, n C.size_t) C.int) ([]byte, error) {
	return k.write(op, optionPKWrite, size, func(buf []byte) (C.int, []byte) {
		n := write(cbytes(buf), C.size_t(len(buf)))
		if n < 0 {
			return n, nil
		}
		return 0, buf[len(buf)-int(n):]
	})
}

func (k *PK) writePEM(op string, size int, write func(buf *C.uchar, n C.size_t) C.int) ([]byte, error) {
	return k.write(op, optionPEMWrite, size, func(buf []byte) (C.int, []byte) {
		ret := write(cbytes(buf), C.size_t(len(buf)))
		text, _, _ := bytes.Cut(buf, []byte{0})
		return ret, text
	})
}

// write has f write to a buffer, and leaves nothing of the key there.
func (k *PK) write(op, option string, size int, f func(buf []byte) (C.int, []byte)) (p []byte, err error) {
	if size == 0 {
		size = maxKey
	}
	buf := make([]byte, max(size, 0))
	defer clear(buf)
	err = k.during(op, option, func() C.int {
		if k.signer != nil {
			return C.int(ErrPKFeatureUnavailable)
		}
		ret, written := f(buf)
		p = bytes.Clone(written)
		return ret
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}
