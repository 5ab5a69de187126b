package mbedtls

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// build makes the library's form of c for one end, and reports the first field that it cannot take.
func (c *Config) build(server bool, transport cbridge.Transport) (*cbridge.Config, error) {
	if c.Preset != PresetDefault && c.Preset != PresetSuiteB {
		return nil, badField("Preset", c.Preset, "no such preset")
	}
	end, option := cbridge.Client, "MBEDTLS_SSL_CLI_C"
	if server {
		end, option = cbridge.Server, "MBEDTLS_SSL_SRV_C"
	}
	if !cbridge.Feature(option) {
		return nil, &NotBuiltError{Option: option}
	}
	cc, err := cbridge.NewConfig(end, transport, cbridge.Preset(c.Preset))
	if err != nil {
		return nil, err
	}
	for _, set := range []func(*cbridge.Config, bool) error{
		c.setLimits, c.setVersions, c.setAlgorithms, c.setCertificates, c.setPeerVerification, c.setDH, c.setCallbacks,
		c.setSelection, c.setTrustedCAs, c.setPSK, c.setECJPAKE, c.setResumption, c.setEarlyData, c.setRenegotiation,
		c.setDTLS, c.setBuffers, c.setPolicy, c.hookConfig,
	} {
		if err := set(cc, server); err != nil {
			cc.Close()
			return nil, err
		}
	}
	return cc, nil
}

// field names the Config's field in an error of the bridge.
func field(name string, value any, err error) error {
	var notBuilt *NotBuiltError
	if errors.As(err, &notBuilt) {
		notBuilt.Field = "Config." + name
		return err
	}
	if err != nil {
		return &ConfigError{Field: name, Value: value, Err: err}
	}
	return nil
}

func (c *Config) setVersions(cc *cbridge.Config, server bool) error {
	datagram := cc.Transport() == cbridge.Datagram
	minimum, maximum := uint16(VersionTLS12), uint16(VersionTLS13)
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") {
		minimum = VersionTLS13
	}
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") {
		maximum = VersionTLS12
	}
	if c.needsTLS12(server) || datagram {
		maximum = VersionTLS12
	}
	if len(c.CipherSuites) > 0 {
		if !slices.ContainsFunc(c.CipherSuites, isTLS13Suite) {
			maximum = VersionTLS12
		}
		if !slices.ContainsFunc(c.CipherSuites, func(id uint16) bool { return !isTLS13Suite(id) }) {
			minimum = VersionTLS13
		}
	}
	for _, v := range []struct {
		name  string
		value uint16
		to    *uint16
	}{{"MinVersion", c.MinVersion, &minimum}, {"MaxVersion", c.MaxVersion, &maximum}} {
		switch v.value {
		case 0:
		case VersionDTLS12:
			*v.to = VersionTLS12
		case VersionTLS12, VersionTLS13:
			*v.to = v.value
		default:
			return badField(v.name, fmt.Sprintf("%#04x", v.value), "Mbed TLS has TLS 1.2 (%#04x) and TLS 1.3 (%#04x)", VersionTLS12, VersionTLS13)
		}
	}
	if datagram && maximum > VersionTLS12 {
		return badField("MaxVersion", VersionName(maximum), "Mbed TLS has no DTLS above 1.2")
	}
	if minimum > maximum {
		if datagram && minimum == c.MinVersion {
			return badField("MinVersion", VersionName(minimum), "Mbed TLS has no DTLS above 1.2")
		}
		if c.MinVersion > c.MaxVersion && c.MaxVersion != 0 {
			return badField("MinVersion", VersionName(c.MinVersion), "is above MaxVersion, %s", VersionName(c.MaxVersion))
		}
		if len(c.CipherSuites) > 0 {
			return badField("CipherSuites", suiteNames(c.CipherSuites), "none is for a version between MinVersion and MaxVersion")
		}
	}
	if minimum > maximum { // what was asked for is what the build lacks
		return field("MinVersion", VersionName(c.MinVersion), cc.SetVersions(int(minimum), int(minimum)))
	}
	return field("MaxVersion", VersionName(maximum), cc.SetVersions(int(minimum), int(maximum)))
}

