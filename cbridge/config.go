package cbridge

// #include "bridge.h"
import "C"

import (
	"runtime"
	"sync/atomic"
	"time"
)

// Endpoint is which end of a connection a Config is for.
type Endpoint int

// The endpoints.
const (
	Client Endpoint = C.MBEDTLS_SSL_IS_CLIENT
	Server Endpoint = C.MBEDTLS_SSL_IS_SERVER
)

// Transport is what lies below a connection.
type Transport int

// The transports.
const (
	Stream   Transport = C.MBEDTLS_SSL_TRANSPORT_STREAM
	Datagram Transport = C.MBEDTLS_SSL_TRANSPORT_DATAGRAM
)

// Preset is the set of defaults that a Config starts from.
type Preset int

// The presets.
const (
	PresetDefault Preset = C.MBEDTLS_SSL_PRESET_DEFAULT
	PresetSuiteB  Preset = C.MBEDTLS_SSL_PRESET_SUITEB
)

// AuthMode says what becomes of the peer's certificate.
type AuthMode int

// The modes.
const (
	VerifyNone     AuthMode = C.MBEDTLS_SSL_VERIFY_NONE
	VerifyOptional AuthMode = C.MBEDTLS_SSL_VERIFY_OPTIONAL
	VerifyRequired AuthMode = C.MBEDTLS_SSL_VERIFY_REQUIRED
)

// Protocol versions, as on the wire.
const (
	TLS12 = C.GM_TLS1_2
	TLS13 = C.GM_TLS1_3
)

// Legacy says how peers without RFC 5746 are treated.
type Legacy int

// The choices of mbedtls_ssl_conf_legacy_renegotiation.
const (
	LegacyNoRenegotiation    Legacy = C.MBEDTLS_SSL_LEGACY_NO_RENEGOTIATION
	LegacyAllowRenegotiation Legacy = C.MBEDTLS_SSL_LEGACY_ALLOW_RENEGOTIATION
	LegacyBreakHandshake     Legacy = C.MBEDTLS_SSL_LEGACY_BREAK_HANDSHAKE
)

// Config is an mbedtls_ssl_config and everything that it points at. Set it up, then share it; no setter may be called
// once an SSL uses it.
type Config struct {
	res       *resource
	c         *C.gm_config
	transport Transport
	kept      *kept
	trap      trap
	random    RandomFunc
	debug     DebugFunc
	now       func() time.Time

	sni        SNIFunc
	certSelect CertSelectFunc
	psk        PSKFunc
	trustedCAs TrustedCAsFunc
	verify     VerifyFunc

	async      AsyncPrivate
	signers    []*signer // of the keys that C has handles of
	hasSigners bool      // keys of NewSignerKey may be used: see SetSigners

	tickets TicketFuncs
	cache   CacheFuncs
	cookies CookieFuncs

	single bool        // see SetSingle
	used   atomic.Bool // by its one connection
}

// kept is what C points at from a Config. It is apart from Config so that its freeing does not keep the Config alive.
type kept struct {
	parts []*resource // keys of tickets and cookies, caches
	certs []*resource // certificates and their keys, CRLs
	lists arena
}

// keep holds r's C object for as long as the Config's.
func (k *kept) keep(r *resource) error {
	if err := r.acquire(); err != nil {
		return err
	}
	k.parts = append(k.parts, r)
	return nil
}

// keepCert is keep for what handshakes alone read.
func (k *kept) keepCert(r *resource) error {
	if err := r.acquire(); err != nil {
		return err
	}
	k.certs = append(k.certs, r)
	return nil
}

func (k *kept) freeCerts() {
	for _, r := range k.certs {
		r.release()
	}
	k.certs = nil
}

func (k *kept) free() {
	for _, r := range k.parts {
		r.release()
	}
	k.freeCerts()
	k.lists.free()
}

