package x509

import (
	"crypto"
	"crypto/x509"
	"errors"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

// Certificate is a certificate with all that the library decodes of it. It is a copy, and needs no Close.
type Certificate struct {
	Raw                     []byte // DER
	RawTBSCertificate       []byte // the part that is signed
	RawSubjectPublicKeyInfo []byte
	RawExtensions           []byte // SEQUENCE of them; nil if there are none

	Version      int    // 1 to 3
	SerialNumber []byte // big-endian, as it is in the certificate: with a zero byte in front of a high bit

	SignatureAlgorithm SignatureAlgorithm
	Signature          []byte

	Issuer, Subject     Name
	NotBefore, NotAfter time.Time
	KeyType             string // of the public key: "RSA", "EC", "EC_DH"
	KeyBits             int

	IssuerUniqueID, SubjectUniqueID []byte // of version 2 and 3; nil if there is none

	Extensions      oid.Extension // those of its bits that the certificate has
	SubjectAltNames []AltName
	SubjectKeyID    []byte
	AuthorityKeyID  AuthorityKeyID
	Policies        []oid.OID // the library does no more with them than to refuse critical ones other than anyPolicy
	IsCA            bool
	MaxPathLen      int // how many CAs may follow below this one, -1 for no limit
	KeyUsage        KeyUsage
	ExtKeyUsage     []oid.OID
	NSCertType      NSCertType
}

// AuthorityKeyID says whose key signed a certificate.
type AuthorityKeyID struct {
	KeyID        []byte
	Issuer       []AltName
	SerialNumber []byte
}

// FromBridge takes over what the bridge copied, for packages of this module.
func FromBridge(c *cbridge.CrtData) *Certificate {
	oids := func(list [][]byte) (oids []oid.OID) {
		for _, o := range list {
			oids = append(oids, o)
		}
		return oids
	}
	a := c.AuthorityKeyID
	return &Certificate{
		Raw: c.Raw, RawTBSCertificate: c.TBS, RawSubjectPublicKeyInfo: c.PKRaw, RawExtensions: c.Exts,
		Version: c.Version, SerialNumber: c.Serial,
		SignatureAlgorithm: newSignatureAlgorithm(c.SigAlg), Signature: c.Sig,
		Issuer: NameFromBridge(c.IssuerRaw, c.Issuer), Subject: NameFromBridge(c.SubjectRaw, c.Subject),
		NotBefore: c.ValidFrom, NotAfter: c.ValidTo, KeyType: c.KeyType, KeyBits: c.KeyBits,
		IssuerUniqueID: c.IssuerID, SubjectUniqueID: c.SubjectID,
		Extensions: oid.Extension(c.ExtTypes), SubjectAltNames: newAltNames(c.SubjectAltNames), SubjectKeyID: c.SubjectKeyID,
		AuthorityKeyID: AuthorityKeyID{a.KeyID, newAltNames(a.Issuer), a.Serial},
		Policies:       oids(c.Policies), IsCA: c.IsCA, MaxPathLen: c.MaxPathLen - 1, KeyUsage: KeyUsage(c.KeyUsage),
		ExtKeyUsage: oids(c.ExtKeyUsage), NSCertType: NSCertType(c.NSCertType),
	}
}

// ParseCertificate parses one certificate in DER. Unlike crypto/x509, the library takes it with data behind: Raw ends where
// the certificate does (mbedtls_x509_crt_parse_der).
func ParseCertificate(der []byte) (*Certificate, error) {
	return parseCertificate(func(c *cbridge.Crt) error { return c.ParseDER(der) })
}

// ExtensionFunc sees an extension that the library does not know, or certificate policies other than anyPolicy. An error
// refuses the certificate or request if the extension is critical, and that of the parser then wraps it, with the code of an
// mbedtls.Code in it; else the library goes on.
type ExtensionFunc func(id oid.OID, critical bool, value []byte) error

func (f ExtensionFunc) bridge() cbridge.ExtFunc {
	return func(id []byte, critical bool, value []byte) error { return f(id, critical, value) }
}

// ParseCertificateExtensions is ParseCertificate with a closure for what the library does not know: without, it refuses
// critical extensions among them (mbedtls_x509_crt_parse_der_with_ext_cb).
func ParseCertificateExtensions(der []byte, f ExtensionFunc) (*Certificate, error) {
	return parseCertificate(func(c *cbridge.Crt) error { return c.ParseDERWithExt(der, f.bridge()) })
}

func parseCertificate(parse func(*cbridge.Crt) error) (*Certificate, error) {
	c, err := cbridge.NewCrt()
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := parse(c); err != nil {
		return nil, err
	}
	list, err := c.Data()
	if err != nil {
		return nil, err
	}
	return FromBridge(list[0]), nil
}

// FromStandard takes over a certificate of crypto/x509.
func FromStandard(c *x509.Certificate) (*Certificate, error) {
	if c == nil {
		return nil, errNoCertificate
	}
	return ParseCertificate(c.Raw)
}

// Standard is the certificate as crypto/x509 has it, if that can parse it.
func (c *Certificate) Standard() (*x509.Certificate, error) { return x509.ParseCertificate(c.Raw) }

// Key is the public key, for the library. The caller closes it.
func (c *Certificate) Key() (*pk.PublicKey, error) {
	return pk.ParsePublicKey(c.RawSubjectPublicKeyInfo)
}

// PublicKey is the key as the standard library has it, if it has that kind of key: not on a brainpool curve, for one.
func (c *Certificate) PublicKey() (crypto.PublicKey, error) {
	return x509.ParsePKIXPublicKey(c.RawSubjectPublicKeyInfo)
}

var errNoCertificate = badInput(opParseCrt, errors.New("no certificate"))

// Bridge is the certificate in the library's own memory, for packages of this module; the caller closes it.
func (c *Certificate) Bridge() (*cbridge.Crt, error) {
	if c == nil {
		return nil, errNoCertificate
	}
	crt, err := cbridge.NewCrt()
	if err != nil {
		return nil, err
	}
	// What was accepted once is so again.
	if err := crt.ParseDERWithExt(c.Raw, func([]byte, bool, []byte) error { return nil }); err != nil {
		crt.Close()
		return nil, err
	}
	return crt, nil
}

// do runs a call on the certificate in the library's memory.
func (c *Certificate) do(call func(*cbridge.Crt) error) error {
	crt, err := c.Bridge()
	if err != nil {
		return err
	}
	defer crt.Close()
	return call(crt)
}

// Info describes the certificate, line by line; each begins with prefix. It fails with ErrX509BufferTooSmall where
// [Name.Text] does (mbedtls_x509_crt_info).
func (c *Certificate) Info(prefix string) (text string, err error) {
	err = c.do(func(crt *cbridge.Crt) (err error) {
		text, err = crt.Info(prefix)
		return err
	})
	return text, err
}

// Serial prints the serial number, "01:23", at most 32 bytes of it (mbedtls_x509_serial_gets).
func (c *Certificate) Serial() string {
	s, err := cbridge.SerialGets(c.SerialNumber)
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return s
}

// CheckKeyUsage returns ErrX509BadInputData if the key may not be used for all of usage; KeyUsageEncipherOnly and
// KeyUsageDecipherOnly in it are allowed, not asked for. Without the extension, a key may be used for everything
// (mbedtls_x509_crt_check_key_usage).
func (c *Certificate) CheckKeyUsage(usage KeyUsage) error {
	return c.do(func(crt *cbridge.Crt) error { return crt.CheckKeyUsage(uint(usage)) })
}

// CheckExtKeyUsage returns ErrX509BadInputData if the key may not be used for that purpose. Without the extension, and with
// ExtKeyUsageAny in it, it may be used for all (mbedtls_x509_crt_check_extended_key_usage).
func (c *Certificate) CheckExtKeyUsage(purpose oid.OID) error {
	return c.do(func(crt *cbridge.Crt) error { return crt.CheckExtKeyUsage(purpose) })
}

// HasExtension reports which of those extensions the certificate has (mbedtls_x509_crt_has_ext_type).
func (c *Certificate) HasExtension(e oid.Extension) (has oid.Extension, err error) {
	err = c.do(func(crt *cbridge.Crt) error {
		bits, err := crt.HasExtType(int(e))
		has = oid.Extension(bits)
		return err
	})
	return has, err
}

// CA reports whether it is a CA's certificate; it fails with ErrX509InvalidExtensions without basic constraints
// (mbedtls_x509_crt_get_ca_istrue).
func (c *Certificate) CA() (is bool, err error) {
	err = c.do(func(crt *cbridge.Crt) (err error) {
		is, err = crt.IsCA()
		return err
	})
	return is, err
}

// IsRevoked reports whether the serial number is on the list, no matter whose list it is and how old: see [List.Verify]
// (mbedtls_x509_crt_is_revoked).
func (c *Certificate) IsRevoked(list *RevocationList) (revoked bool, err error) {
	err = c.do(func(crt *cbridge.Crt) error {
		crls, err := NewCRLs(list)
		if err != nil {
			return err
		}
		defer crls.Close()
		revoked, err = crt.IsRevoked(crls.c)
		return err
	})
	return revoked, err
}

// ParseTime reads a UTCTime (tag 23) or a GeneralizedTime (tag 24) as the library does (mbedtls_x509_get_time).
func ParseTime(tag int, value string) (time.Time, error) { return cbridge.GetTime(tag, []byte(value)) }

// CompareTimes is negative, 0 or positive as a is before, at or after b, to the second (mbedtls_x509_time_cmp).
func CompareTimes(a, b time.Time) int { return cbridge.TimeCmp(a, b) }

// IsPast reports whether t is before now, to the second; in a build without MBEDTLS_HAVE_TIME_DATE nothing is
// (mbedtls_x509_time_is_past).
func IsPast(t time.Time) bool { return cbridge.TimeIsPast(t) }

// IsFuture reports whether t is after now, as IsPast does (mbedtls_x509_time_is_future).
func IsFuture(t time.Time) bool { return cbridge.TimeIsFuture(t) }

// ParseIP reads the text of an IPv4 or IPv6 address as verification does, to 4 or 16 bytes; nil if it is none
// (mbedtls_x509_crt_parse_cn_inet_pton).
func ParseIP(s string) []byte { return cbridge.ParseIP(s) }
