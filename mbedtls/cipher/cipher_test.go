package cipher

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"net"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

func named(t testing.TB, name string, op Operation) *Cipher {
	t.Helper()
	i, err := ByName(name)
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(i.Type, data(i.KeyBits/8), op)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestTypes(t *testing.T) {
	t.Parallel()
	list := List()
	if len(list) == 0 {
		t.Fatal("no ciphers")
	}
	for _, typ := range list {
		i, err := typ.Info()
		if err != nil || i.Type != typ || typ.String() != i.Name {
			t.Errorf("%v: %+v, %v", typ, i, err)
		}
		mustBe(t, i.Name+" with a key that is too long", second(New(typ, make([]byte, i.KeyBits/8+1), Encrypt)), cbridge.ErrCipherBadInputData)
	}
	for _, err := range []error{second(Type(250).Info()), second(ByName("aes-128-cbc")), second(ByName("AES-128-CBC\x00")), second(ByValues(AES, 129, ModeCBC)), second(New(250, nil, Encrypt))} {
		mustBe(t, "no cipher", err, cbridge.ErrCipherFeatureUnavailable)
	}
	if s := Type(250).String(); s != "Type(250)" {
		t.Error(s)
	}
}

// Each cipher that encrypts decrypts what it has encrypted.
func TestEachCipher(t *testing.T) {
	t.Parallel()
	for _, typ := range List() {
		i, _ := typ.Info()
		t.Run(i.Name, func(t *testing.T) {
			t.Parallel()
			e, d := named(t, i.Name, Encrypt), named(t, i.Name, Decrypt)
			iv, in := data(i.IVSize), data(48)
			switch i.Mode {
			case ModeCCM, ModeKW, ModeKWP:
				tag, ad := 8, data(5)
				if i.Mode != ModeCCM {
					tag, ad, iv = 0, nil, nil
				}
				sealed, err := e.Seal(nil, iv, in, ad, tag)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := d.Open(nil, iv, sealed, ad, tag); err != nil || !bytes.Equal(got, in) {
					t.Errorf("%x, %v", got, err)
				}
				sealed[3] ^= 1
				mustBe(t, "another message", second(d.Open(nil, iv, sealed, ad, tag)), cbridge.ErrCipherAuthFailed)
				e.SetIV(iv)
				mustBe(t, "Update", second(e.Update(nil, in)), cbridge.ErrCipherFeatureUnavailable)
				return
			case ModeECB:
				in = in[:i.BlockSize]
			case ModeCBC:
				mustBe(t, "without a padding", second(e.Finish(nil)), cbridge.ErrCipherBadInputData)
				for _, c := range []*Cipher{e, d} {
					if err := c.SetPadding(PKCS7); err != nil {
						t.Fatal(err)
					}
				}
			case ModeCCMStarNoTag:
				iv = data(13)
			}
			if i.Mode != ModeCBC {
				mustBe(t, "SetPadding", e.SetPadding(PKCS7), cbridge.ErrCipherBadInputData)
			}
			if i.IVSize > 0 {
				mustBe(t, "Update without an IV", second(e.Update(nil, in)), cbridge.ErrCipherBadInputData)
			}
			crypted, err := e.message(nil, iv, in)
			if err != nil {
				t.Fatal(err)
			}
			var tag []byte
			if i.Mode == ModeGCM || i.Mode == ModeChaCha20Poly1305 {
				if tag, err = e.WriteTag(16); err != nil {
					t.Fatal(err)
				}
				mustBe(t, "Update with a nonce of another message", second(e.Update(nil, in)), cbridge.ErrCipherBadInputData)
			}
			got, err := d.message(nil, iv, crypted)
			if err != nil || !bytes.Equal(got, in) || i.Name != "NULL" && bytes.Equal(crypted[:len(in)], in) {
				t.Errorf("%x becomes %x and %x, %v", in, crypted, got, err)
			}
			if tag != nil {
				if err := d.CheckTag(tag); err != nil {
					t.Error(err)
				}
				d.message(nil, iv, crypted)
				mustBe(t, "another tag", d.CheckTag(make([]byte, 16)), cbridge.ErrCipherAuthFailed)
				mustBe(t, "tag's size", second(e.WriteTag(17)), cbridge.ErrCipherBadInputData)
			} else {
				mustBe(t, "WriteTag", second(e.WriteTag(16)), cbridge.ErrCipherFeatureUnavailable)
				mustBe(t, "UpdateAD", e.UpdateAD(in), cbridge.ErrCipherFeatureUnavailable)
			}
		})
	}
}

// message is a whole message, without a tag.
func (c *Cipher) message(dst, iv, src []byte) (out []byte, err error) {
	if err := c.SetIV(iv); err != nil && len(iv) > 0 {
		return nil, err
	}
	if err := c.Reset(); err != nil {
		return nil, err
	}
	if c.Info().Mode == ModeChaCha20Poly1305 || c.Info().Mode == ModeGCM {
		if err := c.UpdateAD([]byte("data")); err != nil {
			return nil, err
		}
	}
	if dst, err = c.Update(dst, src); err != nil {
		return nil, err
	}
	return c.Finish(dst)
}

// To the library, only UpdateAD begins a message with ChaCha20-Poly1305.
func TestChaCha20Poly1305NeedsNoAdditionalData(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_CHACHAPOLY_C") {
		t.Skip("not in this build")
	}
	msg := data(50)
	a := must[*AEAD](t)(NewChaCha20Poly1305(data(32)))
	defer a.Close()
	c := named(t, "CHACHA20-POLY1305", Encrypt)
	for i := range byte(3) {
		nonce := bytes.Repeat([]byte{i}, 12)
		for _, err := range []error{c.SetIV(nonce), c.Reset()} {
			mustBe(t, "begin", err, nil)
		}
		sealed := must[[]byte](t)(c.Update(nil, msg))
		if i == 1 {
			continue // and give it up
		}
		sealed = append(sealed, must[[]byte](t)(c.WriteTag(16))...)
		if got, err := a.Open(nil, nonce, sealed, nil); err != nil || !bytes.Equal(got, msg) {
			t.Errorf("message %d: %x, %v", i, got, err)
		}
	}
	mustBe(t, "SetIV", c.SetIV(make([]byte, 12)), nil)
	if tag := must[[]byte](t)(c.WriteTag(16)); !bytes.Equal(tag, a.Seal(nil, make([]byte, 12), nil, nil)) {
		t.Errorf("of nothing: %x", tag)
	}
}

