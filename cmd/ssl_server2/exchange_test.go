package main

import (
	"bytes"
	"testing"
)

func TestResponseHasTheSizeAskedFor(t *testing.T) {
	for _, size := range []int{0, 1, 2, 3, 100, 1 << 14} {
		b := response("SUITE", &size)
		if len(b) != size {
			t.Errorf("%d bytes, want %d", len(b), size)
		}
		if natural := response("SUITE", nil); size < len(natural) && size > 0 && !bytes.HasSuffix(b, []byte("\n")) {
			t.Errorf("%q has no newline at its end", b)
		}
	}
}
