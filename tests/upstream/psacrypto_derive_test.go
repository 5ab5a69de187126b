package upstream

import (
	"slices"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	register("psa_crypto", functions{
		"key_derivation_init": func(t *suites.T) { withoutSetup(t) },
		"derive_actions_without_setup": func(t *suites.T) {
			d := withoutSetup(t)
			status(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 16)), psa.ErrBadState)
		},
		"derive_setup": func(t *suites.T, alg psa.Algorithm, want psa.Status) {
			d, err := psa.NewDerivation(alg)
			status(t, "psa_key_derivation_setup", err, want)
			if want == 0 {
				d.Close()
			}
		},
		"derive_set_capacity": func(t *suites.T, alg psa.Algorithm, capacity int64, want psa.Status) {
			d := newDerivation(t, alg)
			defer d.Close()
			status(t, "psa_key_derivation_set_capacity", d.SetCapacity(uint64(capacity)), want)
		},
		"parse_binary_string_test": func(t *suites.T, input []byte, want uint64) { t.Equal("number", number(input), want) },
		"derive_input":             deriveInput,
		"derive_input_invalid_cost": func(t *suites.T, alg psa.Algorithm, cost int64) {
			d := newDerivation(t, alg)
			defer d.Close()
			status(t, "psa_key_derivation_input_integer", d.InputInteger(uint16(psa.StepCost), uint64(cost)), psa.ErrNotSupported)
		},
		"derive_over_capacity": func(t *suites.T, alg psa.Algorithm) {
			deriving(t, alg, slices.Repeat([]byte{0x0b}, 22), func(k *psa.Key) {
				d := derivation(t, k.ID(), alg, []byte("Input 1\x00"), []byte("Input 2\x00"), 42)
				defer d.Close()
				status(t, "psa_key_derivation_setup", d.Setup(uint32(alg)), psa.ErrBadState)
				ok(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 42)))
				status(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 42)), psa.ErrInsufficientData)
			})
		},
		"derive_output": deriveOutput,
		"derive_full": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, capacity int) {
			deriving(t, alg, data, func(k *psa.Key) {
				d := derivation(t, k.ID(), alg, input1, input2, uint64(capacity))
				defer d.Close()
				for left := uint64(capacity); left > 0; {
					t.Equal("capacity", capacityOf(t, d), left)
					n := min(left, 32)
					ok(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, n)))
					left -= n
				}
				status(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 1)), psa.ErrInsufficientData)
			})
		},
		"derive_ecjpake_to_pms": func(t *suites.T, input []byte, wantInput psa.Status, step uint16, capacity int, wantCapacity psa.Status, want []byte, wantOutput psa.Status) {
			d := newDerivation(t, psa.TLS12ECJPAKEToPMS)
			defer d.Close()
			status(t, "psa_key_derivation_set_capacity", d.SetCapacity(uint64(capacity)), wantCapacity)
			status(t, "psa_key_derivation_input_bytes", d.InputBytes(step, input), wantInput)
			if wantInput != 0 {
				return
			}
			out := make([]byte, len(want))
			status(t, "psa_key_derivation_output_bytes", d.OutputBytes(out), wantOutput)
			if wantOutput == 0 {
				t.Equal("output", out, want)
			}
		},
		"derive_key_exercise": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, typ psa.KeyType, bits int, usage psa.KeyUsage, keyAlg psa.Algorithm) {
			deriving(t, alg, data, func(k *psa.Key) {
				d := derivation(t, k.ID(), alg, input1, input2, uint64(bits+7)/8)
				defer d.Close()
				a := psa.Attributes{Type: typ, Bits: bits, Usage: usage, Algorithm: keyAlg}
				derived, err := d.OutputKey(bridgeAttributes(a))
				ok(t, "psa_key_derivation_output_key", err)
				defer derived.Close()
				opened := must[*psa.Key](t, "psa_open_key")(psa.Open(derived.ID()))
				defer opened.Close()
				exercise(t, opened, usage, keyAlg)
				keptAndGone(t, opened, a.Normalized())
			})
		},
		"derive_key_export": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, n1, n2 int) {
			deriving(t, alg, data, func(k *psa.Key) {
				d := derivation(t, k.ID(), alg, input1, input2, uint64(n1+n2))
				out := make([]byte, n1+n2)
				ok(t, "psa_key_derivation_output_bytes", d.OutputBytes(out))
				d.Close()
				d = derivation(t, k.ID(), alg, input1, input2, uint64(n1+n2))
				defer d.Close()
				var exported []byte
				for _, n := range []int{n1, n2} {
					exported = append(exported, derivedKey(t, d, psa.TypeRawData, 8*n, nil)...)
				}
				t.Equal("keys", exported, out)
			})
		},
		"derive_key_type": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, typ psa.KeyType, bits int, want []byte) {
			deriving(t, alg, data, func(k *psa.Key) {
				d := derivation(t, k.ID(), alg, input1, input2, anyCapacity)
				defer d.Close()
				t.Equal("key", derivedKey(t, d, typ, bits, nil), want)
			})
		},
		"derive_key_custom": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, typ psa.KeyType, bits int, flags uint32, custom []byte, code psa.Status, want []byte) {
			deriveCustom(t, alg, data, input1, input2, typ, bits, code, want, func(d *cbridge.PSADerivation, a cbridge.PSAAttributes) (*cbridge.PSAKey, error) {
				return d.OutputKeyCustom(a, flags, custom)
			})
		},
		"derive_key_ext": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, typ psa.KeyType, bits int, flags uint32, params []byte, code psa.Status, want []byte) {
			deriveCustom(t, alg, data, input1, input2, typ, bits, code, want, func(d *cbridge.PSADerivation, a cbridge.PSAAttributes) (*cbridge.PSAKey, error) {
				return d.OutputKeyExt(a, flags, params)
			})
		},
		"derive_key": func(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, typ psa.KeyType, bits int, want psa.Status, _ int) {
			deriveCustom(t, alg, data, input1, input2, typ, bits, want, nil, (*cbridge.PSADerivation).OutputKey)
		},
		"derive_key_policy": func(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm) {
			using(t, usage, policy, typ, data, func(k *cbridge.PSAKey) {
				d := newDerivation(t, alg)
				defer d.Close()
				if alg.IsTLS12PRF() || alg.IsTLS12PSKToMS() {
					ok(t, "seed", d.InputBytes(uint16(psa.StepSeed), nil))
				}
				want := psa.ErrNotPermitted
				if policy == alg && usage&psa.UsageDerive != 0 {
					want = 0
				}
				status(t, "psa_key_derivation_input_key", d.InputKey(uint16(psa.StepSecret), k), want)
			})
		},
		"agreement_key_policy": func(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			using(t, usage, policy, typ, data, func(k *cbridge.PSAKey) {
				d := newDerivation(t, alg)
				defer d.Close()
				status(t, "psa_key_derivation_key_agreement", agreeWithSelf(t, d, k), want)
			})
		},
		"raw_agreement_key_policy": func(t *suites.T, usage psa.KeyUsage, policy psa.Algorithm, typ psa.KeyType, data []byte, alg psa.Algorithm, want psa.Status) {
			k := importedKey(t, psa.Attributes{Type: typ, Usage: usage, Algorithm: policy}, data)
			defer k.Close()
			_, err := k.Agree(alg, must[[]byte](t, "psa_export_public_key")(k.ExportPublic()))
			status(t, "psa_raw_key_agreement", err, want)
		},
		"key_policy_alg2": func(t *suites.T, typ psa.KeyType, data []byte, usage psa.KeyUsage, alg, alg2 psa.Algorithm) {
			a := psa.Attributes{Type: typ, Usage: usage, Algorithm: alg, EnrollmentAlgorithm: alg2}.Normalized()
			k := importedKey(t, a, data)
			defer k.Close()
			got := must[psa.Attributes](t, "psa_get_key_attributes")(k.Attributes())
			a.Bits, a.ID = got.Bits, k.ID()
			t.Equal("attributes", got, a)
			exercise(t, k, a.Usage, alg)
			exercise(t, k, a.Usage, alg2)
		},
		"key_agreement_setup": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, keyAlg psa.Algorithm, data, peer []byte, want psa.Status) {
			using(t, psa.UsageDerive, keyAlg, typ, data, func(k *cbridge.PSAKey) {
				d := newDerivation(t, alg)
				defer d.Close()
				status(t, "psa_key_derivation_key_agreement", d.KeyAgreement(uint16(psa.StepSecret), k, peer), want)
			})
		},
		"key_agreement": keyAgreement,
		"key_agreement_capacity": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, peer []byte, want uint64) {
			agreed(t, alg, typ, data, peer, func(d *cbridge.PSADerivation) {
				t.Equal("capacity", capacityOf(t, d), want)
				ok(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, want)))
				status(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 1)), psa.ErrInsufficientData)
			})
		},
		"key_agreement_output": func(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, peer, want1, want2 []byte) {
			agreed(t, alg, typ, data, peer, func(d *cbridge.PSADerivation) {
				for _, want := range [][]byte{want1, want2} {
					out := make([]byte, len(want))
					if len(want) > 0 {
						ok(t, "psa_key_derivation_output_bytes", d.OutputBytes(out))
					}
					t.Equal("output", out, want)
				}
			})
		},
	}, nil)
}

