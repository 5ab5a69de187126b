package lms

import (
	"bytes"
	"errors"
	"net"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

func TestOneTimeKey(t *testing.T) {
	id := make([]byte, KeyIDLen)
	k, err := GenerateOTSKey(id, 7, []byte("a secret seed"))
	if errors.Is(err, errors.ErrUnsupported) && !cbridge.Feature("MBEDTLS_LMS_PRIVATE") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	public, err := k.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	sig, err := k.Sign(nil, []byte("message"))
	if err != nil {
		t.Fatal(err)
	}
	written, err := public.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := ParseOTSPublicKey(written)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if err := again.Verify([]byte("message"), sig); err != nil {
		t.Error(err)
	}
	if err := again.Verify([]byte("another"), sig); !errors.Is(err, cbridge.ErrLMSVerifyFailed) {
		t.Error(err)
	}
	if _, err := k.Sign(nil, []byte("message")); !errors.Is(err, cbridge.ErrLMSBadInputData) {
		t.Errorf("a second signature: %v", err)
	}
	if err := errors.Join(public.Close(), public.Close()); err != nil {
		t.Error(err)
	}
	if err := public.Verify(nil, sig); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := GenerateOTSKey(id[1:], 0, nil); !errors.Is(err, cbridge.ErrLMSBadInputData) {
		t.Errorf("a short identifier: %v", err)
	}
}

func TestPublicKey(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_LMS_C") {
		if _, err := ParsePublicKey(nil); !errors.Is(err, errors.ErrUnsupported) {
			t.Error(err)
		}
		return
	}
	key := append([]byte{0, 0, 0, 6, 0, 0, 0, 4}, make([]byte, 48)...)
	k, err := ParsePublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	if got, err := k.Marshal(); err != nil || !bytes.Equal(got, key) {
		t.Errorf("%x, %v", got, err)
	}
	if err := k.Verify([]byte("message"), make([]byte, 1452)); !errors.Is(err, cbridge.ErrLMSVerifyFailed) {
		t.Error(err)
	}
	key[3] = 5
	for _, bad := range [][]byte{nil, key[:55], key} {
		if _, err := ParsePublicKey(bad); !errors.Is(err, cbridge.ErrLMSBadInputData) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}
