package testprogram

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Program is one run of one of the programs: its options, what it has loaded, and the Config that it makes of both.
type Program struct {
	*Options
	Output *Output
	Config *mbedtls.Config
	Hooks  *harness.Hooks // of Config

	CAs  *cbridge.Crt // nil: none
	Keys []*OwnKey

	CIDValue, CIDValueRenego []byte
	Secrets                  *Secrets // of the newest handshake; nil if nobody wants to know
	Socket                   *Socket  // of the connection whose handshake comes next

	psk    []byte
	closer []func() error
}

// OwnKey is a chain with its key.
type OwnKey struct {
	Chain *cbridge.Crt
	Key   *cbridge.PK
}

// New loads what the options name, and makes a Config. It prints its steps; the error is an *ExitError.
func New(o *Options, out *Output) (*Program, error) {
	p := &Program{Options: o, Output: out, Config: &mbedtls.Config{}, Hooks: &harness.Hooks{}}
	harness.Attach(p.Config, p.Hooks)
	if err := p.decode(); err != nil {
		return p, err
	}
	out.Printf("%s\n", BuildVersion())
	if err := out.Step("\n  . Seeding the random number generator...", p.seed); err != nil {
		return p, err
	}
	if err := out.Step("  . Loading the CA root certificate ...", p.loadCAs); err != nil {
		return p, err
	}
	title := "  . Loading the client cert. and key..."
	if o.Server {
		title = "  . Loading the server cert. and key..."
	}
	if err := out.Step(title, p.loadKeys); err != nil {
		return p, err
	}
	if o.DHMFile != "" {
		if err := out.Step("  . Loading DHM parameters...", p.loadDHParams); err != nil {
			return p, err
		}
	}
	return p, nil
}

// Close frees what New and Configure made.
func (p *Program) Close() error {
	err := p.Config.Close()
	for i := len(p.closer) - 1; i >= 0; i-- {
		err = errors.Join(err, p.closer[i]())
	}
	return err
}

// OnClose adds to what Close does.
func (p *Program) OnClose(f func() error) { p.closer = append(p.closer, f) }

// decode reads the options in hexadecimal.
func (p *Program) decode() (err error) {
	if p.psk, err = hex.DecodeString(p.PSK); err != nil {
		return Exit("psk is not hexadecimal")
	}
	if p.CIDValue, err = hex.DecodeString(p.CIDVal); err == nil {
		p.CIDValueRenego = p.CIDValue
		if p.CIDValRenego != nil {
			p.CIDValueRenego, err = hex.DecodeString(*p.CIDValRenego)
		}
	}
	switch {
	case err != nil:
		return Exit("cid_val or cid_val_renego is not hexadecimal")
	case p.CID && p.cidRenego() && len(p.CIDValue) != len(p.CIDValueRenego):
		return Exit("cid_val_renego is not as long as cid_val")
	case p.SRTPProfile != 0 && !p.UseSRTP:
		return Exit("srtp_force_profile needs use_srtp")
	}
	return nil
}

func (o *Options) cidRenego() bool {
	if o.CIDRenego != nil {
		return *o.CIDRenego
	}
	return o.CID
}

// seed makes a run with reproducible=1 draw the same random bytes each time.
func (p *Program) seed() (string, error) {
	if !p.Reproducible {
		return "", nil
	}
	if cbridge.Feature("MBEDTLS_USE_PSA_CRYPTO") {
		return "", errors.New("reproducible does not go with MBEDTLS_USE_PSA_CRYPTO")
	}
	p.Config.Rand = rand.NewChaCha8([32]byte{1})
	p.Config.Time = func() time.Time { return time.Unix(1525850198, 0) }
	return "", nil
}

// Configure completes the Config.
func (p *Program) Configure() error {
	for _, set := range []func() error{p.setAlgorithms, p.setAuthentication, p.setSharedSecrets, p.setRenegotiation, p.setDTLS} {
		if err := set(); err != nil {
			return err
		}
	}
	c := p.Config
	c.ReadTimeout = p.ReadTimeout
	if p.DebugLevel > 0 {
		c.Logger, c.DebugLevel = p.Output.Logger(), min(p.DebugLevel, 4)
	}
	p.setSecrets()
	return nil
}

// HookConfig adds to what has the last word on the library's config.
func (p *Program) HookConfig(f func(*cbridge.Config) error) {
	before := p.Hooks.Config
	p.Hooks.Config = func(cc *cbridge.Config) error {
		if before != nil {
			if err := before(cc); err != nil {
				return err
			}
		}
		return f(cc)
	}
}

// HookContext adds to what has the last word on each context.
func (p *Program) HookContext(f func(*cbridge.SSL) error) {
	before := p.Hooks.Context
	p.Hooks.Context = func(s *cbridge.SSL) error {
		if before != nil {
			if err := before(s); err != nil {
				return err
			}
		}
		return f(s)
	}
}

