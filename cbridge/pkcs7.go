package cbridge

// #include "x509.h"
import "C"

// PKCS7 is an mbedtls_pkcs7: signed data, detached from what is signed.
type PKCS7 struct {
	res *resource
	c   *C.mbedtls_pkcs7
}

// PKCS7Data is what an mbedtls_pkcs7 holds, copied.
type PKCS7Data struct {
	Raw          []byte
	Version      int
	DigestAlg    []byte // OID
	Certificates []*CrtData
	Signers      []PKCS7Signer
}

// PKCS7Signer is an mbedtls_pkcs7_signer_info.
type PKCS7Signer struct {
	Version   int
	Serial    []byte
	IssuerRaw []byte
	Issuer    []NameAttribute
	DigestAlg []byte // OID
	SigAlg    []byte // OID
	Sig       []byte
}

// ParsePKCS7 parses signed data in DER (mbedtls_pkcs7_parse_der).
func ParsePKCS7(der []byte) (*PKCS7, error) {
	const option = "MBEDTLS_PKCS7_C"
	if !Feature(option) {
		return nil, &NotBuiltError{Option: option}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_pkcs7_new()
	if c == nil {
		return nil, errNoMemory
	}
	p := &PKCS7{c: c}
	p.res = own(p, func() { C.gm_pkcs7_delete(c) })
	if ret := C.gm_pkcs7_parse_der(c, cbytes(der), C.size_t(len(der))); ret < 0 {
		p.Close()
		return nil, newError("mbedtls_pkcs7_parse_der", int(ret), nil)
	}
	return p, nil
}

// Close frees it (mbedtls_pkcs7_free).
func (p *PKCS7) Close() error {
	p.res.close()
	return nil
}

// Data copies what it holds.
func (p *PKCS7) Data() (d *PKCS7Data, err error) {
	err = during(func() error {
		s := &p.c.private_signed_data
		d = &PKCS7Data{Raw: bytesOf(&p.c.private_raw), Version: int(s.private_version),
			DigestAlg: bytesOf(&s.private_digest_alg_identifiers)}
		if s.private_no_of_certs > 0 {
			for crt := &s.private_certs; crt != nil; crt = C.gm_crt_next(crt) {
				d.Certificates = append(d.Certificates, crtData(crt))
			}
		}
		if s.private_no_of_signers > 0 {
			for i := &s.private_signers; i != nil; i = i.private_next {
				d.Signers = append(d.Signers, PKCS7Signer{
					Version: int(i.private_version), Serial: bytesOf(&i.private_serial), IssuerRaw: bytesOf(&i.private_issuer_raw),
					Issuer: namesOf(&i.private_issuer), DigestAlg: bytesOf(&i.private_alg_identifier),
					SigAlg: bytesOf(&i.private_sig_alg_identifier), Sig: bytesOf(&i.private_sig),
				})
			}
		}
		return nil
	}, p.res)
	return d, err
}

// VerifyData checks that the key of crt's first certificate signed data (mbedtls_pkcs7_signed_data_verify).
func (p *PKCS7) VerifyData(crt *Crt, data []byte) error {
	return during(func() error {
		return crt.first("mbedtls_pkcs7_signed_data_verify", func() C.int {
			return C.gm_pkcs7_signed_data_verify(p.c, crt.c, cbytes(data), C.size_t(len(data)))
		})
	}, p.res)
}

// VerifyHash is VerifyData for data that was hashed (mbedtls_pkcs7_signed_hash_verify).
func (p *PKCS7) VerifyHash(crt *Crt, hash []byte) error {
	return during(func() error {
		return crt.first("mbedtls_pkcs7_signed_hash_verify", func() C.int {
			return C.gm_pkcs7_signed_hash_verify(p.c, crt.c, cbytes(hash), C.size_t(len(hash)))
		})
	}, p.res)
}
