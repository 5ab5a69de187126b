package upstream

import (
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/asn1"
	"github.com/gombedtls/gombedtls/mbedtls/base64"
)

func init() {
	const lists = "lists of structures in C memory, which the Go API has slices for"
	register("asn1parse", functions{
		"parse_prefixes":       parsePrefixes,
		"get_len":              getLen,
		"get_boolean":          getBoolean,
		"empty_integer":        emptyInteger,
		"get_integer":          getInteger,
		"get_enum":             getEnum,
		"get_mpi_too_large":    getTooLarge,
		"get_bitstring":        getBitString,
		"get_sequence_of":      getSequenceOf,
		"traverse_sequence_of": traverseSequenceOf,
		"get_alg":              getAlgorithm,
	}, unmapped{
		"find_named_data":      lists,
		"free_named_data_null": lists,
		"free_named_data":      lists,
		"free_named_data_list": lists,
	})
	register("asn1write", functions{
		"mbedtls_asn1_write_null": func(t *suites.T, want []byte) {
			written(t, want, func(w *asn1.Writer) (int, error) { return w.Null() })
		},
		"mbedtls_asn1_write_bool": func(t *suites.T, v int, want []byte) {
			written(t, want, func(w *asn1.Writer) (int, error) { return w.Bool(v != 0) })
			readBack(t, want, v != 0, (*asn1.Reader).Bool)
		},
		"mbedtls_asn1_write_int": func(t *suites.T, v int, want []byte) {
			written(t, want, func(w *asn1.Writer) (int, error) { return w.Int(v) })
			readBack(t, want, v, (*asn1.Reader).Int)
		},
		"mbedtls_asn1_write_enum": func(t *suites.T, v int, want []byte) {
			written(t, want, func(w *asn1.Writer) (int, error) { return w.Enum(v) })
			readBack(t, want, v, (*asn1.Reader).Enum)
		},
		"mbedtls_asn1_write_mpi": func(t *suites.T, v, want []byte) {
			n := new(big.Int).SetBytes(v)
			written(t, want, func(w *asn1.Writer) (int, error) { return w.BigInt(n) })
			got, err := asn1.NewReader(want).BigInt()
			t.Code("BigInt", err, 0)
			t.Equal("number", got.String(), n.String())
		},
		"mbedtls_asn1_write_string": func(t *suites.T, tag asn1.Tag, text, want []byte) {
			written(t, want, func(w *asn1.Writer) (int, error) {
				if tag == asn1.TagOID {
					return w.OID(text)
				}
				return w.String(tag, text)
			})
		},
		"mbedtls_asn1_write_algorithm_identifier": writeAlgorithm,
		"mbedtls_asn1_write_len":                  writeLen,
		"test_asn1_write_bitstrings":              writeBitStrings,
	}, unmapped{
		"store_named_data_find":      lists,
		"store_named_data_val_found": lists,
		"store_named_data_val_new":   lists,
	})
	register("base64", functions{
		"mbedtls_base64_encode": func(t *suites.T, src, want string, size, code int) {
			encodeBase64(t, []byte(src), want, size, code)
		},
		"base64_encode_hex":     encodeBase64,
		"mbedtls_base64_decode": func(t *suites.T, src, want string, code int) { decodeBase64(t, src, []byte(want), len(want), code) },
		"base64_decode_hex":     decodeBase64,
		"base64_decode_hex_src": func(t *suites.T, src []byte, want string, code int) {
			decodeBase64(t, string(src), []byte(want), 1000, code)
		},
	}, unmapped{
		"enc_chars":       "a function of the library's inside",
		"dec_chars":       "a function of the library's inside",
		"base64_selftest": "the self-test calls the library alone",
	})
}

// nested reads the element at the front of data, and all that are in it, of the kinds that there is a function for. It
// returns how many bytes it has.
func nested(t *suites.T, data []byte) (int, error) {
	tag := asn1.Tag(data[0])
	length := asn1.NewReader(data[1:])
	n, err := length.Length()
	if err != nil {
		return 0, err
	}
	_, err = asn1.NewReader(data).Head(tag ^ 1)
	t.Code("another tag", err, int(cbridge.ErrASN1UnexpectedTag))
	head := asn1.NewReader(data)
	got, err := head.Head(tag)
	t.Code("the tag", err, 0)
	t.Equal("length", got, n)
	t.Equal("offset of the contents", head.Offset(), 1+length.Offset())
	r := asn1.NewReader(data)
	switch tag & asn1.NumberMask {
	case asn1.TagBoolean:
		_, err = r.Bool()
	case asn1.TagInteger:
		_, err = r.BigInt()
		if err == nil && n < 4 {
			small := asn1.NewReader(data)
			_, _ = small.Int() // which takes no negative one
			t.Equal("offset behind a small integer", small.Offset(), r.Offset())
		}
	case asn1.TagBitString:
		_, err = r.BitString()
	case asn1.TagSequence & asn1.NumberMask:
		at, end := head.Offset(), head.Offset()+n
		for at < end && err == nil {
			var used int
			used, err = nested(t, data[at:end])
			at += used
		}
		return at, err
	default:
		return head.Offset() + n, nil
	}
	return r.Offset(), err
}

