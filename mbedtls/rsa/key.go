package rsa

import (
	"crypto"
	"io"
	"math/big"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Key is an RSA context: a public key, or a private one, and how it pads (mbedtls_rsa_context).
type Key struct{ r *cbridge.RSA }

// New makes a context without numbers, in the padding of PKCS #1 v1.5 (mbedtls_rsa_init).
func New() (*Key, error) { return of(cbridge.NewRSA()) }

// Generate makes a private key whose modulus has that many bits, an even number of at least 1024
// (MBEDTLS_RSA_GEN_KEY_MIN_BITS), and an odd public exponent of at least 3; 65537 is the usual one. Others are
// ErrRSABadInputData. It needs a build with MBEDTLS_GENPRIME (mbedtls_rsa_gen_key).
func Generate(random io.Reader, bits uint, exponent int) (*Key, error) {
	k, err := New()
	if err != nil {
		return nil, err
	}
	if err := k.r.GenKey(random, bits, exponent); err != nil {
		k.Close()
		return nil, err
	}
	return k, nil
}

// ParsePKCS1PrivateKey parses a private key in DER (RFC 8017 appendix A.1.2, mbedtls_rsa_parse_key).
func ParsePKCS1PrivateKey(der []byte) (*Key, error) { return of(cbridge.ParseRSAKey(der)) }

// ParsePKCS1PublicKey parses a public key in DER (RFC 8017 appendix A.1.1, mbedtls_rsa_parse_pubkey).
func ParsePKCS1PublicKey(der []byte) (*Key, error) { return of(cbridge.ParseRSAPubKey(der)) }

// MarshalPKCS1PrivateKey writes the private key in DER (mbedtls_rsa_write_key). Clear the result after use.
func (k *Key) MarshalPKCS1PrivateKey() ([]byte, error) { return k.r.WriteKey(0) }

// MarshalPKCS1PublicKey writes the public key in DER (mbedtls_rsa_write_pubkey).
func (k *Key) MarshalPKCS1PublicKey() ([]byte, error) { return k.r.WritePubKey(0) }

// FromBridge makes a Key of a context of package cbridge, which it takes over. It is for the packages of this module.
func FromBridge(r *cbridge.RSA) *Key { return &Key{r} }

// Bridge is the context for package cbridge. It is for the packages of this module; the key stays the owner.
func (k *Key) Bridge() *cbridge.RSA { return k.r }

func of(r *cbridge.RSA, err error) (*Key, error) {
	if err != nil {
		return nil, err
	}
	return FromBridge(r), nil
}

// Numbers are those of a key. nil is one that is not there; negative ones are ErrRSABadInputData.
type Numbers struct {
	N *big.Int // the modulus
	P *big.Int // its primes
	Q *big.Int
	D *big.Int // the private exponent
	E *big.Int // the public exponent
}

// Import sets those numbers that are there. They are copied. After the last one, Complete computes the others
// (mbedtls_rsa_import).
func (k *Key) Import(n Numbers) error { return k.r.Import(cbridge.RSANumbers(n)) }

// ImportRaw is [Key.Import] for bytes, most significant first; nil is a number that is not there (mbedtls_rsa_import_raw).
func (k *Key) ImportRaw(n, p, q, d, e []byte) error { return k.r.ImportRaw(n, p, q, d, e) }

// Complete computes the numbers that are missing: of a public key none, which needs N and E; of a private one, of E and two
// of N, D, and the primes. Too few are ErrRSABadInputData (mbedtls_rsa_complete).
func (k *Key) Complete() error { return k.r.Complete() }

// PublicNumbers are N and E (mbedtls_rsa_export).
func (k *Key) PublicNumbers() (Numbers, error) {
	n, err := k.r.Export(true, false)
	return Numbers(n), err
}

// PrivateNumbers are P, Q and D. Of a public key, ErrRSABadInputData (mbedtls_rsa_export).
func (k *Key) PrivateNumbers() (Numbers, error) {
	n, err := k.r.Export(false, true)
	return Numbers(n), err
}

// ExportRaw fills those of n, p, q, d and e that are not empty, most significant byte first. One that is too short is
// ErrMPIBufferTooSmall (mbedtls_rsa_export_raw).
func (k *Key) ExportRaw(n, p, q, d, e []byte) error { return k.r.ExportRaw(n, p, q, d, e) }

// CRT is what the private operation makes use of: D modulo P-1 and Q-1, and the inverse of Q modulo P
// (mbedtls_rsa_export_crt).
func (k *Key) CRT() (dp, dq, qp *big.Int, err error) { return k.r.ExportCRT() }

// Copy makes another key of the same numbers and padding (mbedtls_rsa_copy).
func (k *Key) Copy() (*Key, error) { return of(k.r.Copy()) }

// CheckPublic returns nil if N and E can be those of a public key, else ErrRSAKeyCheckFailed (mbedtls_rsa_check_pubkey).
func (k *Key) CheckPublic() error { return k.r.CheckPubKey() }

// CheckPrivate returns nil if the numbers are those of a private key, else ErrRSAKeyCheckFailed. It does not test the primes
// for being some (mbedtls_rsa_check_privkey).
func (k *Key) CheckPrivate() error { return k.r.CheckPrivKey() }

// CheckPair returns nil if private is the private half of the key, else ErrRSAKeyCheckFailed (mbedtls_rsa_check_pub_priv).
func (k *Key) CheckPair(private *Key) error { return k.r.CheckPubPriv(private.r) }

// Bits is the size of the modulus; 0 after Close (mbedtls_rsa_get_bitlen).
func (k *Key) Bits() int { return k.r.Bits() }

// Size is that in bytes, the length of signatures and of what is encrypted; 0 after Close (mbedtls_rsa_get_len).
func (k *Key) Size() int { return k.r.Len() }

// Padding is how a context pads what [Key.Encrypt], [Key.Decrypt], [Key.Sign] and [Key.Verify] work on.
type Padding int

// The paddings.
const (
	PKCS1v15 Padding = cbridge.RSAPKCSV15
	PKCS1v21 Padding = cbridge.RSAPKCSV21 // OAEP and PSS
)

// SetPadding chooses the padding. hash is for OAEP and the mask of PSS; 0 takes that of the message, which OAEP has none of.
// A padding or a hash that the build lacks is ErrRSAInvalidPadding (mbedtls_rsa_set_padding).
func (k *Key) SetPadding(p Padding, hash crypto.Hash) error { return k.r.SetPadding(int(p), hash) }

// Padding is what [Key.SetPadding] chose (mbedtls_rsa_get_padding_mode, mbedtls_rsa_get_md_alg).
func (k *Key) Padding() (Padding, crypto.Hash) {
	p, hash := k.r.Padding()
	return Padding(p), hash
}

// Close wipes the numbers and frees the context. It may be called again (mbedtls_rsa_free).
func (k *Key) Close() error { return k.r.Close() }
