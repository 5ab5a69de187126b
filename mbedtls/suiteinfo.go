package mbedtls

import (
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
)

// CipherSuiteInfo describes a ciphersuite, as the library's own table does (mbedtls_ssl_ciphersuite_t).
type CipherSuiteInfo struct {
	ID          uint16      // IANA's number
	Name        string      // the library's, as from CipherSuiteName
	KeyExchange KeyExchange // with the authentication; KeyExchangeNone in TLS 1.3, whose suites do not settle it
	Cipher      string      // with its mode, such as AES-128-GCM; "" if this build cannot name it
	KeyBits     int         // of the cipher
	Hash        string      // of the MAC, or with an AEAD cipher that of the PRF, such as SHA256

	// MinVersion and MaxVersion bound the protocol version. In DTLS, a suite for TLS 1.2 is for DTLS 1.2.
	MinVersion, MaxVersion uint16

	Weak     bool // no encryption
	ShortTag bool // an authentication tag of 8 bytes
	NoDTLS   bool
}

// KeyExchange is how a suite of TLS 1.2 agrees on keys (mbedtls_key_exchange_type_t).
type KeyExchange int

// The key exchanges.
const (
	KeyExchangeNone KeyExchange = iota
	KeyExchangeRSA
	KeyExchangeDHERSA
	KeyExchangeECDHERSA
	KeyExchangeECDHEECDSA
	KeyExchangePSK
	KeyExchangeDHEPSK
	KeyExchangeRSAPSK
	KeyExchangeECDHEPSK
	KeyExchangeECDHRSA
	KeyExchangeECDHECDSA
	KeyExchangeECJPAKE
)

var keyExchanges = [...]string{
	KeyExchangeNone: "none", KeyExchangeRSA: "RSA", KeyExchangeDHERSA: "DHE-RSA", KeyExchangeECDHERSA: "ECDHE-RSA",
	KeyExchangeECDHEECDSA: "ECDHE-ECDSA", KeyExchangePSK: "PSK", KeyExchangeDHEPSK: "DHE-PSK",
	KeyExchangeRSAPSK: "RSA-PSK", KeyExchangeECDHEPSK: "ECDHE-PSK", KeyExchangeECDHRSA: "ECDH-RSA",
	KeyExchangeECDHECDSA: "ECDH-ECDSA", KeyExchangeECJPAKE: "ECJPAKE",
}

// String is the name as it stands in those of suites: "ECDHE-RSA".
func (k KeyExchange) String() string {
	if k >= 0 && int(k) < len(keyExchanges) {
		return keyExchanges[k]
	}
	return fmt.Sprintf("KeyExchange(%d)", int(k))
}

// CipherSuiteByID describes a suite; ok is false if this build does not have it (mbedtls_ssl_ciphersuite_from_id).
func CipherSuiteByID(id uint16) (info CipherSuiteInfo, ok bool) {
	return suiteInfo(cbridge.SuiteByID(id))
}

// CipherSuiteByName finds a suite by the library's name of it, TLS-ECDHE-RSA-WITH-AES-128-GCM-SHA256
// (mbedtls_ssl_ciphersuite_from_string).
func CipherSuiteByName(name string) (info CipherSuiteInfo, ok bool) {
	return suiteInfo(cbridge.SuiteByName(name))
}

func suiteInfo(s cbridge.Suite, ok bool) (CipherSuiteInfo, bool) {
	return CipherSuiteInfo{
		ID:          s.ID,
		Name:        s.Name,
		KeyExchange: KeyExchange(s.KeyExchange),
		Cipher:      s.Cipher,
		KeyBits:     s.KeyBits,
		Hash:        s.MAC,
		MinVersion:  s.MinVersion,
		MaxVersion:  s.MaxVersion,
		Weak:        s.Weak,
		ShortTag:    s.ShortTag,
		NoDTLS:      s.NoDTLS,
	}, ok
}
