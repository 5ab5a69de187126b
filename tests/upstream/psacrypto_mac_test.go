package upstream

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"mac_operation_init": func(t *suites.T) {
			m := newMAC(t)
			defer m.Close()
			status(t, "psa_mac_update", m.Update([]byte{0}), psa.ErrBadState)
			ok(t, "psa_mac_abort", m.Abort())
		},
		"mac_setup": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			m := newMAC(t)
			defer m.Close()
			setup := func(typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
				using(t, psa.UsageSignHash, alg, typ, data, func(k *cbridge.PSAKey) {
					status(t, "psa_mac_sign_setup", m.SignSetup(k, uint32(alg)), want)
					ok(t, "psa_mac_abort", m.Abort())
					if want != 0 {
						status(t, "psa_mac_sign_setup, again", m.SignSetup(k, uint32(alg)), want)
					}
				})
			}
			setup(typ, data, alg, want)
			setup(psa.TypeHMAC, []byte("kkkkkkkkkkkkkkkk"), psa.HMAC(psa.SHA256), 0)
		},
		"mac_bad_order": macBadOrder,
		"mac_sign_verify_multi": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input []byte, verify int, want []byte) {
			usage := psa.UsageSignHash
			if verify != 0 {
				usage = psa.UsageVerifyHash
			}
			using(t, usage, alg, typ, data, func(k *cbridge.PSAKey) {
				for size := 1; size <= len(input); size++ {
					for _, empty := range []bool{false, true} {
						macInPieces(t, k, alg, pieces(input, size, empty), verify != 0, want)
					}
				}
			})
		},
		"mac_sign": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input, want []byte) {
			t.Equal("MACLength", psa.MACLength(typ, 8*len(data), alg), len(want))
			truth(t, "MACMaxSize", len(want) <= psa.MACMaxSize)
			using(t, psa.UsageSignHash, alg, typ, data, func(k *cbridge.PSAKey) {
				for _, size := range []int{0, 1, len(want) - 1, len(want), len(want) + 1} {
					macToBuffer(t, k, alg, input, want, size)
				}
			})
		},
		"mac_verify": func(t *suites.T, typ psa.KeyType, data []byte, alg psa.Algorithm, input, mac []byte) {
			using(t, psa.UsageVerifyHash, alg, typ, data, func(k *cbridge.PSAKey) {
				check := func(mac []byte, want psa.Status) {
					status(t, "psa_mac_verify", k.VerifyMAC(uint32(alg), input, mac), want)
					m := newMAC(t)
					defer m.Close()
					ok(t, "psa_mac_verify_setup", m.VerifySetup(k, uint32(alg)))
					ok(t, "psa_mac_update", m.Update(input))
					status(t, "psa_mac_verify_finish", m.Verify(mac), want)
				}
				check(mac, 0)
				check(mac[:len(mac)-1], psa.ErrInvalidSignature)
				check(append(slices.Clone(mac), 0), psa.ErrInvalidSignature)
				for i := range mac {
					changed := slices.Clone(mac)
					changed[i] ^= 1
					check(changed, psa.ErrInvalidSignature)
				}
			})
		},
		"mac_key_policy": macKeyPolicy,
	}, nil)
}

func newMAC(t *suites.T) *cbridge.PSAMAC {
	return must[*cbridge.PSAMAC](t, "calloc")(cbridge.NewPSAMAC())
}

func macInPieces(t *suites.T, k *cbridge.PSAKey, alg psa.Algorithm, input [][]byte, verify bool, want []byte) {
	m := newMAC(t)
	defer m.Close()
	if verify {
		ok(t, "psa_mac_verify_setup", m.VerifySetup(k, uint32(alg)))
	} else {
		ok(t, "psa_mac_sign_setup", m.SignSetup(k, uint32(alg)))
	}
	for _, p := range input {
		ok(t, "psa_mac_update", m.Update(p))
	}
	if verify {
		ok(t, "psa_mac_verify_finish", m.Verify(want))
		return
	}
	out := make([]byte, psa.MACMaxSize)
	n, err := m.Finish(out)
	ok(t, "psa_mac_sign_finish", err)
	t.Equal("MAC", out[:n], want)
}

