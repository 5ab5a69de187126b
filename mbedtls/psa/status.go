package psa

import "github.com/gombedtls/gombedtls/cbridge"

// Status is the result of a call, with the number that PSA Crypto gives it (psa_status_t).
type Status = cbridge.Status

// Error is a call that failed: the C function, and what it returned.
type Error = cbridge.PSAError

// The errors.
const (
	ErrGenericError         = cbridge.ErrPSAGenericError
	ErrNotPermitted         = cbridge.ErrPSANotPermitted
	ErrNotSupported         = cbridge.ErrPSANotSupported
	ErrInvalidArgument      = cbridge.ErrPSAInvalidArgument
	ErrInvalidHandle        = cbridge.ErrPSAInvalidHandle
	ErrBadState             = cbridge.ErrPSABadState
	ErrBufferTooSmall       = cbridge.ErrPSABufferTooSmall
	ErrAlreadyExists        = cbridge.ErrPSAAlreadyExists
	ErrDoesNotExist         = cbridge.ErrPSADoesNotExist
	ErrInsufficientMemory   = cbridge.ErrPSAInsufficientMemory // or all key slots are taken
	ErrInsufficientStorage  = cbridge.ErrPSAInsufficientStorage
	ErrInsufficientData     = cbridge.ErrPSAInsufficientData
	ErrServiceFailure       = cbridge.ErrPSAServiceFailure
	ErrCommunicationFailure = cbridge.ErrPSACommunicationFailure
	ErrStorageFailure       = cbridge.ErrPSAStorageFailure
	ErrHardwareFailure      = cbridge.ErrPSAHardwareFailure
	ErrInsufficientEntropy  = cbridge.ErrPSAInsufficientEntropy
	ErrInvalidSignature     = cbridge.ErrPSAInvalidSignature // of a MAC, a tag or a hash, too
	ErrInvalidPadding       = cbridge.ErrPSAInvalidPadding
	ErrCorruptionDetected   = cbridge.ErrPSACorruptionDetected
	ErrDataCorrupt          = cbridge.ErrPSADataCorrupt
	ErrDataInvalid          = cbridge.ErrPSADataInvalid

	// ErrOperationIncomplete is not a failure: call again.
	ErrOperationIncomplete = cbridge.PSAOperationIncomplete
)
