package mbedtls

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

// mustViolate expects the error of a rule.
func mustViolate(t *testing.T, err error, key string) {
	t.Helper()
	var violation *PolicyViolation
	if !errors.As(err, &violation) || violation.Key != key {
		t.Errorf("%v, want a violation of %s", err, key)
	}
}

func TestFactsOfCertificatesAreWhatX509Finds(t *testing.T) {
	t.Parallel()
	ecKey := func(c elliptic.Curve) crypto.Signer {
		k, err := ecdsa.GenerateKey(c, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1026)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		key    crypto.Signer
		signed x509.SignatureAlgorithm
		want   certificateFacts
	}{
		{ecKey(elliptic.P224()), x509.ECDSAWithSHA256, certificateFacts{keyEC, 224, SecP224R1, methodECDSA, crypto.SHA256, true, false}},
		{ecKey(elliptic.P256()), x509.ECDSAWithSHA256, certificateFacts{keyEC, 256, CurveP256, methodECDSA, crypto.SHA256, true, false}},
		{ecKey(elliptic.P384()), x509.ECDSAWithSHA384, certificateFacts{keyEC, 384, CurveP384, methodECDSA, crypto.SHA384, true, false}},
		{ecKey(elliptic.P521()), x509.ECDSAWithSHA512, certificateFacts{keyEC, 521, CurveP521, methodECDSA, crypto.SHA512, true, false}},
		{rsaKey, x509.SHA256WithRSA, certificateFacts{keyRSA, 1026, 0, methodRSA, crypto.SHA256, true, false}},
		{rsaKey, x509.SHA512WithRSA, certificateFacts{keyRSA, 1026, 0, methodRSA, crypto.SHA512, true, false}},
		{rsaKey, x509.SHA256WithRSAPSS, certificateFacts{keyRSA, 1026, 0, methodRSA, crypto.SHA256, true, false}},
		{rsaKey, x509.SHA384WithRSAPSS, certificateFacts{keyRSA, 1026, 0, methodRSA, crypto.SHA384, true, false}},
	} {
		template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, SignatureAlgorithm: tt.signed}
		der, err := x509.CreateCertificate(rand.Reader, template, template, tt.key.Public(), tt.key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := readCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, *got, cmp.AllowUnexported(certificateFacts{})); diff != "" {
			t.Errorf("%v: %s", tt.signed, diff)
		}
		for n := range der { // none of which may panic
			_, _ = readCertificate(der[:n])
		}
	}
	if _, err := readCertificate([]byte("no certificate")); !errors.Is(err, errNotCertificate) {
		t.Errorf("got %v", err)
	}
}

func TestSignatureOfATrustAnchorDoesNotMatter(t *testing.T) {
	r := policyWith(func(r *PolicyRules) { r.SignatureHashes = []crypto.Hash{crypto.SHA384} })
	root := testpki.NewCA(testpki.P256, "root") // signs with SHA-256
	anchor := root.Intermediate(testpki.P384, "anchor")
	for _, tt := range []struct {
		name  string
		der   []byte
		top   bool
		flags VerifyFlags
		want  VerifyFlags
	}{
		{"a root", root.Cert.Raw, true, 0, 0},
		{"a root that is not trusted", root.Cert.Raw, true, CertNotTrusted, CertBadHash},
		{"a certificate below the anchor that has its issuer's name", root.Cert.Raw, false, 0, CertBadHash},
		{"an intermediate that is trusted", anchor.Cert.Raw, true, 0, 0},
		{"an intermediate that is not", anchor.Cert.Raw, true, CertNotTrusted, CertBadHash},
		{"an intermediate below the anchor", anchor.Cert.Raw, false, 0, CertBadHash},
	} {
		violation, flags := r.verifyPolicy(tt.der, 1, tt.top, tt.flags)
		if flags != tt.want || (violation != nil) != (tt.want != 0) {
			t.Errorf("%s: %v, %v, want %v", tt.name, violation, flags, tt.want)
		}
	}
}

