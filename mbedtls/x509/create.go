package x509

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

// CertificateTemplate is what a certificate is to be. The extensions are for version 3 only.
type CertificateTemplate struct {
	Version             int         // 1 to 3; 0 is 3
	SerialNumber        []byte      // big-endian, 1 to 20 bytes without zeros in front, not 0
	Subject             Name        // see ParseName
	NotBefore, NotAfter time.Time   // to the second; from 1950 to 9999
	Hash                crypto.Hash // that is signed; 0 is SHA-256

	BasicConstraints *BasicConstraints // nil is no such extension; it is critical for a CA
	KeyUsage         KeyUsage          // 0 is no such extension; it is critical
	ExtKeyUsage      []oid.OID         // nil is no such extension; it is critical, as the library writes it
	NSCertType       NSCertType        // 0 is no such extension
	SubjectAltNames  []AltName         // nil is no such extension; AltEmail, AltDNS, AltDirectoryName, AltURI and AltIP

	// SubjectKeyID is nil for the SHA-1 hash of the key, and AuthorityKeyID for the parent's SubjectKeyID, or the hash of its
	// key if it has none. An empty one is no such extension.
	SubjectKeyID, AuthorityKeyID []byte

	ExtraExtensions []Extension // others, each once
}

// BasicConstraints say whether a certificate is a CA's.
type BasicConstraints struct {
	CA         bool
	MaxPathLen int // how many CAs may follow below, at most 127; -1 is no limit, and the only value without CA
}

// Extension is an extension as it stands in a certificate.
type Extension struct {
	ID       oid.OID
	Critical bool
	Value    []byte // in DER
}

// SubjectPublicKeyInfo is a public key in DER, for [CreateCertificate].
type SubjectPublicKeyInfo []byte

var (
	oidSubjectKeyID     = oid.MustParse("2.5.29.14")
	oidKeyUsage         = oid.MustParse("2.5.29.15")
	oidSubjectAltName   = oid.MustParse("2.5.29.17")
	oidBasicConstraints = oid.MustParse("2.5.29.19")
	oidAuthorityKeyID   = oid.MustParse("2.5.29.35")
	oidExtKeyUsage      = oid.MustParse("2.5.29.37")
	oidNSCertType       = oid.MustParse("2.16.840.1.113730.1.1")
)

// CreateCertificate writes a certificate in DER for the key pub, signed by signer, which is parent's; with parent nil it is
// self-signed, and pub may be nil.
//
// pub is a public key of the standard library, RSA or ECDSA, a [SubjectPublicKeyInfo], or a key of package pk. signer is a
// private key of package pk, which signs in the library, or any other with an RSA or ECDSA key, which signs where it is: it
// gets a digest and the hash, and RSA is in the padding of PKCS #1 v1.5. random is for the library's signature; nil is the
// process's own generator.
//
// What cannot be in a certificate, or not together, is ErrX509BadInputData and says what it is
// (mbedtls_x509write_crt_der).
func CreateCertificate(random io.Reader, t *CertificateTemplate, parent *Certificate, pub crypto.PublicKey,
	signer crypto.Signer) ([]byte, error) {
	return createCertificate(t, parent, pub, signer, func(w *cbridge.CrtWriter, size int) ([]byte, error) {
		return w.DER(random, size)
	})
}

// CreateCertificatePEM is CreateCertificate in PEM (mbedtls_x509write_crt_pem).
func CreateCertificatePEM(random io.Reader, t *CertificateTemplate, parent *Certificate, pub crypto.PublicKey,
	signer crypto.Signer) ([]byte, error) {
	return createCertificate(t, parent, pub, signer, func(w *cbridge.CrtWriter, size int) ([]byte, error) {
		return w.PEM(random, size)
	})
}

func createCertificate(t *CertificateTemplate, parent *Certificate, pub crypto.PublicKey, signer crypto.Signer,
	write func(*cbridge.CrtWriter, int) ([]byte, error)) ([]byte, error) {
	if err := t.check(parent); err != nil {
		return nil, err
	}
	w, err := cbridge.NewCrtWriter()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	keys, err := newWriterKeys(opWriteCrt, parent, pub, signer)
	if err != nil {
		return nil, err
	}
	defer keys.close()
	if err := t.apply(w, parent, keys); err != nil {
		return nil, err
	}
	return writeGrowing(func(size int) ([]byte, error) { return write(w, size) })
}