// NewConfig makes a Config with the defaults of the library (mbedtls_ssl_config_defaults).
func NewConfig(end Endpoint, transport Transport, preset Preset) (*Config, error) {
	if transport == Datagram && !Feature("MBEDTLS_SSL_PROTO_DTLS") {
		return nil, &NotBuiltError{Option: "MBEDTLS_SSL_PROTO_DTLS"}
	}
	if err := initialize(); err != nil {
		return nil, err
	}
	c := &Config{kept: new(kept), transport: transport}
	handle := newHandle(c)
	cc := C.gm_config_new(handle)
	if cc == nil {
		dropHandle(handle)
		return nil, errNoMemory
	}
	c.c = cc
	kept := c.kept
	c.res = own(c, func() {
		addThreshold(int(cc.debug_level), -1)
		C.gm_config_delete(cc)
		kept.free()
		dropHandle(handle)
	})
	addThreshold(0, 1)
	if ret := C.mbedtls_ssl_config_defaults(&cc.conf, C.int(end), C.int(transport), C.int(preset)); ret != 0 {
		c.Close()
		return nil, newError("mbedtls_ssl_config_defaults", int(ret), nil)
	}
	return c, c.SetRandom(nil)
}

// Transport is what its connections are over.
func (c *Config) Transport() Transport { return c.transport }

// Close frees the Config once no SSL uses it any more.
func (c *Config) Close() error {
	c.res.close()
	return nil
}

// check names the option behind a call that this build lacks.
func check(ret C.int, op, option string) error {
	switch ret {
	case 0:
		return nil
	case C.GM_NOT_BUILT:
		return &NotBuiltError{Option: option}
	}
	return newError(op, int(ret), nil)
}

func flag(on bool) C.int {
	if on {
		return 1
	}
	return 0
}

// use runs f on the C config, unless that is closed.
func (c *Config) use(f func(*C.gm_config) error) error {
	if err := c.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(c)
	defer c.res.release()
	return f(c.c)
}

// set runs a setter that may miss an option, or fail.
func (c *Config) set(op, option string, f func(*C.gm_config) C.int) error {
	return c.use(func(cc *C.gm_config) error { return check(f(cc), op, option) })
}

// always runs a setter that cannot fail.
func (c *Config) always(f func(*C.mbedtls_ssl_config)) error {
	return c.use(func(cc *C.gm_config) error {
		f(&cc.conf)
		return nil
	})
}

// SetVersions bounds the protocol version, inclusive (mbedtls_ssl_conf_min_tls_version, …_max_tls_version).
func (c *Config) SetVersions(minimum, maximum int) error {
	option := "MBEDTLS_SSL_PROTO_TLS1_3"
	if !Feature("MBEDTLS_SSL_PROTO_TLS1_2") {
		option = "MBEDTLS_SSL_PROTO_TLS1_2"
	}
	return c.set("mbedtls_ssl_conf_min_tls_version", option, func(cc *C.gm_config) C.int {
		return C.gm_conf_versions(cc, C.int(minimum), C.int(maximum))
	})
}

// SetAuthMode sets what becomes of the peer's certificate (mbedtls_ssl_conf_authmode).
func (c *Config) SetAuthMode(m AuthMode) error {
	return c.always(func(conf *C.mbedtls_ssl_config) { C.mbedtls_ssl_conf_authmode(conf, C.int(m)) })
}

// SetCiphersuites sets the suites by IANA number, in order of preference (mbedtls_ssl_conf_ciphersuites).
func (c *Config) SetCiphersuites(ids []int) error {
	list := make([]C.int, len(ids))
	for i, id := range ids {
		list[i] = C.int(id)
	}
	return c.always(func(conf *C.mbedtls_ssl_config) {
		C.mbedtls_ssl_conf_ciphersuites(conf, cArray(&c.kept.lists, list))
	})
}

// SetGroups sets the named groups by IANA number, in order of preference (mbedtls_ssl_conf_groups).
func (c *Config) SetGroups(ids []uint16) error {
	return c.always(func(conf *C.mbedtls_ssl_config) {
		C.mbedtls_ssl_conf_groups(conf, (*C.uint16_t)(cArray(&c.kept.lists, ids)))
	})
}

// SetSignatureAlgorithms sets the signature schemes by IANA number, in order of preference
// (mbedtls_ssl_conf_sig_algs).
func (c *Config) SetSignatureAlgorithms(ids []uint16) error {
	return c.set("mbedtls_ssl_conf_sig_algs", "MBEDTLS_SSL_HANDSHAKE_WITH_CERT_ENABLED", func(cc *C.gm_config) C.int {
		return C.gm_conf_sig_algs(cc, (*C.uint16_t)(cArray(&c.kept.lists, ids)))
	})
}

