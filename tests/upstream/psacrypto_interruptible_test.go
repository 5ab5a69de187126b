package upstream

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"sign_hash_interruptible": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash, want []byte, maxOps uint32) {
			using(t, psa.UsageSignHash, alg, typ, data, func(k *cbridge.PSAKey) {
				sig, err := signedInSteps(t, k, alg, hash, psa.SignatureMaxSize, maxOps)
				ok(t, "psa_sign_hash_complete", err)
				t.Equal("signature", sig, want)
			})
		},
		"sign_hash_fail_interruptible": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte, size int, wantStart, want psa.Status, maxOps uint32) {
			using(t, psa.UsageSignHash, alg, typ, data, func(k *cbridge.PSAKey) {
				bounded(t, maxOps, func() {
					s := must[*cbridge.PSASignHash](t, "calloc")(cbridge.NewPSASignHash())
					defer s.Close()
					complete := func() error {
						_, err := s.Complete(make([]byte, size))
						return err
					}
					failsInSteps(t, func() error { return s.Start(k, uint32(alg), hash) }, complete, s.NumOps, wantStart, want)
				})
			})
		},
		"sign_verify_hash_interruptible": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte, maxOps uint32) {
			using(t, psa.UsageSignHash|psa.UsageVerifyHash, alg, typ, data, func(k *cbridge.PSAKey) {
				sig, err := signedInSteps(t, k, alg, hash, psa.SignOutputSize(typ, bits(t, k), alg), maxOps)
				ok(t, "psa_sign_hash_complete", err)
				ok(t, "psa_verify_hash_complete", verifiedInSteps(t, k, alg, hash, sig, maxOps))
				status(t, "of another", verifiedInSteps(t, k, alg, changed(hash), sig, maxOps), psa.ErrInvalidSignature)
			})
		},
		"verify_hash_interruptible": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash, sig []byte, maxOps uint32) {
			using(t, psa.UsageVerifyHash, alg, typ, data, func(k *cbridge.PSAKey) {
				ok(t, "psa_verify_hash_complete", verifiedInSteps(t, k, alg, hash, sig, maxOps))
				status(t, "of another", verifiedInSteps(t, k, alg, changed(hash), sig, maxOps), psa.ErrInvalidSignature)
			})
		},
		"verify_hash_fail_interruptible": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash, sig []byte, wantStart, want psa.Status, maxOps uint32) {
			using(t, psa.UsageVerifyHash, alg, typ, data, func(k *cbridge.PSAKey) {
				bounded(t, maxOps, func() {
					v := must[*cbridge.PSAVerifyHash](t, "calloc")(cbridge.NewPSAVerifyHash())
					defer v.Close()
					failsInSteps(t, func() error { return v.Start(k, uint32(alg), hash, sig) }, v.Complete, v.NumOps, wantStart, want)
				})
			})
		},
		"interruptible_signverify_hash_state_test":     interruptibleStates,
		"interruptible_signverify_hash_edgecase_tests": interruptibleEdges,
		"interruptible_signverify_hash_ops_tests":      interruptibleOps,
	}, nil)
}

// bounded runs f with a bound. The library makes it one on all of the process's curves, and never takes it back.
func bounded(t *suites.T, maxOps uint32, f func()) {
	ok(t, "psa_interruptible_set_max_ops", psa.SetMaxOps(maxOps))
	t.Equal("MaxOps", psa.MaxOps(), maxOps)
	defer func() {
		_ = psa.SetMaxOps(psa.MaxOpsUnlimited)
		_ = cbridge.SetECPMaxOps(0) // which builds without such operations refuse
	}()
	f()
}

// repeated calls complete until it is through, and sees that the count of operations grows. It returns the last error.
func repeated(t *suites.T, complete func() error, ops func() (uint32, error)) (calls int, err error) {
	before := must[uint32](t, "num_ops")(ops())
	for err = psa.ErrOperationIncomplete; err == psa.ErrOperationIncomplete; {
		err = complete()
		calls++
		if err == nil || err == psa.ErrOperationIncomplete {
			now := must[uint32](t, "num_ops")(ops())
			truth(t, "the count grows", now > before)
			before = now
		}
	}
	return calls, err
}

// fewOrMany checks how often an operation was continued.
func fewOrMany(t *suites.T, calls int, maxOps uint32) {
	t.Equal("more than one call", calls > 1, maxOps <= 1)
}

func signedInSteps(t *suites.T, k *cbridge.PSAKey, alg psa.Algorithm, hash []byte, size int, maxOps uint32) (sig []byte, err error) {
	bounded(t, maxOps, func() {
		s := must[*cbridge.PSASignHash](t, "calloc")(cbridge.NewPSASignHash())
		defer s.Close()
		ok(t, "psa_sign_hash_start", s.Start(k, uint32(alg), hash))
		var calls int
		calls, err = repeated(t, func() error {
			out := make([]byte, size)
			n, err := s.Complete(out)
			sig = out[:n]
			return err
		}, s.NumOps)
		fewOrMany(t, calls, maxOps)
		ok(t, "psa_sign_hash_abort", s.Abort())
		t.Equal("operations after it", must[uint32](t, "num_ops")(s.NumOps()), uint32(0))
	})
	return sig, err
}

func verifiedInSteps(t *suites.T, k *cbridge.PSAKey, alg psa.Algorithm, hash, sig []byte, maxOps uint32) (err error) {
	bounded(t, maxOps, func() {
		v := must[*cbridge.PSAVerifyHash](t, "calloc")(cbridge.NewPSAVerifyHash())
		defer v.Close()
		ok(t, "psa_verify_hash_start", v.Start(k, uint32(alg), hash, sig))
		var calls int
		calls, err = repeated(t, v.Complete, v.NumOps)
		fewOrMany(t, calls, maxOps)
		ok(t, "psa_verify_hash_abort", v.Abort())
		t.Equal("operations after it", must[uint32](t, "num_ops")(v.NumOps()), uint32(0))
	})
	return err
}

