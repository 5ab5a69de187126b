package x509

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
)

// Name is a distinguished name: of a subject, or an issuer.
type Name struct {
	Raw        []byte // DER
	Attributes []Attribute
}

// Attribute is one attribute of a Name.
type Attribute struct {
	Type   oid.OID
	Tag    int // of the value in ASN.1, such as asn1.TagUTF8String
	Value  []byte
	Merged bool // it shares a RelativeDistinguishedName with the next one
}

// NameFromBridge takes over what the bridge copied, for packages of this module.
func NameFromBridge(raw []byte, names []cbridge.NameAttribute) Name {
	n := Name{Raw: raw}
	for _, a := range names {
		n.Attributes = append(n.Attributes, Attribute{a.OID, a.Tag, a.Value, a.Merged})
	}
	return n
}

func (n Name) bridge() (names []cbridge.NameAttribute) {
	for _, a := range n.Attributes {
		names = append(names, cbridge.NameAttribute{OID: a.Type, Tag: a.Tag, Value: a.Value, Merged: a.Merged})
	}
	return names
}

// ParseName reads a name as text, "C=NL, O=PolarSSL, CN=localhost": short names of attributes, or numbers, "=", a value with
// "\" before what would end it, or "#" and DER in hexadecimal. The library would keep only the last of two attributes of one
// type; here that is an error, and Raw of a Name can have it (mbedtls_x509_string_to_names).
func ParseName(s string) (Name, error) {
	names, err := cbridge.StringToNames(s)
	if err != nil {
		return Name{}, fmt.Errorf("name %q: %w", s, err)
	}
	if len(names) < countAttributes(s) {
		return Name{}, fmt.Errorf("name %q: %w", s, &cbridge.Error{Code: cbridge.ErrX509InvalidName,
			Op: "mbedtls_x509_string_to_names", Cause: errTwice})
	}
	raw, err := cbridge.WriteNames(names)
	if err != nil {
		return Name{}, fmt.Errorf("name %q: %w", s, err)
	}
	return NameFromBridge(raw, names), nil
}

// countAttributes counts what is between commas, as the library finds them: not after "\", nor at the end.
func countAttributes(s string) (n int) {
	s = strings.TrimRight(s, " ")
	for i := range len(s) {
		if i == len(s)-1 || s[i] == ',' && i > 0 && s[i-1] != '\\' {
			n++
		}
	}
	return n
}

// ParseRawName parses a name in DER (mbedtls_x509_get_name).
func ParseRawName(der []byte) (Name, error) {
	names, err := cbridge.ParseDN(der)
	if err != nil {
		return Name{}, err
	}
	return NameFromBridge(der, names), nil
}

// FromPKIX takes over a name of the standard library.
func FromPKIX(name pkix.Name) (Name, error) {
	der, err := asn1.Marshal(name.ToRDNSequence())
	if err != nil {
		return Name{}, err
	}
	return ParseRawName(der)
}

// PKIX is the name as the standard library has it.
func (n Name) PKIX() (name pkix.Name, err error) {
	var rdns pkix.RDNSequence
	rest, err := asn1.Unmarshal(n.Raw, &rdns)
	if err == nil && len(rest) > 0 {
		err = asn1.SyntaxError{Msg: "trailing data"}
	}
	if err == nil {
		name.FillFromRDNSequence(&rdns)
	}
	return name, err
}

// Text prints the name, such as "C=NL, O=PolarSSL, CN=localhost". It fails with ErrX509BufferTooSmall for an attribute of
// more than 255 bytes, and with ErrX509InvalidName for one that has no text (mbedtls_x509_dn_gets).
func (n Name) Text() (string, error) { return cbridge.DNGets(n.bridge()) }

// String is Text, or the error of it in parentheses.
func (n Name) String() string {
	s, err := n.Text()
	if err != nil {
		return "(" + err.Error() + ")"
	}
	return s
}

// RDNs are the attributes, those that share a RelativeDistinguishedName together (mbedtls_x509_dn_get_next).
func (n Name) RDNs() (rdns [][]Attribute) {
	joins := false
	for _, a := range n.Attributes {
		if joins {
			rdns[len(rdns)-1] = append(rdns[len(rdns)-1], a)
		} else {
			rdns = append(rdns, []Attribute{a})
		}
		joins = a.Merged
	}
	return rdns
}

// Get returns the values of the attributes of that type, such as "CN" or "2.5.4.3".
func (n Name) Get(attribute string) (values []string) {
	for _, a := range n.Attributes {
		short, err := a.Type.AttributeName()
		if err == nil && short == attribute || a.Type.String() == attribute {
			values = append(values, string(a.Value))
		}
	}
	return values
}

// Equal reports whether both are the same bytes. In a chain, and for a revocation list, the library does not ask for that:
// see [List.Verify].
func (n Name) Equal(other Name) bool { return bytes.Equal(n.Raw, other.Raw) }

// Matches reports whether two names are one for the library, when it looks for the issuer of a certificate or of a
// revocation list (RFC 5280 section 7.1): attribute by attribute, the values are the same bytes of the same type, or
// printable and UTF-8 strings that differ in the case of ASCII letters only. Spaces count.
func (n Name) Matches(other Name) bool {
	return slices.EqualFunc(n.Attributes, other.Attributes, func(a, b Attribute) bool {
		return bytes.Equal(a.Type, b.Type) && a.Merged == b.Merged && sameText(a, b)
	})
}

func sameText(a, b Attribute) bool {
	if a.Tag == b.Tag && bytes.Equal(a.Value, b.Value) {
		return true
	}
	return isText(a) && isText(b) && slices.EqualFunc(a.Value, b.Value, func(x, y byte) bool { return lower(x) == lower(y) })
}

func isText(a Attribute) bool { return a.Tag == asn1.TagUTF8String || a.Tag == asn1.TagPrintableString }

// lower leaves what is not ASCII as it is.
func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		b += 'a' - 'A'
	}
	return b
}

// writable is the name for the library's writers: each attribute has a RelativeDistinguishedName of its own there. For Raw
// that they would change it fails.
func (n Name) writable() ([]cbridge.NameAttribute, error) {
	names := n.bridge()
	raw, err := cbridge.WriteNames(names)
	if err != nil {
		return nil, err
	}
	if n.Raw != nil && !bytes.Equal(raw, n.Raw) {
		return nil, &cbridge.Error{Code: cbridge.ErrX509InvalidName, Op: "mbedtls_x509_write_names", Cause: errMerged}
	}
	return names, nil
}
