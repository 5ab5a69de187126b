package cbridge

// #include "aead.h"
import "C"

import "runtime"

// CCM is an mbedtls_ccm_context: a block cipher in counter mode with CBC-MAC. One goroutine uses it at a time.
type CCM struct {
	res   *resource
	c     *C.mbedtls_ccm_context
	keyed bool
	begun bool
}

const ccmOption = "MBEDTLS_CCM_C"

// CCMMode is what a message in pieces is.
type CCMMode int

// The modes: CCM* of IEEE 802.15.4 may have no tag.
const (
	CCMDecrypt     CCMMode = C.MBEDTLS_CCM_DECRYPT
	CCMEncrypt     CCMMode = C.MBEDTLS_CCM_ENCRYPT
	CCMStarDecrypt CCMMode = C.MBEDTLS_CCM_STAR_DECRYPT
	CCMStarEncrypt CCMMode = C.MBEDTLS_CCM_STAR_ENCRYPT
)

// NewCCM makes a context without a key (mbedtls_ccm_init).
func NewCCM() (*CCM, error) {
	if err := initialize(); err != nil {
		return nil, err
	}
	c := C.gm_ccm_new()
	if c == nil {
		return nil, errNoMemory
	}
	m := &CCM{c: c}
	m.res = own(m, func() { C.gm_ccm_delete(c) })
	return m, nil
}

// SetKey sets the cipher, whose blocks have 16 bytes, and its key, of 16, 24 or 32 bytes (mbedtls_ccm_setkey).
func (m *CCM) SetKey(cipher CipherID, key []byte) error {
	m.keyed, m.begun = false, false
	err := m.call("mbedtls_ccm_setkey", true, func() C.int {
		return C.gm_ccm_setkey(m.c, C.int(cipher), cbytes(key), C.uint(keyBits(key)))
	})
	m.keyed = err == nil
	return err
}

// EncryptAndTag encrypts input to output, which is as long and may be the same memory, and makes a tag of 4 to 16 bytes,
// an even number; for star, CCM*, it may be empty as well. The nonce has 7 to 13 bytes, and the longer it is, the shorter
// is what can be encrypted; additional has less than 65280 (mbedtls_ccm_encrypt_and_tag, mbedtls_ccm_star_encrypt_and_tag).
func (m *CCM) EncryptAndTag(star bool, iv, additional, input, output, tag []byte) error {
	return m.whole("mbedtls_ccm_encrypt_and_tag", input, output, func() C.int {
		return C.gm_ccm_encrypt(m.c, flag(star), C.size_t(len(input)), cbytes(iv), C.size_t(len(iv)), cbytes(additional),
			C.size_t(len(additional)), cbytes(input), cbytes(output), cbytes(tag), C.size_t(len(tag)))
	})
}

// AuthDecrypt undoes EncryptAndTag. If the tag is not that of the message, the error is ErrCCMAuthFailed, and output is
// all zeros (mbedtls_ccm_auth_decrypt, mbedtls_ccm_star_auth_decrypt).
func (m *CCM) AuthDecrypt(star bool, iv, additional, tag, input, output []byte) error {
	return m.whole("mbedtls_ccm_auth_decrypt", input, output, func() C.int {
		return C.gm_ccm_decrypt(m.c, flag(star), C.size_t(len(input)), cbytes(iv), C.size_t(len(iv)), cbytes(additional),
			C.size_t(len(additional)), cbytes(input), cbytes(output), cbytes(tag), C.size_t(len(tag)))
	})
}

func (m *CCM) whole(op string, input, output []byte, f func() C.int) error {
	m.begun = false
	return m.call(op, m.keyed && len(output) == len(input) && fits(output, input), f)
}

// Reset gives up the message in pieces that is under way. Starts alone would go on with the state of its MAC, and with its
// lengths.
func (m *CCM) Reset() error {
	m.begun = false
	return m.call("mbedtls_ccm_starts", true, func() C.int {
		C.gm_ccm_reset(m.c)
		return 0
	})
}

// Starts begins a message in pieces, with a nonce of 7 to 13 bytes (mbedtls_ccm_starts).
func (m *CCM) Starts(mode CCMMode, iv []byte) error {
	err := m.call("mbedtls_ccm_starts", m.keyed, func() C.int {
		return C.gm_ccm_starts(m.c, C.int(mode), cbytes(iv), C.size_t(len(iv)))
	})
	m.begun = err == nil
	return err
}

// SetLengths tells how long the parts of the message will be, before the first piece (mbedtls_ccm_set_lengths).
func (m *CCM) SetLengths(additional, plaintext, tag int) error {
	ok := additional >= 0 && plaintext >= 0 && tag >= 0
	return m.call("mbedtls_ccm_set_lengths", ok, func() C.int {
		return C.gm_ccm_set_lengths(m.c, C.size_t(additional), C.size_t(plaintext), C.size_t(tag))
	})
}

// UpdateAD adds a piece of the data that is authenticated, before the first Update (mbedtls_ccm_update_ad).
func (m *CCM) UpdateAD(additional []byte) error {
	return m.call("mbedtls_ccm_update_ad", m.begun, func() C.int {
		return C.gm_ccm_update_ad(m.c, cbytes(additional), C.size_t(len(additional)))
	})
}

// Update processes a piece of the message. Output has room for it (mbedtls_ccm_update).
func (m *CCM) Update(input, output []byte) error {
	return m.call("mbedtls_ccm_update", m.begun && fits(output, input), func() C.int {
		return C.gm_ccm_update(m.c, cbytes(input), C.size_t(len(input)), cbytes(output), C.size_t(len(output)))
	})
}

// ccmTagMax is what the library has of a tag; before 3.6.6 it does not look.
const ccmTagMax = 16

// Finish ends the message and makes its tag; after decryption, the caller compares it with what came (mbedtls_ccm_finish).
func (m *CCM) Finish(tag []byte) error {
	err := m.call("mbedtls_ccm_finish", m.keyed && len(tag) <= ccmTagMax, func() C.int {
		return C.gm_ccm_finish(m.c, cbytes(tag), C.size_t(len(tag)))
	})
	m.begun = m.begun && err != nil
	return err
}

// call runs a call that is ok. What is not would be worked on with a key of nobody's, or with a nonce of zeros.
func (m *CCM) call(op string, ok bool, f func() C.int) error {
	defer runtime.KeepAlive(m)
	return during(func() error {
		if !ok {
			return newError(op, int(ErrCCMBadInput), nil)
		}
		return check(f(), op, ccmOption)
	}, m.res)
}

// Close frees the context and wipes it (mbedtls_ccm_free).
func (m *CCM) Close() error {
	m.res.close()
	return nil
}
