package mbedtls

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
)

// without names the option if the build lacks it.
func (b policyBuild) without(option string) string {
	return onlyIf(!b.has(option), "the build lacks "+option)
}

// versions are those that the rules allow, lowest first, whether or not the build has them.
func (r *PolicyRules) versions(datagram bool) (list []uint16) {
	all := []uint16{VersionTLS12, VersionTLS13}
	if datagram {
		all = []uint16{VersionDTLS12}
	}
	return slices.DeleteFunc(all, func(v uint16) bool { return r.ForbidsVersion(v) != "" })
}

var versionOptions = map[uint16]string{
	VersionTLS12: "MBEDTLS_SSL_PROTO_TLS1_2", VersionTLS13: "MBEDTLS_SSL_PROTO_TLS1_3", VersionDTLS12: "MBEDTLS_SSL_PROTO_DTLS",
}

// unmet are the rules that a build cannot meet: lists that name what it lacks, values that no build has, and rules that
// together leave nothing.
func (r *PolicyRules) unmet(b policyBuild, datagram bool) (list []UnmetRule) {
	add := func(key, why string) {
		i := slices.IndexFunc(policyRules, func(rule policyRule) bool { return rule.key == key })
		list = append(list, UnmetRule{key, policyRules[i].value.text(r), why})
	}
	for i := range policyRules {
		rule := &policyRules[i]
		if err := rule.value.parse(new(PolicyRules), rule.value.text(r)); err != nil {
			add(rule.key, err.Error())
			continue
		}
		if rule.value.lacks != nil {
			if missing := rule.value.lacks(r, b); missing != "" {
				add(rule.key, "the build lacks "+missing)
			}
		}
		if rule.unmet != nil {
			if why := rule.unmet(r, b); why != "" {
				add(rule.key, why)
			}
		}
	}
	if why := r.unmetOffer(b); why != "" {
		add("key_exchange_groups_to_offer", why)
	}
	key := "allow_tls12"
	if datagram {
		key = "allow_dtls12"
	}
	allowed := r.versions(datagram)
	built := slices.DeleteFunc(slices.Clone(allowed), func(v uint16) bool { return !b.has(versionOptions[v]) })
	switch {
	case len(allowed) == 0 && datagram:
		add(key, "it is the only version of DTLS")
	case len(allowed) == 0:
		add(key, "and allow_tls13 = false, so that no version is left")
	case len(built) == 0:
		if slices.Contains(allowed, VersionTLS13) {
			key = "allow_tls13"
		}
		add(key, "the build lacks "+versionOptions[allowed[len(allowed)-1]]+", and no other version is allowed")
	case !slices.ContainsFunc(b.suites, func(s CipherSuiteInfo) bool { return r.forbidsSuite(s) == "" && s.isFor(built) }):
		add("ciphers", "with macs, key_exchange_methods and signature_methods, it leaves no suite of the build")
	}
	if !slices.ContainsFunc(policyGroups, func(g Group) bool { return r.ForbidsGroup(g) == "" && b.hasGroup(g) }) && r.needsGroup() {
		add("key_exchange_groups", "with minimum_ecdh_group_size, minimum_dh_group_size and key_exchange_methods, it leaves no group of the build")
	}
	return list
}

// unmetOffer is why a client sends no key for the groups to offer.
func (r *PolicyRules) unmetOffer(b policyBuild) string {
	if r.KeyExchangeGroupsToOffer == nil || !r.AllowTLS13 || !b.has("MBEDTLS_SSL_PROTO_TLS1_3") {
		return ""
	}
	groups := r.KeyExchangeGroups
	if groups == nil {
		groups = policyGroups
	}
	first := slices.IndexFunc(groups, func(g Group) bool { return r.ForbidsGroup(g) == "" && b.hasGroup(g) })
	if first >= 0 && slices.Equal(r.KeyExchangeGroupsToOffer, groups[first:first+1]) {
		return ""
	}
	return "a client of Mbed TLS sends a key for one group, the first of key_exchange_groups"
}

