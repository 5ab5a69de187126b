package cipher_test

import (
	"fmt"

	"github.com/gombedtls/gombedtls/mbedtls/cipher"
)

func ExampleNewGCM() {
	aead, err := cipher.NewGCM(cipher.AES, make([]byte, 16))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer aead.Close()
	nonce := make([]byte, aead.NonceSize()) // one for each message
	sealed := aead.Seal(nil, nonce, []byte("hello"), nil)
	fmt.Printf("%x\n", sealed)
	opened, err := aead.Open(nil, nonce, sealed, nil)
	fmt.Printf("%s %v\n", opened, err)
	sealed[0] ^= 1
	_, err = aead.Open(nil, nonce, sealed, nil)
	fmt.Println(err)
	// Output:
	// 6bedb6a20ffc05f3475d29034caa1cc8fa3628c39f
	// hello <nil>
	// mbedtls_gcm_auth_decrypt: GCM - Authenticated decryption failed (MBEDTLS_ERR_GCM_AUTH_FAILED, -0x0012)
}

func ExampleMultipart() {
	m, err := cipher.NewGCMMultipart(cipher.AES, make([]byte, 16))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer m.Close()
	if err := m.Start(cipher.Encrypt, make([]byte, 12)); err != nil {
		fmt.Println(err)
		return
	}
	for _, piece := range []string{"hel", "lo"} {
		out, err := m.Update(nil, []byte(piece))
		fmt.Printf("%x %v\n", out, err)
	}
	tag, err := m.Finish()
	fmt.Printf("%d bytes of a tag, %v\n", len(tag), err)
	// Output:
	// 6bedb6 <nil>
	// a20f <nil>
	// 16 bytes of a tag, <nil>
}
