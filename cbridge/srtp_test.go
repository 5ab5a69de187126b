package cbridge

import (
	"bytes"
	"errors"
	"testing"
)

func withSRTP(t testing.TB, client, server []uint16, sets ...options) pair {
	t.Helper()
	if !Feature(optionSRTP) {
		t.Skip("no SRTP")
	}
	return datagramPair(t, append(sets, func(c, s *Config) {
		if err := errors.Join(c.SetSRTPProfiles(client), s.SetSRTPProfiles(server)); err != nil {
			t.Fatal(err)
		}
	})...)
}

func TestSRTPProfiles(t *testing.T) {
	const a, b, c, d = SRTPAES128CMHMACSHA1x80, SRTPAES128CMHMACSHA1x32, SRTPNullHMACSHA1x80, SRTPNullHMACSHA1x32
	for _, test := range []struct {
		client, server []uint16
		want           uint16
	}{
		{nil, nil, 0},
		{[]uint16{a}, nil, 0},
		{nil, []uint16{a}, 0},
		{[]uint16{a}, []uint16{a}, a},
		{[]uint16{b, a}, []uint16{a, b}, b}, // the client's order
		{[]uint16{a, b, c, d}, []uint16{d}, d},
		{[]uint16{a}, []uint16{b}, 0},
	} {
		p := withSRTP(t, test.client, test.server)
		if profile, mki := p.client.SRTP(); profile != 0 || mki != nil {
			t.Errorf("before the handshake: %d, %x", profile, mki)
		}
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		keys := [2][60]byte{}
		for i, s := range []*SSL{p.client, p.server} {
			if profile, mki := s.SRTP(); profile != test.want || mki != nil {
				t.Errorf("%v and %v: %d, %x; want %d", test.client, test.server, profile, mki, test.want)
			}
			if err := s.ExportKeyingMaterial(keys[i][:], "EXTRACTOR-dtls_srtp", nil); err != nil {
				t.Error(err)
			}
		}
		if keys[0] != keys[1] || keys[0] == [60]byte{} {
			t.Error("the ends have different keys")
		}
	}
}

func TestSRTPMKI(t *testing.T) {
	profiles := []uint16{SRTPAES128CMHMACSHA1x80}
	for _, c := range []struct {
		name           string
		client, server bool
		mki            []byte
		wantServer     []byte
	}{
		{"none", true, true, nil, nil},
		{"one", true, true, []byte("mki"), []byte("mki")},
		{"the longest", true, true, bytes.Repeat([]byte{7}, MaxSRTPMKILen), bytes.Repeat([]byte{7}, MaxSRTPMKILen)},
		{"of no interest to the server", true, false, []byte("mki"), nil},
	} {
		p := withSRTP(t, profiles, profiles, func(client, server *Config) {
			if err := errors.Join(client.SetSRTPMKI(c.client), server.SetSRTPMKI(c.server)); err != nil {
				t.Fatal(err)
			}
		})
		if err := p.client.SetSRTPMKI(c.mki); err != nil {
			t.Fatal(err)
		}
		if err := p.handshake(t); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		for s, want := range map[*SSL][]byte{p.client: c.wantServer, p.server: c.wantServer} {
			if profile, mki := s.SRTP(); profile != profiles[0] || !bytes.Equal(mki, want) {
				t.Errorf("%s: %d, %x; want %x", c.name, profile, mki, want)
			}
		}
		if err := p.client.SetSRTPMKI([]byte("another")); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%s: SetSRTPMKI after the handshake: %v, want ErrSSLBadInputData", c.name, err)
		}
	}
}

func TestSRTPIsChecked(t *testing.T) {
	p := withSRTP(t, nil, nil, func(client, server *Config) {
		if err := errors.Join(client.SetSRTPMKI(true), server.SetSRTPMKI(true)); err != nil {
			t.Fatal(err)
		}
	})
	for _, n := range []int{MaxSRTPMKILen + 1, 1 << 16, 1<<16 + 3} {
		if err := p.client.SetSRTPMKI(make([]byte, n)); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("%d bytes: %v, want ErrSSLBadInputData", n, err)
		}
	}
	if err := p.server.SetSRTPMKI([]byte("x")); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("of a server: %v, want ErrSSLBadInputData", err)
	}
	off := newDatagramSSL(t, Client)
	if err := off.SetSRTPMKI([]byte("x")); !errors.Is(err, ErrSSLFeatureUnavailable) {
		t.Errorf("without Config.SetSRTPMKI: %v, want ErrSSLFeatureUnavailable", err)
	}
	a := SRTPAES128CMHMACSHA1x80
	for _, ids := range [][]uint16{{0}, {a, 0, a}, {a, 3}, {0xFFFF}, {a, a, a, a, a}, make([]uint16, 1000)} {
		if err := off.conf.SetSRTPProfiles(ids); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("SetSRTPProfiles(%v): %v, want ErrSSLBadInputData", ids, err)
		}
	}
}

func TestSRTPProfileNames(t *testing.T) {
	want := 0
	if Feature(optionSRTP) {
		want = 4
	}
	if got := SRTPProfiles(); len(got) != want {
		t.Errorf("%d profiles, want %d", len(got), want)
	}
	if want > 0 && SRTPProfileName(1) != "MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80" {
		t.Errorf("profile 1 is %q", SRTPProfileName(1))
	}
	if got := SRTPProfileName(3); got != "" {
		t.Errorf("profile 3 is %q", got)
	}
}

func TestSRTPWithoutTheOption(t *testing.T) {
	if Feature(optionSRTP) {
		t.Skip("the build has it")
	}
	s := newDatagramSSL(t, Client)
	for _, err := range []error{s.conf.SetSRTPProfiles([]uint16{1}), s.conf.SetSRTPMKI(true), s.SetSRTPMKI(nil)} {
		if e := new(NotBuiltError); !errors.As(err, &e) || e.Option != optionSRTP {
			t.Errorf("%v, want %s missing", err, optionSRTP)
		}
	}
	if profile, mki := s.SRTP(); profile != 0 || mki != nil {
		t.Errorf("SRTP: %d, %x", profile, mki)
	}
}

func TestSRTPAfterClose(t *testing.T) {
	afterClose(t, Client, func(s *SSL, c *Config) []error {
		if profile, mki := s.SRTP(); profile != 0 || mki != nil {
			t.Errorf("SRTP: %d, %x", profile, mki)
		}
		return []error{c.SetSRTPProfiles(nil), c.SetSRTPMKI(false), s.SetSRTPMKI(nil)}
	})
}
