package upstream

import (
	"bytes"
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"hash_operation_init": func(t *suites.T) {
			h := newHash(t)
			defer h.Close()
			status(t, "psa_hash_update", h.Update([]byte{0}), psa.ErrBadState)
			ok(t, "psa_hash_abort", h.Abort())
		},
		"hash_setup": func(t *suites.T, alg uint32, want psa.Status) {
			_, err := psa.HashCompute(psa.Algorithm(alg), nil)
			status(t, "psa_hash_compute", err, want)
			h := newHash(t)
			defer h.Close()
			status(t, "psa_hash_setup", h.Setup(alg), want)
			ok(t, "psa_hash_abort", h.Abort())
			if want != 0 {
				status(t, "psa_hash_setup, again", h.Setup(alg), want)
			}
			ok(t, "psa_hash_setup of another", h.Setup(uint32(psa.SHA256)))
		},
		"hash_compute_fail": func(t *suites.T, alg uint32, input []byte, size int, want psa.Status) {
			out := make([]byte, size)
			_, err := cbridge.PSAHashCompute(alg, input, out)
			status(t, "psa_hash_compute", err, want)
			_, err = hashed(t, alg, input, out)
			status(t, "in steps", err, want)
		},
		"hash_compare_fail": func(t *suites.T, alg uint32, input, hash []byte, want psa.Status) {
			status(t, "psa_hash_compare", cbridge.PSAHashCompare(alg, input, hash), want)
			status(t, "in steps", hashVerified(t, alg, input, hash), want)
		},
		"hash_compute_compare":    hashComputeCompare,
		"hash_bad_order":          hashBadOrder,
		"hash_verify_bad_args":    hashVerifyBadArgs,
		"hash_finish_bad_args":    hashFinishBadArgs,
		"hash_clone_source_state": hashCloneSource,
		"hash_clone_target_state": hashCloneTarget,
	}, nil)
	register("psa_crypto_hash", functions{
		"hash_finish": func(t *suites.T, alg psa.Algorithm, input, want []byte) {
			t.Equal("psa_hash_compute", must[[]byte](t, "psa_hash_compute")(psa.HashCompute(alg, input)), want)
			h := must[*psa.Hash](t, "psa_hash_setup")(psa.NewHash(alg))
			defer h.Close()
			_, err := h.Write(input)
			ok(t, "psa_hash_update", err)
			t.Equal("psa_hash_finish", must[[]byte](t, "psa_hash_finish")(h.Finish()), want)
		},
		"hmac": func(t *suites.T, alg psa.Algorithm, input string, want []byte) {
			key := importedKey(t, psa.Attributes{Type: psa.TypeHMAC, Usage: psa.UsageSignMessage | psa.UsageVerifyMessage, Algorithm: psa.HMAC(alg)}, bytes.Repeat([]byte{0xaa}, 32))
			defer key.Close()
			t.Equal("psa_mac_compute", must[[]byte](t, "psa_mac_compute")(key.MAC(psa.HMAC(alg), []byte(input))), want)
			ok(t, "psa_mac_verify", key.VerifyMAC(psa.HMAC(alg), []byte(input), want))
			want[0] ^= 0x7f
			status(t, "psa_mac_verify", key.VerifyMAC(psa.HMAC(alg), []byte(input), want), psa.ErrInvalidSignature)
		},
		"hash_verify": func(t *suites.T, alg psa.Algorithm, input, want []byte) {
			ok(t, "psa_hash_compare", psa.HashCompare(alg, input, want))
			h := must[*psa.Hash](t, "psa_hash_setup")(psa.NewHash(alg))
			defer h.Close()
			_, err := h.Write(input)
			ok(t, "psa_hash_update", err)
			ok(t, "psa_hash_verify", h.Verify(want))
		},
		"hash_multi_part": func(t *suites.T, alg psa.Algorithm, input, want []byte) {
			for n := range len(input) + 1 {
				h := must[*psa.Hash](t, "psa_hash_setup")(psa.NewHash(alg))
				_, err := h.Write(input[:n])
				ok(t, "psa_hash_update", err)
				h2 := must[*psa.Hash](t, "psa_hash_clone")(h.Clone())
				for _, h := range []*psa.Hash{h, h2} {
					_, err := h.Write(input[n:])
					ok(t, "psa_hash_update", err)
					t.Equal("psa_hash_finish", must[[]byte](t, "psa_hash_finish")(h.Finish()), want)
					h.Close()
				}
			}
		},
	}, nil)
}

func newHash(t *suites.T) *cbridge.PSAHash {
	return must[*cbridge.PSAHash](t, "calloc")(cbridge.NewPSAHash())
}

// started is a hash of SHA-256.
func started(t *suites.T) *cbridge.PSAHash {
	h := newHash(t)
	ok(t, "psa_hash_setup", h.Setup(uint32(psa.SHA256)))
	return h
}

// hashed is a hash in steps, or what went wrong.
func hashed(t *suites.T, alg uint32, input, out []byte) (n int, err error) {
	h := newHash(t)
	defer h.Close()
	if err = h.Setup(alg); err == nil {
		err = h.Update(input)
	}
	if err == nil {
		n, err = h.Finish(out)
	}
	return n, err
}

