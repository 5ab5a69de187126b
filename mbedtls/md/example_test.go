package md_test

import (
	"fmt"
	"io"

	"github.com/gombedtls/gombedtls/mbedtls/md"
)

func ExampleNew() {
	h, err := md.New(md.SHA256)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	io.WriteString(h, "abc")
	fmt.Printf("%x\n", h.Sum(nil))
	// Output: ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
}

func ExampleHMAC() {
	t, err := md.ByName("SHA256")
	if err != nil {
		fmt.Println(err)
		return
	}
	mac, err := md.HMAC(t, []byte("key"), []byte("The quick brown fox jumps over the lazy dog"))
	fmt.Printf("%x %v\n", mac, err)
	// Output: f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8 <nil>
}