func TestAdditionalDataComesFirst(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]string{"AES-128-GCM": "MBEDTLS_GCM_C", "CHACHA20-POLY1305": "MBEDTLS_CHACHAPOLY_C"} {
		if !cbridge.Feature(option) {
			continue
		}
		c := named(t, name, Encrypt)
		mustBe(t, name+": SetIV", c.SetIV(data(12)), nil)
		mustBe(t, name+": UpdateAD", c.UpdateAD(data(5)), nil)
		if name != "AES-128-GCM" { // which takes it in pieces
			mustBe(t, name+": a second UpdateAD", c.UpdateAD(data(5)), cbridge.ErrCipherBadInputData)
		}
		must[[]byte](t)(c.Update(nil, data(5)))
		mustBe(t, name+": UpdateAD after Update", c.UpdateAD(data(5)), cbridge.ErrCipherBadInputData)
		mustBe(t, name+": the next IV", c.SetIV(data(12)), nil)
		mustBe(t, name+": UpdateAD with it", c.UpdateAD(data(5)), nil)
		must[[]byte](t)(c.Seal(nil, make([]byte, 12), data(5), nil, 16))
		mustBe(t, name+": the tag of a message in pieces after a whole one", second(c.WriteTag(16)), cbridge.ErrCipherBadInputData)
	}
}

