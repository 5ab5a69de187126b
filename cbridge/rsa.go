package cbridge

// #include "rsa.h"
import "C"

import (
	"crypto"
	"io"
	"runtime"
	"sync"
	"unsafe"
)

const optionRSA = "MBEDTLS_RSA_C"

// RSA is an mbedtls_rsa_context: the numbers of a key, and how it pads. Any number of goroutines may use it; it does one
// thing at a time.
type RSA struct {
	res *resource
	c   *C.mbedtls_rsa_context
	mu  sync.Mutex
}

// The paddings of a context.
const (
	RSAPKCSV15 = C.MBEDTLS_RSA_PKCS_V15
	RSAPKCSV21 = C.MBEDTLS_RSA_PKCS_V21
)

// NewRSA makes a context without a key, whose padding is RSAPKCSV15 (mbedtls_rsa_init).
func NewRSA() (*RSA, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionRSA) {
		return nil, &NotBuiltError{Option: optionRSA}
	}
	c := C.gm_rsa_new()
	if c == nil {
		return nil, errNoMemory
	}
	r := &RSA{c: c}
	r.res = own(r, func() { C.gm_rsa_delete(c) })
	return r, nil
}

// filled is a new context of what fill puts into it.
func filled(op string, fill func(r *RSA) C.int) (*RSA, error) {
	r, err := NewRSA()
	if err != nil {
		return nil, err
	}
	if err := check(fill(r), op, optionRSA); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// Close wipes and frees the context (mbedtls_rsa_free).
func (r *RSA) Close() error {
	r.res.close()
	return nil
}

// do runs a call with the context.
func (r *RSA) do(op, option string, call func() C.int) error {
	return during(func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		return check(call(), op, option)
	}, r.res)
}

// draw is do for a call that needs randomness.
func (r *RSA) draw(random io.Reader, op, option string, call func(rng unsafe.Pointer) C.int) error {
	return during(func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		return drawing(random, op, option, call)
	}, r.res)
}

// Copy makes another of the same key and padding (mbedtls_rsa_copy).
func (r *RSA) Copy() (copied *RSA, err error) {
	err = during(func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		copied, err = filled("mbedtls_rsa_copy", func(to *RSA) C.int { return C.gm_rsa_copy(to.c, r.c) })
		return err
	}, r.res)
	return copied, err
}

// RSA is a copy of the RSA context of a key, private or public (mbedtls_pk_rsa). Other kinds are ErrPKTypeMismatch.
func (k *PK) RSA() (r *RSA, err error) {
	err = during(func() error {
		r, err = filled("mbedtls_pk_rsa", func(to *RSA) C.int { return C.gm_rsa_of_pk(to.c, k.c) })
		return err
	}, k.res)
	return r, err
}

// SetupRSA makes a key of a copy of the context (mbedtls_pk_setup, mbedtls_rsa_copy).
func SetupRSA(r *RSA) (k *PK, err error) {
	err = during(func() error {
		r.mu.Lock()
		defer r.mu.Unlock()
		k, err = newPK("mbedtls_rsa_copy", optionRSA, func(c *C.mbedtls_pk_context) C.int { return C.gm_pk_setup_rsa(c, r.c) })
		return err
	}, r.res)
	return k, err
}

// GenKey makes a key (mbedtls_rsa_gen_key).
func (r *RSA) GenKey(random io.Reader, bits uint, exponent int) error {
	const op = "mbedtls_rsa_gen_key"
	if uint(C.uint(bits)) != bits || int(C.int(exponent)) != exponent {
		return newError(op, int(ErrRSABadInputData), nil)
	}
	return r.draw(random, op, "MBEDTLS_GENPRIME", func(rng unsafe.Pointer) C.int {
		return C.gm_rsa_gen_key(r.c, C.uint(bits), C.int(exponent), rng)
	})
}

// CheckPubKey looks at the public numbers (mbedtls_rsa_check_pubkey).
func (r *RSA) CheckPubKey() error {
	return r.do("mbedtls_rsa_check_pubkey", optionRSA, func() C.int { return C.gm_rsa_check_pubkey(r.c) })
}

