package ecdsa_test

import (
	"crypto"
	"crypto/sha256"
	"fmt"
	"log"

	"github.com/gombedtls/gombedtls/mbedtls/ecdsa"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func Example() {
	key, err := ecp.GenerateKey(ecp.Secp256r1, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer key.Close()
	hash := sha256.Sum256([]byte("a message"))
	sig, err := ecdsa.SignASN1(key, crypto.SHA256, hash[:], nil, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ecdsa.VerifyASN1(key, hash[:], sig, nil))
	// Output: <nil>
}
