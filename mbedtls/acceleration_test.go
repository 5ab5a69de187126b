package mbedtls

import (
	"bytes"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/emulator"
)

// accelerated turns acceleration on or off for a test.
func accelerated(t testing.TB, on bool) {
	t.Helper()
	before := cbridge.Acceleration()
	if err := SetAcceleration(on); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cbridge.SetAcceleration(before); err != nil {
			t.Error(err)
		}
	})
}

func TestVersionTellsWhatIsOn(t *testing.T) {
	for _, test := range []struct {
		on   bool
		want []string
	}{{false, nil}, {true, cbridge.AvailableAcceleration().Names()}} {
		accelerated(t, test.on)
		want := VersionInfo{Release: cbridge.Release, Profile: cbridge.Profile, Acceleration: test.want}
		if diff := cmp.Diff(want, Version()); diff != "" {
			t.Errorf("%t (-want +got):\n%s", test.on, diff)
		}
	}
}

// Whether records are accelerated or not, either end reads what the other wrote: of every length about where the way of
// computing them changes, and with every kind of cipher. The state says which way it was.
func TestAcceleratedEndsTalkToOthers(t *testing.T) {
	for _, id := range CipherSuites() {
		info, _ := CipherSuiteByID(id)
		suite, _ := cbridge.SuiteByID(id)
		if info.KeyExchange != KeyExchangeECDHEECDSA && info.KeyExchange != KeyExchangeNone {
			continue // not for this certificate
		}
		t.Run(info.Name, func(t *testing.T) {
			for _, on := range []bool{false, true} {
				client, server := configs(t)
				client.CipherSuites = []uint16{id}
				accelerated(t, on)
				c, s := connected(t, client, server)
				want := on && cbridge.AvailableAcceleration()&suite.Accel != 0
				if got := c.ConnectionState().Accelerated; got != want || s.ConnectionState().Accelerated != want {
					t.Errorf("acceleration %t: the client says %t, the server %t", on, got, s.ConnectionState().Accelerated)
				}
				lengths := []int{1, 15, 16, 31, 32, 33, 95, 96, 255, 256, 257, 1000, 4096, 16000}
				for _, writerOn := range []bool{false, true} {
					for _, n := range append(lengths, lengths...) {
						message := bytes.Repeat([]byte{byte(n)}, n)
						accelerated(t, writerOn)
						if _, err := c.Write(message); err != nil {
							t.Fatal(err)
						}
						accelerated(t, !writerOn)
						got := make([]byte, n)
						if _, err := io.ReadFull(s, got); err != nil || !bytes.Equal(got, message) {
							t.Fatalf("a record of %d bytes: %v", n, err)
						}
					}
				}
				c.Close()
				s.Close()
			}
		})
	}
}

const fipsChild = "GOMBEDTLS_TEST_FIPS"

// In Go's FIPS 140-3 mode everything is the library's C, and nothing fails.
func TestFIPSMode(t *testing.T) {
	if os.Getenv(fipsChild) != "" {
		if a := Version().Acceleration; len(a) != 0 {
			t.Errorf("accelerated: %q", a)
		}
		return
	}
	for _, mode := range []string{"on", "only"} {
		cmd := emulator.Command(os.Args[0], "-test.run=^(TestFIPSMode|TestVersionTellsWhatIsOn)$", "-test.v")
		cmd.Env = append(os.Environ(), "GODEBUG=fips140="+mode, fipsChild+"=1")
		if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestFIPSMode") {
			t.Errorf("fips140=%s: %v\n%s", mode, err, out)
		}
	}
	if !slices.Equal(Version().Acceleration, cbridge.Acceleration().Names()) {
		t.Error("the mode of a child changed this process")
	}
}
