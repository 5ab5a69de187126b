package mbedtls

import (
	"bytes"
	"cmp"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
)

// PolicyViolation is what a peer does against a rule. Find it with [errors.As] in the error of a handshake.
type PolicyViolation struct {
	Key  string // of the rule, as in [PolicyText]; check_peer_key for CheckPeerKey
	Want string // its value
	Got  string // what the peer does
	Err  error  // of CheckPeerKey
}

// Error is the rule, and what is against it.
func (v *PolicyViolation) Error() string {
	return fmt.Sprintf("policy: %s = %s: %s", v.Key, v.Want, v.Got)
}

// Unwrap returns the error of CheckPeerKey.
func (v *PolicyViolation) Unwrap() error { return v.Err }

// PolicyViolations are what of a connection is against p: nil if nothing is. server is which end st is of. The chain is
// taken as it was sent, up to the first certificate that is its own issuer.
func PolicyViolations(p Policy, st ConnectionState, server bool) []*PolicyViolation {
	r := p.Rules()
	return append(r.checkState(&st, server), r.checkPeer(st.PeerCertificatesDER)...)
}

// violates is a violation of a rule.
func (r *PolicyRules) violates(rule *policyRule, wrong string) *PolicyViolation {
	return &PolicyViolation{Key: rule.key, Want: rule.value.text(r), Got: wrong}
}

// checkState looks at what the handshake has settled, without the certificates.
func (r *PolicyRules) checkState(st *ConnectionState, server bool) (found []*PolicyViolation) {
	info, _ := CipherSuiteByID(st.CipherSuite)
	for i := range policyRules {
		rule := &policyRules[i]
		var wrong string
		switch {
		case rule.version != nil && !rule.version(r, st.Version):
			wrong = VersionName(st.Version)
		case rule.suite != nil && !rule.suite(r, info):
			wrong = CipherSuiteName(st.CipherSuite)
		case rule.group != nil && st.Group != 0 && !rule.group(r, st.Group):
			wrong = st.Group.String()
		case rule.state != nil:
			wrong = rule.state(r, st, server)
		}
		if wrong != "" {
			found = append(found, r.violates(rule, wrong))
		}
	}
	return found
}

// tls13KeyExchangeState finds the key exchange of TLS 1.3, which its suites do not tell.
func tls13KeyExchangeState(r *PolicyRules, st *ConnectionState, _ bool) string {
	if st.Version != VersionTLS13 {
		return ""
	}
	method := "ECDHE"
	switch {
	case st.Group == 0:
		method = "PSK"
	case isFFDHE(st.Group):
		method = "DHE"
	}
	if st.PSKIdentity != "" && method != "PSK" {
		method += "-PSK"
	}
	return onlyIf(!in(r.KeyExchangeMethods, method), method)
}

// checkChain looks at a chain as it was sent, leaf first.
func (r *PolicyRules) checkChain(chain [][]byte) (found []*PolicyViolation) {
	for depth, der := range chain {
		facts, err := readCertificate(der)
		if err != nil {
			return append(found, unreadable(depth, err))
		}
		facts.anchor = facts.selfIssued
		wrong, _ := r.checkCertificate(facts, depth)
		found = append(found, wrong...)
		if facts.anchor {
			break
		}
	}
	return found
}

// unreadable is a certificate of which nobody knows whether it is against a rule.
func unreadable(depth int, err error) *PolicyViolation {
	return &PolicyViolation{Key: "certificate", Want: "X.509", Got: fmt.Sprintf("certificate %d: %v", depth, err), Err: err}
}

// checkPeer is checkChain of the peer's chain, and asks the closure.
func (r *PolicyRules) checkPeer(chain [][]byte) (found []*PolicyViolation) {
	found = r.checkChain(chain)
	if len(chain) > 0 {
		if v := r.checkPeerKey(chain[0]); v != nil {
			found = append(found, v)
		}
	}
	return found
}

// checkCertificate tells which rules a certificate breaks, and the flags for that.
func (r *PolicyRules) checkCertificate(facts *certificateFacts, depth int) (found []*PolicyViolation, flags VerifyFlags) {
	for i := range policyRules {
		rule := &policyRules[i]
		if rule.certificate == nil {
			continue
		}
		if wrong, flag := rule.certificate(r, facts); wrong != "" {
			found = append(found, r.violates(rule, fmt.Sprintf("certificate %d %s", depth, wrong)))
			flags |= flag
		}
	}
	return found, flags
}

// checkPeerKey asks the closure about the leaf's key.
func (r *PolicyRules) checkPeerKey(leaf []byte) *PolicyViolation {
	if r.CheckPeerKey == nil {
		return nil
	}
	var key crypto.PublicKey
	if cert := parseCertificate(bytes.Clone(leaf)); cert.PublicKey != nil {
		key = cert.PublicKey
	}
	if err := r.CheckPeerKey(key); err != nil {
		return &PolicyViolation{Key: "check_peer_key", Want: "no error", Got: err.Error(), Err: err}
	}
	return nil
}

