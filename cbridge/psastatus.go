package cbridge

// #include "psa.h"
import "C"

import (
	"fmt"
	"sync/atomic"
)

// Status is what a function of PSA Crypto returned. The constants of this package are usable as targets of [errors.Is].
type Status int32

// The errors of PSA Crypto.
const (
	ErrPSAGenericError         Status = C.PSA_ERROR_GENERIC_ERROR
	ErrPSANotPermitted         Status = C.PSA_ERROR_NOT_PERMITTED
	ErrPSANotSupported         Status = C.PSA_ERROR_NOT_SUPPORTED
	ErrPSAInvalidArgument      Status = C.PSA_ERROR_INVALID_ARGUMENT
	ErrPSAInvalidHandle        Status = C.PSA_ERROR_INVALID_HANDLE
	ErrPSABadState             Status = C.PSA_ERROR_BAD_STATE
	ErrPSABufferTooSmall       Status = C.PSA_ERROR_BUFFER_TOO_SMALL
	ErrPSAAlreadyExists        Status = C.PSA_ERROR_ALREADY_EXISTS
	ErrPSADoesNotExist         Status = C.PSA_ERROR_DOES_NOT_EXIST
	ErrPSAInsufficientMemory   Status = C.PSA_ERROR_INSUFFICIENT_MEMORY
	ErrPSAInsufficientStorage  Status = C.PSA_ERROR_INSUFFICIENT_STORAGE
	ErrPSAInsufficientData     Status = C.PSA_ERROR_INSUFFICIENT_DATA
	ErrPSAServiceFailure       Status = C.PSA_ERROR_SERVICE_FAILURE
	ErrPSACommunicationFailure Status = C.PSA_ERROR_COMMUNICATION_FAILURE
	ErrPSAStorageFailure       Status = C.PSA_ERROR_STORAGE_FAILURE
	ErrPSAHardwareFailure      Status = C.PSA_ERROR_HARDWARE_FAILURE
	ErrPSAInsufficientEntropy  Status = C.PSA_ERROR_INSUFFICIENT_ENTROPY
	ErrPSAInvalidSignature     Status = C.PSA_ERROR_INVALID_SIGNATURE
	ErrPSAInvalidPadding       Status = C.PSA_ERROR_INVALID_PADDING
	ErrPSACorruptionDetected   Status = C.PSA_ERROR_CORRUPTION_DETECTED
	ErrPSADataCorrupt          Status = C.PSA_ERROR_DATA_CORRUPT
	ErrPSADataInvalid          Status = C.PSA_ERROR_DATA_INVALID
	PSAOperationIncomplete     Status = C.PSA_OPERATION_INCOMPLETE // not an error: call again
)

var statuses = map[Status][2]string{
	0:                          {"PSA_SUCCESS", "success"},
	ErrPSAGenericError:         {"PSA_ERROR_GENERIC_ERROR", "an error that fits nothing else"},
	ErrPSANotPermitted:         {"PSA_ERROR_NOT_PERMITTED", "the key's policy, or its lifetime, does not allow that"},
	ErrPSANotSupported:         {"PSA_ERROR_NOT_SUPPORTED", "this build, or the library, does not have that"},
	ErrPSAInvalidArgument:      {"PSA_ERROR_INVALID_ARGUMENT", "an argument is not valid, or does not fit another"},
	ErrPSAInvalidHandle:        {"PSA_ERROR_INVALID_HANDLE", "there is no such key"},
	ErrPSABadState:             {"PSA_ERROR_BAD_STATE", "the call is out of order"},
	ErrPSABufferTooSmall:       {"PSA_ERROR_BUFFER_TOO_SMALL", "the output does not fit into the buffer"},
	ErrPSAAlreadyExists:        {"PSA_ERROR_ALREADY_EXISTS", "there is such a key already"},
	ErrPSADoesNotExist:         {"PSA_ERROR_DOES_NOT_EXIST", "there is no such key, or input"},
	ErrPSAInsufficientMemory:   {"PSA_ERROR_INSUFFICIENT_MEMORY", "no memory, or no free key slot"},
	ErrPSAInsufficientStorage:  {"PSA_ERROR_INSUFFICIENT_STORAGE", "no room in the storage"},
	ErrPSAInsufficientData:     {"PSA_ERROR_INSUFFICIENT_DATA", "the capacity is used up"},
	ErrPSAServiceFailure:       {"PSA_ERROR_SERVICE_FAILURE", "the service failed"},
	ErrPSACommunicationFailure: {"PSA_ERROR_COMMUNICATION_FAILURE", "the service could not be reached"},
	ErrPSAStorageFailure:       {"PSA_ERROR_STORAGE_FAILURE", "the storage could not be read or written"},
	ErrPSAHardwareFailure:      {"PSA_ERROR_HARDWARE_FAILURE", "the hardware failed"},
	ErrPSAInsufficientEntropy:  {"PSA_ERROR_INSUFFICIENT_ENTROPY", "too little entropy"},
	ErrPSAInvalidSignature:     {"PSA_ERROR_INVALID_SIGNATURE", "the signature, MAC or hash does not match"},
	ErrPSAInvalidPadding:       {"PSA_ERROR_INVALID_PADDING", "the padding is wrong"},
	ErrPSACorruptionDetected:   {"PSA_ERROR_CORRUPTION_DETECTED", "something changed that must not"},
	ErrPSADataCorrupt:          {"PSA_ERROR_DATA_CORRUPT", "the stored data is corrupt"},
	ErrPSADataInvalid:          {"PSA_ERROR_DATA_INVALID", "the stored data is not valid"},
	PSAOperationIncomplete:     {"PSA_OPERATION_INCOMPLETE", "the operation is to be continued"},
}

// Name is the C macro of the status.
func (s Status) Name() string {
	if names, ok := statuses[s]; ok {
		return names[0]
	}
	return fmt.Sprintf("psa_status_t(%d)", int32(s))
}

// Error prints what the status means, its name and the number.
func (s Status) Error() string {
	text := "unknown status"
	if names, ok := statuses[s]; ok {
		text = names[1]
	}
	return fmt.Sprintf("%s (%s, %d)", text, s.Name(), int32(s))
}

// PSAError is a call to PSA Crypto that failed.
type PSAError struct {
	Status Status
	Op     string // the C function
}

// Error prints the function and the status.
func (e *PSAError) Error() string { return e.Op + ": " + e.Status.Error() }

// Unwrap returns the status.
func (e *PSAError) Unwrap() error { return e.Status }

// checkPSA makes an error of a status. The incomplete is a value of its own, so that a loop does not allocate.
func checkPSA(status C.psa_status_t, op string) error {
	switch status {
	case 0:
		return nil
	case C.PSA_OPERATION_INCOMPLETE:
		return PSAOperationIncomplete
	}
	return &PSAError{Status: Status(status), Op: op}
}

// psaEra counts how often the key store was emptied under the keys: they are told from those of the same number that came
// afterwards.
var psaEra atomic.Uint64
