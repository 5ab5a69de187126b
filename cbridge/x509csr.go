package cbridge

// #include "x509.h"
import "C"

import "unsafe"

// Csr is an mbedtls_x509_csr: a request for a certificate.
type Csr struct {
	res *resource
	c   *C.mbedtls_x509_csr
}

const csrOption = "MBEDTLS_X509_CSR_PARSE_C"

func parseCsr(parse func(*C.mbedtls_x509_csr) error) (*Csr, error) {
	if !Feature(csrOption) {
		return nil, &NotBuiltError{Option: csrOption}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_csr_new()
	if c == nil {
		return nil, errNoMemory
	}
	csr := &Csr{c: c}
	csr.res = own(csr, func() { C.gm_csr_delete(c) })
	if err := parse(c); err != nil {
		csr.Close()
		return nil, err
	}
	return csr, nil
}

// ParseCsr parses a request in DER or PEM, with either header (mbedtls_x509_csr_parse).
func ParseCsr(data []byte) (*Csr, error) {
	data = terminatedPEM(data)
	return parseCsr(func(c *C.mbedtls_x509_csr) error {
		return check(C.gm_csr_parse(c, cbytes(data), C.size_t(len(data))), "mbedtls_x509_csr_parse", csrOption)
	})
}

// ParseCsrDER parses a request in DER (mbedtls_x509_csr_parse_der).
func ParseCsrDER(der []byte) (*Csr, error) {
	return parseCsr(func(c *C.mbedtls_x509_csr) error {
		return check(C.gm_csr_parse_der(c, cbytes(der), C.size_t(len(der))), "mbedtls_x509_csr_parse_der", csrOption)
	})
}

// ParseCsrDERWithExt parses a request in DER; f sees the extensions that the library does not know
// (mbedtls_x509_csr_parse_der_with_ext_cb).
func ParseCsrDERWithExt(der []byte, f ExtFunc) (*Csr, error) {
	return parseCsr(func(c *C.mbedtls_x509_csr) error {
		return parsing("mbedtls_x509_csr_parse_der_with_ext_cb", csrOption, f, func(h unsafe.Pointer) C.int {
			return C.gm_csr_parse_der_with_ext_cb(c, cbytes(der), C.size_t(len(der)), h)
		})
	})
}

// Close frees the request.
func (c *Csr) Close() error {
	c.res.close()
	return nil
}

// Data copies what the request holds.
func (c *Csr) Data() (d *CsrData, err error) {
	err = during(func() error {
		d = csrData(c.c)
		return nil
	}, c.res)
	return d, err
}

// Info describes the request, as [Crt.Info] does (mbedtls_x509_csr_info).
func (c *Csr) Info(prefix string) (text string, err error) {
	p := C.CString(prefix)
	defer free(p)
	err = during(func() (err error) {
		bound := textBound(int(c.c.raw.len), prefix)
		text, err = x509Text("mbedtls_x509_csr_info", bound, func(buf *C.char, size C.size_t) C.int {
			return C.gm_csr_info(c.c, p, buf, size)
		})
		return err
	}, c.res)
	return text, err
}

// Verify checks the request's signature with the key that it is for (mbedtls_pk_verify_ext).
func (c *Csr) Verify() error {
	return during(func() error { return check(C.gm_csr_verify(c.c), "mbedtls_pk_verify_ext", csrOption) }, c.res)
}