func suiteNames(ids []uint16) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = CipherSuiteName(id)
	}
	return strings.Join(names, " ")
}

func (c *Config) setAlgorithms(cc *cbridge.Config, server bool) error {
	if len(c.CipherSuites) > 0 {
		known := CipherSuites()
		ids := make([]int, len(c.CipherSuites))
		for i, id := range c.CipherSuites {
			if !slices.Contains(known, id) {
				return badField(fmt.Sprintf("CipherSuites[%d]", i), fmt.Sprintf("%#04x", id), "this build (profile %s) has no such suite", cbridge.Profile)
			}
			ids[i] = int(id)
		}
		if err := cc.SetCiphersuites(ids); err != nil {
			return err
		}
	}
	if len(c.Groups) > 0 {
		ids, err := numbers("Groups", c.Groups, groups)
		if err != nil {
			return err
		}
		if err := cc.SetGroups(ids); err != nil {
			return err
		}
	}
	if len(c.SignatureAlgorithms) > 0 {
		ids, err := numbers("SignatureAlgorithms", c.SignatureAlgorithms, signatureSchemes)
		if err != nil {
			return err
		}
		if err := field("SignatureAlgorithms", c.SignatureAlgorithms, cc.SetSignatureAlgorithms(ids)); err != nil {
			return err
		}
	}
	if len(c.NextProtos) > 0 {
		for i, p := range c.NextProtos {
			if len(p) == 0 || len(p) > 255 || strings.ContainsRune(p, 0) {
				return badField(fmt.Sprintf("NextProtos[%d]", i), fmt.Sprintf("%q", p), "a protocol name has 1 to 255 bytes, none of them zero")
			}
		}
		if err := field("NextProtos", c.NextProtos, cc.SetALPN(c.NextProtos)); err != nil {
			return err
		}
	}
	if server && c.PreferClientCipherSuites {
		return field("PreferClientCipherSuites", true, cc.SetPreference(true))
	}
	return nil
}

func (c *Config) setCertificates(cc *cbridge.Config, server bool) error {
	if server && len(c.Certificates) == 0 && !c.hasOtherCredentials() && !c.unjudged() {
		return badField("Certificates", "none", "a server needs one")
	}
	for i, cert := range c.Certificates {
		if err := c.checkSigner(&cert, server); err != nil {
			return err
		}
		if err := cert.addTo(cc); err != nil {
			return &ConfigError{Field: fmt.Sprintf("Certificates[%d]", i), Value: cert.String(), Err: err}
		}
	}
	return nil
}

func (c *Config) setPeerVerification(cc *cbridge.Config, server bool) error {
	pool, name := c.RootCAs, "RootCAs"
	mode := cbridge.VerifyRequired
	if server {
		pool, name = c.ClientCAs, "ClientCAs"
		var err error
		if mode, err = c.clientAuthMode(); err != nil {
			return err
		}
		if err := field("OmitClientCAs", c.OmitClientCAs, optional(c.OmitClientCAs, func() error { return cc.SetCertReqCAList(false) })); err != nil {
			return err
		}
	} else {
		if c.InsecureSkipVerify {
			mode = cbridge.VerifyOptional
		}
		if err := checkServerName(c.ServerName); err != nil {
			return err
		}
		if pool == nil && mode == cbridge.VerifyRequired && c.GetTrustedCAs == nil && !c.hasSharedSecret(false) && !c.unjudged() {
			var err error
			if pool, err = loadSystemRoots(); err != nil {
				return badField("RootCAs", "nil", "and the system's roots: %w", err)
			}
		}
	}
	if err := cc.SetAuthMode(mode); err != nil {
		return err
	}

	var chain *cbridge.Crt
	var crl *cbridge.Crl
	var err error
	if pool != nil {
		parse := pool.chain
		if c.FreeHandshakeData {
			parse = pool.ownChain
		}
		if chain, err = parse(); err != nil {
			return badField(name, pool, "%w", err)
		}
		if c.FreeHandshakeData {
			defer chain.Close() // the Config keeps it
		}
	}
	if len(c.CRLs) > 0 {
		if crl, err = parseCRLs(c.CRLs); err != nil {
			return err
		}
		defer crl.Close() // the Config keeps it
	}
	if err := field("CRLs", len(c.CRLs), cc.SetCAs(chain, crl)); err != nil {
		return err
	}
	if c.CertificateProfile != nil {
		p, err := c.CertificateProfile.compile()
		if err != nil {
			return err
		}
		return cc.SetCertProfile(p)
	}
	return nil
}