// writeGrowing gives a writer as much room as it needs: it is told to be short before anything is signed, or else the
// signature is made again.
func writeGrowing(write func(size int) ([]byte, error)) ([]byte, error) {
	const first, most = 1 << 14, 1 << 24
	for size := first; ; size *= 4 {
		out, err := write(size)
		short := errors.Is(err, cbridge.ErrASN1BufTooSmall) || errors.Is(err, cbridge.ErrX509BufferTooSmall) ||
			errors.Is(err, cbridge.ErrBase64BufferTooSmall)
		if !short || size >= most {
			return out, err
		}
	}
}

// step is one setter of a writer, named by the field that it is for.
type step struct {
	field string
	on    bool
	set   func() error
}

func run(steps []step) error {
	for _, s := range steps {
		if !s.on {
			continue
		}
		if err := s.set(); err != nil {
			return fmt.Errorf("%s: %w", s.field, err)
		}
	}
	return nil
}

func (t *CertificateTemplate) apply(w *cbridge.CrtWriter, parent *Certificate, keys *writerKeys) error {
	subject, err := t.Subject.writable()
	if err != nil {
		return fmt.Errorf("x509: Subject: %w", err)
	}
	issuer := subject
	if parent != nil {
		if issuer, err = parent.Subject.writable(); err != nil {
			return fmt.Errorf("parent's subject: %w", err)
		}
	}
	sans, err := bridgeAltNames(t.SubjectAltNames)
	if err != nil {
		return err
	}
	const layout = "20060102150405"
	v3 := t.Version == 0 || t.Version == 3
	authority := t.AuthorityKeyID
	if authority == nil {
		if parent != nil {
			authority = parent.SubjectKeyID
		} else if t.SubjectKeyID != nil {
			authority = t.SubjectKeyID
		}
	}
	bc := t.BasicConstraints
	return run([]step{
		{"Version", !v3, func() error { return w.SetVersion(t.Version - 1) }},
		{"SerialNumber", true, func() error { return w.SetSerial(t.SerialNumber) }},
		{"NotBefore, NotAfter", true, func() error {
			return w.SetValidity(t.NotBefore.UTC().Format(layout), t.NotAfter.UTC().Format(layout))
		}},
		{"Hash", true, func() error { return w.SetHash(orSHA256(t.Hash)) }},
		{"Subject", true, func() error { return w.SetSubject(subject) }},
		{"parent", true, func() error { return w.SetIssuer(issuer) }},
		{"public key", true, func() error { return w.SetSubjectKey(keys.subject) }},
		{"signer", true, func() error { return keys.sign(w.SetIssuerKey, w.SetIssuerClosure) }},
		{"BasicConstraints", bc != nil, func() error { return w.SetBasicConstraints(bc.CA, bc.MaxPathLen) }},
		{"SubjectKeyID", v3 && t.SubjectKeyID == nil, w.SetSubjectKeyID},
		{"SubjectKeyID", len(t.SubjectKeyID) > 0, func() error {
			return w.SetExtension(oidSubjectKeyID, false, subjectKeyID(t.SubjectKeyID))
		}},
		{"AuthorityKeyID", v3 && authority == nil, w.SetAuthorityKeyID},
		{"AuthorityKeyID", v3 && len(authority) > 0, func() error {
			return w.SetExtension(oidAuthorityKeyID, false, authorityKeyID(authority))
		}},
		{"KeyUsage", t.KeyUsage != 0, func() error { return w.SetKeyUsage(uint(t.KeyUsage)) }},
		{"ExtKeyUsage", len(t.ExtKeyUsage) > 0, func() error { return w.SetExtKeyUsage(rawOIDs(t.ExtKeyUsage)) }},
		{"NSCertType", t.NSCertType != 0, func() error { return w.SetNSCertType(byte(t.NSCertType)) }},
		{"SubjectAltNames", len(sans) > 0, func() error { return w.SetSubjectAltNames(sans) }},
		{"ExtraExtensions", true, func() error { return setExtensions(t.ExtraExtensions, w.SetExtension) }},
	})
}

func orSHA256(hash crypto.Hash) crypto.Hash {
	if hash == 0 {
		return crypto.SHA256
	}
	return hash
}

func rawOIDs(oids []oid.OID) (raw [][]byte) {
	for _, o := range oids {
		raw = append(raw, o)
	}
	return raw
}

