package psa

import "github.com/gombedtls/gombedtls/cbridge"

// KeyType is what a key is (psa_key_type_t).
type KeyType uint16

// The types that have no family.
const (
	TypeNone         KeyType = 0x0000 // PSA_KEY_TYPE_NONE
	TypeRawData      KeyType = 0x1001 // PSA_KEY_TYPE_RAW_DATA
	TypeHMAC         KeyType = 0x1100 // PSA_KEY_TYPE_HMAC
	TypeDerive       KeyType = 0x1200 // PSA_KEY_TYPE_DERIVE
	TypePassword     KeyType = 0x1203 // PSA_KEY_TYPE_PASSWORD
	TypePasswordHash KeyType = 0x1205 // PSA_KEY_TYPE_PASSWORD_HASH
	TypePepper       KeyType = 0x1206 // PSA_KEY_TYPE_PEPPER
	TypeAES          KeyType = 0x2400 // PSA_KEY_TYPE_AES
	TypeARIA         KeyType = 0x2406 // PSA_KEY_TYPE_ARIA
	TypeDES          KeyType = 0x2301 // PSA_KEY_TYPE_DES
	TypeCamellia     KeyType = 0x2403 // PSA_KEY_TYPE_CAMELLIA
	TypeChaCha20     KeyType = 0x2004 // PSA_KEY_TYPE_CHACHA20
	TypeRSAPublicKey KeyType = 0x4001 // PSA_KEY_TYPE_RSA_PUBLIC_KEY
	TypeRSAKeyPair   KeyType = 0x7001 // PSA_KEY_TYPE_RSA_KEY_PAIR
	TypeDSAPublicKey KeyType = 0x4002 // PSA_KEY_TYPE_DSA_PUBLIC_KEY
	TypeDSAKeyPair   KeyType = 0x7002 // PSA_KEY_TYPE_DSA_KEY_PAIR
	TypeVendorFlag   KeyType = 0x8000 // PSA_KEY_TYPE_VENDOR_FLAG
)

// ECCFamily is a family of curves (psa_ecc_family_t); the curve is told by the bits of the key.
type ECCFamily uint8

// The families of curves.
const (
	SECPK1         ECCFamily = 0x17 // PSA_ECC_FAMILY_SECP_K1
	SECPR1         ECCFamily = 0x12 // PSA_ECC_FAMILY_SECP_R1
	SECPR2         ECCFamily = 0x1b // PSA_ECC_FAMILY_SECP_R2
	SECTK1         ECCFamily = 0x27 // PSA_ECC_FAMILY_SECT_K1
	SECTR1         ECCFamily = 0x22 // PSA_ECC_FAMILY_SECT_R1
	SECTR2         ECCFamily = 0x2b // PSA_ECC_FAMILY_SECT_R2
	BrainpoolPR1   ECCFamily = 0x30 // PSA_ECC_FAMILY_BRAINPOOL_P_R1
	Montgomery     ECCFamily = 0x41 // PSA_ECC_FAMILY_MONTGOMERY
	TwistedEdwards ECCFamily = 0x42 // PSA_ECC_FAMILY_TWISTED_EDWARDS
)

// DHFamily is a family of Diffie-Hellman groups (psa_dh_family_t).
type DHFamily uint8

// RFC7919 are the groups of that RFC.
const RFC7919 DHFamily = 0x03 // PSA_DH_FAMILY_RFC7919

