package upstream

import (
	"bytes"
	"errors"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
)

func init() {
	register("pkparse", functions{
		"pk_parse_keyfile_rsa": func(t *suites.T, file, password string, code int) {
			var given []byte
			if password != "NULL" {
				given = []byte(password)
			}
			k, err := pk.ReadPrivateKey(file, given)
			t.Code("read", err, code)
			if code == 0 {
				parsedRSA(t, k)
			}
		},
		"pk_parse_public_keyfile_rsa": func(t *suites.T, file string, code int) {
			k, err := pk.ReadPublicKey(file)
			t.Code("read", err, code)
			if code != 0 {
				return
			}
			t.Equal("can do RSA", k.CanDo(pk.RSA), true)
			r, err := k.RSA()
			t.Code("RSA", err, 0)
			t.Code("check", r.CheckPublic(), 0)
			t.Equal("bits", k.Bits(), r.Bits())
			t.Equal("bytes", (k.Bits()+7)/8, r.Size())
		},
		"pk_parse_public_key_ec": func(t *suites.T, data []byte, _, code int) {
			k, err := pk.ParsePublicKey(data)
			t.Code("parse", err, code)
			if code == 0 {
				t.Equal("can do EC", k.CanDo(pk.ECKey), true)
			}
		},
		"pk_parse_public_keyfile_ec": func(t *suites.T, file string, code int) {
			k, err := pk.ReadPublicKey(file)
			t.Code("read", err, code)
			if code == 0 {
				t.Equal("can do EC", k.CanDo(pk.ECKey), true)
				group, point, err := k.EC()
				t.Code("EC", err, 0)
				_, err = pk.NewECPublic(pk.ECKey, group, point) // checks the point
				t.Code("check", err, 0)
			}
		},
		"pk_parse_keyfile_ec": func(t *suites.T, file, password string, code int) {
			k, err := pk.ReadPrivateKey(file, []byte(password))
			t.Code("read", err, code)
			if code == 0 {
				t.Equal("can do EC", k.CanDo(pk.ECKey), true)
				group, d, err := k.EC()
				t.Code("EC", err, 0)
				_, err = pk.NewEC(pk.ECKey, group, d) // checks the number
				t.Code("check", err, 0)
			}
		},
		"pk_parse_key": func(t *suites.T, data []byte, code int) {
			_, err := pk.ParsePrivateKey(data, nil)
			t.Code("parse", err, code)
		},
		"pk_parse_fix_montgomery": func(t *suites.T, data, want []byte) {
			k, err := pk.ParsePrivateKey(data, nil)
			t.Code("parse", err, 0)
			got, err := k.Bridge().WriteKeyDER(len(data))
			result(t, got, err, want, 0)
		},
	}, unmapped{
		"pk_parse_key_encrypted": "a function of the library's inside, which only builds with test hooks show",
	})
	register("pkwrite", functions{
		"pk_write_pubkey_check": func(t *suites.T, file string, der int) {
			k, err := pk.ReadPublicKey(file)
			t.Code("read", err, 0)
			writeCheck(t, file, der, k.Bridge().WritePubKeyDER, k.Bridge().WritePubKeyPEM)
		},
		"pk_write_key_check": func(t *suites.T, file string, der int) {
			k, err := pk.ReadPrivateKey(file, nil)
			t.Code("read", err, 0)
			writeCheck(t, file, der, k.Bridge().WriteKeyDER, k.Bridge().WriteKeyPEM)
		},
		"pk_write_public_from_private": func(t *suites.T, private, public string) {
			k, err := pk.ReadPrivateKey(private, nil)
			t.Code("read", err, 0)
			want := readFile(t, public)
			got, err := k.Bridge().WritePubKeyDER(len(want))
			result(t, got, err, want, 0)
			half, err := k.PublicKey()
			t.Code("public key", err, 0)
			got, err = half.MarshalDER()
			result(t, got, err, want, 0)
		},
	}, nil)
}

func parsedRSA(t *suites.T, k *pk.PrivateKey) {
	t.Equal("can do RSA", k.CanDo(pk.RSA), true)
	r, err := k.RSA()
	t.Code("RSA", err, 0)
	defer r.Close()
	t.Code("check", r.CheckPrivate(), 0)
	t.Equal("bits", k.Bits(), r.Bits())
	t.Equal("bytes", (k.Bits()+7)/8, r.Size())
}

// writeCheck writes a key into each number of bytes, of which those that the file has, and more, must do.
func writeCheck(t *suites.T, file string, isDER int, der, pem func(size int) ([]byte, error)) {
	want, write, small, end := bytes.ReplaceAll(readFile(t, file), []byte("\r"), nil), pem, cbridge.ErrBase64BufferTooSmall, 1
	if isDER != 0 {
		want, write, small, end = readFile(t, file), der, cbridge.ErrASN1BufTooSmall, 0
	}
	for size := 1; size <= len(want)+end+2; size++ {
		got, err := write(size)
		if size < len(want)+end {
			if !errors.Is(err, small) {
				t.Fatalf("%d bytes: %v, want %v", size, err, small)
			}
			continue
		}
		result(t, got, err, want, 0)
	}
}
