package upstream

import (
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/lms"
	"github.com/gombedtls/gombedtls/mbedtls/pem"
)

func init() {
	register("lms", functions{
		"lms_sign_verify_test":          lmsSign,
		"lms_sign_verify_null_msg_test": func(t *suites.T, seed []byte) { lmsSign(t, nil, seed) },
		"lms_verify_test": func(t *suites.T, msg, sig, key []byte, code int) {
			k, err := lms.ParsePublicKey(key)
			t.Code("import", err, 0)
			verifyHashBased(t, k.Verify, msg, sig, code)
		},
		"lms_import_export_test": func(t *suites.T, key []byte, code int) {
			k, err := cbridge.ImportLMSPublic(key)
			t.Code("import", err, code)
			if code == 0 {
				exportHashBased(t, k.Export, key)
			}
		},
	}, nil)
	register("lmots", functions{
		"lmots_sign_verify_test":          otsSign,
		"lmots_sign_verify_null_msg_test": func(t *suites.T, id []byte, leaf uint32, seed []byte) { otsSign(t, nil, id, leaf, seed) },
		"lmots_verify_test": func(t *suites.T, msg, sig, key []byte, code int) {
			k, err := lms.ParseOTSPublicKey(key)
			t.Code("import", err, 0)
			verifyHashBased(t, k.Verify, msg, sig, code)
		},
		"lmots_import_export_test": func(t *suites.T, key []byte, code int) {
			k, err := cbridge.ImportLMOTSPublic(key)
			t.Code("import", err, code)
			if code == 0 {
				exportHashBased(t, k.Export, key)
			}
		},
		"lmots_reuse_test": func(t *suites.T, msg, id []byte, leaf uint32, seed []byte) {
			k, err := lms.GenerateOTSKey(id, leaf, seed)
			t.Code("generate", err, 0)
			_, err = k.Sign(rndStd{}, msg)
			t.Code("sign", err, 0)
			_, err = k.Sign(rndStd{}, msg)
			t.Code("sign again", err, int(cbridge.ErrLMSBadInputData))
		},
	}, unmapped{
		"lmots_signature_leak_test": "a hook of the library's, which only builds for tests have",
	})
	register("pem", functions{
		"mbedtls_pem_write_buffer": func(t *suites.T, header, footer string, der []byte, want string) {
			_, needed, err := cbridge.PEMWrite(header, footer, der, 0)
			t.Code("size", err, int(cbridge.ErrBase64BufferTooSmall))
			got, used, err := cbridge.PEMWrite(header, footer, der, needed)
			t.Code("write", err, 0)
			t.Equal("room is enough", used <= needed && len(want)+1 <= needed, true)
			t.Equal("text", string(got), want)
			got, err = pem.Write(header, footer, der)
			t.Code("write", err, 0)
			t.Equal("text", string(got), want)
		},
		"mbedtls_pem_write_buffer_lengths": pemLengths,
		"mbedtls_pem_read_buffer": func(t *suites.T, header, footer, data, password string, code int, want []byte) {
			got, _, err := pem.Read([]byte(data), header, footer, []byte(password))
			result(t, got, err, want, code)
		},
	}, nil)
}

func lmsSign(t *suites.T, msg, seed []byte) {
	k, err := lms.GenerateKey(rndStd{}, seed)
	t.Code("generate", err, 0)
	defer k.Close()
	public, err := k.PublicKey()
	t.Code("public key", err, 0)
	sig, err := k.Sign(rndStd{}, msg)
	t.Code("sign", err, 0)
	t.Code("verify", public.Verify(msg, sig), 0)
}

func otsSign(t *suites.T, msg, id []byte, leaf uint32, seed []byte) {
	k, err := lms.GenerateOTSKey(id, leaf, seed)
	t.Code("generate", err, 0)
	defer k.Close()
	public, err := k.PublicKey()
	t.Code("public key", err, 0)
	sig, err := k.Sign(rndStd{}, msg)
	t.Code("sign", err, 0)
	t.Code("verify", public.Verify(msg, sig), 0)
}

// verifyHashBased verifies a signature, and of a right one, that nothing like it is another.
func verifyHashBased(t *suites.T, verify func(msg, sig []byte) error, msg, sig []byte, code int) {
	t.Code("verify", verify(msg, sig), code)
	if code != 0 {
		return
	}
	failed := int(cbridge.ErrLMSVerifyFailed)
	for _, b := range [][]byte{msg, sig} {
		if len(b) == 0 {
			continue
		}
		for _, i := range []int{0, len(b) - 1} {
			b[i] ^= 1
			t.Code("altered", verify(msg, sig), failed)
			b[i] ^= 1
		}
	}
	for size := range sig {
		t.Code("cut", verify(msg, sig[:size:size]), failed)
	}
}

func exportHashBased(t *suites.T, export func(size int) ([]byte, error), key []byte) {
	for _, size := range []int{len(key), len(key) + 1} {
		got, err := export(size)
		result(t, got, err, key, 0)
	}
	_, err := export(len(key) - 1)
	t.Code("too small", err, int(cbridge.ErrLMSBufferTooSmall))
}

func pemLengths(t *suites.T) {
	for n := 0; n <= 256; n++ {
		der := make([]byte, n)
		_, needed, err := cbridge.PEMWrite("\n", "\n", der, 0)
		t.Code("size", err, int(cbridge.ErrBase64BufferTooSmall))
		for _, size := range []int{1024, needed} {
			text, used, err := cbridge.PEMWrite("\n", "\n", der, size)
			t.Code("write", err, 0)
			t.Equal("needed", used, needed)
			t.Equal("zeros in the text", strings.Count(string(text), "\x00"), 0)
			t.Equal("length", len(text)+1, needed)
		}
	}
}
