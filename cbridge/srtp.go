package cbridge

// #include "bridge.h"
import "C"

import (
	"slices"
	"unsafe"
)

const optionSRTP = "MBEDTLS_SSL_DTLS_SRTP"

// The protection profiles of DTLS-SRTP, as IANA numbers them.
const (
	SRTPAES128CMHMACSHA1x80 uint16 = 0x0001
	SRTPAES128CMHMACSHA1x32 uint16 = 0x0002
	SRTPNullHMACSHA1x80     uint16 = 0x0005
	SRTPNullHMACSHA1x32     uint16 = 0x0006
)

// MaxSRTPMKILen is the longest master key identifier, in bytes: RFC 5764, section 4.1.3.
const MaxSRTPMKILen = C.GM_SRTP_MKI_MAX

// SRTPProfiles are the profiles that the build knows.
func SRTPProfiles() []uint16 {
	all := []uint16{SRTPAES128CMHMACSHA1x80, SRTPAES128CMHMACSHA1x32, SRTPNullHMACSHA1x80, SRTPNullHMACSHA1x32}
	return slices.DeleteFunc(all, func(id uint16) bool { return SRTPProfileName(id) == "" })
}

// SRTPProfileName is the library's name of a profile: MBEDTLS_TLS_SRTP_AES128_CM_HMAC_SHA1_80; "" if the build does not
// know it (mbedtls_ssl_get_srtp_profile_as_string).
func SRTPProfileName(id uint16) string { return C.GoString(C.gm_srtp_profile_name(C.uint(id))) }

// SetSRTPProfiles sets the protection profiles of DTLS-SRTP that a client offers, in order of preference, and of which
// a server takes the first that its client offers; none turns it off (mbedtls_ssl_conf_dtls_srtp_protection_profiles).
// What is none of [SRTPProfiles], or more than four, is ErrSSLBadInputData, and turns it off, too.
func (c *Config) SetSRTPProfiles(ids []uint16) error {
	return c.set("mbedtls_ssl_conf_dtls_srtp_protection_profiles", optionSRTP, func(cc *C.gm_config) C.int {
		if slices.Contains(ids, 0) { // for C it would be the end of the list
			C.gm_conf_srtp_profiles(cc, (*C.uint16_t)(cArray(&c.kept.lists, []uint16(nil))))
			return C.int(ErrSSLBadInputData)
		}
		return C.gm_conf_srtp_profiles(cc, (*C.uint16_t)(cArray(&c.kept.lists, ids)))
	})
}

// SetSRTPMKI lets a client send a master key identifier, and a server take it
// (mbedtls_ssl_conf_srtp_mki_value_supported).
func (c *Config) SetSRTPMKI(on bool) error {
	return c.set("mbedtls_ssl_conf_srtp_mki_value_supported", optionSRTP, func(cc *C.gm_config) C.int {
		return C.gm_conf_srtp_mki(cc, flag(on))
	})
}

// SetSRTPMKI sets the master key identifier that a client sends, at most MaxSRTPMKILen bytes, before its handshake
// (mbedtls_ssl_dtls_srtp_set_mki_value). SessionReset forgets it. Without Config.SetSRTPMKI it is
// ErrSSLFeatureUnavailable.
func (s *SSL) SetSRTPMKI(mki []byte) error {
	return s.during("mbedtls_ssl_dtls_srtp_set_mki_value", optionSRTP, func(c *C.gm_ssl) C.int {
		return C.gm_ssl_set_srtp_mki(c, cbytes(mki), C.size_t(len(mki)))
	})
}

// SRTP is the profile that was negotiated, or 0, and the master key identifier; known after the handshake
// (mbedtls_ssl_get_dtls_srtp_negotiation_result). The keys are for [SSL.ExportKeyingMaterial] to derive: RFC 5764,
// section 4.2.
func (s *SSL) SRTP() (profile uint16, mki []byte) {
	srtp := query(s, func(c *C.gm_ssl) C.gm_srtp { return C.gm_ssl_srtp(c) })
	if srtp.len > 0 {
		mki = C.GoBytes(unsafe.Pointer(&srtp.mki[0]), C.int(srtp.len))
	}
	return uint16(srtp.profile), mki
}
