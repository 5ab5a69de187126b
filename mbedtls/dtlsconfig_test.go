package mbedtls

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

func TestDTLSOptionsErrorsNameTheField(t *testing.T) {
	t.Parallel()
	setUp(t)
	cookies := cookieKeys(t, 0, 0)
	write := func([]byte) ([]byte, error) { return []byte("x"), nil }
	check := func(_, _ []byte) bool { return true }
	tests := []struct {
		field      string // "" is none
		serverOnly bool
		o          DTLSOptions
	}{
		{"HandshakeTimeoutMin", false, DTLSOptions{HandshakeTimeoutMin: -1}},
		{"HandshakeTimeoutMin", false, DTLSOptions{HandshakeTimeoutMin: time.Microsecond}},
		{"HandshakeTimeoutMin", false, DTLSOptions{HandshakeTimeoutMin: maxDuration + time.Millisecond}},
		{"HandshakeTimeoutMin", false, DTLSOptions{HandshakeTimeoutMin: 2 * time.Second, HandshakeTimeoutMax: time.Second}},
		{"HandshakeTimeoutMax", false, DTLSOptions{HandshakeTimeoutMax: -time.Second}},
		{"HandshakeTimeoutMax", false, DTLSOptions{HandshakeTimeoutMax: time.Second + 1}},
		{"HandshakeTimeoutMax", false, DTLSOptions{HandshakeTimeoutMax: 1<<63 - 1}},
		{"", false, DTLSOptions{HandshakeTimeoutMin: maxDuration}},
		{"MTU", false, DTLSOptions{MTU: -1}},
		{"MTU", false, DTLSOptions{MTU: cbridge.MinMTU() - 1}},
		{"MTU", false, DTLSOptions{MTU: maxMTU + 1}},
		{"", false, DTLSOptions{MTU: cbridge.MinMTU(), DisablePacking: true}},
		{"", false, DTLSOptions{MTU: maxMTU}},
		{"BadMACLimit", false, DTLSOptions{BadMACLimit: -1}},
		{"", false, DTLSOptions{BadMACLimit: 1<<31 - 1, InsecureDisableAntiReplay: true}},
		{"WriteCookie", true, DTLSOptions{WriteCookie: write}},
		{"WriteCookie", true, DTLSOptions{CheckCookie: check}},
		{"WriteCookie", true, DTLSOptions{WriteCookie: write, CheckCookie: check, Cookies: cookies}},
		{"InsecureDisableCookies", true, DTLSOptions{InsecureDisableCookies: true, Cookies: cookies}},
		{"InsecureDisableCookies", true, DTLSOptions{InsecureDisableCookies: true, WriteCookie: write, CheckCookie: check}},
		{"", false, DTLSOptions{Cookies: cookies, ClientTransportID: func(net.Addr) []byte { return nil }}},
		{"ConnectionID.Length", false, DTLSOptions{ConnectionID: &ConnectionID{Length: -1}}},
		{"ConnectionID.Length", false, DTLSOptions{ConnectionID: &ConnectionID{Length: MaxConnectionIDLen + 1}}},
		{"", false, DTLSOptions{ConnectionID: &ConnectionID{Length: MaxConnectionIDLen, FailUnexpected: true}}},
	}
	for _, test := range tests {
		for _, server := range []bool{false, true} {
			c := &Config{DTLS: test.o, Certificates: []Certificate{*serverCertificate}, RootCAs: roots()}
			err := c.ValidateDTLS(server)
			want, got := "", ""
			if test.field != "" && (server || !test.serverOnly) {
				want = "DTLS." + test.field
			}
			if ce := (*ConfigError)(nil); errors.As(err, &ce) {
				got = ce.Field
			}
			if got != want || (err != nil) != (want != "") {
				t.Errorf("%+v, server: %t: %v, want the field %q", test.o, server, err, want)
			}
			if err := c.Validate(server); err != nil {
				t.Errorf("over a stream: %v", err)
			}
			c.Close()
		}
	}
}
