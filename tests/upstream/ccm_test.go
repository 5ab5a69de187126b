package upstream

import (
	"bytes"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/cipher"
)

func newCCM(t *suites.T, id cbridge.CipherID, key []byte) *cbridge.CCM {
	c, err := cbridge.NewCCM()
	t.Code("NewCCM", err, 0)
	t.Code("SetKey", c.SetKey(id, key), 0)
	return c
}

// ccmStart begins a message whose lengths are told.
func ccmStart(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv []byte, ad, text, tag int) *cbridge.CCM {
	c := newCCM(t, id, key)
	t.Code("Starts", c.Starts(mode, iv), 0)
	t.Code("SetLengths", c.SetLengths(ad, text, tag), 0)
	return c
}

func ccmPieces(t *suites.T, c *cbridge.CCM, mode cbridge.CCMMode, iv, ad, src, want, tag []byte) {
	inPieces(t, c, func() error {
		if err := c.Starts(mode, iv); err != nil {
			return err
		}
		return c.SetLengths(len(ad), len(src), len(tag))
	}, ad, src, want, tag)
}

func ccmLengths(star bool) func(t *suites.T, msgLen, ivLen, adLen, tagLen, want int) {
	return func(t *suites.T, msgLen, ivLen, adLen, tagLen, want int) {
		c := newCCM(t, cbridge.CipherAES, make([]byte, 16))
		defer c.Close()
		iv, ad, msg, out, tag := make([]byte, ivLen), make([]byte, adLen), make([]byte, msgLen), make([]byte, msgLen), make([]byte, tagLen)
		t.Code("EncryptAndTag", c.EncryptAndTag(star, iv, ad, msg, out, tag), want)
		clear(tag)
		if want == 0 && tagLen != 0 {
			want = int(cbridge.ErrCCMAuthFailed)
		}
		t.Code("AuthDecrypt", c.AuthDecrypt(star, iv, ad, tag, msg, out), want)
	}
}

// starNonce is the nonce of IEEE 802.15.4, and the size of its tag.
func starNonce(address, counter []byte, level int) (iv []byte, tagSize int) {
	if level%4 != 0 {
		tagSize = 1 << (level%4 + 1)
	}
	return append(append(bytes.Clone(address), counter...), byte(level)), tagSize
}

func ccmEncrypt(t *suites.T, star bool, id cbridge.CipherID, key, msg, iv, ad, result []byte) {
	c := newCCM(t, id, key)
	defer c.Close()
	want, wantTag := result[:len(msg)], result[len(msg):]
	buf, tag := bytes.Clone(msg), make([]byte, len(wantTag))
	t.Code("EncryptAndTag", c.EncryptAndTag(star, iv, ad, buf, buf, tag), 0)
	t.Equal("output", buf, want)
	t.Equal("tag", tag, wantTag)
	mode, of := cbridge.CCMEncrypt, cipher.NewCCM
	if star {
		mode, of = cbridge.CCMStarEncrypt, cipher.NewCCMStar
	}
	ccmPieces(t, c, mode, iv, ad, msg, want, wantTag)
	a, err := of(cipher.ID(id), key, len(iv), len(wantTag))
	seals(t, a, err, iv, ad, msg, want, wantTag)
}

func ccmDecrypt(t *suites.T, star bool, id cbridge.CipherID, key, msg, iv, ad []byte, tagSize, result int, want []byte) {
	c := newCCM(t, id, key)
	defer c.Close()
	text, tag := msg[:len(msg)-tagSize], msg[len(msg)-tagSize:]
	buf := bytes.Clone(text)
	t.Code("AuthDecrypt", c.AuthDecrypt(star, iv, ad, tag, buf, buf), result)
	if result != 0 {
		t.Equal("output", buf, make([]byte, len(buf)))
		return
	}
	t.Equal("output", buf, want)
	mode := cbridge.CCMDecrypt
	if star {
		mode = cbridge.CCMStarDecrypt
	}
	ccmPieces(t, c, mode, iv, ad, text, want, tag)
}

// The tests of messages that are not as long as they were said to be.
const ccmBad = int(cbridge.ErrCCMBadInput)

