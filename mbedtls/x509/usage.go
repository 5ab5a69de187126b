package x509

import (
	"crypto"
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

// KeyUsage is what a key may be used for, bit by bit MBEDTLS_X509_KU_….
type KeyUsage uint

// The usages.
const (
	KeyUsageDigitalSignature KeyUsage = 0x80
	KeyUsageNonRepudiation   KeyUsage = 0x40
	KeyUsageKeyEncipherment  KeyUsage = 0x20
	KeyUsageDataEncipherment KeyUsage = 0x10
	KeyUsageKeyAgreement     KeyUsage = 0x08
	KeyUsageCertSign         KeyUsage = 0x04
	KeyUsageCRLSign          KeyUsage = 0x02
	KeyUsageEncipherOnly     KeyUsage = 0x01
	KeyUsageDecipherOnly     KeyUsage = 0x8000
)

// NSCertType is a certificate type of Netscape, bit by bit MBEDTLS_X509_NS_CERT_TYPE_….
type NSCertType byte

// The types.
const (
	NSCertTypeSSLClient       NSCertType = 0x80
	NSCertTypeSSLServer       NSCertType = 0x40
	NSCertTypeEmail           NSCertType = 0x20
	NSCertTypeObjectSigning   NSCertType = 0x10
	NSCertTypeReserved        NSCertType = 0x08
	NSCertTypeSSLCA           NSCertType = 0x04
	NSCertTypeEmailCA         NSCertType = 0x02
	NSCertTypeObjectSigningCA NSCertType = 0x01
)

var (
	keyUsageNames = []bitName{{0x80, "digitalSignature"}, {0x40, "nonRepudiation"}, {0x20, "keyEncipherment"},
		{0x10, "dataEncipherment"}, {0x08, "keyAgreement"}, {0x04, "keyCertSign"}, {0x02, "cRLSign"},
		{0x01, "encipherOnly"}, {0x8000, "decipherOnly"}}
	nsCertTypeNames = []bitName{{0x80, "sslClient"}, {0x40, "sslServer"}, {0x20, "email"}, {0x10, "objectSigning"},
		{0x08, "reserved"}, {0x04, "sslCA"}, {0x02, "emailCA"}, {0x01, "objectSigningCA"}}
)

type bitName struct {
	bit  uint
	name string
}

func bitNames(bits uint, names []bitName) string {
	var set []string
	for _, n := range names {
		if bits&n.bit != 0 {
			set = append(set, n.name)
			bits &^= n.bit
		}
	}
	if bits != 0 {
		set = append(set, fmt.Sprintf("%#x", bits))
	}
	return strings.Join(set, ", ")
}

// UnknownNameError says which name of a usage or type there is not, and which there are.
type UnknownNameError struct {
	Name  string
	Known []string
}

// Error names both.
func (e *UnknownNameError) Error() string {
	return fmt.Sprintf("%q is not one of %s", e.Name, strings.Join(e.Known, ", "))
}

func parseBits(s string, names []bitName) (bits uint, err error) {
next:
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		for _, n := range names {
			if strings.EqualFold(n.name, part) {
				bits |= n.bit
				continue next
			}
		}
		return 0, &UnknownNameError{Name: part, Known: strings.Split(bitNames(allBits(names), names), ", ")}
	}
	return bits, nil
}

func allBits(names []bitName) (bits uint) {
	for _, n := range names {
		bits |= n.bit
	}
	return bits
}

// String lists the usages by their names in RFC 5280.
func (u KeyUsage) String() string { return bitNames(uint(u), keyUsageNames) }

// ParseKeyUsage is the reverse of String: "digitalSignature, keyCertSign".
func ParseKeyUsage(s string) (KeyUsage, error) {
	u, err := parseBits(s, keyUsageNames)
	return KeyUsage(u), err
}

// String lists the types.
func (t NSCertType) String() string { return bitNames(uint(t), nsCertTypeNames) }

// ParseNSCertType is the reverse of String: "sslClient, sslCA".
func ParseNSCertType(s string) (NSCertType, error) {
	t, err := parseBits(s, nsCertTypeNames)
	return NSCertType(t), err
}

// The purposes of keys, for ExtKeyUsage.
var (
	ExtKeyUsageAny             = oid.MustParse("2.5.29.37.0")
	ExtKeyUsageServerAuth      = oid.MustParse("1.3.6.1.5.5.7.3.1")
	ExtKeyUsageClientAuth      = oid.MustParse("1.3.6.1.5.5.7.3.2")
	ExtKeyUsageCodeSigning     = oid.MustParse("1.3.6.1.5.5.7.3.3")
	ExtKeyUsageEmailProtection = oid.MustParse("1.3.6.1.5.5.7.3.4")
	ExtKeyUsageTimeStamping    = oid.MustParse("1.3.6.1.5.5.7.3.8")
	ExtKeyUsageOCSPSigning     = oid.MustParse("1.3.6.1.5.5.7.3.9")
)

// SignatureAlgorithm is how something is signed.
type SignatureAlgorithm struct {
	OID  oid.OID
	Key  oid.Key     // KeyRSA, KeyECDSA or KeyRSASSAPSS
	Hash crypto.Hash // 0 if the build lacks it
	PSS  *PSS        // of KeyRSASSAPSS
}

// PSS are the parameters of RSASSA-PSS.
type PSS struct {
	MGF1Hash   crypto.Hash
	SaltLength int // bytes
}

func newSignatureAlgorithm(s cbridge.SigAlg) SignatureAlgorithm {
	a := SignatureAlgorithm{OID: s.OID, Key: oid.KeyOfNumber(s.PK), Hash: s.Hash}
	if s.PSS != nil {
		a.PSS = &PSS{s.PSS.MGF1Hash, s.PSS.SaltLength}
	}
	return a
}

// ParsePSS decodes the parameters of RSASSA-PSS, a SEQUENCE in DER; the hash is that of the signature
// (mbedtls_x509_get_rsassa_pss_params).
func ParsePSS(tag int, content []byte) (crypto.Hash, PSS, error) {
	hash, p, err := cbridge.PSSParams(cbridge.Buf{Tag: tag, Data: content})
	return hash, PSS{p.MGF1Hash, p.SaltLength}, err
}

// String is the key and the hash, such as "ECDSA with SHA-256".
func (a SignatureAlgorithm) String() string {
	if a.Key == "" {
		return a.OID.String()
	}
	s := fmt.Sprintf("%s with %v", a.Key, a.Hash)
	if a.PSS != nil {
		s += fmt.Sprintf(", MGF1 with %v, salt of %d bytes", a.PSS.MGF1Hash, a.PSS.SaltLength)
	}
	return s
}
