package x509

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

// CertificateRequest is a request for a certificate with all that the library decodes of it. It is a copy, and needs no
// Close.
type CertificateRequest struct {
	Raw                     []byte // DER
	RawTBSRequest           []byte // the part that is signed
	RawSubjectPublicKeyInfo []byte // nil if it is not in DER
	Version                 int    // 1
	Subject                 Name
	KeyType                 string // "RSA", "EC", "EC_DH"
	KeyBits                 int

	Extensions      oid.Extension // those of its bits that are asked for
	KeyUsage        KeyUsage
	NSCertType      NSCertType
	SubjectAltNames []AltName

	SignatureAlgorithm SignatureAlgorithm
	Signature          []byte
}

func newRequest(csr *cbridge.Csr) (*CertificateRequest, error) {
	defer csr.Close()
	d, err := csr.Data()
	if err != nil {
		return nil, err
	}
	return &CertificateRequest{
		Raw: d.Raw, RawTBSRequest: d.CRI, RawSubjectPublicKeyInfo: requestKey(d.CRI), Version: d.Version,
		Subject: NameFromBridge(d.SubjectRaw, d.Subject), KeyType: d.KeyType, KeyBits: d.KeyBits,
		Extensions: oid.Extension(d.ExtTypes), KeyUsage: KeyUsage(d.KeyUsage), NSCertType: NSCertType(d.NSCertType),
		SubjectAltNames:    newAltNames(d.SubjectAltNames),
		SignatureAlgorithm: newSignatureAlgorithm(d.SigAlg), Signature: d.Sig,
	}, nil
}

// requestKey finds the SubjectPublicKeyInfo, which the library keeps only as a key.
func requestKey(cri []byte) []byte {
	var info, spki cryptobyte.String
	s := cryptobyte.String(cri)
	if !s.ReadASN1(&info, cbasn1.SEQUENCE) || !info.SkipASN1(cbasn1.INTEGER) || !info.SkipASN1(cbasn1.SEQUENCE) ||
		!info.ReadASN1Element(&spki, cbasn1.SEQUENCE) {
		return nil
	}
	return spki
}

// ParseCertificateRequest parses a request in DER, or in PEM with the header "CERTIFICATE REQUEST" or "NEW CERTIFICATE
// REQUEST". The signature is not checked (mbedtls_x509_csr_parse).
func ParseCertificateRequest(data []byte) (*CertificateRequest, error) {
	csr, err := cbridge.ParseCsr(data)
	if err != nil {
		return nil, err
	}
	return newRequest(csr)
}

// ParseCertificateRequestDER takes no PEM (mbedtls_x509_csr_parse_der).
func ParseCertificateRequestDER(der []byte) (*CertificateRequest, error) {
	csr, err := cbridge.ParseCsrDER(der)
	if err != nil {
		return nil, err
	}
	return newRequest(csr)
}

// ParseCertificateRequestExtensions parses a request in DER; f sees the extensions that the library does not know, of which
// it otherwise refuses the critical ones (mbedtls_x509_csr_parse_der_with_ext_cb).
func ParseCertificateRequestExtensions(der []byte, f ExtensionFunc) (*CertificateRequest, error) {
	csr, err := cbridge.ParseCsrDERWithExt(der, f.bridge())
	if err != nil {
		return nil, err
	}
	return newRequest(csr)
}

// ReadCertificateRequest parses the request in a file.
func ReadCertificateRequest(name string) (*CertificateRequest, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	r, err := ParseCertificateRequest(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func (r *CertificateRequest) do(call func(*cbridge.Csr) error) error {
	csr, err := cbridge.ParseCsrDERWithExt(r.Raw, func([]byte, bool, []byte) error { return nil })
	if err != nil {
		return err
	}
	defer csr.Close()
	return call(csr)
}

// Info describes the request, line by line; each begins with prefix (mbedtls_x509_csr_info).
func (r *CertificateRequest) Info(prefix string) (text string, err error) {
	err = r.do(func(csr *cbridge.Csr) (err error) {
		text, err = csr.Info(prefix)
		return err
	})
	return text, err
}

// CheckSignature checks that the request is signed by the key that it is for (mbedtls_pk_verify_ext).
func (r *CertificateRequest) CheckSignature() error { return r.do((*cbridge.Csr).Verify) }

// CertificateRequestFromStandard takes over a request of crypto/x509.
func CertificateRequestFromStandard(r *x509.CertificateRequest) (*CertificateRequest, error) {
	if r == nil {
		return nil, badInput(opParseCSR, errors.New("no request"))
	}
	return ParseCertificateRequestDER(r.Raw)
}

// Standard is the request as crypto/x509 has it, if that can parse it.
func (r *CertificateRequest) Standard() (*x509.CertificateRequest, error) {
	return x509.ParseCertificateRequest(r.Raw)
}

// Key is the public key, for the library. The caller closes it.
func (r *CertificateRequest) Key() (*pk.PublicKey, error) {
	return pk.ParsePublicKey(r.RawSubjectPublicKeyInfo)
}

// PublicKey is the key as the standard library has it, if it has that kind of key.
func (r *CertificateRequest) PublicKey() (crypto.PublicKey, error) {
	return x509.ParsePKIXPublicKey(r.RawSubjectPublicKeyInfo)
}
