package differential

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

// TestRows has input for rows, each of which must be the first that explains it, and input that none explains.
func TestRows(t *testing.T) {
	refused := errors.New("x509: malformed certificate")
	code := func(c cbridge.Code) error { return &cbridge.Error{Code: c} }
	for _, test := range []struct {
		der       string
		ours, std error
		rows      []difference
		want      difference
	}{
		{"3003020101", nil, refused, derRows, ""},
		{"3081030201 01", nil, refused, derRows, longLength},
		{"3003010102", nil, refused, derRows, trueIsNotOnes},
		{"30020200", nil, refused, derRows, emptyInteger},
		{"300402020001", nil, refused, derRows, paddedInteger},
		{"3003020180", nil, refused, derRows, negativeInteger},
		{"300406022a80", nil, refused, derRows, otherOID},
		{"300406028001", nil, refused, derRows, otherOID},
		{"300806068fffffffff7f", nil, refused, derRows, otherOID},
		{"300403020101", nil, refused, derRows, paddedBits},
		{"3003030108", nil, refused, derRows, paddedBits},
		{"3006170430313032", nil, refused, derRows, otherTime},
		{"30030401 80", nil, refused, derRows, ""},
		{"3006040430020200", nil, refused, derRows, emptyInteger},
		{"300703050030020200", nil, refused, derRows, emptyInteger},
		{"3081030201 01", nil, errors.New("x509: unknown elliptic curve"), derRows, ""},
		{"3081030201 01", code(cbridge.ErrX509InvalidFormat), nil, derRows, ""},

		{"30060201010201ff", nil, errors.New("invalid"), signatureRows, negativeInteger},
		{"3006020101020101", nil, errors.New("invalid"), signatureRows, ""},

		{"300c30030201013003820101", nil, errors.New("x509: malformed serial number"), certificateRows, ""},
		{"30083006820101020101", nil, errors.New("x509: malformed serial number"), certificateRows, taggedSerial},
		{"3005 3003020101", nil, errors.New("x509: unsupported crl version: 1"), crlRows, ""},
		{"3005 3003020100", nil, errors.New("x509: unsupported crl version: 0"), crlRows, firstVersionCRL},
		{"30073005020101170d", nil, errors.New("x509: malformed UTCTime"), crlRows, truncatedTime},
		{"30063004020101 05", nil, errors.New("x509: unsupported crl version: 1"), crlRows, ""},
		{"3007 3000 300306012a", code(cbridge.ErrX509UnknownSigAlg), nil, certificateRows, unknownSignature},
		{"300e 3000 300a06082a8648ce3d040302", code(cbridge.ErrX509UnknownSigAlg), nil, certificateRows, ""},
		{"3000", code(cbridge.ErrX509InvalidFormat), nil, certificateRows, ""},
		{"3000", code(cbridge.ErrX509InvalidFormat + cbridge.ErrASN1LengthMismatch), nil, certificateRows, strictFormat},
		{"3000", code(cbridge.ErrX509InvalidName + cbridge.ErrASN1OutOfData), nil, certificateRows, strictName},
		{"3000", code(cbridge.ErrX509AllocFailed), nil, certificateRows, ""},
		{"3000", code(cbridge.ErrASN1UnexpectedTag), nil, certificateRows, ""},
	} {
		der, err := hex.DecodeString(string(slices.DeleteFunc([]byte(test.der), func(c byte) bool { return c == ' ' })))
		if err != nil {
			t.Fatal(err)
		}
		if got := (oneSided{der, test.ours, test.std}).explainedBy(test.rows); got != test.want {
			t.Errorf("%s, %v, %v: %q, want %q", test.der, test.ours, test.std, got, test.want)
		}
	}
}

// TestListedRowsHaveConditions: without one, a row of a list explains nothing.
func TestListedRowsHaveConditions(t *testing.T) {
	for _, list := range [][]difference{derRows, signatureRows, keyRows, certificateRows, requestRows, crlRows} {
		for _, d := range list {
			if r := differences[d]; r.reason == "" || r.holds == nil {
				t.Errorf("%q has no row, or no condition", d)
			}
		}
	}
}