// withPolicy adds the policy to what the library calls for each certificate of the peer; nil if nobody wants to know. What
// the policy forbids, verify cannot allow.
//
// Where the library would let a certificate pass that is not in order, the violation is an error; else it is a flag, and the
// peer gets the alert for that.
func (c *core) withPolicy(verify cbridge.VerifyFunc) cbridge.VerifyFunc {
	r := c.config.rules()
	if r == nil || c.config.unjudged() {
		return verify
	}
	top := true
	return func(der []byte, depth int, found uint32) (flags uint32, err error) {
		flags = found
		if verify != nil {
			if flags, err = verify(der, depth, found); err != nil {
				return flags, err
			}
		}
		if top {
			c.violation = nil
		}
		violation, bad := r.verifyPolicy(der, depth, top, VerifyFlags(found))
		top = depth == 0 // the next one is of another handshake
		if c.violation == nil {
			c.violation = violation
		}
		flags |= uint32(bad)
		if violation != nil && c.takesAnyCertificate() {
			return flags, violation
		}
		return flags, nil
	}
}

// policyMayWait tells whether a closure of the policy may make a handshake wait inside of the library.
func (c *Config) policyMayWait() bool {
	r := c.rules()
	return r != nil && r.CheckPeerKey != nil
}

// takesAnyCertificate tells whether the library goes on after a verification that failed.
func (c *core) takesAnyCertificate() bool {
	if c.server {
		return c.clientAuth != RequireAndVerifyClientCert
	}
	return c.config.InsecureSkipVerify
}

// blame adds the policy to the reason of a verification that failed, as far as that is known. With mu held.
func (c *core) blame(reason error) error {
	switch {
	case c.violation == nil:
		return reason
	case reason == nil:
		return c.violation
	}
	return fmt.Errorf("%w: %w", reason, c.violation)
}

// alertFor is the alert for an error of verifyConnection.
func alertFor(err error) AlertError {
	var violation *PolicyViolation
	if errors.As(err, &violation) {
		return AlertInsufficientSecurity
	}
	return AlertBadCertificate
}

// verifyPolicy looks at a certificate of the peer's chain while the library verifies it: top is the first of the chain that
// the library shows, and flags what is wrong with it otherwise.
func (r *PolicyRules) verifyPolicy(der []byte, depth int, top bool, flags VerifyFlags) (*PolicyViolation, VerifyFlags) {
	facts, err := readCertificate(der)
	if err != nil {
		return unreadable(depth, err), CertOther
	}
	facts.anchor = top && flags&CertNotTrusted == 0
	found, bad := r.checkCertificate(facts, depth)
	if depth == 0 {
		if v := r.checkPeerKey(der); v != nil {
			found, bad = append(found, v), bad|CertBadKey
		}
	}
	if len(found) == 0 {
		return nil, 0
	}
	return found[0], bad
}

// checkPolicy looks at a complete handshake, and at the peer's chain if verifyFunc has not seen that: it is not shown those of
// a session that is resumed.
func (c *core) checkPolicy(st *ConnectionState, chain bool) error {
	r := c.config.rules()
	if r == nil || c.config.unjudged() {
		return nil
	}
	found := r.checkState(st, c.server)
	if chain {
		found = append(found, r.checkPeer(st.PeerCertificatesDER)...)
	}
	if len(found) == 0 {
		return nil
	}
	return found[0]
}

// rank is the place of v in a list that is an order of preference.
func rank[T comparable](list []T, v T) int {
	if i := slices.Index(list, v); i >= 0 {
		return i
	}
	return len(list)
}

// compareSuites orders suites by the policy's preferences.
func (r *PolicyRules) compareSuites(a, b CipherSuiteInfo) int {
	return cmp.Or(
		cmp.Compare(rank(r.KeyExchangeMethods, policyKeyExchange(a.KeyExchange)), rank(r.KeyExchangeMethods, policyKeyExchange(b.KeyExchange))),
		cmp.Compare(rank(r.Ciphers, policyCipher(a)), rank(r.Ciphers, policyCipher(b))),
	)
}

// compareSchemes orders signature algorithms by the policy's preferences.
func (r *PolicyRules) compareSchemes(a, b SignatureScheme) int {
	x, y := signatureParts[a], signatureParts[b]
	return cmp.Or(
		cmp.Compare(rank(r.SignatureSchemes, a), rank(r.SignatureSchemes, b)),
		cmp.Compare(rank(r.SignatureHashes, x.hash), rank(r.SignatureHashes, y.hash)),
		cmp.Compare(rank(r.SignatureMethods, x.method), rank(r.SignatureMethods, y.method)),
	)
}
