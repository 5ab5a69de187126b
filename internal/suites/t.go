package suites

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
)

// T is a case that runs. Its methods are for the goroutine that the case's function was called on.
type T struct {
	folder string // of TempDir; "" if there is none
}

// failure and skip end a case.
type (
	failure string
	skip    string
)

// Fatalf ends the case, which has failed.
func (t *T) Fatalf(format string, args ...any) { panic(failure(fmt.Sprintf(format, args...))) }

// Skip ends the case, which says nothing about the Go API: it counts as not mapped, for this reason.
func (t *T) Skip(reason string) { panic(skip(reason)) }

// Equal fails the case if what is not as the case wants it. Bytes are compared in hex; nil and empty ones are the same.
func (t *T) Equal(what string, got, want any) {
	if diff := cmp.Diff(readable(want), readable(got)); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}

func readable(v any) any {
	if b, ok := v.([]byte); ok {
		return hex.EncodeToString(b)
	}
	return v
}

// Code fails the case if the error of a call is not an [cbridge.Error] with the library's code want, or nil for 0.
func (t *T) Code(what string, err error, want int) {
	got := 0
	if err != nil {
		var e *cbridge.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: %v (%[2]T), want code %s", what, err, cbridge.Code(want).Hex())
		}
		got = int(e.Code)
	}
	if got != want {
		t.Fatalf("%s: code %s (%v), want %s", what, cbridge.Code(got).Hex(), err, cbridge.Code(want).Hex())
	}
}

// TempDir is a folder that is removed after the case.
func (t *T) TempDir() string {
	if t.folder == "" {
		var err error
		if t.folder, err = os.MkdirTemp("", "suites"); err != nil {
			t.Fatalf("%v", err)
		}
	}
	return t.folder
}

// run calls a case's function. At most one of failed and skipped is not "".
func run(call func(*T)) (failed, skipped string) {
	t := new(T)
	defer func() {
		if t.folder != "" {
			if err := os.RemoveAll(t.folder); err != nil && failed == "" {
				failed = err.Error()
			}
		}
	}()
	defer func() {
		switch v := recover().(type) {
		case nil:
		case failure:
			failed = string(v)
		case skip:
			skipped = string(v)
		default:
			failed = fmt.Sprintf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	call(t)
	return "", ""
}