// number is big-endian.
func number(p []byte) (n uint64) {
	for _, b := range p {
		n = n<<8 | uint64(b)
	}
	return n
}

func withoutSetup(t *suites.T) *cbridge.PSADerivation {
	d := must[*cbridge.PSADerivation](t, "calloc")(cbridge.NewPSADerivation())
	_, err := d.Capacity()
	status(t, "psa_key_derivation_get_capacity", err, psa.ErrBadState)
	ok(t, "psa_key_derivation_abort", d.Abort())
	_, err = d.Capacity()
	status(t, "psa_key_derivation_get_capacity", err, psa.ErrBadState)
	return d
}

func capacityOf(t *suites.T, d *cbridge.PSADerivation) uint64 {
	return must[uint64](t, "psa_key_derivation_get_capacity")(d.Capacity())
}

// deriving runs f with a secret.
func deriving(t *suites.T, alg psa.Algorithm, data []byte, f func(k *psa.Key)) {
	k := importedKey(t, psa.Attributes{Type: psa.TypeDerive, Usage: psa.UsageDerive, Algorithm: alg}, data)
	defer k.Close()
	f(k)
}

func agreeWithSelf(t *suites.T, d *cbridge.PSADerivation, k *cbridge.PSAKey) error {
	peer := make([]byte, psa.ExportPublicKeyMaxSize)
	n, err := k.ExportPublic(peer)
	ok(t, "psa_export_public_key", err)
	return d.KeyAgreement(uint16(psa.StepSecret), k, peer[:n])
}

