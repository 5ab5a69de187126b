package bignum_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/objtest"
	"github.com/gombedtls/gombedtls/mbedtls/bignum"
)

// parse reads a number in radix 10, for the time of the test.
func parse(t testing.TB, text string) *bignum.Int {
	t.Helper()
	x, err := bignum.Parse(text, 10)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// is compares a number in radix 10.
func is(t testing.TB, what string, x *bignum.Int, want string) {
	t.Helper()
	if got := x.String(); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

func TestZeroValue(t *testing.T) {
	t.Parallel()
	var x, y bignum.Int
	defer x.Close()
	is(t, "zero value", &x, "0")
	if x.BitLen() != 0 || x.Sign() != 0 || x.Limbs() != 0 {
		t.Errorf("%d bits, sign %d, %d limbs", x.BitLen(), x.Sign(), x.Limbs())
	}
	objtest.Must(t, x.Add(&y, &y))
	is(t, "sum of zero values", &x, "0")
	objtest.Must(t, x.AddInt(&x, 7))
	is(t, "sum with itself", &x, "7")
}

// A result may be an operand, also where the library itself would go on for ever, or be wrong.
func TestResultIsAnOperand(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		op   func(x, y *bignum.Int) error
		x, y string // afterwards, of 100 and 7
	}{
		"modulus":                 {func(x, y *bignum.Int) error { return y.Mod(x, y) }, "100", "2"},
		"dividend":                {func(x, y *bignum.Int) error { return x.Mod(x, y) }, "2", "7"},
		"quotient and remainder":  {func(x, y *bignum.Int) error { return bignum.QuoRem(x, y, x, y) }, "14", "2"},
		"remainder and quotient":  {func(x, y *bignum.Int) error { return bignum.QuoRem(y, x, x, y) }, "2", "14"},
		"larger divisor":          {func(x, y *bignum.Int) error { return bignum.QuoRem(y, x, y, x) }, "7", "0"},
		"small divisor":           {func(x, _ *bignum.Int) error { return bignum.QuoRemInt(x, nil, x, -7) }, "-14", "7"},
		"exponent":                {func(x, y *bignum.Int) error { return x.ExpMod(y, x, y) }, "0", "7"},
		"modulus of a power":      {func(x, y *bignum.Int) error { return y.ExpMod(x, x, y) }, "100", "2"},
		"modulus of an inverse":   {func(x, y *bignum.Int) error { return y.InvMod(x, y) }, "100", "4"},
		"square":                  {func(x, _ *bignum.Int) error { return x.Mul(x, x) }, "10000", "7"},
		"twice":                   {func(x, _ *bignum.Int) error { return x.Add(x, x) }, "200", "7"},
		"opposite":                {func(x, _ *bignum.Int) error { return x.Neg(x) }, "-100", "7"},
		"shift":                   {func(x, _ *bignum.Int) error { return x.Lsh(x, 65) }, "3689348814741910323200", "7"},
		"common divisor":          {func(x, y *bignum.Int) error { return y.GCD(x, y) }, "100", "1"},
		"swap with itself":        {func(x, _ *bignum.Int) error { return x.CondSwap(x, true) }, "100", "7"},
		"assignment of itself":    {func(x, _ *bignum.Int) error { return x.CondAssign(x, true) }, "100", "7"},
		"power with what is kept": {func(x, y *bignum.Int) error { return x.ExpModCached(x, y, y, new(bignum.Int)) }, "2", "7"},
	} {
		x, y := parse(t, "100"), parse(t, "7")
		if err := test.op(x, y); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		is(t, what+": x", x, test.x)
		is(t, what+": y", y, test.y)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	x, y, huge, nine := parse(t, "12"), parse(t, "8"), parse(t, "1"), parse(t, "9")
	objtest.Must(t, huge.Lsh(huge, 8192))
	z, zero, digits := new(bignum.Int), new(bignum.Int), strings.Repeat("f", 160001)
	defer z.Close()
	type failure struct {
		err  func() error
		want cbridge.Code
	}
	if n, err := bignum.Parse("zz", 10); n != nil || !errors.Is(err, cbridge.ErrMPIInvalidCharacter) {
		t.Errorf("%v, %v", n, err)
	}
	wide := int64(1)<<32 + 10
	if int64(int(wide)) != wide {
		wide = 0 // C's numbers are as large as Go's
	}
	tests := map[string]failure{
		"a radix that C truncates": {func() error { return z.SetText("1", int(wide)) }, cbridge.ErrMPIBadInputData},
		"radix 1":                  {func() error { return z.SetText("1", 1) }, cbridge.ErrMPIBadInputData},
		"radix 17":                 {func() error { _, err := x.Text(17); return err }, cbridge.ErrMPIBadInputData},
		"a letter":                 {func() error { return z.SetText("12a", 10) }, cbridge.ErrMPIInvalidCharacter},
		"two signs":                {func() error { return z.SetText("--1", 10) }, cbridge.ErrMPIInvalidCharacter},
		"a zero byte":              {func() error { return z.SetText("1\x002", 10) }, cbridge.ErrMPIInvalidCharacter},
		"too many digits":          {func() error { return z.SetText(digits, 16) }, cbridge.ErrMPIAllocFailed},
		"a buffer too small":       {func() error { return huge.FillBytes(make([]byte, 1024)) }, cbridge.ErrMPIBufferTooSmall},
		"an int64 too small":       {func() error { _, err := huge.Int64(); return err }, cbridge.ErrMPIBufferTooSmall},
		"bit 2":                    {func() error { return z.SetBit(0, 2) }, cbridge.ErrMPIBadInputData},
		"bit 256":                  {func() error { return z.SetBit(0, 256) }, cbridge.ErrMPIBadInputData},
		"a bit too high":           {func() error { return z.SetBit(math.MaxUint, 1) }, cbridge.ErrMPIAllocFailed},
		"a shift too far":          {func() error { return z.Lsh(x, math.MaxUint) }, cbridge.ErrMPIAllocFailed},
		"negative limbs":           {func() error { return z.Grow(-1) }, cbridge.ErrMPIBadInputData},
		"too many limbs":           {func() error { return z.Grow(bignum.MaxLimbs + 1) }, cbridge.ErrMPIAllocFailed},
		"division by 0":            {func() error { return bignum.QuoRem(z, nil, x, zero) }, cbridge.ErrMPIDivisionByZero},
		"division by a small 0":    {func() error { return bignum.QuoRemInt(z, nil, x, 0) }, cbridge.ErrMPIDivisionByZero},
		"two results in one":       {func() error { return bignum.QuoRem(z, z, x, y) }, cbridge.ErrMPIBadInputData},
		"modulo 0":                 {func() error { return z.Mod(x, zero) }, cbridge.ErrMPIDivisionByZero},
		"modulo below 0":           {func() error { _, err := x.ModInt(-3); return err }, cbridge.ErrMPINegativeValue},
		"less than nothing":        {func() error { return z.SubAbs(y, x) }, cbridge.ErrMPINegativeValue},
		"an even modulus":          {func() error { return z.ExpMod(x, y, y) }, cbridge.ErrMPIBadInputData},
		"an exponent too large":    {func() error { return z.ExpMod(x, huge, nine) }, cbridge.ErrMPIBadInputData},
		"an exponent below 0":      {func() error { return z.ExpMod(x, parse(t, "-1"), nine) }, cbridge.ErrMPIBadInputData},
		"a cache that is operand":  {func() error { return z.ExpModCached(x, y, nine, x) }, cbridge.ErrMPIBadInputData},
		"no inverse":               {func() error { return z.InvMod(x, y) }, cbridge.ErrMPINotAcceptable},
		"an inverse modulo 1":      {func() error { return z.InvMod(x, parse(t, "1")) }, cbridge.ErrMPIBadInputData},
		"limbs that differ":        {func() error { _, err := x.LessCT(huge); return err }, cbridge.ErrMPIBadInputData},
		"a number below its bound": {func() error { return z.Random(12, x, nil) }, cbridge.ErrMPIBadInputData},
		"a bound below 0":          {func() error { return z.Random(-1, x, nil) }, cbridge.ErrMPIBadInputData},
		"a bound that is result":   {func() error { return x.Random(0, x, nil) }, cbridge.ErrMPIBadInputData},
		"random bytes below 0":     {func() error { return z.FillRandom(-1, nil) }, cbridge.ErrMPIBadInputData},
		"no operand":               {func() error { return z.Add(x, nil) }, cbridge.ErrMPIBadInputData},
		"no result":                {func() error { return (*bignum.Int)(nil).Add(x, y) }, cbridge.ErrMPIBadInputData},
		"no number of Go's":        {func() error { return z.SetBig(nil) }, cbridge.ErrMPIBadInputData},
		"no number to compare":     {func() error { _, err := x.Cmp(nil); return err }, cbridge.ErrMPIBadInputData},
	}
	if cbridge.Feature("MBEDTLS_GENPRIME") {
		maps.Copy(tests, map[string]failure{
			"a composite number": {func() error { return x.CheckPrime(5, nil) }, cbridge.ErrMPINotAcceptable},
			"rounds below 0":     {func() error { return nine.CheckPrime(-1, nil) }, cbridge.ErrMPIBadInputData},
			"a prime of 2 bits":  {func() error { return z.GenPrime(2, 0, nil) }, cbridge.ErrMPIBadInputData},
			"a prime of -1 bits": {func() error { return z.GenPrime(-1, 0, nil) }, cbridge.ErrMPIBadInputData},
			"a prime too large":  {func() error { return z.GenPrime(bignum.MaxBits+1, 0, nil) }, cbridge.ErrMPIBadInputData},
		})
	}
	for what, test := range tests {
		err := test.err()
		var e *cbridge.Error
		if !errors.As(err, &e) || e.Code != test.want {
			t.Errorf("%s: %v, want %v", what, err, test.want)
		}
	}
	is(t, "an operand of all that", x, "12")
}

func TestClose(t *testing.T) {
	t.Parallel()
	x, y := parse(t, "1"), parse(t, "2")
	objtest.Must(t, x.Close())
	objtest.Must(t, x.Close())
	objtest.Must(t, (*bignum.Int)(nil).Close())
	var never bignum.Int
	objtest.Must(t, never.Close())
	for what, err := range map[string]error{
		"result": x.SetInt64(1), "operand": y.Add(y, x), "zero value": never.SetInt64(1), "swap": y.Swap(x),
		"bytes": x.FillBytes(nil), "random": x.FillRandom(1, nil), "prime": x.CheckPrime(1, nil),
		"quotient": bignum.QuoRem(x, y, y, y),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Close: %v, want net.ErrClosed", what, err)
		}
	}
	if x.BitLen() != 0 || x.Size() != 0 || x.Bit(0) != 0 || x.Sign() != 0 || x.String() != "<closed>" ||
		fmt.Sprint(x) != "<closed>" {
		t.Errorf("after Close: %d bits, %v", x.BitLen(), x)
	}
	is(t, "the other operand", y, "2")
}

// Zero never keeps the sign of what it was made of.
func TestNoNegativeZero(t *testing.T) {
	t.Parallel()
	for what, make := range map[string]func(x *bignum.Int) error{
		"right shift": func(x *bignum.Int) error { return x.Rsh(x, 1) },
		"bit":         func(x *bignum.Int) error { return x.SetBit(0, 0) },
		"text":        func(x *bignum.Int) error { return x.SetText("-0", 16) },
		"big":         func(x *bignum.Int) error { return x.SetBig(new(big.Int)) },
	} {
		x := parse(t, "-1")
		objtest.Must(t, make(x))
		if text, err := x.Text(10); err != nil || text != "0" {
			t.Errorf("%s: %q (%v), want 0", what, text, err)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	x := parse(t, "-2989")
	for radix, want := range map[int]string{2: "-101110101101", 7: "-11500", 10: "-2989", 16: "-0BAD"} {
		if got, err := x.Text(radix); err != nil || got != want {
			t.Errorf("radix %d: %q (%v), want %q", radix, got, err, want)
		}
	}
	if got := fmt.Sprintf("%v %x %8d %#x", x, x, x, x); got != "-2989 -bad    -2989 -0xbad" {
		t.Errorf("formats: %q", got)
	}
	if got := fmt.Sprint((*bignum.Int)(nil)); got != "<nil>" {
		t.Errorf("nil: %q", got)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_FS_IO") {
		t.Skip("the build has no files")
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "numbers"))
	objtest.Must(t, err)
	defer f.Close()
	objtest.Must(t, parse(t, "255").WriteFile(f, "N = ", 16))
	objtest.Must(t, parse(t, "-7").WriteFile(f, "", 10))
	if text, err := os.ReadFile(f.Name()); err != nil || string(text) != "N = FF\r\n-7\r\n" {
		t.Errorf("the file has %q (%v)", text, err)
	}
	_, err = f.Seek(0, io.SeekStart)
	objtest.Must(t, err)
	x := new(bignum.Int)
	defer x.Close()
	objtest.Must(t, x.ReadFile(f, 16))
	is(t, "first line", x, "255")
	objtest.Must(t, x.ReadFile(f, 10))
	is(t, "second line, whose sign the library does not read", x, "7")
	for what, err := range map[string]error{"the end": x.ReadFile(f, 10), "a zero byte": x.WriteFile(f, "\x00", 10)} {
		var e *cbridge.Error
		if !errors.As(err, &e) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestConcurrentOperands(t *testing.T) {
	t.Parallel()
	x, y, zero := parse(t, "123456789123456789123456789"), parse(t, "987654321987654321"), new(bignum.Int)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			z := new(bignum.Int)
			defer z.Close()
			for range 200 {
				if err := errors.Join(z.Mul(x, y), z.Add(z, zero)); err != nil {
					t.Error(err)
				}
			}
			is(t, "product", z, "121932631356500531469135800347203169112635269")
		})
	}
	wg.Wait()
}

// The library's generator makes less at a time.
func TestManyRandomBytes(t *testing.T) {
	t.Parallel()
	z := new(bignum.Int)
	defer z.Close()
	objtest.Must(t, z.FillRandom(5000, nil))
	if n := z.BitLen(); n < 40000-64 {
		t.Errorf("%d bits", n)
	}
}

// A reader's error comes back, and its panic goes on.
func TestReader(t *testing.T) {
	t.Parallel()
	x := parse(t, "7919")
	want := errors.New("the reader's own")
	err := x.FillRandom(9, errReader(func() error { return want }))
	var e *cbridge.Error
	if !errors.Is(err, want) || !errors.As(err, &e) || e.Code != cbridge.ErrCtrDRBGEntropySourceFailed {
		t.Errorf("FillRandom: %v", err)
	}
	defer func() {
		if recover() != "from the reader" {
			t.Error("the panic does not reach the caller")
		}
	}()
	_ = x.FillRandom(9, errReader(func() error { panic("from the reader") }))
}

type errReader func() error

func (f errReader) Read([]byte) (int, error) { return 0, f() }

func TestPrimes(t *testing.T) {
	t.Parallel()
	if !cbridge.Feature("MBEDTLS_GENPRIME") {
		err := parse(t, "7").CheckPrime(1, nil)
		objtest.NotBuilt(t, "CheckPrime", err, "MBEDTLS_GENPRIME")
		return
	}
	for flags, bits := range map[bignum.PrimeFlags]int{0: 200, bignum.LowError: 200, bignum.SafePrime: 96} {
		x := new(bignum.Int)
		defer x.Close()
		objtest.Must(t, x.GenPrime(bits, flags, nil))
		args := []string{"prime", x.String()}
		if flags&bignum.SafePrime != 0 {
			half := new(bignum.Int)
			defer half.Close()
			objtest.Must(t, half.Rsh(x, 1))
			args = append(args, half.String())
		}
		out, err := exec.Command("openssl", args...).CombinedOutput()
		if err != nil || strings.Contains(string(out), "not prime") {
			t.Errorf("%v (flags %d): openssl says %s (%v)", x, flags, out, err)
		}
	}
	// Room that a number does not need must not make it composite.
	x := parse(t, "7919")
	objtest.Must(t, x.Grow(5))
	objtest.Must(t, x.CheckPrime(10, nil))
}
