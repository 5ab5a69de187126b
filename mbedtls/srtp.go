package mbedtls

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// SRTPProfile is a protection profile of DTLS-SRTP, by its IANA number (RFC 5764 section 4.1.2).
type SRTPProfile uint16

// The profiles that Mbed TLS knows.
const (
	SRTPAES128CMHMACSHA1_80 SRTPProfile = 0x0001 // SRTP_AES128_CM_HMAC_SHA1_80
	SRTPAES128CMHMACSHA1_32 SRTPProfile = 0x0002 // SRTP_AES128_CM_HMAC_SHA1_32
	SRTPNullHMACSHA1_80     SRTPProfile = 0x0005 // SRTP_NULL_HMAC_SHA1_80: no encryption
	SRTPNullHMACSHA1_32     SRTPProfile = 0x0006 // SRTP_NULL_HMAC_SHA1_32: no encryption
)

// srtpLengths are the lengths of a profile's master keys and salts in bytes (RFC 5764 section 4.1.2).
var srtpLengths = map[SRTPProfile]struct{ key, salt int }{
	SRTPAES128CMHMACSHA1_80: {16, 14},
	SRTPAES128CMHMACSHA1_32: {16, 14},
	SRTPNullHMACSHA1_80:     {0, 0},
	SRTPNullHMACSHA1_32:     {0, 0},
}

// String is the library's name, such as "MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80"
// (mbedtls_ssl_get_srtp_profile_as_string).
func (p SRTPProfile) String() string {
	if name := cbridge.SRTPProfileName(uint16(p)); name != "" {
		return name
	}
	return fmt.Sprintf("SRTPProfile(%#04x)", uint16(p))
}

func (o *DTLSOptions) setSRTP(cc *cbridge.Config, server bool) error {
	if len(o.SRTPProfiles) == 0 {
		if len(o.SRTPMKI) > 0 || o.AcceptSRTPMKI {
			return badDTLS("SRTPProfiles", "none", "SRTPMKI and AcceptSRTPMKI need one")
		}
		return nil
	}
	ids := make([]uint16, len(o.SRTPProfiles))
	for i, p := range o.SRTPProfiles {
		if _, ok := srtpLengths[p]; !ok {
			return badDTLS(fmt.Sprintf("SRTPProfiles[%d]", i), p, "no such profile")
		}
		if slices.Contains(ids[:i], uint16(p)) {
			return badDTLS(fmt.Sprintf("SRTPProfiles[%d]", i), p, "is there already")
		}
		ids[i] = uint16(p)
	}
	if len(o.SRTPMKI) > cbridge.MaxSRTPMKILen {
		return badDTLS("SRTPMKI", fmt.Sprintf("%d bytes", len(o.SRTPMKI)), "has at most %d bytes", cbridge.MaxSRTPMKILen)
	}
	if err := cc.SetSRTPProfiles(ids); err != nil {
		return field("DTLS.SRTPProfiles", o.SRTPProfiles, err)
	}
	return cc.SetSRTPMKI(o.AcceptSRTPMKI || !server && len(o.SRTPMKI) > 0)
}

// SRTPKeys are the master keys and salts of DTLS-SRTP: each end protects what it sends with its own (RFC 5764 section
// 4.2). A profile without encryption has none.
type SRTPKeys struct {
	ClientKey, ServerKey, ClientSalt, ServerSalt []byte
}

// srtpLabel is the exporter's (RFC 5764 section 4.2).
const srtpLabel = "EXTRACTOR-dtls_srtp"

var errNoSRTP = errors.New("mbedtls: SRTPKeys: no SRTP profile was negotiated")

// SRTPKeys gives the keys for the profile that was negotiated, of which ConnectionState tells. It runs the handshake, if
// that is not complete (mbedtls_ssl_export_keying_material).
func (c *Conn) SRTPKeys() (k SRTPKeys, err error) {
	if err := c.Handshake(); err != nil {
		return k, err
	}
	lengths, ok := srtpLengths[c.ConnectionState().SRTPProfile]
	if !ok {
		return k, errNoSRTP
	}
	if lengths.key == 0 {
		return k, nil
	}
	material, err := c.ExportKeyingMaterial(srtpLabel, nil, 2*(lengths.key+lengths.salt))
	if err != nil {
		return k, err
	}
	for _, part := range []struct {
		to *[]byte
		n  int
	}{{&k.ClientKey, lengths.key}, {&k.ServerKey, lengths.key}, {&k.ClientSalt, lengths.salt}, {&k.ServerSalt, lengths.salt}} {
		*part.to, material = material[:part.n:part.n], material[part.n:]
	}
	return k, nil
}