func init() {
	register("ccm", functions{
		"mbedtls_ccm_setkey": func(t *suites.T, id cbridge.CipherID, bits, want int) {
			c, err := cbridge.NewCCM()
			t.Code("NewCCM", err, 0)
			defer c.Close()
			t.Code("SetKey", c.SetKey(id, bytes.Repeat([]byte{0x2a}, bits/8)), want)
		},
		"ccm_lengths":      ccmLengths(false),
		"ccm_star_lengths": ccmLengths(true),
		"mbedtls_ccm_encrypt_and_tag": func(t *suites.T, id cbridge.CipherID, key, msg, iv, ad, result []byte) {
			ccmEncrypt(t, false, id, key, msg, iv, ad, result)
		},
		"mbedtls_ccm_auth_decrypt": func(t *suites.T, id cbridge.CipherID, key, msg, iv, ad []byte, tagSize, result int, want []byte) {
			ccmDecrypt(t, false, id, key, msg, iv, ad, tagSize, result, want)
		},
		"mbedtls_ccm_star_no_tag": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, want []byte) {
			c := ccmStart(t, id, mode, key, iv, 0, len(msg), 0)
			defer c.Close()
			out := make([]byte, len(msg))
			t.Code("Update", c.Update(msg, out), 0)
			t.Equal("output", out, want)
			t.Code("Finish", c.Finish(nil), 0)
		},
		"mbedtls_ccm_star_encrypt_and_tag": func(t *suites.T, id cbridge.CipherID, key, msg, address, counter []byte, level int, ad, want []byte, result int) {
			t.Equal("result", result, 0)
			iv, tagSize := starNonce(address, counter, level)
			t.Equal("length", len(want), len(msg)+tagSize)
			ccmEncrypt(t, true, id, key, msg, iv, ad, want)
		},
		"mbedtls_ccm_star_auth_decrypt": func(t *suites.T, id cbridge.CipherID, key, msg, address, counter []byte, level int, ad, want []byte, result int) {
			iv, tagSize := starNonce(address, counter, level)
			ccmDecrypt(t, true, id, key, msg, iv, ad, tagSize, result, want)
		},
		"mbedtls_ccm_skip_ad": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, want, tag []byte) {
			c := ccmStart(t, id, mode, key, iv, 0, len(msg), len(tag))
			defer c.Close()
			out, got := make([]byte, len(msg)), make([]byte, len(tag))
			t.Code("Update", c.Update(msg, out), 0)
			t.Equal("output", out, want)
			t.Code("Finish", c.Finish(got), 0)
			t.Equal("tag", got, tag)
		},
		"mbedtls_ccm_skip_update": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv, ad, tag []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), 0, len(tag))
			defer c.Close()
			got := make([]byte, len(tag))
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("Finish", c.Finish(got), 0)
			t.Equal("tag", got, tag)
		},
		"mbedtls_ccm_overflow_ad": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad)-1, 16, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), ccmBad)
		},
		"mbedtls_ccm_unexpected_ad": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, 0, 16, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), ccmBad)
		},
		"mbedtls_ccm_unexpected_text": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), 0, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("Update", c.Update(msg, make([]byte, len(msg))), ccmBad)
		},
		"mbedtls_ccm_incomplete_ad": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), 0, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad[:len(ad)-1]), 0)
			t.Code("Finish", c.Finish(make([]byte, 16)), ccmBad)
		},
		"mbedtls_ccm_full_ad_and_overflow": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), 16, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("UpdateAD", c.UpdateAD(make([]byte, 1)), ccmBad)
		},
		"mbedtls_ccm_incomplete_ad_and_overflow": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), 16, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad[:len(ad)-1]), 0)
			t.Code("UpdateAD", c.UpdateAD([]byte{ad[len(ad)-1], 0xab}), ccmBad)
		},
		"mbedtls_ccm_overflow_update": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), len(msg)-1, 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("Update", c.Update(msg, make([]byte, len(msg))), ccmBad)
		},
		"mbedtls_ccm_incomplete_update": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), len(msg), 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("Update", c.Update(msg[:len(msg)-1], make([]byte, len(msg))), 0)
			t.Code("Finish", c.Finish(make([]byte, 16)), ccmBad)
		},
		"mbedtls_ccm_full_update_and_overflow": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), len(msg), 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("Update", c.Update(msg, make([]byte, len(msg))), 0)
			t.Code("Update", c.Update(make([]byte, 1), make([]byte, 1)), ccmBad)
		},
		"mbedtls_ccm_incomplete_update_overflow": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, msg, iv, ad []byte) {
			c := ccmStart(t, id, mode, key, iv, len(ad), len(msg), 16)
			defer c.Close()
			t.Code("UpdateAD", c.UpdateAD(ad), 0)
			t.Code("Update", c.Update(msg[:len(msg)-1], make([]byte, len(msg))), 0)
			t.Code("Update", c.Update([]byte{msg[len(msg)-1], 0xab}, make([]byte, 2)), ccmBad)
		},
		"mbedtls_ccm_instant_finish": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, key, iv []byte) {
			c := ccmStart(t, id, mode, key, iv, 16, 16, 16)
			defer c.Close()
			t.Code("Finish", c.Finish(make([]byte, 16)), ccmBad)
		},
		"mbedtls_ccm_finish_boundary": func(t *suites.T, id cbridge.CipherID, mode cbridge.CCMMode, start, finish, want int) {
			c := newCCM(t, id, bytes.Repeat([]byte{42}, 16))
			defer c.Close()
			iv := bytes.Repeat([]byte{11}, 13)
			if start == 0 {
				t.Code("SetLengths", c.SetLengths(0, 0, 0), 0)
				t.Code("Starts", c.Starts(mode, iv), ccmBad)
			} else {
				t.Code("Starts", c.Starts(mode, iv), 0)
				t.Code("SetLengths", c.SetLengths(0, 0, start), 0)
			}
			t.Code("Finish", c.Finish(make([]byte, finish)), want)
		},
	}, unmapped{"mbedtls_ccm_self_test": selfTest})
}
