package differential

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strconv"

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

// stdTakes is for what only the standard library takes, and Mbed TLS refuses with one of the codes. A code of a module
// stands for all that it may add to it.
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
const syntax = `malformed|invalid|don't match|syntax error|structure error|truncated|asn1:`

// inElement is for a row that is about the form of an element.
func inElement(is func(element) bool) predicate {
	return mbedTakes(syntax+`|negative|positive|verification failure`, func(b []byte) bool { return has(b, is) })
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

// onOtherCurve is so of input that names another curve than the standard library's, with the algorithm or in the key.
func onOtherCurve(b []byte) bool {
	standard := isID(standardCurves...)
	isOther := func(parameters []byte) bool {
		e, ok := only(parameters, tagOID)
		return ok && !standard(e)
	}
	return hasAlgorithm(isOther, idEC, idECDH)(b) || hasAlgorithm(whatever, idX448)(b) ||
		has(b, func(e element) bool { return e.tag == 0xa0 && isOther(e.contents) })
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

// keyAlgorithms are those of Mbed TLS.
var keyAlgorithms = [][]byte{idRSA, idEC, idECDH, idX25519, idX448}

func isZeroTag(parameters []byte) bool { return bytes.Equal(parameters, []byte{0, 0}) }

func isNotNull(parameters []byte) bool { return !bytes.Equal(parameters, []byte{tagNull, 0}) }

// mbedSignatures are the identifiers of the signatures that Mbed TLS verifies: RSA with MD5, SHA-1 (two of them), SHA-224 to
// SHA-512 and PSS, and ECDSA with SHA-1 to SHA-512.
var mbedSignatures = [][]byte{
	rsaSignature(4), rsaSignature(5), {0x2b, 14, 3, 2, 29}, rsaSignature(14), rsaSignature(11), rsaSignature(12),
	rsaSignature(13), rsaSignature(10),
	{0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1}, ecdsaSignature(1), ecdsaSignature(2), ecdsaSignature(3), ecdsaSignature(4),
}

func rsaSignature(n byte) []byte { return []byte{0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, n} }

func ecdsaSignature(n byte) []byte { return []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, n} }

// isOtherSignature is so of input that is signed by none of those, or by one that has parameters: of lists, the library has
// the same error for both.
func isOtherSignature(b []byte) bool {
	outer, _, ok := readElement(b)
	if !ok || len(children(outer)) < 2 {
		return false
	}
	c := children(children(outer)[1])
	return len(c) == 0 || !isID(mbedSignatures...)(c[0]) || len(c) > 1 && isNotNull(c[1].whole)
}

// hasKey is so of input with a SubjectPublicKeyInfo of which the algorithm is so.
func hasKey(is func(id element, parameters []byte) bool) func([]byte) bool {
	return func(b []byte) bool {
		return has(b, func(e element) bool {
			c := children(e)
			if e.tag != tagSequence || len(c) < 2 || c[0].tag != tagSequence || c[1].tag != tagBitString {
				return false
			}
			id, rest, ok := readElement(c[0].contents)
			return ok && id.tag == tagOID && is(id, rest)
		})
	}
}

func isOtherKind(id element, _ []byte) bool { return !isID(keyAlgorithms...)(id) }

func isSeveral(_ element, parameters []byte) bool {
	list, ok := elements(parameters)
	return len(list) > 1 || !ok
}

func hasUnusedBits(b []byte) bool {
	return has(b, func(e element) bool { return e.tag == tagBitString && len(e.contents) > 0 && e.contents[0] != 0 })
}

// signed are the fields of what is signed: of the first element of the first.
func signed(b []byte) []element {
	outer, _, ok := readElement(b)
	if !ok || len(children(outer)) == 0 {
		return nil
	}
	return children(children(outer)[0])
}

// hasConstructedName is so of a certificate with another name of the subject that is a constructed string.
func hasConstructedName(b []byte) bool {
	id := isID([]byte{0x55, 0x1d, 17})
	isConstructed := func(e element) bool { return e.tag == 0xa1 || e.tag == 0xa2 || e.tag == 0xa6 || e.tag == 0xa7 }
	return has(b, func(e element) bool {
		c := children(e)
		return len(c) > 1 && id(c[0]) && c[len(c)-1].tag == tagOctetString && has(c[len(c)-1].contents, isConstructed)
	})
}

// hasOtherAddress is so of input with a name that is an IP address, but for its length.
func hasOtherAddress(b []byte) bool {
	return has(b, func(e element) bool {
		return (e.tag == 0x87 || e.tag == 0xa7) && len(e.contents) != 4 && len(e.contents) != 16
	})
}

// isTruncated is so of input of which the signed part ends within an element.
func isTruncated(b []byte) bool {
	outer, _, ok := readElement(b)
	if !ok || len(children(outer)) == 0 {
		return false
	}
	_, ok = elements(children(outer)[0].contents)
	return !ok
}

// hasUniqueIDs is so of a certificate with the tag [1] or [2], constructed.
func hasUniqueIDs(b []byte) bool {
	return slices.ContainsFunc(signed(b), func(e element) bool { return e.tag == 0xa1 || e.tag == 0xa2 })
}

// isOtherVersion is so of a request with another number than 0.
func isOtherVersion(b []byte) bool {
	c := signed(b)
	return len(c) > 0 && c[0].tag == tagInteger && !bytes.Equal(c[0].contents, []byte{0})
}

func isWithoutVersion(b []byte) bool {
	c := signed(b)
	return len(c) > 0 && c[0].tag != tagInteger
}

// isLongRequest is so of a request with something behind the attributes, as part of what is signed.
func isLongRequest(b []byte) bool { return len(signed(b)) > 4 }

// hasOtherAlgorithmTag is so of a list of which the two algorithms of its signature differ at most in the tags and lengths
// of their parameters, or in whether empty ones are there.
func hasOtherAlgorithmTag(b []byte) bool {
	outer, _, ok := readElement(b)
	if !ok || len(children(outer)) < 2 {
		return false
	}
	known, two := isID(mbedSignatures...), children(children(outer)[1])
	return slices.ContainsFunc(signed(b), func(e element) bool {
		one := children(e)
		return len(one) > 0 && len(two) > 0 && known(one[0]) && bytes.Equal(one[0].contents, two[0].contents) &&
			bytes.Equal(join(one[1:]), join(two[1:]))
	})
}

// join has the contents of elements.
func join(list []element) (contents []byte) {
	for _, e := range list {
		contents = append(contents, e.contents...)
	}
	return contents
}

// hasLongEntry is so of a list with an entry that has something behind the date that is no extensions, or behind those.
func hasLongEntry(b []byte) bool {
	return has(b, func(e element) bool {
		c, ok := elements(e.contents)
		if e.tag != tagSequence || len(c) < 2 || c[0].tag != tagInteger && c[0].tag != 0x82 {
			return false
		}
		_, isTime := times[c[1].tag]
		return isTime && (!ok || len(c) > 3 || len(c) == 3 && c[2].tag != tagSequence)
	})
}

func hasLargeExponent(b []byte) bool {
	return has(b, func(e element) bool {
		c := children(e)
		return len(c) == 2 && c[0].tag == tagInteger && c[1].tag == tagInteger && len(c[1].contents) > strconv.IntSize/8
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
	c := signed(b)
	return len(c) > 0 && (c[0].tag != tagInteger || len(bytes.TrimLeft(c[0].contents, "\x00")) == 0)
}

func isPEM(b []byte) bool { return bytes.Contains(b, []byte("-----BEGIN ")) }
