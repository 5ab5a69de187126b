package cbridge

// #include "bridge.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

//go:generate go run ../internal/gencodes

// Code is an Mbed TLS error code: zero or negative, a high-level code (-0x7780), a low-level one (-0x0062), or the sum
// of one of each. The constants of this package are usable as targets of [errors.Is].
type Code int

// High returns the high-level half of the code, Low the low-level half; either may be 0 (mbedtls_high_level_strerr).
func (c Code) High() Code { return -(-c &^ 0x7F) }

// Low returns the low-level half of the code (mbedtls_low_level_strerr).
func (c Code) Low() Code { return -(-c & 0x7F) }

// Name is the C macro of the code, MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE, or of its halves joined by " | ".
func (c Code) Name() string {
	if name, ok := codeNames[c]; ok {
		return name
	}
	var names []string
	for _, half := range []Code{c.High(), c.Low()} {
		if half == 0 {
			continue
		}
		name, ok := codeNames[half]
		if !ok {
			name = half.Hex()
		}
		names = append(names, name)
	}
	return strings.Join(names, " | ")
}

// Hex prints the code as the C programs do: -0x7780.
func (c Code) Hex() string { return fmt.Sprintf("-0x%04X", -int(c)) }

// Text is the library's own description (mbedtls_strerror).
func (c Code) Text() string {
	var buf [256]C.char
	C.mbedtls_strerror(C.int(c), &buf[0], C.size_t(len(buf)))
	return C.GoString(&buf[0])
}

// Error prints the text, the name and the number.
func (c Code) Error() string { return fmt.Sprintf("%s (%s, %s)", c.Text(), c.Name(), c.Hex()) }

// Error is a library call that failed.
type Error struct {
	Code  Code   // what the C function returned
	Op    string // the C function
	Cause error  // the error of the Go closure that made it fail, or what it was about; may be nil
}

func newError(op string, ret int, cause error) error {
	if ret == C.GM_NOT_BUILT {
		return &NotBuiltError{Option: op}
	}
	return &Error{Code: Code(ret), Op: op, Cause: cause}
}

// Error prints the operation, the code in words, and the cause.
func (e *Error) Error() string {
	s := e.Op + ": " + e.Code.Error()
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is the code, or its high or low half.
func (e *Error) Is(target error) bool {
	c, ok := target.(Code)
	return ok && c != 0 && (c == e.Code || c == e.Code.High() || c == e.Code.Low())
}

// Timeout reports whether the call ran into a time limit, as [net.Error] asks.
func (e *Error) Timeout() bool {
	return e.Code == ErrSSLTimeout || errors.Is(e.Cause, os.ErrDeadlineExceeded)
}

// Temporary is part of [net.Error], and false.
func (e *Error) Temporary() bool { return false }

// NotBuiltError says that the Mbed TLS this program is linked to was built without an option that a call needs.
// It matches [errors.ErrUnsupported].
type NotBuiltError struct {
	Option string // the option, such as MBEDTLS_SSL_ALPN
	Field  string // the Config field that asked for it, if one did
}

// Error names the option, the profile of the build, and the way out.
func (e *NotBuiltError) Error() string {
	remedy := "choose another with ./build.sh lib --profile, or cmd/mbedtls-build"
	if Profile == "system" {
		remedy = "link another one, or build without the tag mbedtls_system"
	}
	s := fmt.Sprintf("this build of Mbed TLS (profile %s) lacks %s: %s", Profile, e.Option, remedy)
	if e.Field != "" {
		s = e.Field + ": " + s
	}
	return s
}

// Is reports whether target is errors.ErrUnsupported.
func (e *NotBuiltError) Is(target error) bool { return target == errors.ErrUnsupported }
