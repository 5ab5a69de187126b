package base64_test

import (
	"bytes"
	encoding "encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/mbedtls/base64"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

func TestIsThatOfTheStandardLibrary(t *testing.T) {
	t.Parallel()
	random := rand.NewChaCha8([32]byte{})
	for n := range 300 {
		data := make([]byte, n)
		_, _ = random.Read(data)
		want := encoding.StdEncoding.EncodeToString(data)
		got, err := base64.Encode(data)
		if err != nil || got != want {
			t.Fatalf("%d bytes: %q, %v; want %q", n, got, err, want)
		}
		if back, err := base64.Decode(got); err != nil || !bytes.Equal(back, data) {
			t.Fatalf("%d bytes come back as %x, %v", n, back, err)
		}
	}
}

func TestWhatIsNoBase64IsAnError(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"=", "a===", "ab=c", "ab!d", "ab c", "ab", "abc", "a\xffcd", "abcd\x00"} {
		if got, err := base64.Decode(s); !errors.Is(err, cbridge.ErrBase64InvalidCharacter) {
			t.Errorf("%q: %q, %v", s, got, err)
		}
	}
}

func Example() {
	text, _ := base64.Encode([]byte("Mbed TLS"))
	data, _ := base64.Decode("TWJl\r\nZCBUTFM=  \n")
	fmt.Printf("%s %s\n", text, data)
	// Output: TWJlZCBUTFM= Mbed TLS
}
