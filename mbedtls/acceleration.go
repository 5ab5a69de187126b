package mbedtls

import "github.com/gombedtls/gombedtls/cbridge"

// SetAcceleration turns accelerated primitives on or off, for the process. The TLS engine is the library's C either way;
// on, Go's constant-time assembly computes the ciphers, hashes and public-key operations that it is faster at. What goes
// over the wire, the checks and the error codes are the same.
//
// It is on from the start where the processor has the instructions, but for what the environment variable MBEDTLS_ACCEL
// says: "off", "on", or a list of names as [VersionInfo] has them, separated by commas. On means all that is available.
// In a program built with the tag mbedtls_noaccel, or running in Go's FIPS 140-3 mode, nothing is, and on changes nothing.
//
// Calls that are under way, on any goroutine, go on as they began. The error is that of a value of MBEDTLS_ACCEL that
// makes no sense.
func SetAcceleration(on bool) error {
	var families cbridge.Accel
	if on {
		families = cbridge.AvailableAcceleration()
	}
	return cbridge.SetAcceleration(families)
}

// VersionInfo says what this program runs.
type VersionInfo struct {
	Release      string   // of Mbed TLS, such as 3.6.7 (mbedtls_version_get_string)
	Profile      string   // of config/profiles, such as default, or "system" for an installed Mbed TLS of others
	Acceleration []string // what is on now: aes-gcm, chacha20-poly1305, ecc, x25519, rsa, hash; nil if nothing is
}

// Version tells the release of the library, how it was built, and which primitives are accelerated.
func Version() VersionInfo {
	return VersionInfo{cbridge.Version(), cbridge.Profile, cbridge.Acceleration().Names()}
}
