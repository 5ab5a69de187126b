package mbedtls

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Limits of a PSK in this build, in bytes: MBEDTLS_PSK_MAX_LEN, and what the library can send in one message.
const (
	MaxPSKLen         = cbridge.MaxPSKLen
	MaxPSKIdentityLen = cbridge.MaxPSKIdentityLen
)

// PSK is a pre-shared key.
type PSK struct {
	// Identity names the key to the peer, in the clear: any bytes, 1 to MaxPSKIdentityLen. A long one may not fit in the
	// message that carries it; the handshake then fails.
	Identity string

	// Key is the key, 1 to MaxPSKLen bytes. It must have the entropy of a key: who sees a handshake can try guesses.
	Key []byte

	// KeyID, if not 0, is a key in PSA's key store, in place of Key. It must stay there while a Config uses it. TLS 1.3
	// needs it to be exportable, on a server; a client with it is limited to TLS 1.2, since Mbed TLS 3.6 does not look
	// it up in TLS 1.3. It needs a build with MBEDTLS_USE_PSA_CRYPTO (profile full).
	KeyID KeyID
}

// String tells the identity, and not the key.
func (p *PSK) String() string { return fmt.Sprintf("PSK %q", p.Identity) }

// GoString is String: no key in a log.
func (p *PSK) GoString() string { return p.String() }

// KeyID is the number of a key in PSA's key store.
type KeyID = cbridge.KeyID

// ImportPSK puts a key into PSA's volatile key store, for PSK.KeyID: usable with all suites of TLS 1.2, and for TLS 1.3.
// DestroyKey takes it out (psa_import_key).
func ImportPSK(key []byte) (KeyID, error) { return cbridge.ImportPSK(key) }

// ImportECJPAKEPassword puts a password into PSA's volatile key store, for Config.ECJPAKEKeyID.
func ImportECJPAKEPassword(password []byte) (KeyID, error) {
	return cbridge.ImportECJPAKEPassword(password)
}

// DestroyKey wipes a key of PSA's key store. No Config may use it any more (psa_destroy_key).
func DestroyKey(id KeyID) error { return cbridge.DestroyKey(id) }

// TLS13KeyExchange is a set of key exchanges of TLS 1.3.
type TLS13KeyExchange int

// The key exchanges of TLS 1.3 (RFC 8446 section 2).
const (
	TLS13PSK          TLS13KeyExchange = cbridge.KexPSK          // psk_ke: a key alone, no forward secrecy
	TLS13PSKEphemeral TLS13KeyExchange = cbridge.KexPSKEphemeral // psk_dhe_ke
	TLS13Ephemeral    TLS13KeyExchange = cbridge.KexEphemeral    // certificates

	allKeyExchanges = TLS13PSK | TLS13PSKEphemeral | TLS13Ephemeral
)

// check says what the library cannot take, by the name of the Config's field.
func (p *PSK) check(name string) error {
	switch {
	case p.KeyID != 0 && len(p.Key) > 0:
		return badField(name, p, "has both a Key and a KeyID")
	case p.KeyID == 0 && (len(p.Key) == 0 || len(p.Key) > MaxPSKLen):
		return badField(name+".Key", fmt.Sprintf("%d bytes", len(p.Key)), "a key has 1 to %d bytes", MaxPSKLen)
	case p.KeyID != 0 && !cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO"):
		return field(name+".KeyID", p.KeyID, &NotBuiltError{Option: "MBEDTLS_USE_PSA_CRYPTO"})
	}
	return nil
}

// pskOnly tells whether certificates cannot authenticate the server, so that no key exchange needs one.
func (c *Config) pskOnly(server bool) bool {
	if c.PSK == nil && (!server || c.GetPSK == nil) || c.unjudged() {
		return false
	}
	if server {
		return len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil
	}
	return c.RootCAs == nil && c.GetTrustedCAs == nil && !c.InsecureSkipVerify
}

// needsTLS12 tells whether a credential is for TLS 1.2 only.
func (c *Config) needsTLS12(server bool) bool {
	return cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") && !c.unjudged() && (c.hasECJPAKE() || !server && c.PSK != nil && c.PSK.KeyID != 0)
}

// checkTLS12 reports that TLS 1.3 was asked for with a credential for TLS 1.2.
func (c *Config) checkTLS12(name string, value any) error {
	if c.MinVersion == VersionTLS13 || c.MaxVersion == VersionTLS13 {
		return badField(name, value, "is for TLS 1.2 only, and MinVersion or MaxVersion asks for TLS 1.3")
	}
	return nil
}

func (c *Config) setPSK(cc *cbridge.Config, server bool) error {
	if psk := c.PSK; psk != nil {
		if err := psk.check("PSK"); err != nil {
			return err
		}
		if n := len(psk.Identity); n == 0 || n > MaxPSKIdentityLen {
			return badField("PSK.Identity", fmt.Sprintf("%d bytes", n), "an identity has 1 to %d bytes", MaxPSKIdentityLen)
		}
		if err := c.setStaticPSK(cc, server); err != nil {
			return err
		}
	}
	if server && c.GetPSK != nil {
		err := cc.SetPSKFunc(func(ssl *cbridge.SSL, identity []byte) error {
			return ssl.UserData().(*core).findPSK(ssl, string(identity))
		})
		if err := field("GetPSK", "set", err); err != nil {
			return err
		}
	}
	return c.setKeyExchange(cc, server)
}

