package mbedtls

import (
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

func TestEndOfACertificateIsReadAlone(t *testing.T) {
	for _, want := range []time.Time{
		time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC),
		time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), // in the other of the two forms
		time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	} {
		der := testpki.SelfSigned(testpki.Leaf{NotAfter: want}).Certificate[0]
		got, ok := notAfter(der)
		if !ok || !got.Equal(want) {
			t.Errorf("%v, %v; want %v", got, ok, want)
		}
		for n := range 150 { // somewhere in the names, before the validity
			if got, ok := notAfter(der[:n]); ok {
				t.Errorf("of the first %d bytes: %v", n, got)
			}
		}
	}
}
