package differential

import "regexp"

// element is the first of some bytes, as Mbed TLS reads them: one identifier octet, and up to four octets of length.
type element struct {
	tag      byte
	contents []byte
	whole    []byte
	minimal  bool // the length has the form that DER asks for
}

// The tags that matter here.
const (
	tagBoolean         = 0x01
	tagInteger         = 0x02
	tagBitString       = 0x03
	tagOctetString     = 0x04
	tagNull            = 0x05
	tagOID             = 0x06
	tagEnumerated      = 0x0a
	tagUTCTime         = 0x17
	tagGeneralizedTime = 0x18
	tagSequence        = 0x30
)

func readElement(b []byte) (e element, rest []byte, ok bool) {
	if len(b) < 2 {
		return e, nil, false
	}
	n, at := int(b[1]), 2
	if n >= 0x80 {
		octets := n & 0x7f
		if octets == 0 || octets > 4 || len(b) < 2+octets {
			return e, nil, false
		}
		n, at = 0, 2+octets
		for _, o := range b[2:at] {
			n = n<<8 | int(o)
		}
	}
	if n < 0 || n > len(b)-at { // an int may have 32 bits
		return e, nil, false
	}
	return element{b[0], b[at : at+n], b[:at+n], minimalLength(b[1:])}, b[at+n:], true
}

// minimalLength reports whether length octets have the form that DER asks for.
func minimalLength(octets []byte) bool {
	if octets[0] < 0x80 {
		return true
	}
	n := int(octets[0] & 0x7f)
	if n == 1 {
		return octets[1] >= 0x80
	}
	return octets[1] != 0
}

// elements are those that follow each other in b. ok is false if there are bytes behind them that are none.
func elements(b []byte) (list []element, ok bool) {
	for len(b) > 0 {
		e, rest, ok := readElement(b)
		if !ok {
			return list, false
		}
		list, b = append(list, e), rest
	}
	return list, true
}

// only is the element of a tag that b is, with nothing behind it.
func only(b []byte, tag byte) (e element, ok bool) {
	e, rest, ok := readElement(b)
	return e, ok && e.tag == tag && len(rest) == 0
}

// has reports whether something is so of an element of b, or of one inside of it, also inside of strings that hold DER.
func has(b []byte, is func(element) bool) bool {
	list, _ := elements(b)
	for _, e := range list {
		inner := e.contents
		switch {
		case is(e):
			return true
		case e.tag&0x20 != 0 || e.tag == tagOctetString:
		case e.tag == tagBitString && len(inner) > 0:
			inner = inner[1:]
		default:
			continue
		}
		if e.tag&0x20 == 0 {
			if _, ok := elements(inner); !ok {
				continue
			}
		}
		if has(inner, is) {
			return true
		}
	}
	return false
}

// Of elements. Each is a row of the table.
func isLong(e element) bool { return !e.minimal }

func isHighTag(e element) bool { return e.tag&0x1f == 0x1f }

func isOtherTrue(e element) bool {
	return e.tag == tagBoolean && len(e.contents) == 1 && e.contents[0] != 0 && e.contents[0] != 0xff
}

func isNumber(e element) bool { return e.tag == tagInteger || e.tag == tagEnumerated }

func isEmptyInteger(e element) bool { return isNumber(e) && len(e.contents) == 0 }

func isPaddedInteger(e element) bool {
	c := e.contents
	return isNumber(e) && len(c) > 1 && (c[0] == 0 && c[1] < 0x80 || c[0] == 0xff && c[1] >= 0x80)
}

func isNegativeInteger(e element) bool {
	return isNumber(e) && len(e.contents) > 0 && e.contents[0] >= 0x80
}

func isOtherOID(e element) bool { return e.tag == tagOID && !isOID(e.contents) }

// isOID reports whether the standard library takes the contents of an OBJECT IDENTIFIER, whose numbers have 31 bits.
func isOID(b []byte) bool {
	n, begins := uint64(0), true
	for _, o := range b {
		if begins && o == 0x80 {
			return false
		}
		if n = n<<7 | uint64(o&0x7f); n > 1<<31-1 {
			return false
		}
		if begins = o < 0x80; begins {
			n = 0
		}
	}
	return len(b) > 0 && begins
}

func isPaddedBits(e element) bool {
	c := e.contents
	if e.tag != tagBitString || len(c) == 0 {
		return e.tag == tagBitString
	}
	return c[0] > 7 || len(c) == 1 && c[0] != 0 || c[len(c)-1]&(1<<c[0]-1) != 0
}

var times = map[byte]*regexp.Regexp{
	tagUTCTime: regexp.MustCompile(`^\d{12}Z$`), tagGeneralizedTime: regexp.MustCompile(`^\d{14}Z$`),
}

func isOtherTime(e element) bool {
	form, ok := times[e.tag]
	return ok && !form.Match(e.contents)
}
