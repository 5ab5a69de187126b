package psa

import "github.com/gombedtls/gombedtls/cbridge"

// CipherEncrypt gives a random IV, and the ciphertext behind it (psa_cipher_encrypt).
func (k *Key) CipherEncrypt(a Algorithm, plaintext []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return CipherEncryptOutputSize(attr.Type, a, len(plaintext)) },
		func(out []byte) (int, error) { return k.c.CipherEncrypt(uint32(a), plaintext, out) })
}

// CipherDecrypt undoes [Key.CipherEncrypt] (psa_cipher_decrypt).
func (k *Key) CipherDecrypt(a Algorithm, ciphertext []byte) ([]byte, error) {
	return k.sized(func(attr Attributes) int { return CipherDecryptOutputSize(attr.Type, a, len(ciphertext)) },
		func(out []byte) (int, error) { return k.c.CipherDecrypt(uint32(a), ciphertext, out) })
}

// Cipher encrypts or decrypts in steps: an IV, if the algorithm has one, Update, Finish (psa_cipher_operation_t). One
// goroutine uses it at a time.
type Cipher struct {
	c         *cbridge.PSACipher
	keyType   KeyType
	algorithm Algorithm
}

// NewCipherEncrypter starts an encryption (psa_cipher_encrypt_setup).
func (k *Key) NewCipherEncrypter(a Algorithm) (*Cipher, error) {
	return k.newCipher(a, (*cbridge.PSACipher).EncryptSetup)
}

// NewCipherDecrypter starts a decryption (psa_cipher_decrypt_setup).
func (k *Key) NewCipherDecrypter(a Algorithm) (*Cipher, error) {
	return k.newCipher(a, (*cbridge.PSACipher).DecryptSetup)
}

func (k *Key) newCipher(a Algorithm, setup func(*cbridge.PSACipher, *cbridge.PSAKey, uint32) error) (*Cipher, error) {
	attr, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	c, err := cbridge.NewPSACipher()
	if err != nil {
		return nil, err
	}
	if err := setup(c, k.c, uint32(a)); err != nil {
		c.Close()
		return nil, err
	}
	return &Cipher{c, attr.Type, a}, nil
}

// GenerateIV chooses a random IV to encrypt with, and gives it (psa_cipher_generate_iv).
func (o *Cipher) GenerateIV() ([]byte, error) { return written(CipherIVMaxSize, o.c.GenerateIV) }

// SetIV sets the IV (psa_cipher_set_iv).
func (o *Cipher) SetIV(iv []byte) error { return o.c.SetIV(iv) }

// Update adds data, and gives what is complete (psa_cipher_update).
func (o *Cipher) Update(input []byte) ([]byte, error) {
	// What is kept from before may come, too; and of a stream cipher, the library does not say how much.
	size := max(CipherUpdateOutputSize(o.keyType, o.algorithm, len(input)), len(input)) + BlockMaxSize
	return written(size, func(out []byte) (int, error) { return o.c.Update(input, out) })
}

// Finish gives the rest, after which there is no more to do but Close (psa_cipher_finish).
func (o *Cipher) Finish() ([]byte, error) { return written(BlockMaxSize, o.c.Finish) }

// Close wipes the state (psa_cipher_abort).
func (o *Cipher) Close() error { return o.c.Close() }
