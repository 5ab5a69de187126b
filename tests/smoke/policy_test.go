package smoke

import (
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// The policies that are there fit every build that has a version which they allow.
func TestSmokePolicies(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy mbedtls.Policy
	}{{"default", mbedtls.DefaultPolicy}, {"strict", mbedtls.StrictPolicy}, {"Suite B", mbedtls.SuiteBPolicy}} {
		t.Run(tt.name, func(t *testing.T) {
			rules := tt.policy.Rules()
			config := &mbedtls.Config{Policy: tt.policy, InsecureSkipVerify: true}
			defer config.Close()
			allowed := func(version uint16, option string) bool {
				return cbridge.Feature(option) && rules.ForbidsVersion(version) == ""
			}
			stream := allowed(mbedtls.VersionTLS12, "MBEDTLS_SSL_PROTO_TLS1_2") || allowed(mbedtls.VersionTLS13, "MBEDTLS_SSL_PROTO_TLS1_3")
			datagram := allowed(mbedtls.VersionDTLS12, "MBEDTLS_SSL_PROTO_DTLS")
			for _, transport := range []struct {
				has      bool
				validate func(bool) error
			}{{stream, config.Validate}, {datagram, config.ValidateDTLS}} {
				if err := transport.validate(false); (err == nil) != transport.has {
					t.Errorf("%v; the build has a version: %t", err, transport.has)
				}
			}
		})
	}
}