func checkServerName(name string) error {
	if len(name) > cbridge.MaxHostNameLen || strings.ContainsRune(name, 0) {
		return badField("ServerName", fmt.Sprintf("%q", name), "a host name has at most %d bytes, none of them zero", cbridge.MaxHostNameLen)
	}
	return nil
}

// optional runs set if the Config asks for something other than the library's default.
func optional(asked bool, set func() error) error {
	if !asked {
		return nil
	}
	return set()
}

func parseCRLs(lists [][]byte) (*cbridge.Crl, error) {
	crl, err := cbridge.NewCrl()
	if err != nil {
		return nil, field("CRLs", len(lists), err)
	}
	for i, data := range lists {
		if err := crl.Parse(data); err != nil {
			crl.Close()
			return nil, &ConfigError{Field: fmt.Sprintf("CRLs[%d]", i), Value: fmt.Sprintf("%d bytes", len(data)), Err: err}
		}
	}
	return crl, nil
}

var profileHashes = map[crypto.Hash]uint32{
	crypto.SHA1: cbridge.HashSHA1, crypto.SHA224: cbridge.HashSHA224, crypto.SHA256: cbridge.HashSHA256,
	crypto.SHA384: cbridge.HashSHA384, crypto.SHA512: cbridge.HashSHA512,
}

var profileKeys = map[x509.PublicKeyAlgorithm]uint32{x509.RSA: cbridge.KeyRSA, x509.ECDSA: cbridge.KeyEC}

func (p *CertificateProfile) compile() (cp cbridge.CertProfile, err error) {
	if p.builtin != nil {
		return *p.builtin, nil
	}
	if p.MinRSABits < 0 {
		return cp, badField("CertificateProfile.MinRSABits", p.MinRSABits, "is negative")
	}
	cp.RSAMinBits = uint32(p.MinRSABits)
	for i, h := range p.Hashes {
		if profileHashes[h] == 0 {
			return cp, badField(fmt.Sprintf("CertificateProfile.Hashes[%d]", i), h, "Mbed TLS verifies no certificate with it")
		}
		cp.Hashes |= profileHashes[h]
	}
	for i, k := range p.PublicKeys {
		if profileKeys[k] == 0 {
			return cp, badField(fmt.Sprintf("CertificateProfile.PublicKeys[%d]", i), k, "Mbed TLS verifies no certificate with it")
		}
		cp.PublicKeys |= profileKeys[k]
	}
	for i, g := range p.Curves {
		if cbridge.CurveMask(uint16(g)) == 0 {
			return cp, badField(fmt.Sprintf("CertificateProfile.Curves[%d]", i), g, "is no curve of Mbed TLS")
		}
		cp.Curves |= cbridge.CurveMask(uint16(g))
	}
	return cp, nil
}

// maxFragmentCodes are the codes of RFC 6066 section 4.
var maxFragmentCodes = map[int]int{512: 1, 1024: 2, 2048: 3, 4096: 4}

