package asn1

import (
	"math/big"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Tag is the identifier octet of an element: its class, whether it is constructed, and its number (X.690 section 8.1.2).
type Tag byte

// The tags that the library knows, as they stand in DER, and the parts of a tag.
const (
	TagBoolean         Tag = 0x01
	TagInteger         Tag = 0x02
	TagBitString       Tag = 0x03
	TagOctetString     Tag = 0x04
	TagNull            Tag = 0x05
	TagOID             Tag = 0x06
	TagEnumerated      Tag = 0x0A
	TagUTF8String      Tag = 0x0C
	TagPrintableString Tag = 0x13
	TagT61String       Tag = 0x14
	TagIA5String       Tag = 0x16
	TagUTCTime         Tag = 0x17
	TagGeneralizedTime Tag = 0x18
	TagUniversalString Tag = 0x1C
	TagBMPString       Tag = 0x1E
	TagSequence        Tag = 0x30 // constructed
	TagSet             Tag = 0x31 // constructed

	Constructed     Tag = 0x20
	ContextSpecific Tag = 0x80
	ClassMask       Tag = 0xC0
	NumberMask      Tag = 0x1F
)

// Element is a tag with its contents, which are part of the Reader's data.
type Element struct {
	Tag     Tag
	Content []byte
}

// BitString is the contents of a BIT STRING. The last byte has that many bits at its low end that do not count, 0 to 7.
type BitString struct {
	Bytes      []byte
	UnusedBits int
}

// Reader reads elements one after the other. After an error it is where the library stopped, which may be behind the
// element's tag: start anew from a known place. One goroutine uses it at a time.
type Reader struct{ r cbridge.ASN1Reader }

// NewReader reads from der, which is not copied, and must not change meanwhile.
func NewReader(der []byte) *Reader { return &Reader{cbridge.ASN1Reader{Data: der}} }

// Rest is what is not read yet.
func (r *Reader) Rest() []byte { return r.r.Data[r.r.Pos:] }

// Offset is how many bytes were read.
func (r *Reader) Offset() int { return r.r.Pos }

// Length reads the length octets of an element, of one to four bytes behind the first. The contents must be there in full,
// else the error is ErrASN1OutOfData (mbedtls_asn1_get_len).
func (r *Reader) Length() (int, error) { return r.r.Len() }

// Head reads a tag, which must be this one, and the length behind it; the contents are next. Another tag is
// ErrASN1UnexpectedTag (mbedtls_asn1_get_tag).
func (r *Reader) Head(tag Tag) (int, error) { return r.r.Tag(int(tag)) }

// Element reads an element with this tag, and gives its contents (mbedtls_asn1_get_tag).
func (r *Reader) Element(tag Tag) ([]byte, error) {
	n, err := r.Head(tag)
	if err != nil {
		return nil, err
	}
	content := r.Rest()[:n:n]
	r.r.Pos += n
	return content, nil
}

// Bool reads a BOOLEAN; any byte but 0 is true (mbedtls_asn1_get_bool).
func (r *Reader) Bool() (bool, error) { return r.r.Bool() }

// Int reads an INTEGER from 0 to 2^31-1; a larger or a negative one is ErrASN1InvalidLength (mbedtls_asn1_get_int).
func (r *Reader) Int() (int, error) { return r.r.Int() }

// Enum reads an ENUMERATED, within the same limits (mbedtls_asn1_get_enum).
func (r *Reader) Enum() (int, error) { return r.r.Enum() }

// BigInt reads an INTEGER of any size. The library knows no negative ones: it takes the contents for an unsigned number,
// and none for 0 (mbedtls_asn1_get_mpi).
func (r *Reader) BigInt() (*big.Int, error) {
	b, err := r.r.MPI()
	if err != nil {
		return nil, err
	}
	defer clear(b)
	return new(big.Int).SetBytes(b), nil
}

// BitString reads a BIT STRING (mbedtls_asn1_get_bitstring). It must be the last element of the data, else the error is
// ErrASN1LengthMismatch.
func (r *Reader) BitString() (BitString, error) {
	e, unused, err := r.r.BitString()
	return BitString{r.content(e), unused}, err
}

// BitStringHead reads the head of a BIT STRING without unused bits, and gives the length of the contents, which are next
// (mbedtls_asn1_get_bitstring_null).
func (r *Reader) BitStringHead() (int, error) { return r.r.BitStringNull() }

// SequenceOf reads a SEQUENCE whose elements all have this tag. It must be the last element of the data, else the error is
// ErrASN1LengthMismatch (mbedtls_asn1_get_sequence_of).
func (r *Reader) SequenceOf(tag Tag) ([]Element, error) {
	elements, err := r.r.SequenceOf(int(tag))
	if err != nil {
		return nil, err
	}
	return r.contents(elements), nil
}

// Traverse reads a SEQUENCE, which must be the last element of the data, and calls visit for each of its elements for whose
// tag t&mayMask == may. An element for which t&mustMask != must is ErrASN1UnexpectedTag. The first error, also one of
// visit's, ends it (mbedtls_asn1_traverse_sequence_of).
func (r *Reader) Traverse(mustMask, must, mayMask, may Tag, visit func(Element) error) error {
	elements, err := r.r.TraverseSequenceOf(byte(mustMask), byte(must), byte(mayMask), byte(may))
	for _, e := range r.contents(elements) {
		if err := visit(e); err != nil {
			return err
		}
	}
	return err
}

// Algorithm reads an AlgorithmIdentifier (RFC 5280 section 4.1.1.2): the contents of its OID, and its parameters, the zero
// Element if there are none (mbedtls_asn1_get_alg).
func (r *Reader) Algorithm() (oid []byte, params Element, err error) {
	o, p, err := r.r.Alg()
	if err != nil {
		return nil, Element{}, err
	}
	if p != (cbridge.Element{}) {
		params = Element{Tag(p.Tag), r.content(p)}
	}
	return r.content(o), params, nil
}

// AlgorithmNull reads an AlgorithmIdentifier whose parameters are NULL or absent (mbedtls_asn1_get_alg_null).
func (r *Reader) AlgorithmNull() (oid []byte, err error) {
	o, err := r.r.AlgNull()
	return r.content(o), err
}

func (r *Reader) content(e cbridge.Element) []byte {
	return r.r.Data[e.Start : e.Start+e.Len : e.Start+e.Len]
}

func (r *Reader) contents(list []cbridge.Element) []Element {
	var elements []Element
	for _, e := range list {
		elements = append(elements, Element{Tag(e.Tag), r.content(e)})
	}
	return elements
}
