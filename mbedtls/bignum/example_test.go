package bignum_test

import (
	"fmt"
	"log"

	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

func Example() {
	p, err := bignum.Parse("FFFFFFFFFFFFFFC5", 16)
	if err != nil {
		log.Fatal(err)
	}
	defer p.Close()
	x, err := bignum.New(12345)
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()

	var inverse, product bignum.Int
	defer inverse.Close()
	defer product.Close()
	if err := inverse.InvMod(x, p); err != nil {
		log.Fatal(err)
	}
	if err := product.Mul(&inverse, x); err != nil {
		log.Fatal(err)
	}
	if err := product.Mod(&product, p); err != nil {
		log.Fatal(err)
	}
	fmt.Println(p, &product)
	// Output: 18446744073709551557 1
}