func macToBuffer(t *suites.T, k *cbridge.PSAKey, alg psa.Algorithm, input, mac []byte, size int) {
	want := psa.Status(0)
	if size < len(mac) {
		want = psa.ErrBufferTooSmall
	}
	out := make([]byte, size)
	n, err := k.MAC(uint32(alg), input, out)
	status(t, "psa_mac_compute", err, want)
	if want == 0 {
		t.Equal("MAC", out[:n], mac)
	}
	m := newMAC(t)
	defer m.Close()
	ok(t, "psa_mac_sign_setup", m.SignSetup(k, uint32(alg)))
	ok(t, "psa_mac_update", m.Update(input))
	out = make([]byte, size)
	n, err = m.Finish(out)
	status(t, "psa_mac_sign_finish", err, want)
	if want == 0 {
		t.Equal("MAC in steps", out[:n], mac)
	}
}

func macBadOrder(t *suites.T) {
	alg := psa.HMAC(psa.SHA256)
	using(t, psa.UsageSignHash|psa.UsageVerifyHash, alg, psa.TypeHMAC, make([]byte, 32), func(k *cbridge.PSAKey) {
		input, out := []byte{0xbb, 0xbb, 0xbb, 0xbb}, make([]byte, psa.MACMaxSize+10)
		n, err := k.MAC(uint32(alg), input, out)
		ok(t, "psa_mac_compute", err)
		mac := slices.Clone(out[:n])
		update := func(m *cbridge.PSAMAC) error { return m.Update(input) }
		finish := func(m *cbridge.PSAMAC) error {
			_, err := m.Finish(out)
			return err
		}
		verify := func(m *cbridge.PSAMAC) error { return m.Verify(mac) }
		sign := func(m *cbridge.PSAMAC) error { return m.SignSetup(k, uint32(alg)) }
		check := func(m *cbridge.PSAMAC) error { return m.VerifySetup(k, uint32(alg)) }
		for _, calls := range [][]func(*cbridge.PSAMAC) error{ // the last is out of order
			{update}, {finish}, {verify}, {sign, sign}, {sign, update, finish, update}, {check, update, verify, update},
			{sign, update, finish, finish}, {check, update, verify, verify}, {sign, update, verify}, {check, update, finish},
		} {
			m := newMAC(t)
			for i, call := range calls {
				want := psa.Status(0)
				if i == len(calls)-1 {
					want = psa.ErrBadState
				}
				status(t, "call", call(m), want)
			}
			status(t, "psa_mac_update of what failed", m.Update(input), psa.ErrBadState)
			ok(t, "psa_mac_abort", m.Abort())
			ok(t, "psa_mac_sign_setup after it", m.SignSetup(k, uint32(alg)))
			m.Close()
		}
	})
}

func macKeyPolicy(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm, wantSign, wantVerify psa.Status) {
	using(t, usage, policy, typ, data, func(k *cbridge.PSAKey) {
		input, out := make([]byte, 128), make([]byte, psa.MACMaxSize)
		n, err := k.MAC(uint32(alg), input, out)
		status(t, "psa_mac_compute", err, wantSign)
		mac := out[:n]
		m := newMAC(t)
		defer m.Close()
		err = m.SignSetup(k, uint32(alg))
		status(t, "psa_mac_sign_setup", err, wantSign)
		if err == nil {
			ok(t, "psa_mac_update", m.Update(input))
			_, err = m.Finish(make([]byte, psa.MACMaxSize))
			ok(t, "psa_mac_sign_finish", err)
		}
		ok(t, "psa_mac_abort", m.Abort())
		verified := wantVerify
		if wantSign != 0 && wantVerify == 0 { // there is no MAC to verify
			verified = psa.ErrInvalidSignature
		}
		status(t, "psa_mac_verify", k.VerifyMAC(uint32(alg), input, mac), verified)
		err = m.VerifySetup(k, uint32(alg))
		status(t, "psa_mac_verify_setup", err, wantVerify)
		if err == nil {
			ok(t, "psa_mac_update", m.Update(input))
			status(t, "psa_mac_verify_finish", m.Verify(mac), verified)
		}
	})
}