const inputInteger = 0x10000 // in place of a type of key

func deriveInput(t *suites.T, alg psa.Algorithm, step1 psa.Step, type1 int, input1 []byte, want1 psa.Status, step2 psa.Step, type2 int, input2 []byte, want2 psa.Status,
	step3 psa.Step, type3 int, input3 []byte, want3 psa.Status, outputType psa.KeyType, wantOutput psa.Status) {
	d := must[*cbridge.PSADerivation](t, "calloc")(cbridge.NewPSADerivation())
	defer d.Close()
	if alg != psa.AlgNone {
		ok(t, "psa_key_derivation_setup", d.Setup(uint32(alg)))
	}
	for _, s := range []struct {
		step  psa.Step
		typ   int
		input []byte
		want  psa.Status
	}{{step1, type1, input1, want1}, {step2, type2, input2, want2}, {step3, type3, input3, want3}} {
		switch typ := psa.KeyType(s.typ); {
		case s.step == 0:
		case s.typ == inputInteger:
			status(t, "psa_key_derivation_input_integer", d.InputInteger(uint16(s.step), number(s.input)), s.want)
		case typ == psa.TypeNone:
			status(t, "psa_key_derivation_input_bytes", d.InputBytes(uint16(s.step), s.input), s.want)
		default:
			using(t, psa.UsageDerive, alg, typ, s.input, func(k *cbridge.PSAKey) {
				if typ.IsKeyPair() && s.step == psa.StepSecret {
					status(t, "psa_key_derivation_key_agreement", agreeWithSelf(t, d, k), s.want)
				} else {
					status(t, "psa_key_derivation_input_key", d.InputKey(uint16(s.step), k), s.want)
				}
			})
		}
	}
	if outputType == psa.TypeNone {
		status(t, "psa_key_derivation_output_bytes", d.OutputBytes(make([]byte, 1)), wantOutput)
		return
	}
	k, err := d.OutputKey(bridgeAttributes(psa.Attributes{Type: outputType, Bits: 8, Usage: psa.UsageDerive, Algorithm: alg}))
	status(t, "psa_key_derivation_output_key", err, wantOutput)
	k.Close()
}