func setExtensions(list []Extension, set func(id []byte, critical bool, value []byte) error) error {
	for _, e := range list {
		if err := set(e.ID, e.Critical, e.Value); err != nil {
			return fmt.Errorf("%v: %w", e.ID, err)
		}
	}
	return nil
}

func subjectKeyID(id []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1OctetString(id)
	return b.BytesOrPanic()
}

func authorityKeyID(id []byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cbasn1.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(id) })
	})
	return b.BytesOrPanic()
}

// check refuses what the library would write, and nobody should read.
func (t *CertificateTemplate) check(parent *Certificate) error {
	bc := t.BasicConstraints
	v3 := t.Version == 0 || t.Version == 3
	extensions := bc != nil || t.KeyUsage != 0 || len(t.ExtKeyUsage) > 0 || t.NSCertType != 0 || len(t.SubjectAltNames) > 0 ||
		len(t.SubjectKeyID) > 0 || len(t.AuthorityKeyID) > 0 || len(t.ExtraExtensions) > 0
	for _, c := range []struct {
		bad  bool
		what string
	}{
		{t.Version < 0 || t.Version > 3, fmt.Sprintf("Version: %d is not 1 to 3", t.Version)},
		{!v3 && extensions, fmt.Sprintf("Version: %d has no extensions", t.Version)},
		{len(t.SerialNumber) == 0 || len(t.SerialNumber) > 20,
			fmt.Sprintf("SerialNumber: %d bytes are not 1 to 20", len(t.SerialNumber))},
		{len(t.SerialNumber) > 0 && t.SerialNumber[0] == 0, "SerialNumber: it begins with a zero byte"},
		{!inYears(t.NotBefore) || !inYears(t.NotAfter), "NotBefore, NotAfter: not from 1950 to 9999"},
		{t.NotAfter.Before(t.NotBefore), "NotAfter: before NotBefore"},
		{bc != nil && !bc.CA && bc.MaxPathLen != -1, "BasicConstraints: MaxPathLen is for CAs, and -1 without CA"},
		{bc != nil && (bc.MaxPathLen < -1 || bc.MaxPathLen > 127), "BasicConstraints: MaxPathLen is not -1 to 127"},
		{t.KeyUsage&KeyUsageCertSign != 0 && (bc == nil || !bc.CA), "KeyUsage: keyCertSign is for CAs"},
		{parent != nil && parent.Version == 3 && !parent.IsCA, "parent: it is not a CA"},
		{parent != nil && parent.Extensions&oid.ExtKeyUsage != 0 && parent.KeyUsage&KeyUsageCertSign == 0,
			"parent: its key usage has no keyCertSign"},
		{len(t.Subject.Attributes) == 0 && (len(t.SubjectAltNames) == 0 || bc != nil && bc.CA),
			"Subject: without one, there must be SubjectAltNames, and no CA"},
	} {
		if c.bad {
			return badInput(opWriteCrt, errors.New("template's "+c.what))
		}
	}
	return t.checkExtensions()
}

// inYears are those that the library writes: of earlier ones, it would leave the century to the reader.
func inYears(t time.Time) bool { year := t.UTC().Year(); return year >= 1950 && year <= 9999 }

// checkExtensions refuses one that is there already: the library would replace the other.
func (t *CertificateTemplate) checkExtensions() error {
	return checkOnce(t.ExtraExtensions, map[string]bool{
		string(oidBasicConstraints): t.BasicConstraints != nil,
		string(oidKeyUsage):         t.KeyUsage != 0,
		string(oidExtKeyUsage):      len(t.ExtKeyUsage) > 0,
		string(oidNSCertType):       t.NSCertType != 0,
		string(oidSubjectAltName):   len(t.SubjectAltNames) > 0,
		string(oidSubjectKeyID):     t.SubjectKeyID == nil || len(t.SubjectKeyID) > 0,
		string(oidAuthorityKeyID):   t.AuthorityKeyID == nil || len(t.AuthorityKeyID) > 0,
	})
}

func checkOnce(list []Extension, there map[string]bool) error {
	for i, e := range list {
		if _, err := e.ID.Text(); err != nil {
			return fmt.Errorf("ExtraExtensions[%d]: %w", i, badInput(opSetExtension, fmt.Errorf("ID: %w", err)))
		}
		if there[string(e.ID)] {
			return badInput(opSetExtension, fmt.Errorf("template's ExtraExtensions[%d]: %v is there already", i, e.ID))
		}
		there[string(e.ID)] = true
	}
	return nil
}