// The library would write the wrapped key over the one that it wraps.
func TestKeysAreNotWrappedInPlace(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_NIST_KW_C") {
		t.Skip("not in this build")
	}
	for _, name := range []string{"AES-128-KW", "AES-128-KWP"} {
		c, buf := named(t, name, Encrypt), make([]byte, 100)
		copy(buf, data(16))
		mustBe(t, name, second(c.Seal(buf[:0], nil, buf[:16], nil, 0)), cbridge.ErrCipherBadInputData)
		if !bytes.Equal(buf[:16], data(16)) {
			t.Errorf("%s: the key has changed", name)
		}
		wrapped := must[[]byte](t)(c.Seal(nil, nil, data(16), nil, 0))
		d := named(t, name, Decrypt)
		for _, dst := range [][]byte{nil, wrapped[:0]} { // unwrapping may be in place
			if got, err := d.Open(dst, nil, wrapped, nil, 0); err != nil || !bytes.Equal(got, data(16)) {
				t.Errorf("%s: %x, %v", name, got, err)
			}
		}
	}
}

func TestOpenOfATagThatIsTooShortDecryptsNothing(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_GCM_C") {
		t.Skip("not in this build")
	}
	buf := data(20)
	mustBe(t, "Open", second(named(t, "AES-128-GCM", Decrypt).Open(buf[:0], data(12), buf, nil, 2)), cbridge.ErrGCMBadInput)
	if !bytes.Equal(buf, data(20)) {
		t.Errorf("the buffer is %x", buf)
	}
}

func TestFinishPaddedLeavesNothingOfABlockThatIsWrong(t *testing.T) {
	t.Parallel()
	c := named(t, "AES-128-CBC", Decrypt)
	if err := c.SetPadding(PKCS7); err != nil {
		t.Skip(err)
	}
	mustBe(t, "SetIV", c.SetIV(make([]byte, 16)), nil)
	must[[]byte](t)(c.Update(nil, make([]byte, 16)))
	room := make([]byte, 16)
	out, invalid, err := c.FinishPadded(room[:0])
	if len(out) != 0 || invalid != math.MaxUint || err != nil || !bytes.Equal(room, make([]byte, 16)) {
		t.Errorf("%x, %x, %v; %x", out, invalid, err, room)
	}
}

// In GCM, Finish writes nothing, and what lies behind the message may be its tag.
func TestFinishPaddedLeavesWhatIsBehind(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_GCM_C") || !cbridge.Feature("MBEDTLS_CIPHER_MODE_CBC") {
		t.Skip("not in this build")
	}
	msg := data(5)
	sealed := must[[]byte](t)(named(t, "AES-128-GCM", Encrypt).Seal(nil, data(12), msg, nil, 16))
	d := named(t, "AES-128-GCM", Decrypt)
	mustBe(t, "SetIV", d.SetIV(data(12)), nil)
	out := must[[]byte](t)(d.Update(sealed[:0], sealed[:5]))
	out, _, err := d.FinishPadded(out)
	mustBe(t, "FinishPadded", err, nil)
	mustBe(t, "CheckTag", d.CheckTag(sealed[5:]), nil)
	if !bytes.Equal(out, msg) {
		t.Errorf("%x, want %x", out, msg)
	}
}

func TestSealOfATagThatIsTooLong(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_GCM_C") {
		t.Skip("not in this build")
	}
	mustBe(t, "Seal", second(named(t, "AES-128-GCM", Encrypt).Seal(nil, data(12), data(5), nil, math.MaxInt)),
		cbridge.ErrGCMBadInput)
}