// A closure may trust what the library does not, but not its signature.
func TestPolicyJudgesSelfSignedCertificatesThatOnlyAClosureTrusts(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		trusted bool // by the library
		rule    string
	}{
		"by the pool":    {true, ""},
		"by the closure": {false, "signature_hashes"},
	} {
		t.Run(name, func(t *testing.T) {
			versions(t, func(t *testing.T, version uint16) {
				client, server := configs(t)
				template := &x509.Certificate{
					SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
					NotAfter: time.Now().Add(time.Hour), SignatureAlgorithm: x509.ECDSAWithSHA256,
				}
				der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
				if err != nil {
					t.Fatal(err)
				}
				server.Certificates = []Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}
				client.MaxVersion = version
				if tt.trusted {
					client.RootCAs.AddDER(der)
				}
				client.VerifyCertificate = func(*x509.Certificate, int, VerifyFlags) (VerifyFlags, error) { return 0, nil }
				client.Policy = policyWith(func(r *PolicyRules) { r.SignatureHashes = []crypto.Hash{crypto.SHA384} })
				c, s := ends(t, client, server)
				err, _ = handshakes(c, s)
				if tt.rule != "" {
					mustViolate(t, err, tt.rule)
				} else if err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestPolicyIsToldBesideTheReasonOfTheLibrary(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		server.Certificates = []Certificate{issue(t, testpki.Leaf{Algorithm: testpki.RSA2048})}
		client.Policy, client.MaxVersion = StrictPolicy, version
		c, s := ends(t, client, server)
		clientErr, serverErr := handshakes(c, s)
		mustViolate(t, clientErr, "minimum_rsa_bits")
		var verify *VerifyError
		if !errors.As(clientErr, &verify) || verify.Flags != CertBadKey {
			t.Errorf("%v, want CertBadKey", clientErr)
		}
		if serverErr == nil {
			t.Error("the server's handshake succeeds")
		}
	})
}

func TestOwnCertificatesOfAClosureMustFollowThePolicy(t *testing.T) {
	for field, choose := range map[string]func(*Config, Certificate){
		"GetCertificate": func(c *Config, cert Certificate) {
			c.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) { return &cert, nil }
		},
		"Certificates[0]": func(c *Config, cert Certificate) {
			chosen := &Config{Certificates: []Certificate{cert}}
			t.Cleanup(func() { chosen.Close() })
			c.GetConfigForClient = func(*ClientHelloInfo) (*Config, error) { return chosen, nil }
		},
	} {
		t.Run(field, func(t *testing.T) {
			client, server := configs(t)
			choose(server, issue(t, testpki.Leaf{Algorithm: testpki.RSA2048}))
			server.Policy = StrictPolicy
			c, s := ends(t, client, server)
			_, err := handshakes(c, s)
			mustViolate(t, err, "minimum_rsa_bits")
			var bad *ConfigError
			if !errors.As(err, &bad) || bad.Field != field {
				t.Errorf("%v, want field %s", err, field)
			}
		})
	}
}

func TestVerifyConnectionSeesOnlyWhatThePolicyAllows(t *testing.T) {
	client, server := configs(t)
	server.DisableExtendedMasterSecret = true
	client.Policy, client.MaxVersion = StrictPolicy, VersionTLS12
	client.VerifyConnection = func(ConnectionState) error {
		t.Error("VerifyConnection is called")
		return nil
	}
	c, s := ends(t, client, server)
	clientErr, _ := handshakes(c, s)
	mustViolate(t, clientErr, "require_extended_master_secret")
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, AlertInsufficientSecurity) {
		t.Errorf("the server reads %v, want the alert insufficient_security", err)
	}
}

