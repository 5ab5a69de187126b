package psa

import "github.com/gombedtls/gombedtls/cbridge"

// SetStorage keeps the persistent keys of the process in a directory, which must exist, and stays open; "" is what the library
// does without a call: the working directory, whatever that is at the moment of a call. It comes before the first use of a
// persistent key: keys that are in memory leave it, and ErrBadState says that one of them is in use. An error of the directory
// is a *fs.PathError. A build without MBEDTLS_PSA_ITS_FILE_C has no storage (*mbedtls.NotBuiltError).
//
// Each key has a file, whose name is its number, readable by the owner alone, not encrypted, and in the format of
// Mbed TLS's own storage: C programs can use the directory, but not while a key is made. Processes of this package may share
// it; a file is whole on the disk before it gets its name.
//
// A storage that is full shows as ErrDataInvalid when a key is made, since the library has it so; one that cannot be read as
// ErrStorageFailure, a damaged file as ErrDataCorrupt or ErrDataInvalid, and the number of a file that is there, readable
// or not, as ErrAlreadyExists.
func SetStorage(dir string) error { return cbridge.SetPSAStorage(dir) }

// Stats counts the slots for keys. Those of volatile keys are made as they are needed; KeySlots are for persistent ones that
// are in memory.
type Stats = cbridge.PSAStats

// KeySlots is how many persistent keys can be in memory; more take turns.
const KeySlots = cbridge.PSAKeySlots

// StoreStats counts. No key may be used meanwhile (mbedtls_psa_get_stats).
func StoreStats() (Stats, error) { return cbridge.KeyStoreStats() }