func TestCBCWithPaddings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		padding Padding
		option  string
		last    string // of a block of 3 bytes
	}{
		{PKCS7, "MBEDTLS_CIPHER_PADDING_PKCS7", "0d0d0d0d0d0d0d0d0d0d0d0d0d"},
		{OneAndZeros, "MBEDTLS_CIPHER_PADDING_ONE_AND_ZEROS", "80000000000000000000000000"},
		{ZerosAndLen, "MBEDTLS_CIPHER_PADDING_ZEROS_AND_LEN", "0000000000000000000000000d"},
		{Zeros, "MBEDTLS_CIPHER_PADDING_ZEROS", "00000000000000000000000000"},
	} {
		e, d, raw := named(t, "AES-128-CBC", Encrypt), named(t, "AES-128-CBC", Decrypt), named(t, "AES-128-CBC", Decrypt)
		if !cbridge.Feature(c.option) {
			mustBe(t, c.option, e.SetPadding(c.padding), cbridge.ErrCipherFeatureUnavailable)
			continue
		}
		for _, err := range []error{e.SetPadding(c.padding), d.SetPadding(c.padding), raw.SetPadding(NoPadding)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		iv, in := data(16), []byte("abc")
		crypted, err := e.Crypt(nil, iv, in)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := raw.Crypt(nil, iv, crypted); err != nil || hex.EncodeToString(got[3:]) != c.last {
			t.Errorf("%s: %x, %v", c.option, got, err)
		}
		if got, err := d.Crypt(nil, iv, crypted); err != nil || string(got) != "abc" {
			t.Errorf("%s: %x, %v", c.option, got, err)
		}
		if c.padding == Zeros {
			continue
		}
		if err := raw.SetPadding(NoPadding); err != nil {
			t.Fatal(err)
		}
		block := named(t, "AES-128-CBC", Encrypt)
		if err := block.SetPadding(NoPadding); err != nil {
			t.Fatal(err)
		}
		wrong, err := block.Crypt(nil, iv, bytes.Repeat([]byte{0x55}, 16))
		if err != nil {
			t.Fatal(err)
		}
		mustBe(t, c.option, second(d.Crypt(nil, iv, wrong)), cbridge.ErrCipherInvalidPadding)
		d.SetIV(iv)
		d.Reset()
		out, err := d.Update(nil, wrong)
		if err != nil {
			t.Fatal(err)
		}
		if out, invalid, err := d.FinishPadded(out); err != nil || invalid != ^uint(0) || len(out) != 0 {
			t.Errorf("%s: %x, invalid is %#x, %v", c.option, out, invalid, err)
		}
	}
	e := named(t, "AES-128-CBC", Encrypt)
	mustBe(t, "no padding", e.SetPadding(17), cbridge.ErrCipherFeatureUnavailable)
	if err := e.SetPadding(NoPadding); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "part of a block", second(e.Crypt(nil, data(16), data(17))), cbridge.ErrCipherFullBlockExpected)
}

// Pieces of all lengths give what OpenSSL gives.
func TestCBCInPieces(t *testing.T) {
	t.Parallel()
	in, iv := data(1000), data(16)
	want := openSSL(t, in, "enc", "-aes-256-cbc", "-K", hex.EncodeToString(data(32)), "-iv", hex.EncodeToString(iv))
	e, d := named(t, "AES-256-CBC", Encrypt), named(t, "AES-256-CBC", Decrypt)
	for _, c := range []struct {
		c        *Cipher
		in, want []byte
	}{{e, in, want}, {d, want, in}} {
		if err := c.c.SetPadding(PKCS7); err != nil {
			t.Fatal(err)
		}
		for _, step := range []int{1, 3, 15, 16, 17, 31, 32, 33, 1000} {
			c.c.SetIV(iv)
			c.c.Reset()
			var out []byte
			var err error
			for i := 0; i < len(c.in); i += step {
				if out, err = c.c.Update(out, c.in[i:min(i+step, len(c.in))]); err != nil {
					t.Fatal(err)
				}
			}
			if out, err = c.c.Finish(out); err != nil || !bytes.Equal(out, c.want) {
				t.Errorf("pieces of %d: %x, %v, want %x", step, out, err, c.want)
			}
		}
	}
}