// parsePrefixes reads each prefix of data but the empty one, and data with a byte behind it.
func parsePrefixes(t *suites.T, data []byte, full, overfull int) {
	const (
		unpredictable = 0x5552
		garbage       = '0'
	)
	for size := 1; size <= len(data)+1; size++ {
		used, err := nested(t, slices.Clip(append(data, garbage)[:size]))
		switch {
		case size < len(data):
			t.Code(strconv.Itoa(size)+" bytes", err, int(cbridge.ErrASN1OutOfData))
		case size == len(data):
			t.Code("all bytes", err, full)
		case overfull != unpredictable:
			t.Code("one byte more", err, overfull)
		}
		if err == nil {
			t.Equal("offset", used, len(data))
		}
	}
}

func getLen(t *suites.T, data []byte, length int) {
	step := func(size int) {
		r := asn1.NewReader(append(data, make([]byte, max(0, size-len(data)))...)[:size])
		n, err := r.Length()
		if size < len(data)+length {
			t.Code(strconv.Itoa(size)+" bytes", err, int(cbridge.ErrASN1OutOfData))
			return
		}
		t.Code(strconv.Itoa(size)+" bytes", err, 0)
		t.Equal("length", n, length)
		t.Equal("offset", r.Offset(), len(data))
	}
	for size := 1; size <= len(data)+1; size++ {
		step(size)
	}
	step(len(data) + length - 1)
	step(len(data) + length)
}

func getBoolean(t *suites.T, data []byte, want, code int) {
	r := asn1.NewReader(data)
	got, err := r.Bool()
	t.Code("Bool", err, code)
	if code == 0 {
		t.Equal("value", got, want != 0)
		t.Equal("offset", r.Offset(), len(data))
	}
}

func emptyInteger(t *suites.T, data []byte) {
	_, err := asn1.NewReader(data).Int()
	t.Code("Int", err, int(cbridge.ErrASN1InvalidLength))
	n, err := asn1.NewReader(data).BigInt()
	t.Code("BigInt", err, 0)
	t.Equal("value", n.String(), "0")
}

// smallInteger is what Int and Enum make of a number in hex, of which code says whether it is encoded as it should be.
func smallInteger(t *suites.T, hex string, code int) (v *big.Int, want int) {
	v, ok := new(big.Int).SetString(hex, 16)
	if hex == "" {
		v, ok = new(big.Int), true
	}
	if !ok {
		t.Fatalf("%q is no number", hex)
	}
	if code == 0 && (v.Sign() < 0 || v.Cmp(big.NewInt(math.MaxInt32)) > 0) {
		return v, int(cbridge.ErrASN1InvalidLength)
	}
	return v, code
}

func getInteger(t *suites.T, data []byte, hex string, code int) {
	want, small := smallInteger(t, hex, code)
	readNumber(t, data, want, small, (*asn1.Reader).Int)

	if want.BitLen() > 8*1024 { // MBEDTLS_MPI_MAX_SIZE bytes
		code = int(cbridge.ErrMPIBadInputData)
	}
	r := asn1.NewReader(data)
	got, err := r.BigInt()
	t.Code("BigInt", err, code)
	if code != 0 {
		return
	}
	if want.Sign() < 0 { // the library takes the contents for an unsigned number
		length := asn1.NewReader(data[1:])
		n, err := length.Length()
		t.Code("Length", err, 0)
		want = new(big.Int).Add(want, new(big.Int).Lsh(big.NewInt(1), uint(8*n)))
	}
	t.Equal("value", got.String(), want.String())
	t.Equal("offset", r.Offset(), len(data))
}

func getEnum(t *suites.T, data []byte, hex string, code int) {
	want, small := smallInteger(t, hex, code)
	readNumber(t, data, want, small, (*asn1.Reader).Enum)
}