// derivationInput gives a step of derive_output its input, in the way that the case says.
func derivationInput(t *suites.T, d *cbridge.PSADerivation, alg psa.Algorithm, step psa.Step, input []byte, way int, peer []byte) (err error) {
	const asBytes, asKey, asAgreement, asRawKey = 0, 1, 2, 11
	s := uint16(step)
	switch way {
	case asBytes:
		return d.InputBytes(s, input)
	case asKey, asRawKey:
		typ := psa.TypeDerive
		if way == asRawKey {
			typ = psa.TypeRawData
		}
		using(t, psa.UsageDerive, alg, typ, input, func(k *cbridge.PSAKey) { err = d.InputKey(s, k) })
	case asAgreement:
		using(t, psa.UsageDerive, alg, psa.ECCKeyPair(psa.SECPR1), input, func(k *cbridge.PSAKey) { err = d.KeyAgreement(s, k, peer) })
	default:
		t.Fatalf("no way %d to give an input", way)
	}
	return err
}

func deriveOutput(t *suites.T, alg psa.Algorithm, step1 psa.Step, input1 []byte, want1 psa.Status, step2 psa.Step, input2 []byte, want2 psa.Status,
	step3 psa.Step, input3 []byte, want3 psa.Status, step4 psa.Step, input4 []byte, want4 psa.Status, peer []byte, capacity int, output1, output2 []byte,
	otherWay, way, deriveKey int) {
	d := newDerivation(t, alg)
	defer d.Close()
	ok(t, "psa_key_derivation_set_capacity", d.SetCapacity(uint64(capacity)))
	for _, s := range []struct {
		step  psa.Step
		input []byte
		want  psa.Status
	}{{step1, input1, want1}, {step2, input2, want2}, {step3, input3, want3}, {step4, input4, want4}} {
		var err error
		switch s.step {
		case 0:
		case psa.StepCost:
			err = d.InputInteger(uint16(s.step), number(s.input))
		case psa.StepPassword, psa.StepSecret:
			err = derivationInput(t, d, alg, s.step, s.input, way, nil)
		case psa.StepOtherSecret:
			err = derivationInput(t, d, alg, s.step, s.input, otherWay, peer)
		default:
			err = d.InputBytes(uint16(s.step), s.input)
		}
		status(t, "input", err, s.want)
		if s.want != 0 {
			return
		}
	}
	left := capacity
	t.Equal("capacity", capacityOf(t, d), uint64(left))
	if deriveKey == 1 {
		want := psa.ErrNotPermitted
		if way == 1 {
			want = 0
		}
		k, err := d.OutputKey(bridgeAttributes(psa.Attributes{Type: psa.TypeDerive, Bits: 8 * capacity, Usage: psa.UsageExport, Algorithm: alg}))
		status(t, "psa_key_derivation_output_key", err, want)
		k.Close()
		return
	}
	for _, want := range [][]byte{output1, output2} {
		out := make([]byte, len(want))
		err := d.OutputBytes(out)
		switch {
		case left == 0 && len(want) == 0:
			if s := statusOf(t, "psa_key_derivation_output_bytes", err); s != psa.ErrInsufficientData {
				ok(t, "psa_key_derivation_output_bytes", err)
			}
		case left == 0 || len(want) > left:
			status(t, "psa_key_derivation_output_bytes", err, psa.ErrInsufficientData)
			left = 0
		default:
			ok(t, "psa_key_derivation_output_bytes", err)
			t.Equal("output", out, want)
			left -= len(want)
			t.Equal("capacity", capacityOf(t, d), uint64(left))
		}
	}
}

