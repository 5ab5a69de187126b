package cbridge

import (
	"bytes"
	"testing"
)

// With the same entropy, the generators of the process give the same bytes; with the system's, they do not.
func TestSetEntropy(t *testing.T) {
	t.Cleanup(func() {
		if err := SetEntropy(nil); err != nil {
			t.Error(err)
		}
	})
	draw := func(f func([]byte)) []byte {
		t.Helper()
		if err := SetEntropy(f); err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 40)
		if _, err := processDrbg.Read(p); err != nil {
			t.Fatal(err)
		}
		return p
	}
	counting := func() func([]byte) {
		n := byte(0)
		return func(p []byte) {
			for i := range p {
				n++
				p[i] = n
			}
		}
	}
	once, again, system := draw(counting()), draw(counting()), draw(nil)
	if !bytes.Equal(once, again) {
		t.Errorf("%x and %x are from the same entropy", once, again)
	}
	if bytes.Equal(once, system) || bytes.Equal(system, draw(nil)) {
		t.Error("the system's entropy repeats itself")
	}
}
