package mbedtls

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

func (c *Config) hasECJPAKE() bool { return len(c.ECJPAKEPassword) > 0 || c.ECJPAKEKeyID != 0 }

func (c *Config) setECJPAKE(cc *cbridge.Config, _ bool) error {
	const option = "MBEDTLS_KEY_EXCHANGE_ECJPAKE_ENABLED"
	if c.ECJPAKEPassword != nil && len(c.ECJPAKEPassword) == 0 {
		return badField("ECJPAKEPassword", "0 bytes", "a password is not empty")
	}
	if !c.hasECJPAKE() {
		return nil
	}
	name, value := "ECJPAKEPassword", any(fmt.Sprintf("%d bytes", len(c.ECJPAKEPassword)))
	if c.ECJPAKEKeyID != 0 {
		name, value = "ECJPAKEKeyID", c.ECJPAKEKeyID
	}
	switch {
	case !cbridge.Feature(option):
		return field(name, value, &NotBuiltError{Option: option})
	case c.ECJPAKEKeyID != 0 && len(c.ECJPAKEPassword) > 0:
		return badField(name, value, "there is an ECJPAKEPassword too")
	case c.ECJPAKEKeyID != 0 && !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO"):
		return field(name, value, &NotBuiltError{Option: "MBEDTLS_USE_PSA_CRYPTO"})
	case len(c.ECJPAKEPassword) > cbridge.MaxECJPAKEPasswordLen:
		return badField(name, value, "a password has at most %d bytes", cbridge.MaxECJPAKEPasswordLen)
	case c.ECJPAKEKeyID == 0 && len(bytes.Trim(c.ECJPAKEPassword, "\x00")) == 0:
		return badField(name, value, "a password of zero bytes alone is the number 0, which EC J-PAKE cannot use")
	}
	if c.unjudged() {
		return nil
	}
	if err := c.checkTLS12(name, value); err != nil {
		return err
	}
	if len(c.CipherSuites) == 0 {
		return cc.SetCiphersuites([]int{cbridge.ECJPAKESuite})
	}
	if !slices.Contains(c.CipherSuites, cbridge.ECJPAKESuite) {
		return badField(name, value, "CipherSuites lacks %s", CipherSuiteName(cbridge.ECJPAKESuite))
	}
	return nil
}

// giveECJPAKE sets the password, which the library forgets with each handshake.
func (c *Config) giveECJPAKE(ssl *cbridge.SSL) error {
	switch {
	case c.ECJPAKEKeyID != 0:
		return field("ECJPAKEKeyID", c.ECJPAKEKeyID, ssl.SetECJPAKEPasswordOpaque(c.ECJPAKEKeyID))
	case len(c.ECJPAKEPassword) > 0:
		return field("ECJPAKEPassword", "set", ssl.SetECJPAKEPassword(c.ECJPAKEPassword))
	}
	return nil
}