func hashVerified(t *suites.T, alg uint32, input, hash []byte) error {
	h := newHash(t)
	defer h.Close()
	err := h.Setup(alg)
	if err == nil {
		err = h.Update(input)
	}
	if err == nil {
		err = h.Verify(hash)
	}
	return err
}

func hashComputeCompare(t *suites.T, alg uint32, input, want []byte) {
	size := psa.Algorithm(alg).HashLength()
	for _, n := range []int{size, psa.HashMaxSize + 1} {
		out := make([]byte, n)
		got, err := cbridge.PSAHashCompute(alg, input, out)
		ok(t, "psa_hash_compute", err)
		t.Equal("hash", out[:got], want)
		got, err = hashed(t, alg, input, out)
		ok(t, "in steps", err)
		t.Equal("hash in steps", out[:got], want)
	}
	check := func(hash []byte, want psa.Status) {
		status(t, "psa_hash_compare", cbridge.PSAHashCompare(alg, input, hash), want)
		status(t, "psa_hash_verify", hashVerified(t, alg, input, hash), want)
	}
	check(want, 0)
	check(append(slices.Clone(want), 0), psa.ErrInvalidSignature)
	check(want[:size-1], psa.ErrInvalidSignature)
	for i := range want {
		changed := slices.Clone(want)
		changed[i] ^= 1
		check(changed, psa.ErrInvalidSignature)
	}
}

func hashBadOrder(t *suites.T) {
	input, sha256 := []byte{0}, uint32(psa.SHA256)
	empty := must[[]byte](t, "psa_hash_compute")(psa.HashCompute(psa.SHA256, nil))
	out := make([]byte, psa.HashMaxSize)
	finish := func(h *cbridge.PSAHash) error {
		_, err := h.Finish(out)
		return err
	}
	verify := func(h *cbridge.PSAHash) error { return h.Verify(empty) }
	update := func(h *cbridge.PSAHash) error { return h.Update(input) }
	setup := func(h *cbridge.PSAHash) error { return h.Setup(sha256) }
	for _, calls := range [][]func(*cbridge.PSAHash) error{ // the last is out of order
		{setup, setup}, {update}, {setup, finish, update}, {verify}, {setup, finish, verify}, {setup, verify, verify},
		{finish}, {setup, finish, finish}, {setup, verify, finish},
	} {
		h := newHash(t)
		for i, call := range calls {
			want := psa.Status(0)
			if i == len(calls)-1 {
				want = psa.ErrBadState
			}
			status(t, "call", call(h), want)
		}
		status(t, "psa_hash_update of what failed", h.Update(input), psa.ErrBadState)
		ok(t, "psa_hash_abort", h.Abort())
		ok(t, "psa_hash_setup after it", h.Setup(sha256))
		h.Close()
	}
}

func hashVerifyBadArgs(t *suites.T) {
	empty := must[[]byte](t, "psa_hash_compute")(psa.HashCompute(psa.SHA256, nil))
	longer := append(slices.Clone(empty), 0xaa, 0xbb)
	for _, hash := range [][]byte{empty[:31], longer[1:33], longer} {
		h := started(t)
		status(t, "psa_hash_verify", h.Verify(hash), psa.ErrInvalidSignature)
		ok(t, "psa_hash_setup after it", h.Setup(uint32(psa.SHA256)))
		h.Close()
	}
}

func hashFinishBadArgs(t *suites.T) {
	h := started(t)
	defer h.Close()
	_, err := h.Finish(make([]byte, psa.SHA256.HashLength()-1))
	status(t, "psa_hash_finish", err, psa.ErrBufferTooSmall)
}

// finished and aborted are hashes that were used.
func finished(t *suites.T) *cbridge.PSAHash {
	h := started(t)
	_, err := h.Finish(make([]byte, psa.HashMaxSize))
	ok(t, "psa_hash_finish", err)
	return h
}

func aborted(t *suites.T) *cbridge.PSAHash {
	h := started(t)
	ok(t, "psa_hash_abort", h.Abort())
	return h
}

func hashCloneSource(t *suites.T) {
	source := started(t)
	defer source.Close()
	setup := started(t)
	defer setup.Close()
	status(t, "psa_hash_clone to one that is set up", source.CloneTo(setup), psa.ErrBadState)
	want := make([]byte, 32)
	for i, target := range []*cbridge.PSAHash{newHash(t), finished(t), aborted(t)} {
		ok(t, "psa_hash_clone", source.CloneTo(target))
		out := make([]byte, 32)
		_, err := target.Finish(out)
		ok(t, "psa_hash_finish", err)
		if i > 0 && !bytes.Equal(out, want) {
			t.Fatalf("the clones differ")
		}
		copy(want, out)
		target.Close()
	}
}

func hashCloneTarget(t *suites.T) {
	target := newHash(t)
	defer target.Close()
	setup := started(t)
	defer setup.Close()
	ok(t, "psa_hash_clone", setup.CloneTo(target))
	_, err := target.Finish(make([]byte, 32))
	ok(t, "psa_hash_finish", err)
	for _, source := range []*cbridge.PSAHash{newHash(t), finished(t), aborted(t)} {
		status(t, "psa_hash_clone", source.CloneTo(target), psa.ErrBadState)
		source.Close()
	}
}
