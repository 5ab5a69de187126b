package dhm_test

import (
	"fmt"

	"github.com/gombedtls/gombedtls/mbedtls/dhm"
)

func ExampleGroup_Numbers() {
	p, g := dhm.FFDHE3072.Numbers()
	fmt.Println(dhm.FFDHE3072, 8*len(p), g)
	// Output: ffdhe3072 3072 [2]
}
