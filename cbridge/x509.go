package cbridge

// #include "bridge.h"
import "C"

// Crt is an mbedtls_x509_crt: a list of certificates.
type Crt struct {
	res *resource
	c   *C.mbedtls_x509_crt
}

// NewCrt makes an empty list.
func NewCrt() (*Crt, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_crt_new()
	if c == nil {
		return nil, errNoMemory
	}
	crt := &Crt{c: c}
	crt.res = own(crt, func() { C.gm_crt_delete(c) })
	return crt, nil
}

// Close frees the list once no Config uses it.
func (c *Crt) Close() error {
	c.res.close()
	return nil
}

// Parse appends the certificates in data: one in DER, or any number in PEM (mbedtls_x509_crt_parse). skipped counts
// those of a PEM file that could not be parsed while others could.
func (c *Crt) Parse(data []byte) (skipped int, err error) {
	if err := c.res.acquire(); err != nil {
		return 0, err
	}
	defer c.res.release()
	data = terminatedPEM(data)
	ret := C.gm_crt_parse(c.c, cbytes(data), C.size_t(len(data)))
	if ret > 0 {
		return int(ret), nil
	}
	return 0, check(ret, "mbedtls_x509_crt_parse", "")
}

// DER returns the certificates of the list; none after Close.
func (c *Crt) DER() [][]byte {
	if c.res.acquire() != nil {
		return nil
	}
	defer c.res.release()
	return chainDER(c.c)
}

// CheckPair reports whether key is the private key of the first certificate (mbedtls_pk_check_pair).
func (c *Crt) CheckPair(key *PK) error {
	return during(func() error {
		return key.guard(func() error {
			return check(C.gm_crt_check_pair(c.c, key.c, processDrbg.c), "mbedtls_pk_check_pair", "")
		})
	}, c.res, key.res)
}

// Crl is an mbedtls_x509_crl: a list of revocation lists.
type Crl struct {
	res *resource
	c   *C.mbedtls_x509_crl
}

// NewCrl makes an empty list.
func NewCrl() (*Crl, error) {
	if !Feature("MBEDTLS_X509_CRL_PARSE_C") {
		return nil, &NotBuiltError{Option: "MBEDTLS_X509_CRL_PARSE_C"}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_crl_new()
	if c == nil {
		return nil, errNoMemory
	}
	crl := &Crl{c: c}
	crl.res = own(crl, func() { C.gm_crl_delete(c) })
	return crl, nil
}

// Close frees the list once no Config uses it.
func (c *Crl) Close() error {
	c.res.close()
	return nil
}

// Parse appends the revocation lists in data: one in DER, or any number in PEM (mbedtls_x509_crl_parse).
func (c *Crl) Parse(data []byte) error {
	if err := c.res.acquire(); err != nil {
		return err
	}
	defer c.res.release()
	data = terminatedPEM(data)
	return check(C.gm_crl_parse(c.c, cbytes(data), C.size_t(len(data))), "mbedtls_x509_crl_parse", "MBEDTLS_X509_CRL_PARSE_C")
}
