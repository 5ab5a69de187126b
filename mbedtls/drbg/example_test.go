package drbg_test

import (
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/mbedtls/drbg"
)

// A generator whose seed is known gives the same bytes each time.
func ExampleNewCTR() {
	g, err := drbg.NewCTR(&drbg.Options{
		Entropy:         strings.NewReader(strings.Repeat("not so random", 10)),
		Personalization: []byte("example"),
		EntropyLen:      32,
		NonceLen:        16,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer g.Close()
	p := make([]byte, 8)
	if _, err := g.Read(p); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(p))
	// Output: 8
}

// A pool gives nothing until each source has given what is asked of it.
func ExampleNewEntropy() {
	e, err := drbg.NewEntropy(drbg.Source{
		Poll:      func(p []byte) (int, error) { return 0, nil },
		Threshold: 32,
		Strong:    true,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer e.Close()
	_, err = e.Read(make([]byte, 32))
	fmt.Println(err)
	// Output: mbedtls_entropy_func: ENTROPY - Critical entropy source failure (MBEDTLS_ERR_ENTROPY_SOURCE_FAILED, -0x003C)
}
