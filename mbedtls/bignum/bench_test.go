package bignum_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// BenchmarkExpMod is a private operation of 2048 bits, in a time that does not depend on the exponent; x/math-big is how
// much longer than math/big it takes, whose time does.
func BenchmarkExpMod(b *testing.B) {
	n := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 2048), big.NewInt(1942289))
	e := new(big.Int).Rsh(n, 1)
	x := new(big.Int).Rsh(n, 3)
	var z, bx, be, bn, rr bignum.Int
	for mine, theirs := range map[*bignum.Int]*big.Int{&bx: x, &be: e, &bn: n} {
		objtest.Must(b, mine.SetBig(theirs))
	}
	for _, m := range []*bignum.Int{&z, &bx, &be, &bn, &rr} {
		defer m.Close()
	}
	start := time.Now()
	const times = 3
	for range times {
		new(big.Int).Exp(x, e, n)
	}
	theirs := time.Since(start) / times
	for b.Loop() {
		objtest.Must(b, z.ExpModCached(&bx, &be, &bn, &rr))
	}
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/float64(theirs), "x/math-big")
}
