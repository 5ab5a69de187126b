package asn1

import (
	"fmt"
	"math/big"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Writer writes elements backwards, the last one first, into the end of a buffer, so that the length of what an element
// holds is known when its head is written. Each method returns how many bytes it wrote; what does not fit is
// ErrASN1BufTooSmall, and writes nothing. One goroutine uses it at a time.
type Writer struct{ w cbridge.ASN1Writer }

// NewWriter writes into buf, from its end on.
func NewWriter(buf []byte) *Writer { return &Writer{cbridge.ASN1Writer{Buf: buf, Pos: len(buf)}} }

// Bytes is what was written: the end of the buffer.
func (w *Writer) Bytes() []byte { return w.w.Buf[w.w.Pos:] }

// Head writes the tag and the length of an element whose contents, of n bytes, were written before it
// (mbedtls_asn1_write_len, mbedtls_asn1_write_tag).
func (w *Writer) Head(tag Tag, n int) (int, error) {
	before := w.w.Pos
	if _, err := w.w.Len(n); err != nil {
		return 0, err
	}
	if _, err := w.w.Tag(byte(tag)); err != nil {
		w.w.Pos = before
		return 0, err
	}
	return before - w.w.Pos, nil
}

// Length writes the length octets of an element (mbedtls_asn1_write_len).
func (w *Writer) Length(n int) (int, error) { return w.w.Len(n) }

// Tag writes a tag (mbedtls_asn1_write_tag).
func (w *Writer) Tag(tag Tag) (int, error) { return w.w.Tag(byte(tag)) }

// Raw writes DER that is ready, or the contents of an element (mbedtls_asn1_write_raw_buffer).
func (w *Writer) Raw(der []byte) (int, error) { return w.w.Raw(der) }

// Bool writes a BOOLEAN (mbedtls_asn1_write_bool).
func (w *Writer) Bool(v bool) (int, error) { return w.w.Bool(v) }

// Int writes an INTEGER from 0 to 2^31-1; of others, the error is ErrASN1InvalidLength (mbedtls_asn1_write_int).
func (w *Writer) Int(v int) (int, error) { return w.w.Int(v) }

// Enum writes an ENUMERATED, within the same limits (mbedtls_asn1_write_enum).
func (w *Writer) Enum(v int) (int, error) { return w.w.Enum(v) }

// BigInt writes an INTEGER that is not negative (mbedtls_asn1_write_mpi).
func (w *Writer) BigInt(v *big.Int) (int, error) {
	if v == nil || v.Sign() < 0 {
		return 0, &cbridge.Error{Code: cbridge.ErrASN1InvalidData, Op: "mbedtls_asn1_write_mpi", Cause: fmt.Errorf("the integer %v", v)}
	}
	return w.w.MPI(v.Bytes())
}

// Null writes a NULL (mbedtls_asn1_write_null).
func (w *Writer) Null() (int, error) { return w.w.Null() }

// OID writes an OBJECT IDENTIFIER with these contents (mbedtls_asn1_write_oid).
func (w *Writer) OID(oid []byte) (int, error) { return w.w.OID(oid) }

// Algorithm writes the rest of an AlgorithmIdentifier whose parameters were written before it, and have n bytes. If n is 0,
// the parameters are NULL, or with absent none at all. What it returns has n in it (mbedtls_asn1_write_algorithm_identifier,
// mbedtls_asn1_write_algorithm_identifier_ext).
func (w *Writer) Algorithm(oid []byte, n int, absent bool) (int, error) {
	return w.w.AlgorithmIdentifier(oid, n, !absent)
}

// String writes text with the tag of some kind of string. No character is checked (mbedtls_asn1_write_tagged_string,
// mbedtls_asn1_write_octet_string and the like).
func (w *Writer) String(tag Tag, text []byte) (int, error) { return w.w.String(byte(tag), text) }

// BitString writes the first n bits of bits, most significant bit first. More than there are is ErrASN1InvalidLength
// (mbedtls_asn1_write_bitstring).
func (w *Writer) BitString(bits []byte, n int) (int, error) { return w.w.BitString(bits, n, false) }

// NamedBitString writes a BIT STRING whose bits have names: zeros at its end are left out, as DER wants it (X.690 section
// 11.2.2, mbedtls_asn1_write_named_bitstring).
func (w *Writer) NamedBitString(bits []byte, n int) (int, error) { return w.w.BitString(bits, n, true) }
