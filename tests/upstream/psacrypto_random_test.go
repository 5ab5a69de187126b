package upstream

import (
	"bytes"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	const (
		build   = "of a build without the library's own generator"
		sources = "sources of entropy are the library's inside; see package drbg"
		started = "Go initializes PSA Crypto once, before the first call"
	)
	register("psa_crypto_entropy", functions{
		"reseed_basic": func(t *suites.T) {
			ok(t, "psa_random_reseed", psa.RandomReseed(nil))
			ok(t, "psa_random_reseed", psa.RandomReseed([]byte("perso")))
			drawn(t)
			ok(t, "psa_random_deplete", psa.RandomDeplete())
			drawn(t)
		},
		"prediction_resistance_bad_arguments": func(t *suites.T) {
			ok(t, "psa_random_set_prediction_resistance", psa.RandomPredictionResistance(true))
			drawn(t)
			ok(t, "psa_random_set_prediction_resistance", psa.RandomPredictionResistance(false))
			drawn(t)
		},
		"deplete_consumption": func(t *suites.T) {
			counting(t, func(polls *int) {
				before := *polls
				ok(t, "psa_random_deplete", psa.RandomDeplete())
				t.Equal("polls", *polls, before)
				drawn(t)
				truth(t, "it was polled", *polls > before)
			})
		},
		"prediction_resistance_consumption": func(t *suites.T) {
			counting(t, func(polls *int) {
				for _, s := range []struct {
					on   bool
					each int
				}{{false, 0}, {true, 1}, {false, 0}} {
					ok(t, "psa_random_set_prediction_resistance", psa.RandomPredictionResistance(s.on))
					before := *polls
					drawn(t)
					t.Equal("polls", *polls-before, s.each)
					drawn(t)
					t.Equal("polls", *polls-before, 2*s.each)
				}
			})
		},
		"reseed_uniqueness": func(t *suites.T, perso1, perso2 []byte) {
			run := func(personalizations ...[]byte) (p []byte) {
				counting(t, func(*int) {
					for _, perso := range personalizations {
						ok(t, "psa_random_reseed", psa.RandomReseed(perso))
					}
					p = drawn(t)
				})
				return p
			}
			without := run()
			t.Equal("again", run(), without)
			one, two, twice := run(perso1), run(perso2), run(perso1, perso1)
			t.Equal("alike", bytes.Equal(one, two), bytes.Equal(perso1, perso2))
			truth(t, "reseeding changes the output", !bytes.Equal(one, without) && !bytes.Equal(twice, without) && !bytes.Equal(twice, one))
		},
	}, unmapped{
		"create_nv_seed": sources, "custom_entropy_sources": sources, "fake_entropy_source": sources, "entropy_from_nv_seed": sources,
		"validate_entropy_seed_injection": build, "run_entropy_inject_with_crypto_init": build,
		"external_rng_failure_generate": build, "external_rng_failure_sign": build,
		"prediction_resistance_bad_state": started,
		"reseed_consumption":              "SetEntropy has no way to fail",
		"psa_rng_fork":                    "a Go program does not fork without another program",
	})
	register("psa_crypto_init", functions{
		"init_deinit": func(t *suites.T, count int) {
			for range count {
				restart(t)
				stats, err := psa.StoreStats()
				ok(t, "mbedtls_psa_get_stats", err)
				t.Equal("keys", stats.Volatile+stats.Persistent+stats.External+stats.Locked, 0)
				drawn(t)
			}
		},
	}, unmapped{
		"deinit_without_init": started, "psa_threaded_init": started, "validate_module_init_generate_random": started,
		"validate_module_init_key_based": started,
	})
}

func drawn(t *suites.T) []byte {
	p := make([]byte, 10)
	ok(t, "psa_generate_random", cbridge.PSARandom(p))
	return p
}

// counting runs f with a source of entropy that gives the same each time, and counts.
func counting(t *suites.T, f func(polls *int)) {
	polls := 0
	err := cbridge.SetEntropy(func(p []byte) {
		for i := range p {
			p[i] = byte(i)
		}
		polls++
	})
	if err != nil {
		t.Fatalf("SetEntropy: %v", err)
	}
	defer restart(t)
	f(&polls)
}