func TestRenegotiationUnderAPolicyIsCheckedAgain(t *testing.T) {
	client, server := configs(t)
	keys := 0
	client.Policy = policyWith(func(r *PolicyRules) {
		r.AllowClientInitiatedRenegotiation, r.AllowServerInitiatedRenegotiation = true, true
		r.CheckPeerKey = func(crypto.PublicKey) error {
			if keys++; keys > 1 {
				return errors.New("seen before")
			}
			return nil
		}
	})
	client.AllowRenegotiation, client.MaxVersion, server.AllowRenegotiation = true, VersionTLS12, true
	c, s := connected(t, client, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = s.Read(make([]byte, 1))
		s.Close()
	}()
	mustViolate(t, c.Renegotiate(), "check_peer_key")
	c.Close()
	<-done
}

func TestTicketsLiveNoLongerThanThePolicySays(t *testing.T) {
	c := &Config{
		Policy:      policyWith(func(r *PolicyRules) { r.SessionTicketLifetime = time.Minute }),
		WriteTicket: func([]byte) ([]byte, time.Duration, error) { return []byte("ticket"), time.Hour, nil },
	}
	if _, lifetime, err := c.writeTicket([]byte("session")); lifetime != time.Minute || err != nil {
		t.Errorf("%v, %v, want a minute", lifetime, err)
	}
}

func TestNoTicketsUnderAPolicyWithout(t *testing.T) {
	client, server := configs(t)
	server.TicketKeys = ticketKeys(t)
	server.Policy = policyWith(func(r *PolicyRules) { r.NewSessionTickets = 0 })
	c, s := connected(t, client, server)
	mustConverse(t, c, s)
	if _, err := c.Session(); err == nil {
		t.Error("there is a session")
	}
}

func TestClientSendsNoEarlyDataUnlessThePolicyAllows(t *testing.T) {
	for _, allowed := range []bool{false, true} {
		client, server, session := earlyConfigs(t)
		client = changed(t, client, func(c *Config) {
			c.Policy = policyWith(func(r *PolicyRules) { r.AllowEarlyData = allowed })
			c.CipherSuites = []uint16{session.CipherSuite()}
		})
		c, s := earlyEnds(t, client, server, session)
		n, err := c.WriteEarlyData([]byte("early"))
		if allowed && (n != 5 || err != nil) || !allowed && (n != 0 || !errors.Is(err, ErrSSLCannotWriteEarlyData)) {
			t.Errorf("allowed %t: %d bytes, %v", allowed, n, err)
		}
		if clientErr, serverErr := handshakes(c, s); clientErr != nil || serverErr != nil {
			t.Errorf("allowed %t: client %v, server %v", allowed, clientErr, serverErr)
		}
	}
}

func TestPolicyHasTheMTUWhereNothingElseDoes(t *testing.T) {
	p := policyWith(func(r *PolicyRules) { r.MTU = 900 })
	for _, tt := range []struct {
		config *Config
		want   int
	}{
		{&Config{}, 0}, {&Config{Policy: p}, 900}, {&Config{Policy: p, DTLS: DTLSOptions{MTU: 1200}}, 1200},
	} {
		if got := tt.config.mtu(); got != tt.want {
			t.Errorf("%d, want %d", got, tt.want)
		}
	}
}

// A client waits for a silent server as long as the policy says, and not for the minutes of the library's defaults.
func TestPolicyHasTheTimeoutsWhereNothingElseDoes(t *testing.T) {
	p := policyWith(func(r *PolicyRules) {
		r.DTLSInitialTimeout, r.DTLSMaximumTimeout = 20*time.Millisecond, 40*time.Millisecond
	})
	for _, tt := range []struct {
		config           *Config
		minimum, maximum time.Duration
	}{
		{&Config{}, time.Second, time.Minute},
		{&Config{Policy: p}, 20 * time.Millisecond, 40 * time.Millisecond},
		{&Config{Policy: p, DTLS: DTLSOptions{HandshakeTimeoutMin: time.Millisecond}}, time.Millisecond, 40 * time.Millisecond},
		{&Config{Policy: p, DTLS: DTLSOptions{HandshakeTimeoutMax: time.Second}}, 20 * time.Millisecond, time.Second},
	} {
		if minimum, maximum := tt.config.handshakeTimeouts(); minimum != tt.minimum || maximum != tt.maximum {
			t.Errorf("%v to %v, want %v to %v", minimum, maximum, tt.minimum, tt.maximum)
		}
	}
	client, _ := configs(t)
	client.Policy = p
	silent := socketOf(t)
	conn, err := DialDTLSContext(t.Context(), "udp", silent.LocalAddr().String(), client)
	if err == nil {
		conn.Close()
	}
	mustBe(t, "the handshake", err, ErrSSLTimeout)
}

