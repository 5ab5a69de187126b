package sessionstore

import (
	"errors"
	"fmt"
)

var (
	// ErrWrongKey says that what opens a store, or a session of Encrypt, is not what closed it.
	ErrWrongKey = errors.New("sessionstore: the passphrase or key is not the one that this was encrypted with")

	// ErrNoID is the error of Save for an entry without an ID.
	ErrNoID = errors.New("sessionstore: Save: ID: an entry must have one")
)

// CorruptError says that what a store has under a row's key is not what was saved there: it was altered, or cut. The store
// drops the row; all others are as they were.
type CorruptError struct {
	Row []byte // the row's key in the store
	Err error
}

// Error names the row and the reason.
func (e *CorruptError) Error() string {
	return fmt.Sprintf("sessionstore: row %x is corrupt: %v", e.Row, e.Err)
}

// Unwrap returns the reason.
func (e *CorruptError) Unwrap() error { return e.Err }
