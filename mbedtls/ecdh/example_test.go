package ecdh_test

import (
	"bytes"
	"fmt"
	"log"

	"github.com/gombedtls/gombedtls/mbedtls/ecdh"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func Example() {
	server, err := ecdh.New(ecp.Secp256r1)
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	client, err := ecdh.NewEmpty()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	params, err := server.MakeParams(nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := client.ReadParams(params); err != nil {
		log.Fatal(err)
	}
	public, err := client.MakePublic(nil)
	if err != nil {
		log.Fatal(err)
	}
	if err := server.ReadPublic(public); err != nil {
		log.Fatal(err)
	}

	mine, err := server.CalcSecret(nil)
	if err != nil {
		log.Fatal(err)
	}
	theirs, err := client.CalcSecret(nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(mine), bytes.Equal(mine, theirs))
	// Output: 32 true
}
