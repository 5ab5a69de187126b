package asn1_test

import (
	"bytes"
	encoding "encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/mbedtls/asn1"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

func TestWritesWhatTheStandardLibraryReads(t *testing.T) {
	t.Parallel()
	type inner struct {
		OID  encoding.ObjectIdentifier
		Null encoding.RawValue
	}
	type outer struct {
		Number    *big.Int
		Small     int
		Algorithm inner
		Yes       bool
		Kind      encoding.Enumerated
		Text      string `asn1:"utf8"`
		Octets    []byte
		Bits      encoding.BitString
	}
	number, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	w := asn1.NewWriter(make([]byte, 200))
	for _, write := range []func() (int, error){
		func() (int, error) { return w.BitString([]byte{0xa5, 0x80}, 9) },
		func() (int, error) { return w.String(asn1.TagOctetString, []byte{1, 2, 3}) },
		func() (int, error) { return w.String(asn1.TagUTF8String, []byte("größer")) },
		func() (int, error) { return w.Enum(7) },
		func() (int, error) { return w.Bool(true) },
		func() (int, error) { return w.Algorithm([]byte{0x2a, 0x86, 0x48}, 0, false) },
		func() (int, error) { return w.Int(300) },
		func() (int, error) { return w.BigInt(number) },
		func() (int, error) { return w.Head(asn1.TagSequence, len(w.Bytes())) },
	} {
		before := len(w.Bytes())
		n, err := write()
		if err != nil {
			t.Fatal(err)
		}
		if got := len(w.Bytes()) - before; got != n {
			t.Errorf("%d bytes were written, and %d returned", got, n)
		}
	}
	var got outer
	if rest, err := encoding.Unmarshal(w.Bytes(), &got); err != nil || len(rest) != 0 {
		t.Fatalf("%v, %d bytes left", err, len(rest))
	}
	if got.Number.Cmp(number) != 0 || got.Small != 300 || !got.Algorithm.OID.Equal(encoding.ObjectIdentifier{1, 2, 840}) ||
		!got.Yes || got.Kind != 7 || got.Text != "größer" || !bytes.Equal(got.Octets, []byte{1, 2, 3}) || got.Bits.BitLength != 9 {
		t.Errorf("%+v", got)
	}
}

func TestReadsWhatTheStandardLibraryWrites(t *testing.T) {
	t.Parallel()
	der, err := encoding.Marshal([]int{1, 200, 70000})
	if err != nil {
		t.Fatal(err)
	}
	list, err := asn1.NewReader(der).SequenceOf(asn1.TagInteger)
	if err != nil {
		t.Fatal(err)
	}
	want := []asn1.Element{
		{asn1.TagInteger, []byte{1}}, {asn1.TagInteger, []byte{0, 200}}, {asn1.TagInteger, []byte{1, 0x11, 0x70}},
	}
	if diff := cmp.Diff(want, list); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	var sum int64
	r := asn1.NewReader(der)
	if err := r.Traverse(0xff, asn1.TagInteger, 0, 0, func(e asn1.Element) error {
		sum += new(big.Int).SetBytes(e.Content).Int64()
		return nil
	}); err != nil || sum != 70201 || len(r.Rest()) != 0 {
		t.Errorf("%v, sum %d, rest %x", err, sum, r.Rest())
	}
}

func TestVisitorsErrorComesBack(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	n := 0
	err := asn1.NewReader([]byte{0x30, 6, 2, 1, 1, 2, 1, 2}).Traverse(0, 0, 0, 0, func(asn1.Element) error {
		n++
		return enough
	})
	if !errors.Is(err, enough) || n != 1 {
		t.Errorf("%v after %d calls", err, n)
	}
	// What is before a fault is visited.
	n = 0
	err = asn1.NewReader([]byte{0x30, 6, 2, 1, 1, 4, 1, 2}).Traverse(0xff, asn1.TagInteger, 0, 0, func(asn1.Element) error {
		n++
		return nil
	})
	if !errors.Is(err, cbridge.ErrASN1UnexpectedTag) || n != 1 {
		t.Errorf("%v after %d calls", err, n)
	}
}

func TestElementsAreReadOneAfterTheOther(t *testing.T) {
	t.Parallel()
	r := asn1.NewReader([]byte{0x30, 3, 1, 1, 0xff, 4, 2, 'h', 'i'})
	seq, err := r.Element(asn1.TagSequence)
	if err != nil || !bytes.Equal(seq, []byte{1, 1, 0xff}) || r.Offset() != 5 {
		t.Fatalf("%x, %v, offset %d", seq, err, r.Offset())
	}
	if text, err := r.Element(asn1.TagOctetString); err != nil || string(text) != "hi" || len(r.Rest()) != 0 {
		t.Fatalf("%q, %v", text, err)
	}
	if _, err := r.Element(asn1.TagNull); !errors.Is(err, cbridge.ErrASN1OutOfData) {
		t.Errorf("at the end: %v", err)
	}
}

func TestBadValuesAreErrors(t *testing.T) {
	t.Parallel()
	w := asn1.NewWriter(make([]byte, 100))
	large := int64(1 << 31) // where an int has 32 bits, that is negative
	for name, write := range map[string]func() (int, error){
		"negative int":        func() (int, error) { return w.Int(-1) },
		"large int":           func() (int, error) { return w.Int(int(large)) },
		"negative enum":       func() (int, error) { return w.Enum(-1) },
		"large enum":          func() (int, error) { return w.Enum(int(large)) },
		"negative number":     func() (int, error) { return w.BigInt(big.NewInt(-1)) },
		"no number":           func() (int, error) { return w.BigInt(nil) },
		"negative length":     func() (int, error) { return w.Length(-1) },
		"negative contents":   func() (int, error) { return w.Head(asn1.TagSet, -1) },
		"negative parameters": func() (int, error) { return w.Algorithm(nil, -1, true) },
		"too many bits":       func() (int, error) { return w.BitString([]byte{1}, 9) },
		"negative bits":       func() (int, error) { return w.NamedBitString([]byte{1}, -1) },
		"too long":            func() (int, error) { return w.Raw(make([]byte, 101)) },
	} {
		if n, err := write(); err == nil || n != 0 || len(w.Bytes()) != 0 {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
	// A head of which only a part fits is not written.
	w = asn1.NewWriter(make([]byte, 1))
	if _, err := w.Head(asn1.TagSet, 0); !errors.Is(err, cbridge.ErrASN1BufTooSmall) || len(w.Bytes()) != 0 {
		t.Errorf("head: %v, %x", err, w.Bytes())
	}
	if _, _, err := asn1.NewReader(nil).Algorithm(); err == nil {
		t.Error("nothing at all is an algorithm")
	}
}

func ExampleReader() {
	r := asn1.NewReader([]byte{0x30, 0x08, 0x02, 0x01, 0x2a, 0x0c, 0x03, 'f', 'o', 'o'})
	if _, err := r.Head(asn1.TagSequence); err != nil {
		fmt.Println(err)
		return
	}
	n, _ := r.Int()
	text, _ := r.Element(asn1.TagUTF8String)
	_, err := r.Bool()
	fmt.Printf("%d %s\n%v\n", n, text, err)
	// Output:
	// 42 foo
	// mbedtls_asn1_get_bool: ASN1 - Out of data when parsing an ASN1 data structure (MBEDTLS_ERR_ASN1_OUT_OF_DATA, -0x0060)
}

func ExampleWriter() {
	w := asn1.NewWriter(make([]byte, 64))
	_, _ = w.String(asn1.TagUTF8String, []byte("foo")) // the last element first
	_, _ = w.Int(42)
	_, _ = w.Head(asn1.TagSequence, len(w.Bytes()))
	fmt.Printf("%x\n", w.Bytes())
	// Output: 300802012a0c03666f6f
}
