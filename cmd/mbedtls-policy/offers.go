package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// versions are those of the transport that the policy allows, or does not.
func (t *target) versions(allowed bool) []uint16 {
	transport := "TLS"
	if t.dtls {
		transport = "DTLS"
	}
	return slices.DeleteFunc(slices.Clone(transportVersions[transport]), func(v uint16) bool { return (t.rules.ForbidsVersion(v) == "") != allowed })
}

// only is a Config for one version.
func only(version uint16) *mbedtls.Config {
	return &mbedtls.Config{MinVersion: version, MaxVersion: version}
}

// attempt is an offer and what became of it. What this build cannot offer is nothing.
func (t *target) attempt(kind, what, rule string, config *mbedtls.Config) []offer {
	_, err := t.connect(config, nil)
	return answer(kind, what, rule, err)
}

func answer(kind, what, rule string, err error) []offer {
	var cannot *mbedtls.ConfigError
	if errors.As(err, &cannot) {
		return nil
	}
	o := offer{Kind: kind, Offer: what, Rule: rule, Accepted: err == nil}
	if err != nil {
		o.Detail = err.Error()
	}
	return []offer{o}
}

// enumerate offers all of list at once, takes out what the server chooses, and begins again, until it chooses nothing: one
// connection more than there are acceptable ones. chosen is which one it was; false if it was none of the list.
func enumerate[T comparable](t *target, list []T, config func([]T) *mbedtls.Config, chosen func(mbedtls.ConnectionState) T, row func(T) offer) (offers []offer) {
	left := slices.Clone(list)
	detail := ""
	for len(left) > 0 {
		st, err := t.connect(config(left), nil)
		if err != nil {
			detail = err.Error()
			break
		}
		i := slices.Index(left, chosen(st))
		if i < 0 {
			break
		}
		o := row(left[i])
		o.Accepted = true
		offers = append(offers, o)
		left = slices.Delete(left, i, i+1)
	}
	for _, v := range left {
		o := row(v)
		o.Detail = detail
		offers = append(offers, o)
	}
	return offers
}

// tryVersions has crypto/tls try what Mbed TLS does not have.
func (t *target) tryVersions() (offers []offer) {
	const kind = "version"
	for _, v := range t.versions(false) {
		offers = append(offers, t.attempt(kind, mbedtls.VersionName(v), t.rules.ForbidsVersion(v), only(v))...)
	}
	if t.dtls {
		return offers
	}
	for _, v := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		config := &tls.Config{MinVersion: v, MaxVersion: v, InsecureSkipVerify: true, ServerName: t.serverName}
		for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
			config.CipherSuites = append(config.CipherSuites, s.ID)
		}
		ctx, cancel := context.WithTimeout(t.ctx, t.timeout)
		conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", t.addr)
		cancel()
		if err == nil {
			conn.Close()
		} else if t.judge(err); t.lost != nil {
			return offers
		}
		offers = append(offers, answer(kind, tls.VersionName(v), t.rules.ForbidsVersion(v), err)...)
	}
	return offers
}

// withCertificate tells whether a server needs no shared key for a suite.
func withCertificate(k mbedtls.KeyExchange) bool {
	return slices.Contains([]mbedtls.KeyExchange{
		mbedtls.KeyExchangeNone, mbedtls.KeyExchangeRSA, mbedtls.KeyExchangeDHERSA, mbedtls.KeyExchangeECDHERSA,
		mbedtls.KeyExchangeECDHEECDSA, mbedtls.KeyExchangeECDHRSA, mbedtls.KeyExchangeECDHECDSA,
	}, k)
}