// integer is a number of PSA's.
type integer interface {
	~int | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// macro is a macro of one argument, by name.
func macro[R, A integer](name string, a A) R { return R(cbridge.PSAMacro(name, uint(a))) }

func macro2[R, A, B integer](name string, a A, b B) R {
	return R(cbridge.PSAMacro(name, uint(a), uint(b)))
}

func macro3[R, A, B, C integer](name string, a A, b B, c C) R {
	return R(cbridge.PSAMacro(name, uint(a), uint(b), uint(c)))
}

func is[A integer](name string, a A) bool { return cbridge.PSAMacro(name, uint(a)) != 0 }

// ECCKeyPair is the type of the keys of a family (PSA_KEY_TYPE_ECC_KEY_PAIR).
func ECCKeyPair(f ECCFamily) KeyType { return macro[KeyType]("PSA_KEY_TYPE_ECC_KEY_PAIR", f) }

// ECCPublicKey is the type of the public keys of a family (PSA_KEY_TYPE_ECC_PUBLIC_KEY).
func ECCPublicKey(f ECCFamily) KeyType { return macro[KeyType]("PSA_KEY_TYPE_ECC_PUBLIC_KEY", f) }

// DHKeyPair is the type of the keys of a family (PSA_KEY_TYPE_DH_KEY_PAIR).
func DHKeyPair(f DHFamily) KeyType { return macro[KeyType]("PSA_KEY_TYPE_DH_KEY_PAIR", f) }

// DHPublicKey is the type of the public keys of a family (PSA_KEY_TYPE_DH_PUBLIC_KEY).
func DHPublicKey(f DHFamily) KeyType { return macro[KeyType]("PSA_KEY_TYPE_DH_PUBLIC_KEY", f) }

// IsVendorDefined (PSA_KEY_TYPE_IS_VENDOR_DEFINED).
func (t KeyType) IsVendorDefined() bool { return is("PSA_KEY_TYPE_IS_VENDOR_DEFINED", t) }

// IsUnstructured reports whether any bytes are a key (PSA_KEY_TYPE_IS_UNSTRUCTURED).
func (t KeyType) IsUnstructured() bool { return is("PSA_KEY_TYPE_IS_UNSTRUCTURED", t) }

// IsAsymmetric (PSA_KEY_TYPE_IS_ASYMMETRIC).
func (t KeyType) IsAsymmetric() bool { return is("PSA_KEY_TYPE_IS_ASYMMETRIC", t) }

// IsPublicKey (PSA_KEY_TYPE_IS_PUBLIC_KEY).
func (t KeyType) IsPublicKey() bool { return is("PSA_KEY_TYPE_IS_PUBLIC_KEY", t) }

// IsKeyPair reports whether there is a private half (PSA_KEY_TYPE_IS_KEY_PAIR).
func (t KeyType) IsKeyPair() bool { return is("PSA_KEY_TYPE_IS_KEY_PAIR", t) }

// KeyPair is the type of a key whose public half has this one (PSA_KEY_TYPE_KEY_PAIR_OF_PUBLIC_KEY).
func (t KeyType) KeyPair() KeyType { return macro[KeyType]("PSA_KEY_TYPE_KEY_PAIR_OF_PUBLIC_KEY", t) }

// PublicKey is the type of the public half (PSA_KEY_TYPE_PUBLIC_KEY_OF_KEY_PAIR).
func (t KeyType) PublicKey() KeyType { return macro[KeyType]("PSA_KEY_TYPE_PUBLIC_KEY_OF_KEY_PAIR", t) }

// IsRSA (PSA_KEY_TYPE_IS_RSA).
func (t KeyType) IsRSA() bool { return is("PSA_KEY_TYPE_IS_RSA", t) }

// IsDSA (PSA_KEY_TYPE_IS_DSA).
func (t KeyType) IsDSA() bool { return is("PSA_KEY_TYPE_IS_DSA", t) }

// IsECC (PSA_KEY_TYPE_IS_ECC).
func (t KeyType) IsECC() bool { return is("PSA_KEY_TYPE_IS_ECC", t) }

// IsECCKeyPair (PSA_KEY_TYPE_IS_ECC_KEY_PAIR).
func (t KeyType) IsECCKeyPair() bool { return is("PSA_KEY_TYPE_IS_ECC_KEY_PAIR", t) }

// IsECCPublicKey (PSA_KEY_TYPE_IS_ECC_PUBLIC_KEY).
func (t KeyType) IsECCPublicKey() bool { return is("PSA_KEY_TYPE_IS_ECC_PUBLIC_KEY", t) }

// ECCFamily is the family of an elliptic-curve key; 0 for any other (PSA_KEY_TYPE_ECC_GET_FAMILY).
func (t KeyType) ECCFamily() ECCFamily { return macro[ECCFamily]("PSA_KEY_TYPE_ECC_GET_FAMILY", t) }

// IsDH (PSA_KEY_TYPE_IS_DH).
func (t KeyType) IsDH() bool { return is("PSA_KEY_TYPE_IS_DH", t) }

// IsDHKeyPair (PSA_KEY_TYPE_IS_DH_KEY_PAIR).
func (t KeyType) IsDHKeyPair() bool { return is("PSA_KEY_TYPE_IS_DH_KEY_PAIR", t) }

// IsDHPublicKey (PSA_KEY_TYPE_IS_DH_PUBLIC_KEY).
func (t KeyType) IsDHPublicKey() bool { return is("PSA_KEY_TYPE_IS_DH_PUBLIC_KEY", t) }

// DHFamily is the family of a Diffie-Hellman key; 0 for any other (PSA_KEY_TYPE_DH_GET_FAMILY).
func (t KeyType) DHFamily() DHFamily { return macro[DHFamily]("PSA_KEY_TYPE_DH_GET_FAMILY", t) }

// BlockLength is that of a block cipher in bytes, 1 for a stream cipher, else 0 (PSA_BLOCK_CIPHER_BLOCK_LENGTH).
func (t KeyType) BlockLength() int { return macro[int]("PSA_BLOCK_CIPHER_BLOCK_LENGTH", t) }

// IsWeierstrass reports whether the curves have the short Weierstrass form (PSA_ECC_FAMILY_IS_WEIERSTRASS).
func (f ECCFamily) IsWeierstrass() bool { return is("PSA_ECC_FAMILY_IS_WEIERSTRASS", f) }

// Group is the number that the rest of the library has for the curve of so many bits (mbedtls_ecp_group_id); 0 if this build
// has no such curve (mbedtls_ecc_group_from_psa).
func (f ECCFamily) Group(bits int) int { return cbridge.ECCGroupFromPSA(uint8(f), bits) }

// FamilyOfGroup undoes [ECCFamily.Group]; 0 if PSA has no such curve (mbedtls_ecc_group_to_psa).
func FamilyOfGroup(group int) (f ECCFamily, bits int) {
	family, bits := cbridge.ECCGroupToPSA(group)
	return ECCFamily(family), bits
}