// derivedKey exports the key of the next bytes, which output, if there is one, makes.
func derivedKey(t *suites.T, d *cbridge.PSADerivation, typ psa.KeyType, bits int, output func(*cbridge.PSADerivation, cbridge.PSAAttributes) (*cbridge.PSAKey, error)) []byte {
	if output == nil {
		output = (*cbridge.PSADerivation).OutputKey
	}
	k, err := output(d, bridgeAttributes(psa.Attributes{Type: typ, Bits: bits, Usage: psa.UsageExport}))
	ok(t, "psa_key_derivation_output_key", err)
	defer k.Close()
	out := make([]byte, psa.ExportKeyOutputSize(typ, bits))
	n, err := k.Export(out)
	ok(t, "psa_export_key", err)
	return out[:n]
}

func deriveCustom(t *suites.T, alg psa.Algorithm, data, input1, input2 []byte, typ psa.KeyType, bits int, code psa.Status, want []byte,
	output func(*cbridge.PSADerivation, cbridge.PSAAttributes) (*cbridge.PSAKey, error)) {
	deriving(t, alg, data, func(k *psa.Key) {
		d := derivation(t, k.ID(), alg, input1, input2, anyCapacity)
		defer d.Close()
		if code == 0 && want != nil {
			t.Equal("key", derivedKey(t, d, typ, bits, output), want)
			return
		}
		derived, err := output(d, bridgeAttributes(psa.Attributes{Type: typ, Bits: bits, Usage: psa.UsageExport}))
		if statusOf(t, "psa_key_derivation_output_key", err) == psa.ErrInsufficientMemory && code != psa.ErrInsufficientMemory {
			t.Skip("there is not enough memory")
		}
		status(t, "psa_key_derivation_output_key", err, code)
		derived.Close()
	})
}

func keyAgreement(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, peer, want []byte, code psa.Status) {
	using(t, psa.UsageDerive, alg, typ, data, func(k *cbridge.PSAKey) {
		limit := psa.AgreementOutputSize(typ, bits(t, k))
		truth(t, "AgreementMaxSize", limit <= psa.AgreementMaxSize)
		size := limit
		if code == 0 {
			truth(t, "AgreementOutputSize", len(want) <= limit)
			size = len(want)
		}
		agree := func(peer []byte, size int, code psa.Status) {
			out := make([]byte, size)
			n, err := k.RawAgreement(uint32(alg), peer, out)
			status(t, "psa_raw_key_agreement", err, code)
			if code == 0 {
				t.Equal("secret", out[:n], want)
			}
		}
		agree(peer, size, code)
		agree(peer, size+1, code)
		if code != 0 {
			return
		}
		agree(peer[:len(peer)-1], size, psa.ErrInvalidArgument)
		agree(append([]byte{0}, peer...), size, psa.ErrInvalidArgument)
		agree(append([]byte{1}, peer...), size, psa.ErrInvalidArgument)
		agree(peer, size-1, psa.ErrBufferTooSmall)
	})
}

// agreed runs f with a derivation that has a shared secret.
func agreed(t *suites.T, alg psa.Algorithm, typ psa.KeyType, data, peer []byte, f func(d *cbridge.PSADerivation)) {
	using(t, psa.UsageDerive, alg, typ, data, func(k *cbridge.PSAKey) {
		d := newDerivation(t, alg)
		defer d.Close()
		ok(t, "psa_key_derivation_key_agreement", d.KeyAgreement(uint16(psa.StepSecret), k, peer))
		if alg.KDF().IsHKDF() {
			ok(t, "info", d.InputBytes(uint16(psa.StepInfo), nil))
		}
		f(d)
	})
}
