package pem

import (
	"bytes"
	stdpem "encoding/pem"
	"errors"
	"fmt"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

const header, footer = "-----BEGIN TEST-----", "-----END TEST-----"

func TestBothReadWhatOneWrites(t *testing.T) {
	for n := 1; n < 200; n += 13 {
		der := bytes.Repeat([]byte{byte(n)}, n)
		text := stdpem.EncodeToMemory(&stdpem.Block{Type: "TEST", Bytes: der})
		got, rest, err := Read(append(text, "more"...), header, footer, nil)
		if err != nil || !bytes.Equal(got, der) || string(rest) != "more" {
			t.Errorf("%x, %q, %v", got, rest, err)
		}
		if !cbridge.Feature("MBEDTLS_PEM_WRITE_C") {
			continue
		}
		if ours, err := Write(header+"\n", footer+"\n", der); err != nil || !bytes.Equal(ours, text) {
			t.Errorf("%q, %v, want %q", ours, err, text)
		}
	}
}

func TestBadTexts(t *testing.T) {
	for text, want := range map[string]cbridge.Code{
		"":                                  cbridge.ErrPEMNoHeaderFooterPresent,
		footer + "\nAAAA\n" + header + "\n": cbridge.ErrPEMNoHeaderFooterPresent,
		header + "\n?\n" + footer:           cbridge.ErrPEMInvalidData,
		header + "\n\x00\n" + footer:        cbridge.ErrPEMNoHeaderFooterPresent,
	} {
		if _, _, err := Read([]byte(text), header, footer, nil); !errors.Is(err, want) {
			t.Errorf("%q: %v, want %v", text, err, want)
		}
	}
	if _, _, err := Read(nil, "\x00", footer, nil); !errors.Is(err, cbridge.ErrPEMBadInputData) {
		t.Error(err)
	}
	if _, err := Write("\x00", footer, nil); !errors.Is(err, cbridge.ErrPEMBadInputData) {
		t.Error(err)
	}
}

func ExampleRead() {
	der, _, err := Read([]byte("-----BEGIN NOTE-----\naGVsbG8=\n-----END NOTE-----\n"), "-----BEGIN NOTE-----", "-----END NOTE-----", nil)
	fmt.Printf("%s %v\n", der, err)
	// Output: hello <nil>
}