func TestOverlap(t *testing.T) {
	t.Parallel()
	c := named(t, "AES-128-CBC", Encrypt)
	if err := c.SetPadding(NoPadding); err != nil {
		t.Fatal(err)
	}
	c.SetIV(data(16))
	buf := data(200)
	mustBe(t, "in another place", second(c.Update(buf[:3], buf[:64])), cbridge.ErrCipherBadInputData)
	mustBe(t, "in place, part of a block", second(c.Update(buf[:0], buf[:17])), cbridge.ErrCipherBadInputData)
	if !bytes.Equal(buf, data(200)) {
		t.Error("an error has changed the input")
	}
	out, err := c.Update(buf[:0], buf[:64])
	if err != nil || len(out) != 64 || &out[0] != &buf[0] {
		t.Errorf("in place: %d bytes, %v", len(out), err)
	}
}

func TestCipherAfterClose(t *testing.T) {
	t.Parallel()
	c := named(t, "AES-128-CBC", Encrypt)
	c.Close()
	c.Close()
	for name, err := range map[string]error{
		"SetIV": c.SetIV(data(16)), "Reset": c.Reset(), "SetPadding": c.SetPadding(PKCS7), "UpdateAD": c.UpdateAD(nil),
		"Update": second(c.Update(nil, data(16))), "Finish": second(c.Finish(nil)), "WriteTag": second(c.WriteTag(16)),
		"CheckTag": c.CheckTag(data(16)), "Crypt": second(c.Crypt(nil, data(16), nil)), "Seal": second(c.Seal(nil, nil, nil, nil, 16)),
		"Open": second(c.Open(nil, nil, data(16), nil, 16)),
	} {
		mustBe(t, name, err, net.ErrClosed)
	}
}

// The library crashes on a context without a key; the bridge does not let it.
func TestNoKey(t *testing.T) {
	t.Parallel()
	for _, typ := range List() {
		c, err := cbridge.NewCipher(cbridge.CipherType(typ))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		out := make([]byte, 64)
		for name, err := range map[string]error{
			"Update": second(c.Update(out, data(16))), "Finish": second(c.Finish(out)), "Crypt": second(c.Crypt(data(16), out, data(16))),
			"AuthEncrypt": second(c.AuthEncrypt(data(12), nil, out, data(16), 16)),
			"AuthDecrypt": second(c.AuthDecrypt(data(12), nil, out, data(32), 16)),
		} {
			mustBe(t, typ.String()+": "+name, err, cbridge.ErrCipherBadInputData)
		}
		i, _ := typ.Info()
		key := data(i.KeyBits / 8)
		if err := c.SetKey(key, cbridge.Encrypt); err != nil {
			t.Errorf("%v: %v", typ, err)
		}
		mustBe(t, "a second key", c.SetKey(key, cbridge.Encrypt), cbridge.ErrCipherBadInputData)
		mustBe(t, "no operation", second(New(typ, key, 7)), cbridge.ErrCipherBadInputData)
	}
}

func TestNotBuilt(t *testing.T) {
	t.Parallel()
	for option, err := range map[string]error{
		"MBEDTLS_ARIA_C": second(NewBlock(ARIA, data(16))), "MBEDTLS_CAMELLIA_C": second(NewBlock(Camellia, data(16))),
		"MBEDTLS_DES_C": second(NewBlock(DES, data(8))), "MBEDTLS_CCM_C": second(NewCCM(AES, data(16), 12, 16)),
		"MBEDTLS_CHACHAPOLY_C": second(NewChaCha20Poly1305(data(32))), "MBEDTLS_NIST_KW_C": second(NewKW(data(16))),
	} {
		if cbridge.Feature(option) {
			if err != nil {
				t.Errorf("%s: %v", option, err)
			}
			continue
		}
		if mustBe(t, option, err, errors.ErrUnsupported); !strings.Contains(err.Error(), option) {
			t.Errorf("%v does not name %s", err, option)
		}
	}
}
