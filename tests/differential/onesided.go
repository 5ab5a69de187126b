package differential

import (
	"bytes"
	"errors"
	"regexp"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// oneSided is an input that one library takes, and that the other refuses with an error: that of the taker is nil.
type oneSided struct {
	input     []byte
	ours, std error
}

// explainedBy is the first row of a list that is so of the case, "" if none is.
func (d oneSided) explainedBy(rows []difference) difference {
	for _, r := range rows {
		if holds := differences[r].holds; holds != nil && holds(d) {
			return r
		}
	}
	return ""
}

type predicate = func(oneSided) bool

// mbedTakes is for what only Mbed TLS takes. The error of the standard library is one of texts, and the input is as is says.
func mbedTakes(texts string, is func(input []byte) bool) predicate {
	text := regexp.MustCompile(texts)
	return func(d oneSided) bool { return d.ours == nil && text.MatchString(d.std.Error()) && is(d.input) }
}

// stdTakes is for what only the standard library takes, and Mbed TLS refuses with one of the codes. A code of a module stands
// for all that it may add to it.
func stdTakes(is func(input []byte) bool, codes ...cbridge.Code) predicate {
	return func(d oneSided) bool {
		var e *cbridge.Error
		return d.std == nil && errors.As(d.ours, &e) && is(d.input) &&
			slices.ContainsFunc(codes, func(c cbridge.Code) bool { return e.Code == c || e.Code.High() == c })
	}
}

// whatever is for rows that the error alone decides, since it names what the refusing side has looked at.
func whatever([]byte) bool { return true }

// syntax is what the standard library says of what is no DER.
const syntax = `malformed|invalid|syntax error|structure error|truncated|asn1:`

// inElement is for a row that is about the form of an element.
func inElement(is func(element) bool) predicate {
	return mbedTakes(syntax+`|negative|positive|too small`, func(b []byte) bool { return has(b, is) })
}

// children are the elements in e, none if e is not constructed.
func children(e element) []element {
	if e.tag&0x20 == 0 {
		return nil
	}
	list, _ := elements(e.contents)
	return list
}

// standardCurves are the identifiers of the curves that crypto/x509 has.
var standardCurves = [][]byte{
	{0x2b, 0x81, 4, 0, 33}, {0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7}, {0x2b, 0x81, 4, 0, 34}, {0x2b, 0x81, 4, 0, 35},
}

var (
	idRSA        = []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1}
	idEC         = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1}
	idECDH       = []byte{0x2b, 0x81, 4, 1, 12}
	idX25519     = []byte{0x2b, 0x65, 110}
	idX448       = []byte{0x2b, 0x65, 111}
	idEd25519    = []byte{0x2b, 0x65, 112}
	idPrimeField = []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 1, 1}
)

func isID(ids ...[]byte) func(element) bool {
	return func(e element) bool {
		return e.tag == tagOID && slices.ContainsFunc(ids, func(id []byte) bool { return bytes.Equal(id, e.contents) })
	}
}

// onOtherCurve is so of input that names none of the standard library's curves.
func onOtherCurve(b []byte) bool {
	return has(b, isID(idEC, idECDH)) && !has(b, isID(standardCurves...)) && !has(b, isID(idPrimeField))
}

// onSpecifiedCurve is so of input that has a curve's numbers instead of its name.
func onSpecifiedCurve(b []byte) bool { return has(b, isID(idPrimeField)) }

func hasCompressedPoint(b []byte) bool {
	return has(b, func(e element) bool {
		return e.tag == tagBitString && len(e.contents) > 1 && (e.contents[1] == 2 || e.contents[1] == 3)
	})
}

// hasAlgorithm is so of input with an AlgorithmIdentifier of one of the ids whose parameters, all that follows, are so.
func hasAlgorithm(is func(parameters []byte) bool, ids ...[]byte) func([]byte) bool {
	id := isID(ids...)
	return func(b []byte) bool {
		return has(b, func(e element) bool {
			first, rest, ok := readElement(e.contents)
			return e.tag == tagSequence && ok && id(first) && is(rest)
		})
	}
}

func isNotNull(parameters []byte) bool { return !bytes.Equal(parameters, []byte{tagNull, 0}) }

func hasLargeExponent(b []byte) bool {
	return has(b, func(e element) bool {
		c := children(e)
		return len(c) == 2 && c[0].tag == tagInteger && c[1].tag == tagInteger && len(c[1].contents) > 8
	})
}

// hasTaggedSerial is so of input with a number of which the tag is [2].
func hasTaggedSerial(b []byte) bool {
	return has(b, func(e element) bool {
		c := children(e)
		return len(c) > 1 && (c[0].tag == 0x82 || c[0].tag == 0xa0 && c[1].tag == 0x82)
	})
}

// isFirstVersionCRL is so of a list without a version, or with the number of version 1.
func isFirstVersionCRL(b []byte) bool {
	list, _, ok := readElement(b)
	if !ok || len(children(list)) == 0 {
		return false
	}
	c := children(children(list)[0])
	return len(c) > 0 && (c[0].tag != tagInteger || len(bytes.TrimLeft(c[0].contents, "\x00")) == 0)
}

func isPEM(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN ")) }