func (p *Program) setAlgorithms() error {
	c := p.Config
	c.MinVersion, c.MaxVersion = p.MinVersion, p.MaxVersion
	if p.Ciphersuite != 0 {
		c.CipherSuites = []uint16{p.Ciphersuite}
	}
	if cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") {
		c.TLS13KeyExchange = mbedtls.TLS13KeyExchange(p.KexModes)
	}
	c.NextProtos = p.ALPN
	c.MaxFragmentLength = p.MaxFragLen
	c.DisableExtendedMasterSecret = !p.ExtendedMS
	c.DisableEncryptThenMAC = !p.ETM
	c.MinDHBits = p.DHMLen
	if p.Groups != "default" {
		ids, err := parseGroups(p.Groups)
		if err != nil {
			return err
		}
		p.HookConfig(func(cc *cbridge.Config) error { return cc.SetGroups(ids) })
	}
	sigAlgs := sha1SigAlgs
	if p.SigAlgs != nil {
		var err error
		if sigAlgs, err = parseSigAlgs(*p.SigAlgs); err != nil {
			return err
		}
	}
	if p.AllowSHA1 || p.SigAlgs != nil {
		p.HookConfig(func(cc *cbridge.Config) error {
			if p.AllowSHA1 {
				profile := cbridge.ProfileDefault
				profile.Hashes |= cbridge.HashSHA1
				if err := cc.SetCertProfile(profile); err != nil {
					return err
				}
			}
			return cc.SetSignatureAlgorithms(sigAlgs)
		})
	}
	if p.ECMaxOps != nil {
		if err := mbedtls.SetMaxECCOperations(*p.ECMaxOps); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	return nil
}

func (p *Program) setAuthentication() error {
	c := p.Config
	if p.CAs != nil && p.CACallback {
		var all []*x509.Certificate
		for _, der := range p.CAs.DER() {
			all = append(all, &x509.Certificate{Raw: der})
		}
		c.GetTrustedCAs = func(*x509.Certificate) ([]*x509.Certificate, error) { return all, nil }
	}
	p.HookConfig(func(cc *cbridge.Config) error {
		if p.CAs != nil && !p.CACallback {
			if err := cc.SetCAs(p.CAs, nil); err != nil {
				return err
			}
		}
		return cc.SetAuthMode(p.AuthMode)
	})
	return nil
}

func (p *Program) setSharedSecrets() error {
	if len(p.psk) > 0 && p.PSKIdentity != "" {
		psk := &mbedtls.PSK{Identity: p.PSKIdentity, Key: p.psk}
		if p.PSKOpaque {
			if err := p.ImportPSK(psk); err != nil {
				return err
			}
		}
		p.Config.PSK = psk
	}
	if p.ECJPAKEPassword == nil {
		return nil
	}
	if !p.ECJPAKEOpaque {
		p.Config.ECJPAKEPassword = []byte(*p.ECJPAKEPassword)
		return nil
	}
	id, err := mbedtls.ImportECJPAKEPassword([]byte(*p.ECJPAKEPassword))
	if err != nil {
		return err
	}
	p.Config.ECJPAKEKeyID = id
	p.OnClose(func() error { return mbedtls.DestroyKey(id) })
	p.HookContext(func(*cbridge.SSL) error {
		p.Output.Printf("using opaque password\n")
		return nil
	})
	return nil
}

// ImportPSK moves the key into PSA's key store.
func (p *Program) ImportPSK(psk *mbedtls.PSK) error {
	id, err := mbedtls.ImportPSK(psk.Key)
	if err != nil {
		return err
	}
	p.OnClose(func() error { return mbedtls.DestroyKey(id) })
	psk.Key, psk.KeyID = nil, id
	return nil
}

func (p *Program) setRenegotiation() error {
	c := p.Config
	c.LegacyRenegotiation = p.AllowLegacy
	if !p.Renegotiation {
		return nil
	}
	c.AllowRenegotiation, c.RenegotiationPeriod = true, p.RenegoPeriod
	if p.RenegoDelay != nil {
		switch n := *p.RenegoDelay; {
		case n < 0:
			c.RenegotiationGrace = mbedtls.RenegotiationNotEnforced
		case n == 0:
			c.RenegotiationGrace = mbedtls.RenegotiationAtOnce
		default:
			c.RenegotiationGrace = n
		}
	}
	return nil
}

