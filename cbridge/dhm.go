package cbridge

// #include "dhm.h"
import "C"

import (
	"io"
	"strings"
	"unsafe"
)

// DHMGroup is the prime and the generator of a group that the library has, in big-endian order: the index counts those of
// RFC 3526 (MODP of 2048, 3072, 4096 bits) and of RFC 7919 (ffdhe2048, 3072, 4096, 6144, 8192). nil if there is none
// (MBEDTLS_DHM_RFC3526_MODP_2048_P_BIN, …).
func DHMGroup(index int) (p, g []byte) {
	number := func(generator bool) []byte {
		var n C.size_t
		if b := C.gm_dhm_group(saturated(index), flag(generator), &n); b != nil {
			return C.GoBytes(unsafe.Pointer(b), C.int(n))
		}
		return nil
	}
	return number(false), number(true)
}

// DHM is an mbedtls_dhm_context. One goroutine uses it at a time.
type DHM struct {
	res *resource
	c   *C.mbedtls_dhm_context
}

const optionDHM = "MBEDTLS_DHM_C"

// NewDHM makes a context without a group (mbedtls_dhm_init).
func NewDHM() (*DHM, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	if !Feature(optionDHM) {
		return nil, &NotBuiltError{Option: optionDHM}
	}
	c := C.gm_dhm_new()
	if c == nil {
		return nil, errNoMemory
	}
	d := &DHM{c: c}
	d.res = own(d, func() { C.gm_dhm_delete(c) })
	return d, nil
}

// Close wipes and frees the context (mbedtls_dhm_free).
func (d *DHM) Close() error {
	d.res.close()
	return nil
}

func (d *DHM) call(op string, call func() C.int) error {
	return during(func() error { return check(call(), op, optionDHM) }, d.res)
}

// SetGroup starts with a group (mbedtls_dhm_set_group).
func (d *DHM) SetGroup(p, g *MPI) error {
	const op = "mbedtls_dhm_set_group"
	return withNumbers(op, func() error {
		return d.call(op, func() C.int { return C.gm_dhm_set_group(d.c, p.c, g.c) })
	}, p, g)
}

// ReadParams starts with the group and the public value of a ServerKeyExchange message, of n bytes
// (mbedtls_dhm_read_params).
func (d *DHM) ReadParams(b []byte) (n int, err error) {
	var read C.size_t
	err = d.call("mbedtls_dhm_read_params", func() C.int {
		return C.gm_dhm_read_params(d.c, cbytes(b), C.size_t(len(b)), &read)
	})
	return int(read), err
}

// MakeParams chooses a private value of xSize bytes, or up to the prime, and gives the group and the public value as in a
// ServerKeyExchange message (mbedtls_dhm_make_params).
func (d *DHM) MakeParams(xSize int, random io.Reader) ([]byte, error) {
	const op = "mbedtls_dhm_make_params"
	var buf []byte
	var n C.size_t
	err := during(func() error {
		buf = make([]byte, C.gm_dhm_params_len(d.c))
		return drawing(random, op, optionDHM, func(rng unsafe.Pointer) C.int {
			return C.gm_dhm_make_params(d.c, saturated(xSize), cbytes(buf), C.size_t(len(buf)), &n, rng)
		})
	}, d.res)
	return buf[:n], err
}

// ReadPublic takes the peer's public value (mbedtls_dhm_read_public).
func (d *DHM) ReadPublic(b []byte) error {
	return d.call("mbedtls_dhm_read_public", func() C.int { return C.gm_dhm_read_public(d.c, cbytes(b), C.size_t(len(b))) })
}

// MakePublic chooses a private value of xSize bytes, or up to the prime, and fills buf, which must not be longer than the
// prime, with the public value (mbedtls_dhm_make_public).
func (d *DHM) MakePublic(xSize int, buf []byte, random io.Reader) error {
	return during(func() error {
		return drawing(random, "mbedtls_dhm_make_public", optionDHM, func(rng unsafe.Pointer) C.int {
			return C.gm_dhm_make_public(d.c, saturated(xSize), cbytes(buf), C.size_t(len(buf)), rng)
		})
	}, d.res)
}

// CalcSecret writes the shared secret, without leading zeros, to buf, which must not be shorter than the prime
// (mbedtls_dhm_calc_secret).
func (d *DHM) CalcSecret(buf []byte, random io.Reader) (n int, err error) {
	var olen C.size_t
	err = during(func() error {
		return drawing(random, "mbedtls_dhm_calc_secret", optionDHM, func(rng unsafe.Pointer) C.int {
			return C.gm_dhm_calc_secret(d.c, cbytes(buf), C.size_t(len(buf)), &olen, rng)
		})
	}, d.res)
	return int(olen), err
}

// BitLen is the number of bits of the prime; 0 after Close (mbedtls_dhm_get_bitlen).
func (d *DHM) BitLen() (n int) {
	_ = during(func() error { n = int(C.gm_dhm_bitlen(d.c)); return nil }, d.res)
	return n
}

// Len is the number of bytes of the prime; 0 after Close (mbedtls_dhm_get_len).
func (d *DHM) Len() (n int) {
	_ = during(func() error { n = int(C.gm_dhm_len(d.c)); return nil }, d.res)
	return n
}

// Values of a DHM.
const (
	DHMP  = C.MBEDTLS_DHM_PARAM_P  // the prime
	DHMG  = C.MBEDTLS_DHM_PARAM_G  // the generator
	DHMX  = C.MBEDTLS_DHM_PARAM_X  // the private value
	DHMGX = C.MBEDTLS_DHM_PARAM_GX // the public value
	DHMGY = C.MBEDTLS_DHM_PARAM_GY // the peer's public value
	DHMK  = C.MBEDTLS_DHM_PARAM_K  // the shared secret
)

// Value copies one of the values to x (mbedtls_dhm_get_value).
func (d *DHM) Value(which int, x *MPI) error {
	const op = "mbedtls_dhm_get_value"
	return withNumbers(op, func() error {
		return d.call(op, func() C.int { return C.gm_dhm_get_value(d.c, saturated(which), x.c) })
	}, x)
}

// Parse starts with a group in PEM or DER (mbedtls_dhm_parse_dhm).
func (d *DHM) Parse(data []byte) error {
	pem := terminatedPEM(data)
	return d.call("mbedtls_dhm_parse_dhm", func() C.int { return C.gm_dhm_parse(d.c, cbytes(pem), C.size_t(len(pem))) })
}

// ParseFile starts with the group of a file in PEM or DER (mbedtls_dhm_parse_dhmfile).
func (d *DHM) ParseFile(path string) error {
	const op = "mbedtls_dhm_parse_dhmfile"
	if strings.Contains(path, "\x00") {
		return newError(op, int(ErrDHMFileIoError), errZeroByte)
	}
	name := append([]byte(path), 0)
	return during(func() error {
		return check(C.gm_dhm_parse_file(d.c, (*C.char)(unsafe.Pointer(&name[0]))), op, "MBEDTLS_FS_IO")
	}, d.res)
}