// needsGroup tells whether all key exchanges that are allowed are over named groups.
func (r *PolicyRules) needsGroup() bool {
	return r.KeyExchangeMethods != nil && !slices.ContainsFunc(r.KeyExchangeMethods, func(m string) bool {
		return !strings.HasPrefix(m, "EC") && (m != "DHE" && m != "DHE-PSK" || r.AllowTLS12 || r.AllowDTLS12)
	})
}

// isFor tells whether a suite is for one of the versions.
func (s CipherSuiteInfo) isFor(versions []uint16) bool {
	return slices.ContainsFunc(versions, func(v uint16) bool { return s.MinVersion <= streamVersion(v) && streamVersion(v) <= s.MaxVersion })
}

// streamVersion is the version of TLS that a version of DTLS comes from.
func streamVersion(v uint16) uint16 {
	if v == VersionDTLS12 {
		return VersionTLS12
	}
	return v
}

// policyTarget is what rules are compiled into: the library's config for one end, in which the Config's own settings are.
type policyTarget struct {
	*PolicyRules
	config   *Config
	cc       *cbridge.Config
	server   bool
	datagram bool
}

// rules are those of the policy; nil without one.
func (c *Config) rules() *PolicyRules {
	c.policy.once.Do(func() {
		if c.Policy != nil {
			r := c.Policy.Rules()
			c.policy.rules = &r
		}
	})
	return c.policy.rules
}

// setPolicy narrows what the Config has set.
func (c *Config) setPolicy(cc *cbridge.Config, server bool) error {
	r := c.rules()
	if r == nil || c.unjudged() {
		return nil
	}
	datagram := cc.Transport() == cbridge.Datagram
	if unmet := r.unmet(thisBuild(), datagram); len(unmet) > 0 {
		return field("Policy", "set", &PolicyError{unmet})
	}
	t := &policyTarget{r, c, cc, server, datagram}
	for _, narrow := range []func() error{t.narrowSuites, t.narrowGroups, t.narrowSchemes, t.narrowProfile} {
		if err := narrow(); err != nil {
			return err
		}
	}
	if err := r.checkCertificates(c); err != nil {
		return err
	}
	for i := range policyRules {
		if rule := &policyRules[i]; rule.compile != nil {
			if err := rule.compile(t, rule.key+" = "+rule.value.text(r)); err != nil {
				return err
			}
		}
	}
	return nil
}

// forbids is an error if the Config's field is against a rule.
func (t *policyTarget) forbids(against bool, name string, value any, rule string) error {
	if !against {
		return nil
	}
	return badField(name, value, "is against the policy: %s", rule)
}

// narrowSuites sets the suites, and the versions that have one.
func (t *policyTarget) narrowSuites() error {
	minimum, maximum := t.cc.Versions()
	versions := slices.DeleteFunc(t.versions(t.datagram), func(v uint16) bool {
		return streamVersion(v) < minimum || streamVersion(v) > maximum
	})
	if len(versions) == 0 {
		name, value := "MaxVersion", maximum
		if t.config.MinVersion != 0 && t.config.MaxVersion == 0 {
			name, value = "MinVersion", minimum
		}
		return badField(name, VersionName(value), "is against the policy, which allows none from %s to %s", VersionName(minimum), VersionName(maximum))
	}
	var suites []CipherSuiteInfo
	offered := t.config.CipherSuites
	if len(offered) == 0 {
		offered = slices.DeleteFunc(CipherSuites(), func(id uint16) bool { return !t.cc.Offers(id) })
	}
	for _, id := range offered {
		if info, ok := CipherSuiteByID(id); ok && t.forbidsSuite(info) == "" && info.isFor(versions) {
			suites = append(suites, info)
		}
	}
	if len(suites) == 0 {
		return badField("CipherSuites", suiteNames(offered), "are all against the policy: %s", t.whySuites(offered))
	}
	if len(t.config.CipherSuites) == 0 {
		slices.SortStableFunc(suites, t.compareSuites)
	}
	versions = slices.DeleteFunc(versions, func(v uint16) bool {
		return !slices.ContainsFunc(suites, func(s CipherSuiteInfo) bool { return s.isFor([]uint16{v}) })
	})
	ids := make([]int, len(suites))
	for i, s := range suites {
		ids[i] = int(s.ID)
	}
	if err := t.cc.SetCiphersuites(ids); err != nil {
		return err
	}
	return t.cc.SetVersions(int(streamVersion(versions[0])), int(streamVersion(versions[len(versions)-1])))
}

