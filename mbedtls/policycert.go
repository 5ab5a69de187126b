package mbedtls

import (
	"bytes"
	"crypto"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
)

// Kinds of keys in certificates.
const (
	keyRSA = "RSA"
	keyEC  = "EC"
)

// certificateFacts are what rules want to know of a certificate. Package x509 does not know all curves of Mbed TLS, and so
// cannot tell.
type certificateFacts struct {
	key   string // keyRSA, keyEC, or "" if it is another
	bits  int
	curve Group // of an EC key

	method string // of the signature: methodRSA, methodECDSA, or "" if it is another
	hash   crypto.Hash

	selfIssued bool // its issuer has its name: a root has, but so may others
	anchor     bool // trusted for itself, and not for its signature; readCertificate cannot tell
}

// signature names what the certificate is signed with.
func (c *certificateFacts) signature() string {
	if c.method == "" {
		return "an unknown algorithm"
	}
	return fmt.Sprintf("%s and %v", c.method, c.hash)
}

// shorter tells of a key of that kind that has fewer bits.
func (c *certificateFacts) shorter(kind string, bits int) (wrong string, flag VerifyFlags) {
	if c.key != kind || c.bits >= bits {
		return "", 0
	}
	return fmt.Sprintf("has an %s key of %d bits", c.key, c.bits), CertBadKey
}

// rsaStrengths are those of NIST SP 800-57 part 1, table 2, longest keys first.
var rsaStrengths = []struct{ bits, strength int }{{15360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}}

// strength is that of the key, in bits of work to break it; 0 if nothing is known.
func (c *certificateFacts) strength() int {
	if c.key == keyEC {
		return c.bits / 2
	}
	for _, s := range rsaStrengths {
		if c.key == keyRSA && c.bits >= s.bits {
			return s.strength
		}
	}
	return 0
}

// rsaBitsFor is the shortest key of a strength; 0 if any will do.
func rsaBitsFor(strength int) (bits int) {
	for _, s := range rsaStrengths {
		if strength > 0 && s.strength >= strength {
			bits = s.bits
		}
	}
	return bits
}

// hashStrength is how many bits of work a collision takes; 0 of a hash that is not known.
func hashStrength(h crypto.Hash) int {
	if policyHashes[h] == "" {
		return 0
	}
	return h.Size() * 8 / 2
}

// weaker tells of a key, or of a signature that matters, below a strength.
func (c *certificateFacts) weaker(strength int) (wrong string, flag VerifyFlags) {
	switch {
	case c.key != "" && c.strength() < strength:
		return fmt.Sprintf("has an %s key of %d bits, whose strength is %d", c.key, c.bits, c.strength()), CertBadKey
	case !c.anchor && hashStrength(c.hash) < strength:
		return fmt.Sprintf("is signed with %s, whose strength is %d", c.signature(), hashStrength(c.hash)), CertBadHash
	}
	return "", 0
}

// asn1Certificate is as much of a certificate as the facts need (RFC 5280 section 4.1).
type asn1Certificate struct {
	TBS struct {
		Version   int `asn1:"optional,explicit,default:0,tag:0"`
		Serial    asn1.RawValue
		Signature pkix.AlgorithmIdentifier
		Issuer    asn1.RawValue
		Validity  asn1.RawValue
		Subject   asn1.RawValue
		Key       struct {
			Algorithm pkix.AlgorithmIdentifier
			Bits      asn1.BitString
		}
	}
}