// RequestTemplate is what a request for a certificate is to ask for.
type RequestTemplate struct {
	Subject         Name
	Hash            crypto.Hash // that is signed; 0 is SHA-256
	KeyUsage        KeyUsage    // 0 is none; without KeyUsageDecipherOnly, which the library cannot ask for
	ExtKeyUsage     []oid.OID   // not critical
	NSCertType      NSCertType
	SubjectAltNames []AltName   // as in a CertificateTemplate
	ExtraExtensions []Extension // others, each once
}

// CreateCertificateRequest writes a request in DER for the key of signer, which signs it; signer and random are as for
// [CreateCertificate] (mbedtls_x509write_csr_der).
func CreateCertificateRequest(random io.Reader, t *RequestTemplate, signer crypto.Signer) ([]byte, error) {
	return createRequest(t, signer, func(w *cbridge.CsrWriter, size int) ([]byte, error) { return w.DER(random, size) })
}

// CreateCertificateRequestPEM is CreateCertificateRequest in PEM (mbedtls_x509write_csr_pem).
func CreateCertificateRequestPEM(random io.Reader, t *RequestTemplate, signer crypto.Signer) ([]byte, error) {
	return createRequest(t, signer, func(w *cbridge.CsrWriter, size int) ([]byte, error) { return w.PEM(random, size) })
}

func createRequest(t *RequestTemplate, signer crypto.Signer,
	write func(*cbridge.CsrWriter, int) ([]byte, error)) ([]byte, error) {
	subject, err := t.Subject.writable()
	if err != nil {
		return nil, fmt.Errorf("x509: Subject: %w", err)
	}
	sans, err := bridgeAltNames(t.SubjectAltNames)
	if err != nil {
		return nil, err
	}
	if t.KeyUsage&^0xFF != 0 {
		return nil, &cbridge.Error{Code: cbridge.ErrX509FeatureUnavailable, Op: "mbedtls_x509write_csr_set_key_usage",
			Cause: errors.New("template's KeyUsage: the library cannot ask for decipherOnly")}
	}
	if err := checkOnce(t.ExtraExtensions, map[string]bool{
		string(oidKeyUsage): t.KeyUsage != 0, string(oidExtKeyUsage): len(t.ExtKeyUsage) > 0,
		string(oidNSCertType): t.NSCertType != 0, string(oidSubjectAltName): len(t.SubjectAltNames) > 0,
	}); err != nil {
		return nil, err
	}
	w, err := cbridge.NewCsrWriter()
	if err != nil {
		return nil, err
	}
	defer w.Close()
	keys, err := newWriterKeys(opWriteCSR, nil, nil, signer)
	if err != nil {
		return nil, err
	}
	defer keys.close()
	err = run([]step{
		{"Subject", true, func() error { return w.SetSubject(subject) }},
		{"Hash", true, func() error { return w.SetHash(orSHA256(t.Hash)) }},
		{"signer", true, func() error { return keys.sign(w.SetKey, w.SetClosure) }},
		{"KeyUsage", t.KeyUsage != 0, func() error { return w.SetKeyUsage(byte(t.KeyUsage)) }},
		{"ExtKeyUsage", len(t.ExtKeyUsage) > 0, func() error {
			return w.SetExtension(oidExtKeyUsage, false, extKeyUsage(t.ExtKeyUsage))
		}},
		{"NSCertType", t.NSCertType != 0, func() error { return w.SetNSCertType(byte(t.NSCertType)) }},
		{"SubjectAltNames", len(sans) > 0, func() error { return w.SetSubjectAltNames(sans) }},
		{"ExtraExtensions", true, func() error { return setExtensions(t.ExtraExtensions, w.SetExtension) }},
	})
	if err != nil {
		return nil, err
	}
	return writeGrowing(func(size int) ([]byte, error) { return write(w, size) })
}

func extKeyUsage(oids []oid.OID) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		for _, o := range oids {
			b.AddASN1(cbasn1.OBJECT_IDENTIFIER, func(b *cryptobyte.Builder) { b.AddBytes(o) })
		}
	})
	return b.BytesOrPanic()
}