func (p *Program) setDTLS() error {
	if !p.DTLS {
		return nil
	}
	o := &p.Config.DTLS
	o.HandshakeTimeoutMin, o.HandshakeTimeoutMax = p.HSTimeoutMin, p.HSTimeoutMax
	o.DisablePacking = !p.DgramPacking
	o.BadMACLimit = p.BadMACLimit
	o.InsecureDisableAntiReplay = !p.AntiReplay
	if p.CID || p.cidRenego() {
		id := p.CIDValue
		if !p.CID {
			id = p.CIDValueRenego
		}
		o.ConnectionID = &mbedtls.ConnectionID{Length: len(id), Generate: func() ([]byte, error) { return id, nil }}
	}
	if p.UseSRTP {
		o.SRTPProfiles = []mbedtls.SRTPProfile{mbedtls.SRTPAES128CMHMACSHA1_80, mbedtls.SRTPAES128CMHMACSHA1_32,
			mbedtls.SRTPNullHMACSHA1_80, mbedtls.SRTPNullHMACSHA1_32}
		if p.SRTPProfile != 0 {
			o.SRTPProfiles = []mbedtls.SRTPProfile{mbedtls.SRTPProfile(p.SRTPProfile)}
		}
		mki, err := hex.DecodeString(p.MKI)
		if err != nil {
			return Exit("mki is not hexadecimal")
		}
		o.SRTPMKI, o.AcceptSRTPMKI = mki, p.SupportMKI
	}
	p.HookContext(func(s *cbridge.SSL) error {
		p.Socket.Check(s)
		if p.MTU != nil { // also one that Config.DTLS.MTU refuses
			if err := s.SetMTU(*p.MTU); err != nil {
				return err
			}
		}
		if p.CID || !cbridge.Feature("MBEDTLS_SSL_DTLS_CONNECTION_ID") {
			return nil
		}
		return s.SetCID(false, nil)
	})
	return nil
}

// parseGroups takes comma-separated names, or "none".
func parseGroups(s string) (ids []uint16, err error) {
	if s == "none" {
		return nil, nil
	}
	byName := map[string]uint16{}
	for id := range uint16(mbedtls.FFDHE8192) + 1 {
		byName[mbedtls.Group(id).String()] = id
	}
	for name := range strings.SplitSeq(s, ",") {
		id, ok := byName[name]
		if !ok {
			return nil, Exit("groups: there is no %s", name)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// sigAlgNames are the IANA names as upstream writes them, also of schemes that the library does not have.
var sigAlgNames = map[string]uint16{
	"rsa_pkcs1_sha256": 0x0401, "rsa_pkcs1_sha384": 0x0501, "rsa_pkcs1_sha512": 0x0601,
	"ecdsa_secp256r1_sha256": 0x0403, "ecdsa_secp384r1_sha384": 0x0503, "ecdsa_secp521r1_sha512": 0x0603,
	"rsa_pss_rsae_sha256": 0x0804, "rsa_pss_rsae_sha384": 0x0805, "rsa_pss_rsae_sha512": 0x0806,
	"ed25519": 0x0807, "ed448": 0x0808,
	"rsa_pss_pss_sha256": 0x0809, "rsa_pss_pss_sha384": 0x080a, "rsa_pss_pss_sha512": 0x080b,
	"rsa_pkcs1_sha1": 0x0201, "ecdsa_sha1": 0x0203,
}

// maxSigAlgs is what upstream's programs have room for.
const maxSigAlgs = 4

func parseSigAlgs(s string) (ids []uint16, err error) {
	for name := range strings.SplitSeq(s, ",") {
		id, ok := sigAlgNames[name]
		if !ok {
			return nil, Exit("sig_algs: there is no %s", name)
		}
		ids = append(ids, id)
	}
	if len(ids) > maxSigAlgs {
		return nil, Exit("sig_algs: more than %d", maxSigAlgs)
	}
	return ids, nil
}

// sha1SigAlgs are what allow_sha1 offers. The RSA schemes of TLS 1.2 come before those of TLS 1.3: a peer of TLS 1.2 that
// knows both takes the first.
var sha1SigAlgs = []uint16{
	0x0603, 0x0601, 0x0806, 0x0503, 0x0501, 0x0805, 0x0403, 0x0401, 0x0804, 0x0303, 0x0301, 0x0203, 0x0201,
}

// loadDHParams reads the group in PEM (PKCS #3).
func (p *Program) loadDHParams() (string, error) {
	data, err := os.ReadFile(p.DHMFile)
	if err != nil {
		return "", err
	}
	block, _ := pem.Decode(data)
	if block == nil || block.Type != "DH PARAMETERS" {
		return "", fmt.Errorf("%s: no DH PARAMETERS", p.DHMFile)
	}
	var group struct{ P, G *big.Int }
	if _, err := asn1.Unmarshal(block.Bytes, &group); err != nil {
		return "", fmt.Errorf("%s: %w", p.DHMFile, err)
	}
	p.Config.DHParams = &mbedtls.DHParams{P: group.P.Bytes(), G: group.G.Bytes()}
	return "", nil
}