var (
	oidRSA = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidPSS = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidEC  = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

// signatureOIDs are those of RFC 8017 appendix C and RFC 5758, without PSS.
var signatureOIDs = map[string]struct {
	method string
	hash   crypto.Hash
}{
	"1.2.840.113549.1.1.4":  {methodRSA, crypto.MD5},
	"1.2.840.113549.1.1.5":  {methodRSA, crypto.SHA1},
	"1.2.840.113549.1.1.14": {methodRSA, crypto.SHA224},
	"1.2.840.113549.1.1.11": {methodRSA, crypto.SHA256},
	"1.2.840.113549.1.1.12": {methodRSA, crypto.SHA384},
	"1.2.840.113549.1.1.13": {methodRSA, crypto.SHA512},
	"1.2.840.10045.4.1":     {methodECDSA, crypto.SHA1},
	"1.2.840.10045.4.3.1":   {methodECDSA, crypto.SHA224},
	"1.2.840.10045.4.3.2":   {methodECDSA, crypto.SHA256},
	"1.2.840.10045.4.3.3":   {methodECDSA, crypto.SHA384},
	"1.2.840.10045.4.3.4":   {methodECDSA, crypto.SHA512},
}

// hashOIDs are the hashes in the parameters of PSS.
var hashOIDs = map[string]crypto.Hash{
	"1.3.14.3.2.26":          crypto.SHA1,
	"2.16.840.1.101.3.4.2.4": crypto.SHA224,
	"2.16.840.1.101.3.4.2.1": crypto.SHA256,
	"2.16.840.1.101.3.4.2.2": crypto.SHA384,
	"2.16.840.1.101.3.4.2.3": crypto.SHA512,
}

// curveOIDs are those of RFC 5480, SEC 2 and RFC 5639.
var curveOIDs = map[string]Group{
	"1.2.840.10045.3.1.1": SecP192R1, "1.3.132.0.31": SecP192K1,
	"1.3.132.0.33": SecP224R1, "1.3.132.0.32": SecP224K1,
	"1.2.840.10045.3.1.7": CurveP256, "1.3.132.0.10": SecP256K1,
	"1.3.132.0.34": CurveP384, "1.3.132.0.35": CurveP521,
	"1.3.36.3.3.2.8.1.1.7": BrainpoolP256R1, "1.3.36.3.3.2.8.1.1.11": BrainpoolP384R1, "1.3.36.3.3.2.8.1.1.13": BrainpoolP512R1,
}

var errNotCertificate = errors.New("the certificate cannot be read")

// readCertificate finds the facts of a certificate in DER.
func readCertificate(der []byte) (*certificateFacts, error) {
	var cert asn1Certificate
	if _, err := asn1.Unmarshal(der, &cert); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotCertificate, err)
	}
	facts := new(certificateFacts)
	facts.selfIssued = bytes.Equal(cert.TBS.Issuer.FullBytes, cert.TBS.Subject.FullBytes)
	facts.readSignature(cert.TBS.Signature)
	key := &cert.TBS.Key
	switch {
	case key.Algorithm.Algorithm.Equal(oidEC):
		var curve asn1.ObjectIdentifier
		if _, err := asn1.Unmarshal(key.Algorithm.Parameters.FullBytes, &curve); err != nil {
			return nil, fmt.Errorf("%w: its curve: %w", errNotCertificate, err)
		}
		facts.key, facts.curve = keyEC, curveOIDs[curve.String()]
		facts.bits = groupBits[facts.curve]
	case key.Algorithm.Algorithm.Equal(oidRSA), key.Algorithm.Algorithm.Equal(oidPSS):
		var rsa struct{ N, E *big.Int }
		if _, err := asn1.Unmarshal(key.Bits.Bytes, &rsa); err != nil {
			return nil, fmt.Errorf("%w: its RSA key: %w", errNotCertificate, err)
		}
		facts.key, facts.bits = keyRSA, rsa.N.BitLen()
	}
	return facts, nil
}

func (c *certificateFacts) readSignature(alg pkix.AlgorithmIdentifier) {
	if !alg.Algorithm.Equal(oidPSS) {
		s := signatureOIDs[alg.Algorithm.String()]
		c.method, c.hash = s.method, s.hash
		return
	}
	var params struct {
		Hash pkix.AlgorithmIdentifier `asn1:"optional,explicit,tag:0"`
	}
	if _, err := asn1.Unmarshal(alg.Parameters.FullBytes, &params); err != nil {
		return
	}
	c.method, c.hash = methodRSA, crypto.SHA1 // which stands for no hash (RFC 4055 section 3.1)
	if params.Hash.Algorithm != nil {
		c.hash = hashOIDs[params.Hash.Algorithm.String()]
	}
}