func (c *Config) setLimits(cc *cbridge.Config, server bool) error {
	if c.MaxFragmentLength != 0 {
		if !server && !c.onlyTLS12(cc) && cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") && !c.unjudged() {
			return badField("MaxFragmentLength", c.MaxFragmentLength, "is for TLS 1.2 alone: set MaxVersion to it")
		}
		code, ok := maxFragmentCodes[c.MaxFragmentLength]
		if !ok {
			return badField("MaxFragmentLength", c.MaxFragmentLength, "must be 0, 512, 1024, 2048 or 4096")
		}
		if err := field("MaxFragmentLength", c.MaxFragmentLength, cc.SetMaxFragmentLength(code)); err != nil {
			return err
		}
	}
	if c.ReadTimeout < 0 {
		return badField("ReadTimeout", c.ReadTimeout, "is negative")
	}
	if c.LegacyRenegotiation < LegacyNoRenegotiation || c.LegacyRenegotiation > LegacyBreakHandshake {
		return badField("LegacyRenegotiation", int(c.LegacyRenegotiation), "no such choice")
	}
	return errors.Join(
		cc.SetLegacyRenegotiation(cbridge.Legacy(c.LegacyRenegotiation)),
		// Of datagrams, fill keeps the time: the library's timer would end the wait of a Read that nothing came for.
		optional(cc.Transport() == cbridge.Stream, func() error { return cc.SetReadTimeout(min(c.ReadTimeout, maxDuration)) }),
		optional(c.DisableEncryptThenMAC, func() error { return cc.SetEncryptThenMAC(false) }),
		optional(c.DisableExtendedMasterSecret, func() error { return cc.SetExtendedMasterSecret(false) }),
	)
}

// onlyTLS12 tells whether no connection of cc can be TLS 1.3.
func (c *Config) onlyTLS12(cc *cbridge.Config) bool {
	return c.MaxVersion == VersionTLS12 || cc.Transport() == cbridge.Datagram
}

// maxDHBits is MBEDTLS_MPI_MAX_BITS of every profile.
const maxDHBits = 8192

func (c *Config) setDH(cc *cbridge.Config, server bool) error {
	if c.MinDHBits < 0 || c.MinDHBits > maxDHBits {
		return badField("MinDHBits", c.MinDHBits, "must be between 0 and %d", maxDHBits)
	}
	if !server && c.MinDHBits > 0 {
		if err := field("MinDHBits", c.MinDHBits, cc.SetDHMMinBits(uint(c.MinDHBits))); err != nil {
			return err
		}
	}
	if server && c.DHParams != nil {
		if len(c.DHParams.P) == 0 || len(c.DHParams.P) > maxDHBits/8 || len(c.DHParams.G) == 0 || len(c.DHParams.G) > len(c.DHParams.P) {
			return badField("DHParams", fmt.Sprintf("P of %d bytes, G of %d", len(c.DHParams.P), len(c.DHParams.G)), "P has 1 to %d bytes, G at most as many", maxDHBits/8)
		}
		return field("DHParams", fmt.Sprintf("P of %d bits", 8*len(c.DHParams.P)), cc.SetDHParams(c.DHParams.P, c.DHParams.G))
	}
	return nil
}

func (c *Config) setCallbacks(cc *cbridge.Config, _ bool) error {
	if rand := c.Rand; rand != nil {
		err := cc.SetRandom(func(p []byte) error {
			_, err := io.ReadFull(rand, p)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := field("Time", "set", cc.SetTime(c.Time)); err != nil {
		return err
	}
	if c.DebugLevel < 0 || c.DebugLevel > 4 {
		return badField("DebugLevel", c.DebugLevel, "must be 0 to 4")
	}
	switch {
	case c.DebugLevel == 0:
		return nil
	case c.Logger != nil:
		return field("Logger", "set", cc.SetDebug(c.DebugLevel, debugLogger(c.Logger)))
	case !cbridge.Feature("MBEDTLS_DEBUG_C"):
		return nil
	}
	return cc.SetDebug(c.DebugLevel, func(int, string, int, string) {}) // for a Channel that has a Logger
}