func TestPolicyChoosesTheProfilesOfSRTP(t *testing.T) {
	both := []SRTPProfile{SRTPAES128CMHMACSHA1_80, SRTPAES128CMHMACSHA1_32}
	short := policyWith(func(r *PolicyRules) { r.SRTPProfiles = both[1:] })
	for name, narrow := range map[string]func(client, server *Config){
		"client": func(client, _ *Config) { client.Policy = short },
		"server": func(_, server *Config) { server.Policy = short },
	} {
		t.Run(name, func(t *testing.T) {
			client, server := configs(t)
			client.DTLS.SRTPProfiles, server.DTLS.SRTPProfiles = both, both
			narrow(client, server)
			c, _ := connectedDTLS(t, client, server)
			st := c.ConnectionState()
			if st.SRTPProfile != both[1] {
				t.Errorf("profile %v", st.SRTPProfile)
			}
			none := policyWith(func(r *PolicyRules) { r.SRTPProfiles = []SRTPProfile{} })
			if found := PolicyViolations(none, st, false); len(found) != 1 || found[0].Key != "srtp_profiles" || found[0].Want != "none" {
				t.Errorf("%v", found)
			}
			client = changed(t, client, func(c *Config) { c.Policy = none })
			var bad *ConfigError
			if err := client.ValidateDTLS(false); !errors.As(err, &bad) || bad.Field != "DTLS.SRTPProfiles" {
				t.Errorf("%v, want field DTLS.SRTPProfiles", err)
			}
		})
	}
}

func TestPolicyBoundsHowOftenTicketsAreUsed(t *testing.T) {
	tls13 := func(change func(*PolicyRules)) PolicyRules {
		return policyWith(func(r *PolicyRules) { r.AllowTLS12 = false; r.AllowDTLS12 = false; change(r) })
	}
	for _, tt := range []struct {
		name   string
		policy PolicyRules
		want   []bool // whether each connection with the session resumes it
	}{
		{"again", tls13(func(*PolicyRules) {}), []bool{true, true}},
		{"once", tls13(func(r *PolicyRules) { r.ReuseSessionTickets = false }), []bool{true, false}},
		{"never", tls13(func(r *PolicyRules) { r.MaximumSessionTicketsPerClientHello = 0 }), []bool{false, false}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, server := configs(t)
			server.TicketKeys = ticketKeys(t)
			client.Policy = tt.policy
			_, _, session := visit(t, client, server, func(*Conn) {})
			for i, want := range tt.want {
				state, _, _ := visit(t, client, server, func(c *Conn) { c.SetSession(session) })
				if state.DidResume != want {
					t.Errorf("connection %d: resumed %t, want %t", i, !want, want)
				}
			}
		})
	}
}

