package cbridge

import (
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestClocksJudgeCertificates(t *testing.T) {
	clocks := map[string]func(t *testing.T, client *Config, shift time.Duration){
		"the process's": func(t *testing.T, _ *Config, shift time.Duration) {
			SetClock(&Clock{
				Now: func() time.Time { return time.Now().Add(shift) },
				MS:  func() int64 { return 1_000_000 },
			})
			t.Cleanup(func() { SetClock(nil) })
		},
		"a config's": func(t *testing.T, client *Config, shift time.Duration) {
			if err := client.SetTime(func() time.Time { return time.Now().Add(shift) }); err != nil {
				t.Fatal(err)
			}
		},
	}
	for which, set := range clocks {
		for name, test := range map[string]struct {
			shift time.Duration
			flag  uint32
		}{
			"now":     {0, 0},
			"expired": {24 * time.Hour, 0x01},
			"future":  {-24 * time.Hour, 0x0200},
		} {
			t.Run(which+", "+name, func(t *testing.T) {
				p := newPair(t, func(client, _ *Config) { set(t, client, test.shift) })
				checkVerifyFlags(t, p, test.flag)
			})
		}
	}
}

func checkVerifyFlags(t *testing.T, p pair, want uint32) {
	t.Helper()
	err := p.handshake(t)
	if want == 0 && err != nil || want != 0 && !errors.Is(err, ErrX509CertVerifyFailed) {
		t.Errorf("handshake: %v", err)
	}
	if got := p.client.VerifyResult(); got != want {
		t.Errorf("flags %#x, want %#x", got, want)
	}
}

// With the same random bytes and the same clock, the library writes the same bytes.
func TestSeededRandomAndClockMakeBytesRepeatable(t *testing.T) {
	SetClock(&Clock{Now: func() time.Time { return time.Unix(1_800_000_000, 0) }, MS: func() int64 { return 0 }})
	defer SetClock(nil)
	hello := func(seed string) string {
		rnd := rand.NewChaCha8(sha256.Sum256([]byte(seed)))
		p := newPair(t, func(client, _ *Config) {
			client.SetRandom(func(b []byte) error { _, err := rnd.Read(b); return err })
			if err := client.SetVersions(TLS12, TLS12); err != nil {
				t.Fatal(err)
			}
		})
		if err := p.client.Handshake(); err != ErrSSLWantRead {
			t.Fatal(err)
		}
		return string(p.client.Output())
	}
	first, again := hello("a"), hello("a")
	if first != again {
		t.Error("the same seed gives two ClientHellos")
	}
	if first == hello("b") {
		t.Error("two seeds give the same ClientHello")
	}
}

func TestListsOfAConfigAreThoseThatWereSet(t *testing.T) {
	c, err := NewConfig(Client, Stream, PresetDefault)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if len(c.Groups()) < 3 || len(c.SignatureAlgorithms()) < 3 {
		t.Errorf("the preset has groups %v, signature algorithms %v", c.Groups(), c.SignatureAlgorithms())
	}
	groups, algorithms := []uint16{0x18, 0x1D}, []uint16{0x0403}
	if err := c.SetGroups(groups); err != nil {
		t.Fatal(err)
	}
	if err := c.SetSignatureAlgorithms(algorithms); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(c.Groups(), groups) || !slices.Equal(c.SignatureAlgorithms(), algorithms) {
		t.Errorf("groups %v, signature algorithms %v", c.Groups(), c.SignatureAlgorithms())
	}
	c.Close()
	if c.Groups() != nil || c.SignatureAlgorithms() != nil {
		t.Error("there are lists after Close")
	}
}

func TestDebugLevelIsEachConfigsOwn(t *testing.T) {
	var quiet, loud [5]atomic.Int32
	count := func(levels *[5]atomic.Int32) DebugFunc {
		return func(level int, file string, line int, text string) {
			levels[level].Add(1)
			if strings.ContainsRune(file, '/') || !strings.Contains(file, ".") || line == 0 || strings.HasSuffix(text, "\n") {
				t.Errorf("message %q from %s:%d", text, file, line)
			}
		}
	}
	p := newPair(t, func(client, server *Config) {
		if err := errors.Join(client.SetDebug(2, count(&quiet)), server.SetDebug(4, count(&loud))); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if quiet[2].Load() == 0 || quiet[3].Load() != 0 || quiet[4].Load() != 0 {
		t.Errorf("level 2 receives %d, %d, %d messages of levels 2 to 4", quiet[2].Load(), quiet[3].Load(), quiet[4].Load())
	}
	for level := 2; level <= 4; level++ {
		if loud[level].Load() == 0 {
			t.Errorf("level 4 receives no message of level %d", level)
		}
	}
	p.server.Close()
	p.server.conf.Close()
	thresholds.Lock()
	defer thresholds.Unlock()
	if thresholds.count[4] != 0 {
		t.Errorf("%d configs of level 4 after Close", thresholds.count[4])
	}
}

func TestVerifySeesTheChainAndDecides(t *testing.T) {
	p := newPair(t, func(client, _ *Config) {
		other, _ := identity(t)
		if err := client.SetCAs(other, nil); err != nil {
			t.Fatal(err)
		}
	})
	const notTrusted = 0x08
	var depths []int
	p.client.SetVerify(func(der []byte, depth int, flags uint32) (uint32, error) {
		depths = append(depths, depth)
		if flags&notTrusted == 0 || len(der) == 0 {
			t.Errorf("depth %d: flags %#x, %d bytes", depth, flags, len(der))
		}
		return flags &^ notTrusted, nil
	})
	checkVerifyFlags(t, p, 0)
	if len(depths) != 1 || depths[0] != 0 {
		t.Errorf("called at depths %v, want once at 0", depths)
	}
	chain := p.client.PeerCertificates()
	if len(chain) != 1 {
		t.Errorf("%d peer certificates", len(chain))
	}
}