// SetALPN sets the application protocols, in order of preference (mbedtls_ssl_conf_alpn_protocols).
func (c *Config) SetALPN(protocols []string) error {
	return c.set("mbedtls_ssl_conf_alpn_protocols", "MBEDTLS_SSL_ALPN", func(cc *C.gm_config) C.int {
		list := make([]*C.char, len(protocols))
		for i, p := range protocols {
			list[i] = c.kept.lists.string(p)
		}
		return C.gm_conf_alpn(cc, cArray(&c.kept.lists, list))
	})
}

// SetCAs sets the trust anchors and the revocation lists; either may be nil (mbedtls_ssl_conf_ca_chain).
func (c *Config) SetCAs(ca *Crt, crl *Crl) error {
	return c.use(func(cc *C.gm_config) error {
		var chain *C.mbedtls_x509_crt
		var lists *C.mbedtls_x509_crl
		if ca != nil {
			if err := c.kept.keepCert(ca.res); err != nil {
				return err
			}
			chain = ca.c
		}
		if crl != nil {
			if err := c.kept.keepCert(crl.res); err != nil {
				return err
			}
			lists = crl.c
		}
		return check(C.gm_conf_crl(cc, chain, lists), "mbedtls_ssl_conf_ca_chain", "MBEDTLS_X509_CRL_PARSE_C")
	})
}

// AddOwnCert adds a chain and the key of its leaf, which may be nil if closures of SetAsyncPrivate have it
// (mbedtls_ssl_conf_own_cert).
func (c *Config) AddOwnCert(crt *Crt, key *PK) error {
	return c.use(func(cc *C.gm_config) error {
		if err := c.kept.keepCert(crt.res); err != nil {
			return err
		}
		if key == nil {
			return check(C.gm_conf_own_cert(cc, crt.c, nil), "mbedtls_ssl_conf_own_cert", "")
		}
		if err := key.library("mbedtls_ssl_conf_own_cert"); err != nil {
			return err
		}
		if err := c.kept.keepCert(key.res); err != nil {
			return err
		}
		if key.signer != nil {
			c.signers = append(c.signers, key.signer)
			c.setSigners(cc)
		}
		return check(C.gm_conf_own_cert(cc, crt.c, key.c), "mbedtls_ssl_conf_own_cert", "")
	})
}

// CertProfile restricts the certificates of a chain; each mask has bit 1<<(id-1) for what it allows
// (mbedtls_x509_crt_profile).
type CertProfile struct {
	Hashes     uint32 // mbedtls_md_type_t
	PublicKeys uint32 // mbedtls_pk_type_t
	Curves     uint32 // mbedtls_ecp_group_id
	RSAMinBits uint32
}

// The library's own profiles.
var (
	ProfileDefault = builtinProfile(0)
	ProfileNext    = builtinProfile(1)
	ProfileSuiteB  = builtinProfile(2)
)

func builtinProfile(which C.int) CertProfile {
	p := C.gm_crt_profile(which)
	return CertProfile{uint32(p.allowed_mds), uint32(p.allowed_pks), uint32(p.allowed_curves), uint32(p.rsa_min_bitlen)}
}

func (p CertProfile) c() C.mbedtls_x509_crt_profile {
	return C.mbedtls_x509_crt_profile{
		allowed_mds:    C.uint32_t(p.Hashes),
		allowed_pks:    C.uint32_t(p.PublicKeys),
		allowed_curves: C.uint32_t(p.Curves),
		rsa_min_bitlen: C.uint32_t(p.RSAMinBits),
	}
}

// SetCertProfile sets what certificates of the peer's chain may use (mbedtls_ssl_conf_cert_profile).
func (c *Config) SetCertProfile(p CertProfile) error {
	return c.always(func(conf *C.mbedtls_ssl_config) {
		C.mbedtls_ssl_conf_cert_profile(conf, cArray(&c.kept.lists, []C.mbedtls_x509_crt_profile{p.c()}))
	})
}

// SetMaxFragmentLength asks for records of at most 512, 1024, 2048 or 4096 bytes (mbedtls_ssl_conf_max_frag_len takes
// their codes of RFC 6066 section 4, 1 to 4; 0 asks for nothing).
func (c *Config) SetMaxFragmentLength(code int) error {
	return c.set("mbedtls_ssl_conf_max_frag_len", "MBEDTLS_SSL_MAX_FRAGMENT_LENGTH", func(cc *C.gm_config) C.int {
		return C.gm_conf_max_frag_len(cc, C.int(code))
	})
}