func readNumber(t *suites.T, data []byte, want *big.Int, code int, read func(*asn1.Reader) (int, error)) {
	r := asn1.NewReader(data)
	got, err := read(r)
	t.Code("number", err, code)
	if code == 0 {
		t.Equal("value", int64(got), want.Int64())
		t.Equal("offset", r.Offset(), len(data))
	}
}

func getTooLarge(t *suites.T) {
	const octets = 10000*8 + 1 // MBEDTLS_MPI_MAX_LIMBS, of 8 bytes
	data := make([]byte, octets+6)
	copy(data, []byte{0x02, 0x84, 0, octets >> 16, octets >> 8 & 0xff, octets & 0xff, 0x01})
	_, err := asn1.NewReader(data).BigInt()
	t.Code("BigInt", err, int(cbridge.ErrMPIAllocFailed))
}

func getBitString(t *suites.T, data []byte, length, unused, code, codeNull int) {
	r := asn1.NewReader(data)
	bits, err := r.BitString()
	t.Code("BitString", err, code)
	if code == 0 {
		t.Equal("bits", bits, asn1.BitString{Bytes: data[len(data)-length:], UnusedBits: unused})
		t.Equal("offset", r.Offset(), len(data))
	}
	r = asn1.NewReader(data)
	n, err := r.BitStringHead()
	t.Code("BitStringHead", err, codeNull)
	if codeNull == 0 {
		t.Equal("length", n, length)
		if code == 0 {
			t.Equal("offset of the contents", r.Offset(), len(data)-length)
		}
	}
}

// numbers are those of a list with commas.
func numbers(t *suites.T, list string) (n []int) {
	for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' }) {
		v, err := strconv.ParseInt(word, 0, 32)
		if err != nil {
			t.Fatalf("%v", err)
		}
		n = append(n, int(v))
	}
	return n
}

func getSequenceOf(t *suites.T, data []byte, tag asn1.Tag, list string, code int) {
	r := asn1.NewReader(data)
	elements, err := r.SequenceOf(tag)
	t.Code("SequenceOf", err, code)
	if code != 0 {
		return
	}
	t.Equal("offset", r.Offset(), len(data))
	var want []asn1.Element
	for n := numbers(t, list); len(n) > 0; n = n[2:] {
		want = append(want, asn1.Element{Tag: tag, Content: data[n[0] : n[0]+n[1]]})
	}
	t.Equal("elements", elements, want)
}

func traverseSequenceOf(t *suites.T, data []byte, mustMask, must, mayMask, may asn1.Tag, list string, code int) {
	stop := errors.New("no more is wanted")
	n := numbers(t, list)
	err := asn1.NewReader(data).Traverse(mustMask, must, mayMask, may, func(e asn1.Element) error {
		if len(n) == 0 {
			return stop
		}
		t.Equal("element", e, asn1.Element{Tag: asn1.Tag(n[1]), Content: data[n[0] : n[0]+n[2]]})
		n = n[3:]
		return nil
	})
	if code == 1 { // upstream's own
		t.Equal("stopped", errors.Is(err, stop), true)
	} else {
		t.Code("Traverse", err, code)
	}
	t.Equal("elements that did not come", len(n)/3, 0)
}

func getAlgorithm(t *suites.T, data []byte, oidOffset, oidLength int, tag asn1.Tag, offset, length, total, code int) {
	r := asn1.NewReader(data)
	oid, params, err := r.Algorithm()
	t.Code("Algorithm", err, code)
	if code == 0 {
		want := asn1.Element{Tag: tag}
		if offset != 0 {
			want.Content = data[offset : offset+length]
		}
		t.Equal("OID", oid, data[oidOffset:oidOffset+oidLength])
		t.Equal("parameters", params, want)
		t.Equal("offset", r.Offset(), total)
	}
	r = asn1.NewReader(data)
	oid, err = r.AlgorithmNull()
	if (code == 0 && (offset == 0 || tag == asn1.TagNull && length == 0)) != (err == nil) {
		t.Fatalf("AlgorithmNull: %v", err)
	}
	if err == nil {
		t.Equal("OID", oid, data[oidOffset:oidOffset+oidLength])
	}
}

// written has write fill buffers of all sizes, and compares what it wrote to those that are large enough.
func written(t *suites.T, want []byte, write func(*asn1.Writer) (int, error)) {
	for size := range len(want) + 2 {
		if len(want) > 10 && size > 8 && size < len(want)-1 {
			continue // as dull as those before
		}
		w := asn1.NewWriter(make([]byte, size))
		n, err := write(w)
		if size < len(want) {
			t.Code("too small", err, int(cbridge.ErrASN1BufTooSmall))
			t.Equal("what is written to a buffer that is too small", w.Bytes(), []byte{})
			continue
		}
		t.Code("write", err, 0)
		t.Equal("length", n, len(want))
		t.Equal("bytes", w.Bytes(), want)
	}
}