// suites are those of a version for which keep is true.
func suites(version uint16, keep func(mbedtls.CipherSuiteInfo) bool) (ids []uint16) {
	for _, id := range mbedtls.CipherSuites() {
		if info, ok := mbedtls.CipherSuiteByID(id); ok && isFor(id, version) && keep(info) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *target) trySuites() (offers []offer) {
	for _, v := range t.versions(true) {
		forbidden := suites(v, func(s mbedtls.CipherSuiteInfo) bool {
			return withCertificate(s.KeyExchange) && t.rules.ForbidsCipherSuite(s.ID) != ""
		})
		offers = append(offers, enumerate(t, forbidden, func(ids []uint16) *mbedtls.Config {
			config := only(v)
			config.CipherSuites = ids
			return config
		}, func(st mbedtls.ConnectionState) uint16 { return st.CipherSuite }, func(id uint16) offer {
			return offer{Kind: "cipher suite", Offer: mbedtls.CipherSuiteName(id), Rule: t.rules.ForbidsCipherSuite(id)}
		})...)
	}
	return offers
}

// ephemeral are suites whose key exchange is over a group.
func ephemeral(version uint16) []uint16 {
	return suites(version, func(s mbedtls.CipherSuiteInfo) bool {
		return slices.Contains([]mbedtls.KeyExchange{mbedtls.KeyExchangeNone, mbedtls.KeyExchangeECDHERSA, mbedtls.KeyExchangeECDHEECDSA}, s.KeyExchange)
	})
}

func (t *target) tryGroups() (offers []offer) {
	for _, v := range t.versions(true) {
		forbidden := slices.DeleteFunc(mbedtls.Groups(), func(g mbedtls.Group) bool {
			return t.rules.ForbidsGroup(g) == "" || v != mbedtls.VersionTLS13 && g >= mbedtls.FFDHE2048
		})
		offers = append(offers, enumerate(t, forbidden, func(list []mbedtls.Group) *mbedtls.Config {
			config := only(v)
			config.CipherSuites, config.Groups = ephemeral(v), list
			return config
		}, func(st mbedtls.ConnectionState) mbedtls.Group { return st.Group }, func(g mbedtls.Group) offer {
			return offer{Kind: "group", Offer: fmt.Sprintf("%v in %s", g, mbedtls.VersionName(v)), Rule: t.rules.ForbidsGroup(g)}
		})...)
	}
	return offers
}

// trySchemes tries one after the other: nothing tells which one a server chose.
func (t *target) trySchemes() (offers []offer) {
	for _, v := range t.versions(true) {
		for _, s := range mbedtls.SignatureSchemes() {
			rule := t.rules.ForbidsSignatureScheme(s)
			if rule == "" {
				continue
			}
			config := only(v)
			config.CipherSuites = suites(v, func(s mbedtls.CipherSuiteInfo) bool {
				return withCertificate(s.KeyExchange) && s.KeyExchange != mbedtls.KeyExchangeRSA
			})
			config.SignatureAlgorithms = []mbedtls.SignatureScheme{s}
			offers = append(offers, t.attempt("signature", fmt.Sprintf("%v in %s", s, mbedtls.VersionName(v)), rule, config)...)
		}
	}
	return offers
}

// before13 is the version in which the older extensions are; 0 if the policy forbids it.
func (t *target) before13() uint16 {
	for _, v := range t.versions(true) {
		if v != mbedtls.VersionTLS13 {
			return v
		}
	}
	return 0
}

// tryPrimes compares a client that takes short primes with one that does not.
func (t *target) tryPrimes() []offer {
	v := t.before13()
	dhe := suites(v, func(s mbedtls.CipherSuiteInfo) bool {
		return s.KeyExchange == mbedtls.KeyExchangeDHERSA && t.rules.ForbidsCipherSuite(s.ID) == ""
	})
	if v == 0 || t.rules.MinimumDHGroupSize == 0 || len(dhe) == 0 {
		return nil
	}
	connects := func(bits int) error {
		config := only(v)
		config.CipherSuites, config.MinDHBits = dhe, bits
		_, err := t.connect(config, nil)
		return err
	}
	const shortest = 512
	what := fmt.Sprintf("a prime of fewer than %d bits", t.rules.MinimumDHGroupSize)
	err := connects(shortest)
	if err == nil && connects(t.rules.MinimumDHGroupSize) == nil {
		err = errors.New("its prime is long enough")
	}
	return answer("Diffie-Hellman", what, "minimum_dh_group_size", err)
}

func (t *target) tryMasterSecret() []offer {
	v := t.before13()
	if v == 0 || !t.rules.RequireExtendedMasterSecret {
		return nil
	}
	config := only(v)
	config.DisableExtendedMasterSecret = true
	_, err := t.connect(config, leave)
	return answer("extension", "no extended master secret", "require_extended_master_secret", err)
}

// leave says goodbye, and fails if the server had something against the handshake after it was over for the client.
func leave(conn *mbedtls.Conn) error {
	if err := conn.CloseWrite(); err != nil {
		return err
	}
	_, err := conn.Read(make([]byte, 1))
	if errors.Is(err, mbedtls.ErrSSLFatalAlertMessage) {
		return err
	}
	return nil
}

func (t *target) tryRenegotiation() []offer {
	v := t.before13()
	if v == 0 || t.rules.AllowClientInitiatedRenegotiation {
		return nil
	}
	config := only(v)
	config.AllowRenegotiation = true
	_, err := t.connect(config, (*mbedtls.Conn).Renegotiate)
	return answer("renegotiation", "begun by the client", "allow_client_initiated_renegotiation", err)
}