func TestWeakKeysAndHashesAreFoundByTheirStrength(t *testing.T) {
	t.Parallel()
	ec := func(g Group, hash crypto.Hash) certificateFacts {
		return certificateFacts{key: keyEC, bits: groupBits[g], curve: g, method: methodECDSA, hash: hash}
	}
	rsa := func(bits int) certificateFacts {
		return certificateFacts{key: keyRSA, bits: bits, method: methodRSA, hash: crypto.SHA512}
	}
	for _, tt := range []struct {
		facts    certificateFacts
		strength int // the highest that it passes
		flag     VerifyFlags
	}{
		{rsa(1023), 0, CertBadKey}, {rsa(1024), 80, CertBadKey}, {rsa(2047), 80, CertBadKey}, {rsa(2048), 112, CertBadKey},
		{rsa(3072), 128, CertBadKey}, {rsa(7680), 192, CertBadKey},
		{ec(CurveP256, crypto.SHA512), 128, CertBadKey}, {ec(CurveP384, crypto.SHA512), 192, CertBadKey},
		{ec(CurveP384, crypto.SHA256), 128, CertBadHash}, {ec(CurveP256, crypto.SHA1), 80, CertBadHash},
		{ec(CurveP256, crypto.MD5), 0, CertBadHash},
	} {
		if wrong, flag := tt.facts.weaker(tt.strength); wrong != "" || flag != 0 {
			t.Errorf("%+v at %d: %s, %v", tt.facts, tt.strength, wrong, flag)
		}
		if wrong, flag := tt.facts.weaker(tt.strength + 1); wrong == "" || flag != tt.flag {
			t.Errorf("%+v at %d: %q, %v, want %v", tt.facts, tt.strength+1, wrong, flag, tt.flag)
		}
	}
	for strength, want := range map[int]int{0: 0, 1: 1024, 80: 1024, 110: 2048, 112: 2048, 128: 3072, 256: 15360} {
		if got := rsaBitsFor(strength); got != want {
			t.Errorf("%d bits for %d, want %d", got, strength, want)
		}
	}
}

func TestSavedConnectionsGoOnOnlyIfThePolicyAllows(t *testing.T) {
	client, server := savable(t)
	c, s := connectedDTLS(t, client, server)
	mustConverse(t, c, s)
	saved := mustSave(t, c)
	refused := changed(t, client, func(c *Config) {
		c.Policy = policyWith(func(r *PolicyRules) { r.CertificateCurves = []Group{CurveP384} })
	})
	_, b := socketPair(t)
	_, err := ResumeDTLS(b, saved, refused)
	mustViolate(t, err, "certificate_curves")
}

func TestPolicyHoldsForChannels(t *testing.T) {
	channelKinds(t, func(t *testing.T, client, server *Config, c, s ChannelOptions) {
		server.Certificates = []Certificate{issue(t, testpki.Leaf{Algorithm: testpki.RSA2048})}
		client.Policy, client.InsecureSkipVerify = StrictPolicy, true
		a, b := newChannelEnd(t, client, c), newChannelEnd(t, server, s)
		if err := a.Handshake(); err != nil {
			t.Fatal(err)
		}
		pump(a, b, 0)
		mustViolate(t, a.err, "minimum_rsa_bits")
	})
}

func TestChannelAlertsThatThePolicyRefusesTheHandshake(t *testing.T) {
	client, server := configs(t)
	server.DisableExtendedMasterSecret = true
	client.Policy, client.MaxVersion = StrictPolicy, VersionTLS12
	a, b := newChannelEnd(t, client, channelClient), newChannelEnd(t, server, channelServer)
	if err := a.Handshake(); err != nil {
		t.Fatal(err)
	}
	pump(a, b, 0)
	mustViolate(t, a.err, "require_extended_master_secret")
	if diff := cmp.Diff([]string{"fatal: insufficient security"}, b.alerts); diff != "" {
		t.Error(diff)
	}
}

// countedPolicy counts how often it is asked.
type countedPolicy struct {
	Policy
	asked int
}

func (p *countedPolicy) Rules() PolicyRules {
	p.asked++
	return p.Policy.Rules()
}

func TestPolicyIsAskedOnceByAConfig(t *testing.T) {
	client, server := configs(t)
	p := &countedPolicy{Policy: DefaultPolicy}
	client.Policy = p
	for range 2 {
		connected(t, client, server)
	}
	if p.asked != 1 {
		t.Errorf("asked %d times", p.asked)
	}
}
