package x509

import (
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// RevocationList is a revocation list with all that the library decodes of it. It is a copy, and needs no Close.
type RevocationList struct {
	Raw                  []byte // DER
	RawTBSRevocationList []byte // the part that is signed
	RawExtensions        []byte // SEQUENCE of them, none of which the library looks into; it refuses critical ones
	Version              int    // 1 or 2
	SignatureAlgorithm   SignatureAlgorithm
	Signature            []byte
	Issuer               Name
	ThisUpdate           time.Time
	NextUpdate           time.Time // zero if there is none
	RevokedCertificates  []RevokedCertificate
}

// RevokedCertificate is an entry of a revocation list.
type RevokedCertificate struct {
	Raw           []byte // the content of its SEQUENCE
	SerialNumber  []byte // as in [Certificate]
	Date          time.Time
	RawExtensions []byte // such as the reason
}

func newRevocationList(c *cbridge.CrlData) *RevocationList {
	l := &RevocationList{
		Raw: c.Raw, RawTBSRevocationList: c.TBS, RawExtensions: c.Exts, Version: c.Version,
		SignatureAlgorithm: newSignatureAlgorithm(c.SigAlg), Signature: c.Sig, Issuer: NameFromBridge(c.IssuerRaw, c.Issuer),
		ThisUpdate: c.ThisUpdate, NextUpdate: c.NextUpdate,
	}
	for _, e := range c.Entries {
		l.RevokedCertificates = append(l.RevokedCertificates, RevokedCertificate{e.Raw, e.Serial, e.Date, e.Exts})
	}
	return l
}

// ParseRevocationList parses one revocation list in DER (mbedtls_x509_crl_parse_der).
func ParseRevocationList(der []byte) (*RevocationList, error) {
	l, err := NewCRLs()
	if err != nil {
		return nil, err
	}
	defer l.Close()
	if err := l.c.ParseDER(der); err != nil {
		return nil, err
	}
	return l.first()
}

func (l *CRLs) first() (*RevocationList, error) {
	lists, err := l.RevocationLists()
	if err != nil {
		return nil, err
	}
	return lists[0], nil
}

// RevocationListFromStandard takes over a revocation list of crypto/x509.
func RevocationListFromStandard(r *x509.RevocationList) (*RevocationList, error) {
	if r == nil {
		return nil, errNoList
	}
	return ParseRevocationList(r.Raw)
}

// Standard is the list as crypto/x509 has it, if that can parse it.
func (r *RevocationList) Standard() (*x509.RevocationList, error) {
	return x509.ParseRevocationList(r.Raw)
}

// Info describes the list, line by line; each begins with prefix (mbedtls_x509_crl_info).
func (r *RevocationList) Info(prefix string) (string, error) {
	l, err := NewCRLs(r)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.c.Info(prefix)
}

// CRLs is revocation lists in the library's memory.
type CRLs struct{ c *cbridge.Crl }

// NewCRLs makes one of lists.
func NewCRLs(lists ...*RevocationList) (*CRLs, error) {
	c, err := cbridge.NewCrl()
	if err != nil {
		return nil, err
	}
	l := &CRLs{c}
	for i, r := range lists {
		if err := l.add(r); err != nil {
			l.Close()
			return nil, fmt.Errorf("revocation list %d: %w", i, err)
		}
	}
	return l, nil
}

func (l *CRLs) add(r *RevocationList) error {
	if r == nil {
		return errNoList
	}
	return l.c.ParseDER(r.Raw)
}

var errNoList = badInput(opParseCRL, errors.New("no revocation list"))

// Parse adds the revocation lists in data: one in DER, or any number in PEM. Those before one that is broken stay
// (mbedtls_x509_crl_parse).
func (l *CRLs) Parse(data []byte) error { return l.c.Parse(data) }

// ParseFile adds those of a file.
func (l *CRLs) ParseFile(name string) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if err := l.Parse(data); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// RevocationLists are those of it, in order.
func (l *CRLs) RevocationLists() ([]*RevocationList, error) {
	data, err := l.c.Data()
	if err != nil {
		return nil, err
	}
	lists := make([]*RevocationList, len(data))
	for i, d := range data {
		lists[i] = newRevocationList(d)
	}
	return lists, nil
}

// Close frees it, once no call uses it.
func (l *CRLs) Close() error { return l.c.Close() }
