package ecp_test

import (
	"fmt"
	"log"

	"github.com/gombedtls/gombedtls/mbedtls/bignum"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func Example() {
	g, err := ecp.NewGroup(ecp.Secp256r1)
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close()
	generator, err := g.G()
	if err != nil {
		log.Fatal(err)
	}
	defer generator.Close()
	two, err := bignum.New(2)
	if err != nil {
		log.Fatal(err)
	}
	defer two.Close()

	double, err := ecp.NewPoint()
	if err != nil {
		log.Fatal(err)
	}
	defer double.Close()
	if err := g.Mul(double, two, generator, nil, nil); err != nil {
		log.Fatal(err)
	}
	b, err := g.WritePoint(double, ecp.Compressed)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%x\n", b)
	// Output: 037cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978
}