func (c *Config) hidesUnknownPSK() bool {
	r := c.rules()
	return c.HideUnknownPSK || r != nil && r.HideUnknownUsers
}

func (c *Config) setStaticPSK(cc *cbridge.Config, server bool) error {
	psk := c.PSK
	switch {
	case server && c.GetPSK != nil:
		return nil
	case server && (c.hidesUnknownPSK() || psk.KeyID != 0): // the library's own look-up does neither
		return field("PSK", psk, cc.SetPSKFunc(func(ssl *cbridge.SSL, identity []byte) error {
			return ssl.UserData().(*core).findPSK(ssl, string(identity))
		}))
	case psk.KeyID != 0:
		if err := c.checkTLS12("PSK.KeyID", psk.KeyID); err != nil {
			return err
		}
		return field("PSK", psk, cc.SetPSKOpaque(psk.KeyID, []byte(psk.Identity)))
	}
	return field("PSK", psk, cc.SetPSK(psk.Key, []byte(psk.Identity)))
}

// setKeyExchange keeps either end from a key exchange for which it lacks the credentials: in TLS 1.3 a server of the
// library may choose certificates before it looks whether it has one.
func (c *Config) setKeyExchange(cc *cbridge.Config, server bool) error {
	modes, asked := c.TLS13KeyExchange, c.TLS13KeyExchange != 0
	if modes&^allKeyExchanges != 0 {
		return badField("TLS13KeyExchange", int(modes), "no such key exchange")
	}
	only := c.pskOnly(server)
	if only {
		switch {
		case !asked:
			modes = TLS13PSK | TLS13PSKEphemeral
		case server && modes&TLS13Ephemeral != 0:
			return badField("TLS13KeyExchange", int(modes), "TLS13Ephemeral needs a certificate")
		}
	}
	if r := c.rules(); r != nil {
		if modes == 0 {
			modes = allKeyExchanges
		}
		if modes &= r.tls13KeyExchange(); asked && modes == 0 {
			return badField("TLS13KeyExchange", int(c.TLS13KeyExchange), "is against the policy: key_exchange_methods = %s", names(r.KeyExchangeMethods))
		}
	}
	if modes != 0 && (asked || cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3")) {
		if err := field("TLS13KeyExchange", int(modes), cc.SetTLS13KeyExchangeModes(int(modes))); err != nil {
			return err
		}
	}
	if only && !server && len(c.CipherSuites) == 0 && c.Preset == PresetDefault && !c.hasECJPAKE() {
		return cc.SetCiphersuites(suitesForPSK())
	}
	return nil
}

// suitesForPSK are those in which a key alone authenticates both sides.
func suitesForPSK() (ids []int) {
	for _, id := range CipherSuites() {
		name := CipherSuiteName(id)
		if isTLS13Suite(id) || strings.Contains(name, "-PSK-WITH-") && !strings.Contains(name, "-RSA-PSK-") {
			ids = append(ids, int(id))
		}
	}
	return ids
}

// findPSK runs inside of the library, with mu held, for each identity that a client offers until one is known.
func (c *core) findPSK(ssl *cbridge.SSL, identity string) error {
	c.pskIdentity = ""
	psk, err := c.config.lookUpPSK(identity)
	switch {
	case err != nil:
		return err
	case psk != nil:
		c.pskIdentity = identity
		return psk.give(ssl)
	case c.config.hidesUnknownPSK():
		key := make([]byte, 32)
		rand.Read(key) // never fails
		defer clear(key)
		return ssl.SetHandshakePSK(key)
	}
	return fmt.Errorf("PSK identity %q: %w", identity, ErrSSLUnknownIdentity)
}

func (c *Config) lookUpPSK(identity string) (*PSK, error) {
	if c.GetPSK == nil {
		if subtle.ConstantTimeCompare([]byte(identity), []byte(c.PSK.Identity)) == 1 {
			return c.PSK, nil
		}
		return nil, nil
	}
	psk, err := c.GetPSK(identity)
	if err != nil || psk == nil {
		return nil, err
	}
	return psk, psk.check("GetPSK")
}

func (p *PSK) give(ssl *cbridge.SSL) error {
	if p.KeyID != 0 {
		return ssl.SetHandshakePSKOpaque(p.KeyID)
	}
	return ssl.SetHandshakePSK(p.Key)
}

// setCredentials gives a new context what is not the Config's to give.
func (c *core) setCredentials(ssl *cbridge.SSL) error {
	ssl.SetUserData(c)
	if c.config.PSK != nil {
		c.pskIdentity = c.config.PSK.Identity
	}
	return c.config.giveECJPAKE(ssl)
}

// readCredentials adds to st what authenticated the handshake. With mu held.
func (c *core) readCredentials(st *ConnectionState) {
	if c.ssl.SharedSecret() == cbridge.SecretPSK {
		st.PSKIdentity = c.pskIdentity
	}
}
