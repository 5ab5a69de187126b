package mbedtls_test

import (
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// A Config with a policy offers and takes what both allow.
func ExamplePolicy() {
	conn, err := mbedtls.Dial("tcp", "example.com:8443", &mbedtls.Config{Policy: mbedtls.StrictPolicy})
	var violation *mbedtls.PolicyViolation
	if errors.As(err, &violation) {
		log.Fatalf("the server is against %s = %s: %s", violation.Key, violation.Want, violation.Got)
	}
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
}

// What a text does not name is as in DefaultPolicy. LoadPolicy reads a file, and what that includes.
func ExampleReadPolicy() {
	p, err := mbedtls.ReadPolicy(strings.NewReader(`
		allow_tls12 = false
		ciphers = AES-256-GCM, CHACHA20-POLY1305
		minimum_rsa_bits = 3072   # as the auditors want it
	`))
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range mbedtls.DiffPolicies(mbedtls.DefaultPolicy, p) {
		fmt.Printf("%s: %s\n", d.Key, d.B)
	}
	// Output:
	// allow_tls12: false
	// ciphers: AES-256-GCM CHACHA20-POLY1305
	// minimum_rsa_bits: 3072
}
