package pkcs7

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

// SignedData is a detached signature, by one or more signers.
type SignedData struct {
	Raw          []byte
	Version      int     // 1
	Digest       oid.OID // of the hash, which all signers have in common
	Certificates []*x509.Certificate
	Signers      []Signer

	p *cbridge.PKCS7
}

// Signer is one signature and who made it.
type Signer struct {
	Version            int // 1
	Issuer             x509.Name
	SerialNumber       []byte
	Digest             oid.OID
	SignatureAlgorithm oid.OID
	Signature          []byte
}

// Parse parses signed data in DER, with or without the ContentInfo around it. The library takes no other type of content,
// no content inside, one digest algorithm, at most one certificate, no revocation lists and no attributes: those are
// ErrPKCS7FeatureUnavailable, or the error of what they are in the place of (mbedtls_pkcs7_parse_der).
func Parse(der []byte) (*SignedData, error) {
	p, err := cbridge.ParsePKCS7(der)
	if err != nil {
		return nil, err
	}
	d, err := p.Data()
	if err != nil {
		return nil, err
	}
	s := &SignedData{Raw: d.Raw, Version: d.Version, Digest: d.DigestAlg, p: p}
	for _, c := range d.Certificates {
		s.Certificates = append(s.Certificates, x509.FromBridge(c))
	}
	for _, i := range d.Signers {
		issuer := x509.NameFromBridge(i.IssuerRaw, i.Issuer)
		s.Signers = append(s.Signers, Signer{i.Version, issuer, i.Serial, i.DigestAlg, i.SigAlg, i.Sig})
	}
	return s, nil
}

// Close frees what the library keeps, without waiting for the garbage collector. The fields stay.
func (s *SignedData) Close() error { return s.p.Close() }

// VerifyData checks that one of the signatures over data is by cert's key. cert must be valid now; that somebody trusts it
// is not looked at. Nor is, in the library, whether cert is the one that the signer names. ErrPKCS7CertDateInvalid is for a
// certificate that is not valid, ErrPKCS7InvalidCert for a message without signatures, ErrPKCS7InvalidAlg for an algorithm
// that the library's default profile forbids; a wrong signature is that of the last signer, as package pk has it
// (mbedtls_pkcs7_signed_data_verify).
func (s *SignedData) VerifyData(cert *x509.Certificate, data []byte) error {
	return s.verify(cert, func(crt *cbridge.Crt) error { return s.p.VerifyData(crt, data) })
}

// VerifyHash is VerifyData for data that has been hashed, by the algorithm in Digest. One of another length is
// ErrPKCS7VerifyFail (mbedtls_pkcs7_signed_hash_verify).
func (s *SignedData) VerifyHash(cert *x509.Certificate, hash []byte) error {
	return s.verify(cert, func(crt *cbridge.Crt) error { return s.p.VerifyHash(crt, hash) })
}

func (s *SignedData) verify(cert *x509.Certificate, verify func(*cbridge.Crt) error) error {
	crt, err := cert.Bridge()
	if err != nil {
		return err
	}
	defer crt.Close()
	return verify(crt)
}