// whySuites names the rules that forbid the suites.
func (t *policyTarget) whySuites(ids []uint16) string {
	var keys []string
	for _, id := range ids {
		info, _ := CipherSuiteByID(id)
		key := t.forbidsSuite(info)
		if key == "" {
			key = t.ForbidsVersion(info.MinVersion) // or it is for a version that the Config leaves out
		}
		if key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return strings.Join(keys, ", ")
}

// narrowGroups leaves the groups alone where no key exchange needs one. The policy's list stands for that of a Config which
// has none.
func (t *policyTarget) narrowGroups() error {
	offered := t.cc.Groups()
	if len(t.config.Groups) == 0 && t.KeyExchangeGroups != nil && t.config.Preset == PresetDefault {
		offered = nil
		for _, g := range t.KeyExchangeGroups {
			offered = append(offered, uint16(g))
		}
	}
	allowed := slices.DeleteFunc(slices.Clone(offered), func(id uint16) bool { return t.ForbidsGroup(Group(id)) != "" })
	if len(allowed) == 0 {
		if len(t.config.Groups) > 0 || t.needsGroup() {
			return badField("Groups", t.config.Groups, "are all against the policy: key_exchange_groups = %s, minimum_ecdh_group_size = %d, minimum_dh_group_size = %d",
				names(t.KeyExchangeGroups), t.MinimumECDHGroupSize, t.MinimumDHGroupSize)
		}
		return nil
	}
	if len(t.config.Groups) == 0 && t.KeyExchangeGroups != nil {
		slices.SortStableFunc(allowed, func(a, b uint16) int {
			return cmp.Compare(rank(t.KeyExchangeGroups, Group(a)), rank(t.KeyExchangeGroups, Group(b)))
		})
	}
	return t.cc.SetGroups(allowed)
}

func (t *policyTarget) narrowSchemes() error {
	offered := t.cc.SignatureAlgorithms()
	if offered == nil { // a build without certificates
		return nil
	}
	listed := t.SignatureHashes != nil || t.SignatureSchemes != nil
	if len(t.config.SignatureAlgorithms) == 0 && listed && t.config.Preset == PresetDefault {
		offered = nil
		for _, s := range SignatureSchemes() {
			offered = append(offered, uint16(s))
		}
	}
	allowed := slices.DeleteFunc(slices.Clone(offered), func(id uint16) bool { return t.ForbidsSignatureScheme(SignatureScheme(id)) != "" })
	if len(allowed) == 0 {
		return badField("SignatureAlgorithms", t.config.SignatureAlgorithms, "are all against the policy: %s", t.whySchemes(offered))
	}
	if len(t.config.SignatureAlgorithms) == 0 {
		slices.SortStableFunc(allowed, func(a, b uint16) int { return t.compareSchemes(SignatureScheme(a), SignatureScheme(b)) })
	}
	return t.cc.SetSignatureAlgorithms(allowed)
}

// whySchemes names the rules that forbid the signature algorithms.
func (t *policyTarget) whySchemes(ids []uint16) string {
	var why []string
	for i := range policyRules {
		rule := &policyRules[i]
		if rule.scheme != nil && slices.ContainsFunc(ids, func(id uint16) bool { return !rule.scheme(t.PolicyRules, SignatureScheme(id)) }) {
			why = append(why, rule.key+" = "+rule.value.text(t.PolicyRules))
		}
	}
	return strings.Join(why, ", ")
}

// narrowProfile makes the library refuse what verifyFunc will, revocation lists included.
func (t *policyTarget) narrowProfile() error {
	base := t.config.CertificateProfile
	if base == nil {
		base = map[Preset]*CertificateProfile{PresetDefault: ProfileDefault, PresetSuiteB: ProfileSuiteB}[t.config.Preset]
	}
	p, err := base.compile()
	if err != nil {
		return err
	}
	rules := CertificateProfile{MinRSABits: max(t.MinimumRSABits, rsaBitsFor(t.MinimumSignatureStrength))}
	for h := range policyHashes {
		if in(t.SignatureHashes, h) && hashStrength(h) >= t.MinimumSignatureStrength {
			rules.Hashes = append(rules.Hashes, h)
		}
	}
	for _, g := range certificateCurves {
		if in(t.CertificateCurves, g) && groupBits[g] >= t.MinimumECDSAGroupSize && groupBits[g]/2 >= t.MinimumSignatureStrength {
			rules.Curves = append(rules.Curves, g)
		}
	}
	rules.PublicKeys = []x509.PublicKeyAlgorithm{x509.RSA, x509.ECDSA}
	narrow, err := rules.compile()
	if err != nil {
		return err
	}
	return t.cc.SetCertProfile(cbridge.CertProfile{
		Hashes: p.Hashes & narrow.Hashes, PublicKeys: p.PublicKeys & narrow.PublicKeys, Curves: p.Curves & narrow.Curves,
		RSAMinBits: max(p.RSAMinBits, narrow.RSAMinBits),
	})
}

// checkCertificates looks at those of a Config.
func (r *PolicyRules) checkCertificates(c *Config) error {
	for i := range c.Certificates {
		if err := r.checkOwn(&c.Certificates[i], fmt.Sprintf("Certificates[%d]", i)); err != nil {
			return err
		}
	}
	return nil
}

// checkOwn looks at a chain of this end, by the field of the Config that it comes from.
func (r *PolicyRules) checkOwn(cert *Certificate, name string) error {
	if found := r.checkChain(cert.Certificate); len(found) > 0 {
		return badField(name, cert, "%w", found[0])
	}
	return nil
}

func (t *policyTarget) compileKeyExchange(rule string) error {
	allowed := func(method string) bool { return in(t.KeyExchangeMethods, method) }
	keys := slices.ContainsFunc([]string{"PSK", "ECDHE-PSK", "DHE-PSK", "RSA-PSK"}, allowed)
	for _, f := range []struct {
		name string
		set  bool
		ok   bool
	}{
		{"PSK", t.config.PSK != nil, keys},
		{"GetPSK", t.server && t.config.GetPSK != nil, keys},
		{"ECJPAKEPassword", len(t.config.ECJPAKEPassword) > 0, allowed("ECJPAKE")},
		{"ECJPAKEKeyID", t.config.ECJPAKEKeyID != 0, allowed("ECJPAKE")},
	} {
		if err := t.forbids(f.set && !f.ok, f.name, "set", rule); err != nil {
			return err
		}
	}
	return nil
}

// tls13KeyExchange are the modes that the rules allow. A session is resumed with a key and an ephemeral exchange.
func (r *PolicyRules) tls13KeyExchange() (modes TLS13KeyExchange) {
	for _, m := range []struct {
		mode    TLS13KeyExchange
		methods []string
	}{
		{TLS13Ephemeral, []string{"ECDHE", "DHE"}},
		{TLS13PSKEphemeral, []string{"ECDHE", "DHE", "ECDHE-PSK", "DHE-PSK"}},
		{TLS13PSK, []string{"PSK"}},
	} {
		if slices.ContainsFunc(m.methods, func(method string) bool { return in(r.KeyExchangeMethods, method) }) {
			modes |= m.mode
		}
	}
	return modes
}

// defaultDHBits is the size of the group that a server of the library has by default.
const defaultDHBits = 2048

// compileDH sets what a client takes, and looks at what a server has.
func (t *policyTarget) compileDH(rule string) error {
	switch {
	case t.MinimumDHGroupSize == 0 || !cbridge.Feature("MBEDTLS_DHM_C"):
		return nil
	case !t.server:
		const libraryMinimum = 1024
		return t.cc.SetDHMMinBits(uint(max(cmp.Or(t.config.MinDHBits, libraryMinimum), t.MinimumDHGroupSize)))
	}
	bits := defaultDHBits
	if p := t.config.DHParams; p != nil {
		bits = new(big.Int).SetBytes(p.P).BitLen()
	}
	dhe := slices.ContainsFunc(CipherSuites(), func(id uint16) bool {
		info, _ := CipherSuiteByID(id)
		return strings.HasPrefix(policyKeyExchange(info.KeyExchange), "DHE") && t.cc.Offers(id)
	})
	return t.forbids(dhe && bits < t.MinimumDHGroupSize, "DHParams", fmt.Sprintf("%d bits", bits), rule)
}

// compileOffer looks at the group that a client of TLS 1.3 sends a key for, if the Config has an order of its own.
func (t *policyTarget) compileOffer(rule string) error {
	_, maximum := t.cc.Versions()
	groups := t.cc.Groups()
	if t.KeyExchangeGroupsToOffer == nil || t.server || maximum < VersionTLS13 || len(groups) == 0 {
		return nil
	}
	return t.forbids(Group(groups[0]) != t.KeyExchangeGroupsToOffer[0], "Groups", t.config.Groups, rule)
}

// compileSRTP leaves of the profiles that the Config asks for those that are allowed.
func (t *policyTarget) compileSRTP(rule string) error {
	asked := t.config.DTLS.SRTPProfiles
	if !t.datagram || len(asked) == 0 {
		return nil
	}
	var allowed []uint16
	for _, p := range asked {
		if in(t.SRTPProfiles, p) {
			allowed = append(allowed, uint16(p))
		}
	}
	if err := t.forbids(len(allowed) == 0, "DTLS.SRTPProfiles", asked, rule); err != nil {
		return err
	}
	return t.cc.SetSRTPProfiles(allowed)
}

func (t *policyTarget) compileSecureRenegotiation(rule string) error {
	if !t.RequireSecureRenegotiation {
		return nil
	}
	if err := t.forbids(t.config.LegacyRenegotiation == LegacyAllowRenegotiation, "LegacyRenegotiation", "LegacyAllowRenegotiation", rule); err != nil {
		return err
	}
	return t.cc.SetLegacyRenegotiation(cbridge.LegacyBreakHandshake)
}

func (t *policyTarget) compileEncryptThenMAC(rule string) error {
	if t.NegotiateEncryptThenMAC {
		return t.forbids(t.config.DisableEncryptThenMAC, "DisableEncryptThenMAC", true, rule)
	}
	return optional(cbridge.Feature("MBEDTLS_SSL_ENCRYPT_THEN_MAC"), func() error { return t.cc.SetEncryptThenMAC(false) })
}

func (t *policyTarget) compileTickets(rule string) error {
	if !t.server {
		return nil
	}
	if err := t.forbids(t.config.NewSessionTickets > t.NewSessionTickets, "NewSessionTickets", t.config.NewSessionTickets, rule); err != nil {
		return err
	}
	none := t.NewSessionTickets == 0 && cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") && cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS")
	return optional(none, func() error { return t.cc.SetNewSessionTickets(0) })
}

func (t *policyTarget) compileFragments(rule string) error {
	limit := t.MaximumFragmentLength
	switch _, maximum := t.cc.Versions(); {
	case limit == 0:
		return nil
	case t.config.MaxFragmentLength != 0:
		return t.forbids(t.config.MaxFragmentLength > limit, "MaxFragmentLength", t.config.MaxFragmentLength, rule)
	case !t.server && maximum > VersionTLS12:
		return t.forbids(true, "MaxVersion", VersionName(maximum)+": clients can ask for fragments in TLS 1.2 alone", rule)
	}
	return t.cc.SetMaxFragmentLength(maxFragmentCodes[limit])
}
