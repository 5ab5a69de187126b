package pkcs5

import (
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls/md"
)

// Params are parameters of PBES2 with PBKDF2.
type Params struct {
	Salt       []byte
	Iterations int
	PRF        md.Type // SHA1 and SHA2 of any length
	Cipher     Cipher
	IV         []byte // as long as a block of the cipher
}

// Cipher is an encryption scheme of PBES2, in CBC mode with the padding of PKCS #7.
type Cipher int

// The ciphers that the library decrypts.
const (
	AES128CBC Cipher = iota + 1
	AES192CBC
	AES256CBC
	DESEDE3CBC
	DESCBC
)

// What the ciphers and hash functions are called in ASN.1.
var (
	pbkdf2OID  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	cipherOIDs = map[Cipher]asn1.ObjectIdentifier{
		AES128CBC:  {2, 16, 840, 1, 101, 3, 4, 1, 2},
		AES192CBC:  {2, 16, 840, 1, 101, 3, 4, 1, 22},
		AES256CBC:  {2, 16, 840, 1, 101, 3, 4, 1, 42},
		DESEDE3CBC: {1, 2, 840, 113549, 3, 7},
		DESCBC:     {1, 3, 14, 3, 2, 7},
	}
	hmacOIDs = map[md.Type]asn1.ObjectIdentifier{
		md.SHA1:   {1, 2, 840, 113549, 2, 7},
		md.SHA224: {1, 2, 840, 113549, 2, 8},
		md.SHA256: {1, 2, 840, 113549, 2, 9},
		md.SHA384: {1, 2, 840, 113549, 2, 10},
		md.SHA512: {1, 2, 840, 113549, 2, 11},
	}
)

type pbkdf2Params struct {
	Salt       []byte
	Iterations int
	PRF        pkix.AlgorithmIdentifier
}

// Marshal is the parameters in DER, for Encrypt and Decrypt. A cipher or a hash function that PBES2 does not have is
// ErrPKCS5FeatureUnavailable.
func (p Params) Marshal() ([]byte, error) {
	cipher, hash := cipherOIDs[p.Cipher], hmacOIDs[p.PRF]
	if cipher == nil || hash == nil {
		return nil, &cbridge.Error{Code: cbridge.ErrPKCS5FeatureUnavailable, Op: "mbedtls_pkcs5_pbes2_ext",
			Cause: fmt.Errorf("cipher %d with the hash function %v", p.Cipher, p.PRF)}
	}
	prf := pkix.AlgorithmIdentifier{Algorithm: hash, Parameters: asn1.NullRawValue}
	kdf, err := asn1.Marshal(pbkdf2Params{p.Salt, p.Iterations, prf})
	if err != nil {
		return nil, err
	}
	iv, err := asn1.Marshal(p.IV)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal([]pkix.AlgorithmIdentifier{
		{Algorithm: pbkdf2OID, Parameters: asn1.RawValue{FullBytes: kdf}},
		{Algorithm: cipher, Parameters: asn1.RawValue{FullBytes: iv}},
	})
}
