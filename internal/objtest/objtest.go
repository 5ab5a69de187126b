// Package objtest is for tests of packages whose objects lie outside of Go's heap and whose errors are the library's.
package objtest

import (
	"errors"
	"io"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Must ends the test if there is an error.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Code fails the test unless an error has the library's code.
func Code(t testing.TB, what string, err error, want cbridge.Code) {
	t.Helper()
	var e *cbridge.Error
	if !errors.As(err, &e) || e.Code != want {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// Made returns what a call has made, for the time of the test, which ends if there is an error:
//
//	g := objtest.Made[*ecp.Group](t)(ecp.NewGroup(id))
func Made[O io.Closer](t testing.TB) func(o O, err error) O {
	return func(o O, err error) O {
		t.Helper()
		Must(t, err)
		t.Cleanup(func() { o.Close() })
		return o
	}
}

// NotBuilt fails the test unless an error says that the build lacks the option.
func NotBuilt(t testing.TB, what string, err error, option string) {
	t.Helper()
	var e *cbridge.NotBuiltError
	if !errors.As(err, &e) || e.Option != option {
		t.Errorf("%s: %v, want a NotBuiltError of %s", what, err, option)
	}
}
