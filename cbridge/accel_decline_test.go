//go:build (amd64 || arm64) && !mbedtls_noaccel

package cbridge

import "testing"

// A panic of Go's code never unwinds C: the library computes instead.
func TestAPanicDeclines(t *testing.T) {
	call := func(f func()) (outcome int32) {
		defer declineOnPanic(&outcome)
		f()
		return 0
	}
	if got := call(func() {}); got != 0 {
		t.Errorf("without a panic: %d", got)
	}
	if got := call(func() { panic("overlap") }); got != 1 {
		t.Errorf("with a panic: %d, want GM_ACCEL_DECLINED", got)
	}
}
