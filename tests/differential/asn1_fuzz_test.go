package differential

import (
	"math/big"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/gombedtls/gombedtls/mbedtls/asn1"
)

// FuzzASN1 reads the element at the front of data as each kind that there is a function for.
func FuzzASN1(f *testing.F) {
	for _, b := range vectors(f, "asn1parse") {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		contents(t, data)
		boolean(t, data)
		integer(t, data)
		bitString(t, data)
	})
}

// contents compares the contents of the first element, of whatever tag.
func contents(t *testing.T, data []byte) {
	if len(data) == 0 || data[0]&0x1f == 0x1f {
		if len(data) > 0 {
			explained(highTag)
		}
		return
	}
	input, want := cryptobyte.String(data), cryptobyte.String(nil)
	ok := input.ReadASN1(&want, cbasn1.Tag(data[0]))
	got, err := asn1.NewReader(data).Element(asn1.Tag(data[0]))
	switch {
	case ok && err != nil:
		t.Errorf("%x: only the standard library has %x: %v", data, []byte(want), err)
	case ok && string(got) != string(want):
		t.Errorf("%x: %x, want %x", data, got, []byte(want))
	case !ok && err == nil:
		if minimalLength(data[1:]) {
			t.Errorf("%x: only Mbed TLS has %x", data, got)
		}
		explained(longLength)
	}
}

func boolean(t *testing.T, data []byte) {
	var want bool
	input := cryptobyte.String(data)
	ok := input.ReadASN1Boolean(&want)
	got, err := asn1.NewReader(data).Bool()
	switch {
	case ok && (err != nil || got != want):
		t.Errorf("%x: %v, %v; want %v", data, got, err, want)
	case !ok && err == nil:
		contents, err := asn1.NewReader(data).Element(asn1.TagBoolean)
		if err != nil || len(contents) != 1 {
			t.Errorf("%x: only Mbed TLS has %v: %v", data, got, err)
			return
		}
		if minimalLength(data[1:]) {
			explained(trueIsNotOnes)
		} else {
			explained(longLength)
		}
	}
}

func integer(t *testing.T, data []byte) {
	var want big.Int
	input := cryptobyte.String(data)
	ok := input.ReadASN1Integer(&want)
	got, err := asn1.NewReader(data).BigInt()
	switch {
	case ok && want.Sign() < 0:
		explained(negativeInteger)
	case ok && (err != nil || got.Cmp(&want) != 0):
		t.Errorf("%x: %v, %v; want %v", data, got, err, &want)
	case !ok && err == nil:
		contents, err := asn1.NewReader(data).Element(asn1.TagInteger)
		switch {
		case err != nil:
			t.Errorf("%x: only Mbed TLS has %v: %v", data, got, err)
		case !minimalLength(data[1:]):
			explained(longLength)
		case len(contents) == 0:
			explained(emptyInteger)
		case len(contents) > 1 && (contents[0] == 0 && contents[1] < 0x80 || contents[0] == 0xff && contents[1] >= 0x80):
			explained(paddedInteger)
		default:
			t.Errorf("%x: only Mbed TLS has %v", data, got)
		}
	}
}

func bitString(t *testing.T, data []byte) {
	input := cryptobyte.String(data)
	var contents cryptobyte.String
	ok := input.ReadASN1(&contents, cbasn1.BIT_STRING)
	got, err := asn1.NewReader(data).BitString()
	if !ok {
		switch {
		case err != nil:
		case minimalLength(data[1:]):
			t.Errorf("%x: only Mbed TLS has %v", data, got)
		default:
			explained(longLength)
		}
		return
	}
	if len(input) != 0 {
		if err == nil {
			t.Errorf("%x: not the last element, and read: %v", data, got)
		}
		return
	}
	// What is in the bits that do not count, both may take as they like: cryptobyte wants zeros.
	if len(contents) > 0 && contents[0] <= 7 {
		if err != nil || got.UnusedBits != int(contents[0]) || string(got.Bytes) != string(contents[1:]) {
			t.Errorf("%x: %v, %v", data, got, err)
		}
	} else if err == nil {
		t.Errorf("%x: only Mbed TLS has %v", data, got)
	}
}
