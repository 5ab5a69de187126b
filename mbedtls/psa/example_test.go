package psa_test

import (
	"fmt"
	"log"

	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func Example() {
	k, err := psa.Generate(psa.Attributes{
		Type: psa.ECCKeyPair(psa.SECPR1), Bits: 256, Algorithm: psa.ECDSA(psa.SHA256), Usage: psa.UsageSignMessage | psa.UsageVerifyMessage,
	})
	if err != nil {
		log.Fatal(err)
	}
	defer k.Close()
	sig, err := k.SignMessage(psa.ECDSA(psa.SHA256), []byte("a message"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(sig), k.VerifyMessage(psa.ECDSA(psa.SHA256), []byte("a message"), sig))
	_, err = k.Export()
	fmt.Println(err)
	// Output:
	// 64 <nil>
	// psa_export_key: the key's policy, or its lifetime, does not allow that (PSA_ERROR_NOT_PERMITTED, -133)
}

func ExampleHashCompute() {
	hash, err := psa.HashCompute(psa.SHA256, []byte("abc"))
	fmt.Printf("%x %v\n", hash[:4], err)
	// Output: ba7816bf <nil>
}