func readBack[V any](t *suites.T, data []byte, want V, read func(*asn1.Reader) (V, error)) {
	got, err := read(asn1.NewReader(data))
	t.Code("reading back", err, 0)
	t.Equal("read back", got, want)
}

func writeAlgorithm(t *suites.T, oid []byte, params int, want []byte) {
	written(t, want, func(w *asn1.Writer) (int, error) {
		n, err := w.Algorithm(oid, params, false)
		if err == nil {
			n -= params // which the data leaves out
		}
		return n, err
	})
	if params > 1234 {
		return
	}
	wantParams := asn1.Element{Tag: asn1.TagNull, Content: []byte{}}
	if params != 0 {
		w := asn1.NewWriter(make([]byte, params))
		content := params - 2 // and less one or two octets of the length
		if content > 127 {
			content--
		}
		if content > 255 {
			content--
		}
		if _, err := w.String(asn1.TagOctetString, make([]byte, content)); err != nil || len(w.Bytes()) != params {
			t.Fatalf("no octet string has %d bytes: %v", params, err)
		}
		want = append(want, w.Bytes()...)
		wantParams = asn1.Element{Tag: asn1.TagOctetString, Content: make([]byte, content)}
	}
	gotOID, gotParams, err := asn1.NewReader(want).Algorithm()
	t.Code("Algorithm", err, 0)
	t.Equal("OID", gotOID, oid)
	t.Equal("parameters", gotParams, wantParams)
}

func writeLen(t *suites.T, length int, want []byte, size, result int) {
	w := asn1.NewWriter(make([]byte, size))
	n, err := w.Length(length)
	if result < 0 {
		t.Code("Length", err, result)
		return
	}
	t.Code("Length", err, 0)
	t.Equal("result", n, result)
	t.Equal("bytes", w.Bytes(), want)
	got, err := asn1.NewReader(want).Length()
	if length != 0 {
		t.Code("reading a length with nothing behind it", err, int(cbridge.ErrASN1OutOfData))
		return
	}
	t.Code("reading back", err, 0)
	t.Equal("read back", got, length)
}

func writeBitStrings(t *suites.T, bits []byte, n int, want []byte, named int) {
	write := (*asn1.Writer).BitString
	if named != 0 {
		write = (*asn1.Writer).NamedBitString
	}
	written(t, want, func(w *asn1.Writer) (int, error) { return write(w, bits, n) })
	value := new(big.Int).SetBytes(bits)
	value.Rsh(value, uint(8*len(bits)-n)) // without the bits that do not count
	length := n
	if named != 0 {
		zeros := int(value.TrailingZeroBits())
		if value.Sign() == 0 {
			zeros = n
		}
		length = n - zeros
		value.Rsh(value, uint(zeros))
	}
	octets := (length + 7) / 8
	value.Lsh(value, uint(8*octets-length))
	readBack(t, want, asn1.BitString{Bytes: value.FillBytes(make([]byte, octets)), UnusedBits: 8*octets - length},
		(*asn1.Reader).BitString)
}

func encodeBase64(t *suites.T, src []byte, want string, size, code int) {
	dst := make([]byte, size)
	n, err := cbridge.Base64Encode(dst, src)
	t.Code("into a buffer of that size", err, code)
	if code != 0 {
		return
	}
	t.Equal("into a buffer of that size", string(dst[:n]), want)
	got, err := base64.Encode(src)
	t.Code("Encode", err, 0)
	t.Equal("Encode", got, want)
}

func decodeBase64(t *suites.T, src string, want []byte, size, code int) {
	dst := make([]byte, size)
	n, err := cbridge.Base64Decode(dst, []byte(src))
	t.Code("into a buffer of that size", err, code)
	if code != 0 {
		return
	}
	t.Equal("into a buffer of that size", dst[:n], want)
	for _, size := range []int{len(want) - 1, 0} {
		if size < 0 || len(want) == 0 {
			continue
		}
		n, err := cbridge.Base64Decode(make([]byte, size), []byte(src))
		t.Code("into one that is too small", err, int(cbridge.ErrBase64BufferTooSmall))
		t.Equal("size needed", n, len(want))
	}
	got, err := base64.Decode(src)
	t.Code("Decode", err, 0)
	t.Equal("Decode", got, want)
}