func failsInSteps(t *suites.T, start, complete func() error, ops func() (uint32, error), wantStart, want psa.Status) {
	status(t, "start", start(), wantStart)
	if wantStart != 0 {
		status(t, "complete", complete(), psa.ErrBadState)
		status(t, "start again", start(), psa.ErrBadState)
	}
	_, err := repeated(t, complete, ops)
	status(t, "complete", err, want)
	status(t, "complete again", complete(), psa.ErrBadState)
}

// interruptible runs f with both operations, and a key for them.
func interruptible(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, f func(k *cbridge.PSAKey, s *cbridge.PSASignHash, v *cbridge.PSAVerifyHash)) {
	using(t, psa.UsageSignHash|psa.UsageVerifyHash, alg, typ, data, func(k *cbridge.PSAKey) {
		s := must[*cbridge.PSASignHash](t, "calloc")(cbridge.NewPSASignHash())
		defer s.Close()
		v := must[*cbridge.PSAVerifyHash](t, "calloc")(cbridge.NewPSAVerifyHash())
		defer v.Close()
		f(k, s, v)
	})
}

func interruptibleStates(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte) {
	interruptible(t, typ, data, alg, func(k *cbridge.PSAKey, s *cbridge.PSASignHash, v *cbridge.PSAVerifyHash) {
		sig := make([]byte, psa.SignOutputSize(typ, bits(t, k), alg))
		complete := func() error {
			_, err := s.Complete(sig)
			return err
		}
		sign := func() error { return s.Start(k, uint32(alg), hash) }
		verify := func() error { return v.Start(k, uint32(alg), hash, sig) }
		for _, o := range []struct{ start, complete, abort func() error }{{sign, complete, s.Abort}, {verify, v.Complete, v.Abort}} {
			status(t, "complete without start", o.complete(), psa.ErrBadState)
			ok(t, "abort", o.abort())
			ok(t, "start", o.start())
			ok(t, "abort", o.abort())
			bounded(t, 1, func() {
				ok(t, "start", o.start())
				status(t, "complete", o.complete(), psa.ErrOperationIncomplete)
				ok(t, "abort", o.abort())
			})
			ok(t, "start", o.start())
			ok(t, "complete", o.complete())
			ok(t, "abort", o.abort())
			ok(t, "start", o.start())
			status(t, "start twice", o.start(), psa.ErrBadState)
			ok(t, "abort", o.abort())
		}
	})
}

func interruptibleEdges(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte) {
	interruptible(t, typ, data, alg, func(k *cbridge.PSAKey, s *cbridge.PSASignHash, v *cbridge.PSAVerifyHash) {
		sig := make([]byte, psa.SignOutputSize(typ, bits(t, k), alg))
		bounded(t, 1, func() {
			ok(t, "psa_sign_hash_start", s.Start(k, uint32(alg), hash))
			_, err := s.Complete(sig)
			status(t, "psa_sign_hash_complete", err, psa.ErrOperationIncomplete)
			_, err = s.Complete(nil)
			status(t, "psa_sign_hash_complete", err, psa.ErrBufferTooSmall)
			_, err = s.Complete(nil)
			status(t, "psa_sign_hash_complete", err, psa.ErrBadState)
			ok(t, "psa_sign_hash_abort", s.Abort())
		})
		input := slices.Clone(hash)
		ok(t, "psa_sign_hash_start", s.Start(k, uint32(alg), input))
		clear(input) // it has a copy
		n, err := s.Complete(sig)
		ok(t, "psa_sign_hash_complete", err)
		copy(input, hash)
		ok(t, "psa_verify_hash_start", v.Start(k, uint32(alg), input, sig[:n]))
		clear(input)
		ok(t, "psa_verify_hash_complete", v.Complete())
	})
}

func interruptibleOps(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, hash []byte) {
	interruptible(t, typ, data, alg, func(k *cbridge.PSAKey, s *cbridge.PSASignHash, v *cbridge.PSAVerifyHash) {
		t.Equal("MaxOps", psa.MaxOps(), uint32(psa.MaxOpsUnlimited))
		bounded(t, 0xbeef, func() {})
		sig := make([]byte, psa.SignOutputSize(typ, bits(t, k), alg))
		complete := func() error {
			_, err := s.Complete(sig)
			return err
		}
		sign := func() error { return s.Start(k, uint32(alg), hash) }
		verify := func() error { return v.Start(k, uint32(alg), hash, sig) }
		for _, o := range []struct {
			start, complete, abort func() error
			ops                    func() (uint32, error)
		}{{sign, complete, s.Abort, s.NumOps}, {verify, v.Complete, v.Abort, v.NumOps}} {
			bounded(t, 1, func() {
				ok(t, "start", o.start())
				status(t, "complete", o.complete(), psa.ErrOperationIncomplete)
			})
			ok(t, "complete, unbounded", o.complete())
			ok(t, "abort", o.abort())
			var counts [2]uint32
			bounded(t, 1, func() {
				for i := range counts {
					ok(t, "start", o.start())
					_, err := repeated(t, o.complete, o.ops)
					ok(t, "complete", err)
					counts[i] = must[uint32](t, "num_ops")(o.ops())
					ok(t, "abort", o.abort())
				}
			})
			t.Equal("operations", counts[0], counts[1])
		}
	})
}
