package cbridge

// #include "x509.h"
import "C"

import (
	"errors"
	"runtime"
	"unsafe"
)

// ExtFunc is called for each extension of a certificate or request that the library does not know, and for certificate
// policies other than anyPolicy. An error refuses the whole; if it is, or wraps, a [Code], that is the library's result too.
type ExtFunc func(oid []byte, critical bool, value []byte) error

// extensions is what a handle of one parsing call stands for.
type extensions struct {
	f ExtFunc
	trap
}

// codeOf is the code that a closure's error carries, or code.
func codeOf(err error, code Code) Code {
	var e *Error
	var c Code
	switch {
	case errors.As(err, &e) && e.Code < 0:
		return e.Code
	case errors.As(err, &c) && c < 0:
		return c
	}
	return code
}

// runCoded is run with the code of the closure's own error.
func (t *trap) runCoded(code Code, f func() error) C.int {
	ret := t.run(code, f)
	if ret != 0 && t.err != nil {
		return C.int(codeOf(t.err, code))
	}
	return ret
}

// gombExtension is reached from mbedtls_x509_crt_parse_der_with_ext_cb and mbedtls_x509_csr_parse_der_with_ext_cb, on the
// goroutine that parses. It may block, and then pins its thread.
//
//export gombExtension
func gombExtension(h unsafe.Pointer, oid *C.uchar, oidLen C.size_t, critical C.int, value *C.uchar, n C.size_t) C.int {
	e := fromHandle[extensions](h)
	return e.runCoded(ErrX509InvalidExtensions, func() error {
		return e.f(goBytes(oid, &oidLen), critical != 0, goBytes(value, &n))
	})
}

// parsing runs a call that may come back with extensions to f.
func parsing(op, option string, f ExtFunc, call func(h unsafe.Pointer) C.int) error {
	if f == nil {
		return check(call(nil), op, option)
	}
	e := &extensions{f: f}
	defer runtime.KeepAlive(e)
	h := newHandle(e)
	defer dropHandle(h)
	ret := call(h)
	if ret == C.GM_NOT_BUILT {
		return &NotBuiltError{Option: option}
	}
	return e.end(op, int(ret))
}

// ParseDER appends one certificate in DER (mbedtls_x509_crt_parse_der).
func (c *Crt) ParseDER(der []byte) error {
	return during(func() error {
		return check(C.gm_crt_parse_der(c.c, cbytes(der), C.size_t(len(der))), "mbedtls_x509_crt_parse_der", "")
	}, c.res)
}

// ParseDERWithExt appends one certificate in DER; f sees what the library does not know, nil sees nothing
// (mbedtls_x509_crt_parse_der_with_ext_cb).
func (c *Crt) ParseDERWithExt(der []byte, f ExtFunc) error {
	return during(func() error {
		return parsing("mbedtls_x509_crt_parse_der_with_ext_cb", "", f, func(h unsafe.Pointer) C.int {
			return C.gm_crt_parse_der_with_ext_cb(c.c, cbytes(der), C.size_t(len(der)), h)
		})
	}, c.res)
}

// Data copies what the certificates of the list hold.
func (c *Crt) Data() (list []*CrtData, err error) {
	err = during(func() error {
		for crt := c.c; crt != nil; crt = C.gm_crt_next(crt) {
			if crt.raw.p != nil {
				list = append(list, crtData(crt))
			}
		}
		return nil
	}, c.res)
	return list, err
}

// first runs a call on the first certificate, which an empty list has not.
func (c *Crt) first(op string, call func() C.int) error {
	return during(func() error {
		if c.c.raw.p == nil {
			return newError(op, int(ErrX509BadInputData), nil)
		}
		return check(call(), op, "MBEDTLS_X509_CRL_PARSE_C")
	}, c.res)
}

// CheckKeyUsage says whether the first certificate may be used for all of usage (mbedtls_x509_crt_check_key_usage).
func (c *Crt) CheckKeyUsage(usage uint) error {
	return c.first("mbedtls_x509_crt_check_key_usage", func() C.int {
		return C.mbedtls_x509_crt_check_key_usage(c.c, C.uint(usage))
	})
}

// CheckExtKeyUsage says whether the first certificate may be used for that purpose
// (mbedtls_x509_crt_check_extended_key_usage).
func (c *Crt) CheckExtKeyUsage(oid []byte) error {
	return c.first("mbedtls_x509_crt_check_extended_key_usage", func() C.int {
		return C.mbedtls_x509_crt_check_extended_key_usage(c.c, (*C.char)(unsafe.Pointer(cbytes(oid))), C.size_t(len(oid)))
	})
}

// HasExtType is the bits of t that are extensions of the first certificate (mbedtls_x509_crt_has_ext_type).
func (c *Crt) HasExtType(t int) (has int, err error) {
	err = c.first("mbedtls_x509_crt_has_ext_type", func() C.int {
		has = int(C.gm_crt_has_ext_type(c.c, C.int(t)))
		return 0
	})
	return has, err
}

// IsCA is whether the first certificate is a CA's; without basic constraints it fails (mbedtls_x509_crt_get_ca_istrue).
func (c *Crt) IsCA() (is bool, err error) {
	err = c.first("mbedtls_x509_crt_get_ca_istrue", func() C.int {
		ret := C.mbedtls_x509_crt_get_ca_istrue(c.c)
		is = ret > 0
		return min(ret, 0)
	})
	return is, err
}

// IsRevoked tells whether the first certificate's serial number is on the first revocation list, whoever issued that
// (mbedtls_x509_crt_is_revoked).
func (c *Crt) IsRevoked(crl *Crl) (revoked bool, err error) {
	err = during(func() error {
		return c.first("mbedtls_x509_crt_is_revoked", func() C.int {
			ret := C.gm_crt_is_revoked(c.c, crl.c)
			revoked = ret > 0
			return min(ret, 0)
		})
	}, crl.res)
	return revoked, err
}

// ParseDER appends one revocation list in DER (mbedtls_x509_crl_parse_der).
func (c *Crl) ParseDER(der []byte) error {
	return during(func() error {
		ret := C.gm_crl_parse_der(c.c, cbytes(der), C.size_t(len(der)))
		return check(ret, "mbedtls_x509_crl_parse_der", "MBEDTLS_X509_CRL_PARSE_C")
	}, c.res)
}

// Data copies what the revocation lists hold.
func (c *Crl) Data() (list []*CrlData, err error) {
	err = during(func() error {
		for crl := c.c; crl != nil; crl = crl.next {
			if crl.raw.p != nil {
				list = append(list, crlData(crl))
			}
		}
		return nil
	}, c.res)
	return list, err
}

// Info describes the first revocation list, as [Crt.Info] does (mbedtls_x509_crl_info).
func (c *Crl) Info(prefix string) (text string, err error) {
	const op = "mbedtls_x509_crl_info"
	p := C.CString(prefix)
	defer free(p)
	err = during(func() (err error) {
		if c.c.raw.p == nil {
			return newError(op, int(ErrX509BadInputData), nil)
		}
		bound := textBound(int(c.c.raw.len), prefix)
		text, err = x509Text(op, bound, func(buf *C.char, size C.size_t) C.int { return C.gm_crl_info(c.c, p, buf, size) })
		return err
	}, c.res)
	return text, err
}
