package psa

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Random is an [io.Reader] of PSA's generator, for any number of goroutines (psa_generate_random).
var Random io.Reader = random{}

type random struct{}

func (random) Read(p []byte) (int, error) { return wrote(p, cbridge.PSARandom(p)) }

// RandomReseed seeds the generator anew from the entropy source, and from bytes of the caller's. After a copy of the process,
// such as a fork or a snapshot of the machine, all copies should do that, each with bytes of its own. A library before 3.6.6
// does not have it, nor the two below: ErrNotSupported (psa_random_reseed).
func RandomReseed(personalization []byte) error { return cbridge.PSARandomReseed(personalization) }

// RandomDeplete has the generator seeded anew when it is used next (psa_random_deplete).
func RandomDeplete() error { return cbridge.PSARandomDeplete() }

// RandomPredictionResistance has the generator seeded anew whenever it is used (psa_random_set_prediction_resistance).
func RandomPredictionResistance(on bool) error { return cbridge.PSARandomPredictionResistance(on) }
