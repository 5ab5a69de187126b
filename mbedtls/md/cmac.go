package md

import (
	"hash"

	"github.com/gombedtls/gombedtls/cbridge"
)

// CMAC is a CMAC that is under way. It is a [hash.Hash]. One goroutine uses it at a time. Close wipes it; after Close, Write
// fails with net.ErrClosed, and Sum and Reset panic.
type CMAC struct{ mac *cbridge.CMAC }

var _ hash.Hash = (*CMAC)(nil)

// cmacCipher is the cipher of a key: Triple DES for 24 bytes if it is asked for, and else AES.
func cmacCipher(id cbridge.CipherID, key []byte) (cbridge.CipherType, error) {
	info, ok := cbridge.CipherInfoFromValues(id, 8*len(key), cbridge.ModeECB)
	if !ok {
		return 0, &cbridge.Error{Code: cbridge.ErrCipherBadInputData, Op: "mbedtls_cipher_cmac_starts"}
	}
	return info.Type, nil
}

// NewAESCMAC starts a CMAC of AES, with a key of 16, 24 or 32 bytes (mbedtls_cipher_cmac_starts).
func NewAESCMAC(key []byte) (*CMAC, error) { return newCMAC(cbridge.CipherAES, key) }

// NewTripleDESCMAC starts a CMAC of Triple DES, with a key of 24 bytes (mbedtls_cipher_cmac_starts).
func NewTripleDESCMAC(key []byte) (*CMAC, error) { return newCMAC(cbridge.Cipher3DES, key) }

func newCMAC(id cbridge.CipherID, key []byte) (*CMAC, error) {
	t, err := cmacCipher(id, key)
	if err != nil {
		return nil, err
	}
	m, err := cbridge.NewCMAC(t, key)
	if err != nil {
		return nil, err
	}
	return &CMAC{m}, nil
}

// Write adds data (mbedtls_cipher_cmac_update).
func (c *CMAC) Write(p []byte) (int, error) { return c.mac.Write(p) }

// MAC is the MAC of what was written so far; more may follow (mbedtls_cipher_cmac_finish).
func (c *CMAC) MAC() ([]byte, error) { return c.mac.Sum() }

// Sum appends what MAC returns to b. It panics after Close.
func (c *CMAC) Sum(b []byte) []byte { return append(b, must(c.MAC())...) }

// Reset starts anew with the same key. It panics after Close (mbedtls_cipher_cmac_reset).
func (c *CMAC) Reset() { must(0, c.mac.Reset()) }

// Size is how long a MAC is: 16 bytes, 8 of Triple DES.
func (c *CMAC) Size() int { return c.mac.Size() }

// BlockSize is the same as Size.
func (c *CMAC) BlockSize() int { return c.mac.Size() }

// Close wipes the state and the key (mbedtls_cipher_free).
func (c *CMAC) Close() error { return c.mac.Close() }

// AESCMAC is the CMAC of p with AES and a key of 16, 24 or 32 bytes (mbedtls_cipher_cmac).
func AESCMAC(key, p []byte) ([]byte, error) { return cmacOf(cbridge.CipherAES, key, p) }

// TripleDESCMAC is the CMAC of p with Triple DES and a key of 24 bytes (mbedtls_cipher_cmac).
func TripleDESCMAC(key, p []byte) ([]byte, error) { return cmacOf(cbridge.Cipher3DES, key, p) }

func cmacOf(id cbridge.CipherID, key, p []byte) ([]byte, error) {
	t, err := cmacCipher(id, key)
	if err != nil {
		return nil, err
	}
	return cbridge.CMACOf(t, key, p)
}

// AESCMACPRF128 is the pseudo-random function of RFC 4615: 16 bytes, from a key of any length (mbedtls_aes_cmac_prf_128).
func AESCMACPRF128(key, p []byte) ([]byte, error) { return cbridge.AESCMACPRF128(key, p) }