// SetEncryptThenMAC offers or accepts RFC 7366 (mbedtls_ssl_conf_encrypt_then_mac).
func (c *Config) SetEncryptThenMAC(on bool) error {
	return c.set("mbedtls_ssl_conf_encrypt_then_mac", "MBEDTLS_SSL_ENCRYPT_THEN_MAC", func(cc *C.gm_config) C.int {
		return C.gm_conf_encrypt_then_mac(cc, flag(on))
	})
}

// SetExtendedMasterSecret offers or accepts RFC 7627 (mbedtls_ssl_conf_extended_master_secret).
func (c *Config) SetExtendedMasterSecret(on bool) error {
	return c.set("mbedtls_ssl_conf_extended_master_secret", "MBEDTLS_SSL_EXTENDED_MASTER_SECRET", func(cc *C.gm_config) C.int {
		return C.gm_conf_extended_master_secret(cc, flag(on))
	})
}

// SetLegacyRenegotiation sets how peers without RFC 5746 are treated (mbedtls_ssl_conf_legacy_renegotiation).
func (c *Config) SetLegacyRenegotiation(l Legacy) error {
	return c.always(func(conf *C.mbedtls_ssl_config) { C.mbedtls_ssl_conf_legacy_renegotiation(conf, C.int(l)) })
}

// SetDHMMinBits sets the shortest Diffie-Hellman prime that a client takes (mbedtls_ssl_conf_dhm_min_bitlen).
func (c *Config) SetDHMMinBits(bits uint) error {
	return c.set("mbedtls_ssl_conf_dhm_min_bitlen", "MBEDTLS_DHM_C", func(cc *C.gm_config) C.int {
		return C.gm_conf_dhm_min_bits(cc, C.uint(bits))
	})
}

// SetDHParams sets a server's Diffie-Hellman prime and generator, big-endian (mbedtls_ssl_conf_dh_param_bin).
func (c *Config) SetDHParams(p, g []byte) error {
	return c.set("mbedtls_ssl_conf_dh_param_bin", "MBEDTLS_DHM_C", func(cc *C.gm_config) C.int {
		return C.gm_conf_dh_param(cc, cbytes(p), C.size_t(len(p)), cbytes(g), C.size_t(len(g)))
	})
}

// SetCertReqCAList makes a server name its CAs in CertificateRequest (mbedtls_ssl_conf_cert_req_ca_list).
func (c *Config) SetCertReqCAList(on bool) error {
	return c.set("mbedtls_ssl_conf_cert_req_ca_list", "MBEDTLS_SSL_SRV_C", func(cc *C.gm_config) C.int {
		return C.gm_conf_cert_req_ca_list(cc, flag(on))
	})
}

// SetPreference makes a server follow the client's order of suites, or its own (mbedtls_ssl_conf_preference_order).
func (c *Config) SetPreference(client bool) error {
	order := C.int(C.MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_SERVER)
	if client {
		order = C.MBEDTLS_SSL_SRV_CIPHERSUITE_ORDER_CLIENT
	}
	return c.set("mbedtls_ssl_conf_preference_order", "MBEDTLS_SSL_PROTO_TLS1_2", func(cc *C.gm_config) C.int {
		return C.gm_conf_preference_order(cc, order)
	})
}

// SetReadTimeout bounds each wait of a BIO with a receive-timeout closure; 0 is no bound
// (mbedtls_ssl_conf_read_timeout).
func (c *Config) SetReadTimeout(d time.Duration) error {
	return c.always(func(conf *C.mbedtls_ssl_config) {
		C.mbedtls_ssl_conf_read_timeout(conf, C.uint32_t(d.Milliseconds()))
	})
}

// SetTime gives the Config's connections a wall clock of their own; nil is the process's (see [SetClock]). A build without
// MBEDTLS_PLATFORM_TIME_ALT fails with a [NotBuiltError].
func (c *Config) SetTime(now func() time.Time) error {
	if now != nil && !Feature(optionTime) {
		return &NotBuiltError{Option: optionTime}
	}
	return c.use(func(cc *C.gm_config) error {
		c.now = now
		cc.has_time = flag(now != nil)
		return nil
	})
}