// CheckPrivKey looks at all numbers (mbedtls_rsa_check_privkey).
func (r *RSA) CheckPrivKey() error {
	return r.do("mbedtls_rsa_check_privkey", optionRSA, func() C.int { return C.gm_rsa_check_privkey(r.c) })
}

// CheckPubPriv tells whether private is the private key of r (mbedtls_rsa_check_pub_priv).
func (r *RSA) CheckPubPriv(private *RSA) error {
	own, err := private.Copy() // so that two contexts are never locked
	if err != nil {
		return err
	}
	defer own.Close()
	return r.do("mbedtls_rsa_check_pub_priv", optionRSA, func() C.int { return C.gm_rsa_check_pub_priv(r.c, own.c) })
}

// SetPadding chooses RSAPKCSV15, or RSAPKCSV21 and its hash (mbedtls_rsa_set_padding).
func (r *RSA) SetPadding(padding int, hash crypto.Hash) error {
	return r.do("mbedtls_rsa_set_padding", optionRSA, func() C.int { return C.gm_rsa_set_padding(r.c, C.int(padding), anyMD(hash)) })
}

// Padding is what SetPadding chose; zero after Close (mbedtls_rsa_get_padding_mode, mbedtls_rsa_get_md_alg).
func (r *RSA) Padding() (padding int, hash crypto.Hash) {
	_ = r.do("mbedtls_rsa_get_padding_mode", optionRSA, func() C.int {
		padding, hash = int(C.gm_rsa_padding(r.c)), HashOf(int(C.gm_rsa_md(r.c)))
		return 0
	})
	return padding, hash
}

// Len is the bytes of the modulus; 0 after Close (mbedtls_rsa_get_len).
func (r *RSA) Len() (n int) {
	_ = r.do("mbedtls_rsa_get_len", optionRSA, func() C.int {
		n = int(C.gm_rsa_len(r.c))
		return 0
	})
	return n
}

// Bits is the size of the modulus; 0 after Close (mbedtls_rsa_get_bitlen).
func (r *RSA) Bits() (n int) {
	_ = r.do("mbedtls_rsa_get_bitlen", optionRSA, func() C.int {
		n = int(C.gm_rsa_bitlen(r.c))
		return 0
	})
	return n
}

// ParseRSAKey parses a private key of PKCS#1 in DER (mbedtls_rsa_parse_key).
func ParseRSAKey(der []byte) (*RSA, error) {
	return filled("mbedtls_rsa_parse_key", func(r *RSA) C.int { return C.gm_rsa_parse_key(r.c, cbytes(der), C.size_t(len(der))) })
}

// ParseRSAPubKey parses a public key of PKCS#1 in DER (mbedtls_rsa_parse_pubkey).
func ParseRSAPubKey(der []byte) (*RSA, error) {
	return filled("mbedtls_rsa_parse_pubkey", func(r *RSA) C.int {
		return C.gm_rsa_parse_pubkey(r.c, cbytes(der), C.size_t(len(der)))
	})
}

// WriteKey writes the private key as PKCS#1 has it (mbedtls_rsa_write_key). size bounds it; 0 is what any key takes.
func (r *RSA) WriteKey(size int) ([]byte, error) {
	return r.write("mbedtls_rsa_write_key", size, func(buf *C.uchar, n C.size_t) C.int { return C.gm_rsa_write_key(r.c, buf, n) })
}

// WritePubKey writes the public key as PKCS#1 has it (mbedtls_rsa_write_pubkey).
func (r *RSA) WritePubKey(size int) ([]byte, error) {
	return r.write("mbedtls_rsa_write_pubkey", size, func(buf *C.uchar, n C.size_t) C.int { return C.gm_rsa_write_pubkey(r.c, buf, n) })
}

func (r *RSA) write(op string, size int, write func(buf *C.uchar, n C.size_t) C.int) (der []byte, err error) {
	if size == 0 {
		size = maxKey
	}
	buf := make([]byte, max(size, 0))
	defer clear(buf)
	err = r.do(op, "MBEDTLS_ASN1_WRITE_C", func() C.int {
		defer runtime.KeepAlive(r)
		n := write(cbytes(buf), C.size_t(len(buf)))
		if n < 0 {
			return n
		}
		der = append([]byte(nil), buf[len(buf)-int(n):]...)
		return 0
	})
	return der, err
}
