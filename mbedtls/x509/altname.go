package x509

import (
	"encoding/asn1"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

// AltNameKind is which kind of name an [AltName] is, by its number in RFC 5280 section 4.2.1.6.
type AltNameKind int

// The kinds (MBEDTLS_X509_SAN_…).
const (
	AltOtherName     AltNameKind = 0
	AltEmail         AltNameKind = 1 // rfc822Name
	AltDNS           AltNameKind = 2
	AltX400Address   AltNameKind = 3
	AltDirectoryName AltNameKind = 4
	AltEDIPartyName  AltNameKind = 5
	AltURI           AltNameKind = 6
	AltIP            AltNameKind = 7
	AltRegisteredID  AltNameKind = 8
)

var altNames = map[AltNameKind]string{
	AltOtherName: "otherName", AltEmail: "rfc822Name", AltDNS: "dNSName", AltX400Address: "x400Address",
	AltDirectoryName: "directoryName", AltEDIPartyName: "ediPartyName", AltURI: "uniformResourceIdentifier",
	AltIP: "iPAddress", AltRegisteredID: "registeredID",
}

// String is the name of the kind in RFC 5280.
func (k AltNameKind) String() string {
	if s, ok := altNames[k]; ok {
		return s
	}
	return fmt.Sprintf("AltNameKind(%d)", int(k))
}

// AltName is a name of a subject, or an issuer, beside its distinguished name.
type AltName struct {
	Kind AltNameKind

	Value     []byte     // the text of an AltEmail, AltDNS or AltURI; 4 or 16 bytes of an AltIP; else the content in DER
	Directory Name       // of an AltDirectoryName
	OtherType oid.OID    // of an AltOtherName
	Hardware  *HWModule  // of an AltOtherName that is one
	ID        oid.OID    // of an AltRegisteredID
	IP        netip.Addr // of an AltIP
}

// HWModule is the name of a hardware module (RFC 4108 section 5).
type HWModule struct {
	Type   oid.OID
	Serial []byte
}

// DNSName, EmailAddress, URI and IPAddress make names of those kinds, for templates.
func DNSName(name string) AltName         { return AltName{Kind: AltDNS, Value: []byte(name)} }
func EmailAddress(address string) AltName { return AltName{Kind: AltEmail, Value: []byte(address)} }
func URI(uri string) AltName              { return AltName{Kind: AltURI, Value: []byte(uri)} }
func IPAddress(ip netip.Addr) AltName {
	return AltName{Kind: AltIP, Value: ip.Unmap().AsSlice(), IP: ip.Unmap()}
}

// DirectoryName makes a name of that kind, for templates.
func DirectoryName(name Name) AltName { return AltName{Kind: AltDirectoryName, Directory: name} }

// String is the kind and the name.
func (a AltName) String() string {
	switch a.Kind {
	case AltEmail, AltDNS, AltURI:
		return fmt.Sprintf("%s:%s", a.Kind, a.Value)
	case AltIP:
		return fmt.Sprintf("%s:%s", a.Kind, a.IP)
	case AltDirectoryName:
		return fmt.Sprintf("%s:%s", a.Kind, a.Directory)
	case AltRegisteredID:
		return fmt.Sprintf("%s:%s", a.Kind, a.ID)
	case AltOtherName:
		if a.Hardware != nil {
			return fmt.Sprintf("%s:%s:%x", a.Kind, a.Hardware.Type, a.Hardware.Serial)
		}
	}
	return fmt.Sprintf("%s:%x", a.Kind, a.Value)
}

// maxLowTag is the largest tag number that fits into one octet.
const maxLowTag = 30

// ParseAltName decodes a GeneralName in DER. A kind that the library does not decode is ErrX509FeatureUnavailable: X.400
// addresses, EDI party names and registered IDs, and other names than that of a hardware module
// (mbedtls_x509_parse_subject_alt_name).
func ParseAltName(der []byte) (AltName, error) {
	var v asn1.RawValue
	if rest, err := asn1.Unmarshal(der, &v); err != nil || len(rest) > 0 || v.Tag > maxLowTag {
		return AltName{}, &cbridge.Error{Code: cbridge.ErrX509BadInputData, Op: "mbedtls_x509_parse_subject_alt_name", Cause: err}
	}
	return parseAltName(cbridge.Buf{Tag: v.Class<<6 | v.Tag, Data: v.Bytes})
}

func parseAltName(b cbridge.Buf) (AltName, error) {
	san, err := cbridge.ParseSAN(b)
	if err != nil {
		return AltName{}, err
	}
	a := AltName{Kind: AltNameKind(san.Type), Value: san.Value}
	switch a.Kind {
	case AltOtherName:
		a.Value, a.OtherType, a.Hardware = b.Data, san.TypeID, &HWModule{san.HWType, san.HWSerial}
	case AltDirectoryName:
		a.Value, a.Directory = b.Data, NameFromBridge(b.Data, san.Directory)
	case AltIP:
		a.IP, _ = netip.AddrFromSlice(san.Value)
	}
	return a, nil
}

// newAltNames decodes the names of an extension, of which the library has refused the ones that are broken. What it does
// not decode has its Value.
func newAltNames(bufs []cbridge.Buf) (names []AltName) {
	const tagNumber = 0x1F
	for _, b := range bufs {
		a, err := parseAltName(b)
		if err != nil {
			a = AltName{Kind: AltNameKind(b.Tag & tagNumber), Value: b.Data}
			if a.Kind == AltRegisteredID {
				a.ID = b.Data
			}
		}
		names = append(names, a)
	}
	return names
}

// bridgeAltNames has them as the library's writers do: the last one first.
func bridgeAltNames(names []AltName) (sans []cbridge.SAN, err error) {
	for i, a := range names {
		san := cbridge.SAN{Type: int(a.Kind), Value: a.Value}
		switch a.Kind {
		case AltDirectoryName:
			san.Directory, err = a.Directory.writable()
		case AltIP:
			if len(a.Value) != 4 && len(a.Value) != 16 {
				err = badInput(opSetSAN, errIPLength)
			}
		case AltDNS, AltEmail, AltURI:
			err = checkIA5(a.Value)
		}
		if err != nil {
			return nil, fmt.Errorf("SubjectAltNames[%d]: %w", i, err)
		}
		sans = append(sans, san)
	}
	slices.Reverse(sans)
	return sans, nil
}

// checkIA5 is for text that RFC 5280 wants to be an IA5String: the library writes any.
func checkIA5(text []byte) error {
	for _, b := range text {
		if b >= 0x80 || b == 0 {
			return badInput(opSetSAN, fmt.Errorf("%q is not of ASCII", text))
		}
	}
	return nil
}

var (
	errIPLength = errors.New("an address has 4 or 16 bytes")
	errTwice    = errors.New("an attribute occurs twice")
	errMerged   = errors.New("the library cannot write it as it is: attributes share a RelativeDistinguishedName, or it is not DER")
)

// What arguments are for.
const (
	opWriteCrt     = "mbedtls_x509write_crt_der"
	opWriteCSR     = "mbedtls_x509write_csr_der"
	opSetSAN       = "mbedtls_x509_write_set_san_common"
	opSetExtension = "mbedtls_x509_set_extension"
	opParseCrt     = "mbedtls_x509_crt_parse_der"
	opParseCRL     = "mbedtls_x509_crl_parse_der"
	opParseCSR     = "mbedtls_x509_csr_parse_der"
	opVerify       = "mbedtls_x509_crt_verify_restartable"
)

// badInput is the library's error for an argument that it would not refuse by itself.
func badInput(op string, cause error) error {
	return &cbridge.Error{Code: cbridge.ErrX509BadInputData, Op: op, Cause: cause}
}
