package cbridge

// #include "asn1.h"
import "C"

import (
	"math"
	"runtime"
	"unsafe"
)

// Element is a part of the input of an [ASN1Reader]: its contents are at Start, behind the length.
type Element struct{ Tag, Start, Len int }

// ASN1Reader reads DER from Pos on. Where the library leaves its pointer after an error is where Pos is then.
type ASN1Reader struct {
	Data []byte
	Pos  int
}

const (
	optionASN1Parse = "MBEDTLS_ASN1_PARSE_C"
	optionASN1Write = "MBEDTLS_ASN1_WRITE_C"
)

func (r *ASN1Reader) read(op string, f func(in *C.gm_input) C.int) error {
	if r.Pos < 0 || r.Pos > len(r.Data) {
		return newError(op, int(ErrASN1OutOfData), nil)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	in := C.gm_input{size: C.size_t(len(r.Data)), pos: C.size_t(r.Pos)}
	if len(r.Data) > 0 {
		in.p = cbytes(r.Data)
		pin.Pin(in.p)
	}
	ret := f(&in)
	r.Pos = int(in.pos)
	return check(ret, op, optionASN1Parse)
}

// Len reads a length, which must be there in full (mbedtls_asn1_get_len).
func (r *ASN1Reader) Len() (int, error) {
	var n C.size_t
	err := r.read("mbedtls_asn1_get_len", func(in *C.gm_input) C.int { return C.gm_asn1_get_len(in, &n) })
	return int(n), err
}

// Tag reads a tag, which must be this one, and a length (mbedtls_asn1_get_tag).
func (r *ASN1Reader) Tag(tag int) (int, error) {
	var n C.size_t
	err := r.read("mbedtls_asn1_get_tag", func(in *C.gm_input) C.int { return C.gm_asn1_get_tag(in, &n, C.int(tag)) })
	return int(n), err
}

// Bool reads a BOOLEAN (mbedtls_asn1_get_bool).
func (r *ASN1Reader) Bool() (bool, error) {
	var v C.int
	err := r.read("mbedtls_asn1_get_bool", func(in *C.gm_input) C.int { return C.gm_asn1_get_bool(in, &v) })
	return v != 0, err
}

// Int reads an INTEGER that fits into an int of C and is not negative (mbedtls_asn1_get_int).
func (r *ASN1Reader) Int() (int, error) {
	var v C.int
	err := r.read("mbedtls_asn1_get_int", func(in *C.gm_input) C.int { return C.gm_asn1_get_int(in, &v) })
	return int(v), err
}

// Enum is Int for an ENUMERATED (mbedtls_asn1_get_enum).
func (r *ASN1Reader) Enum() (int, error) {
	var v C.int
	err := r.read("mbedtls_asn1_get_enum", func(in *C.gm_input) C.int { return C.gm_asn1_get_enum(in, &v) })
	return int(v), err
}

// MPI reads an INTEGER of any size, and gives its bytes, without leading zeros. The library takes a negative one for the
// positive one that has the same bytes (mbedtls_asn1_get_mpi).
func (r *ASN1Reader) MPI() ([]byte, error) {
	var p *C.uchar
	var n C.size_t
	err := r.read("mbedtls_asn1_get_mpi", func(in *C.gm_input) C.int { return C.gm_asn1_get_mpi(in, &p, &n) })
	defer C.mbedtls_free(unsafe.Pointer(p))
	defer func() { C.mbedtls_platform_zeroize(unsafe.Pointer(p), n) }() // it may be a private key's
	if err != nil {
		return nil, err
	}
	return C.GoBytes(unsafe.Pointer(p), C.int(n)), nil
}

// BitString reads a BIT STRING; the last byte has unused bits (mbedtls_asn1_get_bitstring).
func (r *ASN1Reader) BitString() (bits Element, unused int, err error) {
	var e C.gm_element
	var u C.int
	err = r.read("mbedtls_asn1_get_bitstring", func(in *C.gm_input) C.int { return C.gm_asn1_get_bitstring(in, &e, &u) })
	return element(e), int(u), err
}

// BitStringNull reads the head of a BIT STRING without unused bits (mbedtls_asn1_get_bitstring_null).
func (r *ASN1Reader) BitStringNull() (int, error) {
	var n C.size_t
	err := r.read("mbedtls_asn1_get_bitstring_null", func(in *C.gm_input) C.int { return C.gm_asn1_get_bitstring_null(in, &n) })
	return int(n), err
}

// SequenceOf reads a SEQUENCE whose elements all have the tag, up to the end of the data (mbedtls_asn1_get_sequence_of).
func (r *ASN1Reader) SequenceOf(tag int) ([]Element, error) {
	return r.elements("mbedtls_asn1_get_sequence_of", func(in *C.gm_input, list *C.gm_elements) C.int {
		return C.gm_asn1_get_sequence_of(in, C.int(tag), list)
	})
}

// TraverseSequenceOf reads a SEQUENCE up to the end of the data, and gives each element for whose tag t&mayMask == may.
// One for which t&mustMask != must is an error; what is before it is given, too (mbedtls_asn1_traverse_sequence_of).
func (r *ASN1Reader) TraverseSequenceOf(mustMask, must, mayMask, may byte) ([]Element, error) {
	return r.elements("mbedtls_asn1_traverse_sequence_of", func(in *C.gm_input, list *C.gm_elements) C.int {
		return C.gm_asn1_traverse_sequence_of(in, C.uchar(mustMask), C.uchar(must), C.uchar(mayMask), C.uchar(may), list)
	})
}

func (r *ASN1Reader) elements(op string, f func(in *C.gm_input, list *C.gm_elements) C.int) ([]Element, error) {
	var list C.gm_elements
	defer C.gm_elements_free(&list)
	err := r.read(op, func(in *C.gm_input) C.int { return f(in, &list) })
	var elements []Element
	for _, e := range unsafe.Slice(list.list, list.n) {
		elements = append(elements, element(e))
	}
	return elements, err
}

// Alg reads an AlgorithmIdentifier. Without parameters, params is the zero Element (mbedtls_asn1_get_alg).
func (r *ASN1Reader) Alg() (oid, params Element, err error) {
	var o, p C.gm_element
	err = r.read("mbedtls_asn1_get_alg", func(in *C.gm_input) C.int { return C.gm_asn1_get_alg(in, &o, &p) })
	return element(o), element(p), err
}

// AlgNull reads an AlgorithmIdentifier whose parameters are NULL or absent (mbedtls_asn1_get_alg_null).
func (r *ASN1Reader) AlgNull() (oid Element, err error) {
	var o C.gm_element
	err = r.read("mbedtls_asn1_get_alg_null", func(in *C.gm_input) C.int { return C.gm_asn1_get_alg_null(in, &o) })
	return element(o), err
}

func element(e C.gm_element) Element { return Element{int(e.tag), int(e.start), int(e.len)} }

// ASN1Writer writes DER backwards: what is behind Pos in Buf is written. A call that fails, for want of room most likely
// (ErrASN1BufTooSmall), leaves Pos as it is.
type ASN1Writer struct {
	Buf []byte
	Pos int
}

func (w *ASN1Writer) write(op string, f func(out *C.gm_output) C.int) (int, error) {
	if w.Pos < 0 || w.Pos > len(w.Buf) {
		return 0, newError(op, int(ErrASN1BufTooSmall), nil)
	}
	var pin runtime.Pinner
	defer pin.Unpin()
	out := C.gm_output{size: C.size_t(len(w.Buf)), pos: C.size_t(w.Pos)}
	if len(w.Buf) > 0 {
		out.p = cbytes(w.Buf)
		pin.Pin(out.p)
	}
	ret := f(&out)
	w.Pos = int(out.pos)
	if ret < 0 {
		return 0, check(ret, op, optionASN1Write)
	}
	return int(ret), nil
}

// Len writes a length (mbedtls_asn1_write_len). Like all of these it returns the number of bytes.
func (w *ASN1Writer) Len(n int) (int, error) {
	const op = "mbedtls_asn1_write_len"
	if n < 0 {
		return 0, newError(op, int(ErrASN1InvalidLength), nil)
	}
	return w.write(op, func(out *C.gm_output) C.int { return C.gm_asn1_write_len(out, C.size_t(n)) })
}

// Tag writes a tag (mbedtls_asn1_write_tag).
func (w *ASN1Writer) Tag(tag byte) (int, error) {
	return w.write("mbedtls_asn1_write_tag", func(out *C.gm_output) C.int { return C.gm_asn1_write_tag(out, C.uchar(tag)) })
}

// Raw writes bytes as they are (mbedtls_asn1_write_raw_buffer).
func (w *ASN1Writer) Raw(b []byte) (int, error) {
	return w.write("mbedtls_asn1_write_raw_buffer", func(out *C.gm_output) C.int {
		return C.gm_asn1_write_raw_buffer(out, cbytes(b), C.size_t(len(b)))
	})
}

// MPI writes an INTEGER whose bytes these are, big-endian (mbedtls_asn1_write_mpi).
func (w *ASN1Writer) MPI(b []byte) (int, error) {
	return w.write("mbedtls_asn1_write_mpi", func(out *C.gm_output) C.int {
		return C.gm_asn1_write_mpi(out, cbytes(b), C.size_t(len(b)))
	})
}

// Null writes a NULL (mbedtls_asn1_write_null).
func (w *ASN1Writer) Null() (int, error) {
	return w.write("mbedtls_asn1_write_null", func(out *C.gm_output) C.int { return C.gm_asn1_write_null(out) })
}

// OID writes an OBJECT IDENTIFIER whose contents are encoded already (mbedtls_asn1_write_oid).
func (w *ASN1Writer) OID(oid []byte) (int, error) {
	return w.write("mbedtls_asn1_write_oid", func(out *C.gm_output) C.int {
		return C.gm_asn1_write_oid(out, cbytes(oid), C.size_t(len(oid)))
	})
}

// AlgorithmIdentifier writes the head of an AlgorithmIdentifier, whose parameters were written already and have params
// bytes. With none but hasParams they are NULL (mbedtls_asn1_write_algorithm_identifier_ext).
func (w *ASN1Writer) AlgorithmIdentifier(oid []byte, params int, hasParams bool) (int, error) {
	const op = "mbedtls_asn1_write_algorithm_identifier_ext"
	if params < 0 {
		return 0, newError(op, int(ErrASN1InvalidLength), nil)
	}
	return w.write(op, func(out *C.gm_output) C.int {
		return C.gm_asn1_write_algorithm_identifier(out, cbytes(oid), C.size_t(len(oid)), C.size_t(params), flag(hasParams))
	})
}

// Bool writes a BOOLEAN (mbedtls_asn1_write_bool).
func (w *ASN1Writer) Bool(v bool) (int, error) {
	return w.write("mbedtls_asn1_write_bool", func(out *C.gm_output) C.int { return C.gm_asn1_write_bool(out, flag(v)) })
}

// Int writes an INTEGER from 0 to 2^31-1: of a negative one the library would write the last byte
// (mbedtls_asn1_write_int).
func (w *ASN1Writer) Int(v int) (int, error) {
	const op = "mbedtls_asn1_write_int"
	if v < 0 || v > math.MaxInt32 {
		return 0, newError(op, int(ErrASN1InvalidLength), nil)
	}
	return w.write(op, func(out *C.gm_output) C.int { return C.gm_asn1_write_int(out, C.int(v)) })
}

// Enum is Int for an ENUMERATED (mbedtls_asn1_write_enum).
func (w *ASN1Writer) Enum(v int) (int, error) {
	const op = "mbedtls_asn1_write_enum"
	if v < 0 || v > math.MaxInt32 {
		return 0, newError(op, int(ErrASN1InvalidLength), nil)
	}
	return w.write(op, func(out *C.gm_output) C.int { return C.gm_asn1_write_enum(out, C.int(v)) })
}

// String writes a string with a tag of any kind (mbedtls_asn1_write_tagged_string, mbedtls_asn1_write_octet_string,
// mbedtls_asn1_write_printable_string, mbedtls_asn1_write_utf8_string, mbedtls_asn1_write_ia5_string).
func (w *ASN1Writer) String(tag byte, text []byte) (int, error) {
	return w.write("mbedtls_asn1_write_tagged_string", func(out *C.gm_output) C.int {
		return C.gm_asn1_write_string(out, C.int(tag), cbytes(text), C.size_t(len(text)))
	})
}

// BitString writes the first n bits of bits (mbedtls_asn1_write_bitstring); of named ones, without zeros at the end
// (mbedtls_asn1_write_named_bitstring).
func (w *ASN1Writer) BitString(bits []byte, n int, named bool) (int, error) {
	const op = "mbedtls_asn1_write_bitstring"
	if n < 0 || n > 0 && (n-1)/8 >= len(bits) {
		return 0, newError(op, int(ErrASN1InvalidLength), nil)
	}
	return w.write(op, func(out *C.gm_output) C.int {
		return C.gm_asn1_write_bitstring(out, cbytes(bits), C.size_t(n), flag(named))
	})
}

const optionBase64 = "MBEDTLS_BASE64_C"

// Base64Encode writes src to dst in base64, with a zero byte behind it, which n does not count. If dst is too small, the
// error is ErrBase64BufferTooSmall, and n what it would need, the zero byte included (mbedtls_base64_encode).
func Base64Encode(dst, src []byte) (n int, err error) {
	var size C.size_t
	ret := C.gm_base64_encode(cbytes(dst), C.size_t(len(dst)), &size, cbytes(src), C.size_t(len(src)))
	return int(size), check(ret, "mbedtls_base64_encode", optionBase64)
}

// Base64Decode undoes it. If dst is too small, the error is ErrBase64BufferTooSmall, and n what it would need
// (mbedtls_base64_decode).
func Base64Decode(dst, src []byte) (n int, err error) {
	var size C.size_t
	ret := C.gm_base64_decode(cbytes(dst), C.size_t(len(dst)), &size, cbytes(src), C.size_t(len(src)))
	return int(size), check(ret, "mbedtls_base64_decode", optionBase64)
}
