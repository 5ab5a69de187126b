package psa

import "github.com/gombedtls/gombedtls/cbridge"

// KeyUsage is a set of what may be done with a key (psa_key_usage_t). SignHash implies SignMessage, and VerifyHash implies
// VerifyMessage.
type KeyUsage uint32

// The usages.
const (
	UsageExport           KeyUsage = 0x00000001 // PSA_KEY_USAGE_EXPORT
	UsageCopy             KeyUsage = 0x00000002 // PSA_KEY_USAGE_COPY
	UsageEncrypt          KeyUsage = 0x00000100 // PSA_KEY_USAGE_ENCRYPT
	UsageDecrypt          KeyUsage = 0x00000200 // PSA_KEY_USAGE_DECRYPT
	UsageSignMessage      KeyUsage = 0x00000400 // PSA_KEY_USAGE_SIGN_MESSAGE
	UsageVerifyMessage    KeyUsage = 0x00000800 // PSA_KEY_USAGE_VERIFY_MESSAGE
	UsageSignHash         KeyUsage = 0x00001000 // PSA_KEY_USAGE_SIGN_HASH
	UsageVerifyHash       KeyUsage = 0x00002000 // PSA_KEY_USAGE_VERIFY_HASH
	UsageDerive           KeyUsage = 0x00004000 // PSA_KEY_USAGE_DERIVE
	UsageVerifyDerivation KeyUsage = 0x00008000 // PSA_KEY_USAGE_VERIFY_DERIVATION
)

// Lifetime is how long a key lives, and where (psa_key_lifetime_t).
type Lifetime uint32

// The lifetimes of keys in the library's own memory and storage.
const (
	LifetimeVolatile   Lifetime = 0x00000000 // PSA_KEY_LIFETIME_VOLATILE
	LifetimePersistent Lifetime = 0x00000001 // PSA_KEY_LIFETIME_PERSISTENT
)

// Persistence is half of a lifetime (psa_key_persistence_t).
type Persistence uint8

// The persistences.
const (
	PersistenceVolatile Persistence = 0x00 // PSA_KEY_PERSISTENCE_VOLATILE
	PersistenceDefault  Persistence = 0x01 // PSA_KEY_PERSISTENCE_DEFAULT
	PersistenceReadOnly Persistence = 0xff // PSA_KEY_PERSISTENCE_READ_ONLY
)

// Location is the other half: which device (psa_key_location_t).
type Location uint32

// The locations.
const (
	LocationLocalStorage Location = 0x000000 // PSA_KEY_LOCATION_LOCAL_STORAGE
	LocationVendorFlag   Location = 0x800000 // PSA_KEY_LOCATION_VENDOR_FLAG
)

// LifetimeOf joins the halves (PSA_KEY_LIFETIME_FROM_PERSISTENCE_AND_LOCATION).
func LifetimeOf(p Persistence, l Location) Lifetime {
	return macro2[Lifetime]("PSA_KEY_LIFETIME_FROM_PERSISTENCE_AND_LOCATION", p, l)
}

// Persistence is a half (PSA_KEY_LIFETIME_GET_PERSISTENCE).
func (l Lifetime) Persistence() Persistence {
	return macro[Persistence]("PSA_KEY_LIFETIME_GET_PERSISTENCE", l)
}

// Location is the other (PSA_KEY_LIFETIME_GET_LOCATION).
func (l Lifetime) Location() Location { return macro[Location]("PSA_KEY_LIFETIME_GET_LOCATION", l) }

// IsVolatile reports whether a key is in memory only (PSA_KEY_LIFETIME_IS_VOLATILE).
func (l Lifetime) IsVolatile() bool { return is("PSA_KEY_LIFETIME_IS_VOLATILE", l) }

// IsReadOnly reports whether a key can be neither made nor destroyed (PSA_KEY_LIFETIME_IS_READ_ONLY).
func (l Lifetime) IsReadOnly() bool { return is("PSA_KEY_LIFETIME_IS_READ_ONLY", l) }

// KeyID is the number of a key (psa_key_id_t).
type KeyID = cbridge.KeyID

// The numbers: an application's own, and those of the library, from which volatile keys have theirs.
const (
	KeyIDNull      KeyID = 0          // PSA_KEY_ID_NULL
	KeyIDUserMin   KeyID = 0x00000001 // PSA_KEY_ID_USER_MIN
	KeyIDUserMax   KeyID = 0x3fffffff // PSA_KEY_ID_USER_MAX
	KeyIDVendorMin KeyID = 0x40000000 // PSA_KEY_ID_VENDOR_MIN
	KeyIDVendorMax KeyID = 0x7fffffff // PSA_KEY_ID_VENDOR_MAX
)

// Attributes are what a key is and may be used for (psa_key_attributes_t).
type Attributes struct {
	Type                KeyType   // may be none for a key that is copied
	Bits                int       // of a key that is imported or copied, 0 or what it has
	Algorithm           Algorithm // for which it may be used; AlgNone is for none
	EnrollmentAlgorithm Algorithm // a second one, an extension of Mbed TLS's
	Usage               KeyUsage  // what it may be used for
	Lifetime            Lifetime  // LifetimeVolatile, unless there is an ID: then LifetimePersistent
	ID                  KeyID     // of a key that is to be persistent, from KeyIDUserMin to KeyIDUserMax
}

func (a Attributes) c() cbridge.PSAAttributes {
	return cbridge.PSAAttributes{
		Type: uint16(a.Type), Bits: a.Bits, Algorithm: uint32(a.Algorithm), EnrollmentAlgorithm: uint32(a.EnrollmentAlgorithm),
		Usage: uint32(a.Usage), Lifetime: uint32(a.Lifetime), ID: a.ID,
	}
}

func attributesOf(a cbridge.PSAAttributes) Attributes {
	return Attributes{
		Type: KeyType(a.Type), Bits: a.Bits, Algorithm: Algorithm(a.Algorithm), EnrollmentAlgorithm: Algorithm(a.EnrollmentAlgorithm),
		Usage: KeyUsage(a.Usage), Lifetime: Lifetime(a.Lifetime), ID: a.ID,
	}
}

// Normalized is what the library makes of the attributes before it looks at them: implied usages are added, and an ID makes
// a volatile key persistent (psa_set_key_usage_flags, psa_set_key_id, …).
func (a Attributes) Normalized() Attributes { return attributesOf(a.c().Normalized()) }
