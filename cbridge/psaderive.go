package cbridge

// #include "psa.h"
import "C"

// PSADerivation is a psa_key_derivation_operation_t.
type PSADerivation struct {
	psaOperation[C.psa_key_derivation_operation_t]
}

// NewPSADerivation makes a derivation that is not set up.
func NewPSADerivation() (*PSADerivation, error) {
	d := &PSADerivation{}
	return d, d.start(
		func() *C.psa_key_derivation_operation_t { return C.gm_psa_key_derivation_new() },
		func(c *C.psa_key_derivation_operation_t) { C.gm_psa_key_derivation_delete(c) })
}

// Setup chooses the algorithm (psa_key_derivation_setup).
func (d *PSADerivation) Setup(alg uint32) error {
	return d.call("psa_key_derivation_setup", func(c *C.psa_key_derivation_operation_t) C.psa_status_t {
		return C.psa_key_derivation_setup(c, C.psa_algorithm_t(alg))
	})
}

// Capacity is how many bytes there are yet (psa_key_derivation_get_capacity).
func (d *PSADerivation) Capacity() (uint64, error) {
	n, err := d.output("psa_key_derivation_get_capacity", func(c *C.psa_key_derivation_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_key_derivation_get_capacity(c, n)
	})
	return uint64(uint(n)), err
}

// SetCapacity makes it less (psa_key_derivation_set_capacity).
func (d *PSADerivation) SetCapacity(n uint64) error {
	return d.call("psa_key_derivation_set_capacity", func(c *C.psa_key_derivation_operation_t) C.psa_status_t {
		if uint64(C.size_t(n)) != n {
			return C.PSA_ERROR_INVALID_ARGUMENT
		}
		return C.psa_key_derivation_set_capacity(c, C.size_t(n))
	})
}

// InputBytes gives the input of a step (psa_key_derivation_input_bytes).
func (d *PSADerivation) InputBytes(step uint16, p []byte) error {
	return d.call("psa_key_derivation_input_bytes", func(c *C.psa_key_derivation_operation_t) C.psa_status_t {
		return C.psa_key_derivation_input_bytes(c, C.psa_key_derivation_step_t(step), cbytes(p), C.size_t(len(p)))
	})
}

// InputInteger gives the input of a step that is a number (psa_key_derivation_input_integer).
func (d *PSADerivation) InputInteger(step uint16, n uint64) error {
	return d.call("psa_key_derivation_input_integer", func(c *C.psa_key_derivation_operation_t) C.psa_status_t {
		return C.psa_key_derivation_input_integer(c, C.psa_key_derivation_step_t(step), C.uint64_t(n))
	})
}

// InputKey gives a key to a step (psa_key_derivation_input_key).
func (d *PSADerivation) InputKey(step uint16, k *PSAKey) error {
	return d.with(k, "psa_key_derivation_input_key", func(c *C.psa_key_derivation_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_key_derivation_input_key(c, C.psa_key_derivation_step_t(step), id)
	})
}

// KeyAgreement gives the secret that is shared with the owner of the public key peer to a step
// (psa_key_derivation_key_agreement).
func (d *PSADerivation) KeyAgreement(step uint16, k *PSAKey, peer []byte) error {
	return d.with(k, "psa_key_derivation_key_agreement", func(c *C.psa_key_derivation_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_key_derivation_key_agreement(c, C.psa_key_derivation_step_t(step), id, cbytes(peer), C.size_t(len(peer)))
	})
}

// OutputBytes fills p (psa_key_derivation_output_bytes).
func (d *PSADerivation) OutputBytes(p []byte) error {
	return d.call("psa_key_derivation_output_bytes", func(c *C.psa_key_derivation_operation_t) C.psa_status_t {
		return C.psa_key_derivation_output_bytes(c, cbytes(p), C.size_t(len(p)))
	})
}

// OutputKey makes a key of the next bytes (psa_key_derivation_output_key).
func (d *PSADerivation) OutputKey(a PSAAttributes) (*PSAKey, error) {
	return d.outputKey(a, "psa_key_derivation_output_key", func(a *C.psa_key_attributes_t, c *C.psa_key_derivation_operation_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_key_derivation_output_key(a, c, id)
	})
}

// OutputKeyCustom is OutputKey with parameters for the type, of which the library has none but the default
// (psa_key_derivation_output_key_custom).
func (d *PSADerivation) OutputKeyCustom(a PSAAttributes, flags uint32, data []byte) (*PSAKey, error) {
	return d.outputKey(a, "psa_key_derivation_output_key_custom", func(a *C.psa_key_attributes_t, c *C.psa_key_derivation_operation_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		custom := C.psa_custom_key_parameters_t{flags: C.uint32_t(flags)}
		return C.psa_key_derivation_output_key_custom(a, c, &custom, cbytes(data), C.size_t(len(data)), id)
	})
}

// OutputKeyExt is the older form of OutputKeyCustom (psa_key_derivation_output_key_ext).
func (d *PSADerivation) OutputKeyExt(a PSAAttributes, flags uint32, data []byte) (*PSAKey, error) {
	return d.outputKey(a, "psa_key_derivation_output_key_ext", func(a *C.psa_key_attributes_t, c *C.psa_key_derivation_operation_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_status_t(C.gm_psa_output_key_ext(a, c, C.uint32_t(flags), cbytes(data), C.size_t(len(data)), id))
	})
}

func (d *PSADerivation) outputKey(a PSAAttributes, op string, call func(*C.psa_key_attributes_t, *C.psa_key_derivation_operation_t, *C.mbedtls_svc_key_id_t) C.psa_status_t) (*PSAKey, error) {
	if err := d.res.acquire(); err != nil {
		return nil, err
	}
	defer d.res.release()
	return createPSAKey(a, op, func(a *C.psa_key_attributes_t, id *C.mbedtls_svc_key_id_t) C.psa_status_t { return call(a, d.c, id) })
}

// Abort has it ready for Setup again (psa_key_derivation_abort).
func (d *PSADerivation) Abort() error {
	return d.call("psa_key_derivation_abort", func(c *C.psa_key_derivation_operation_t) C.psa_status_t {
		return C.psa_key_derivation_abort(c)
	})
}

// PSAPAKE is a psa_pake_operation_t: a password-authenticated key exchange.
type PSAPAKE struct {
	psaOperation[C.psa_pake_operation_t]
}

// NewPSAPAKE makes one that is not set up.
func NewPSAPAKE() (*PSAPAKE, error) {
	p := &PSAPAKE{}
	return p, p.start(
		func() *C.psa_pake_operation_t { return C.gm_psa_pake_new() },
		func(c *C.psa_pake_operation_t) { C.gm_psa_pake_delete(c) })
}

// Setup chooses the cipher suite: an algorithm, a primitive, and a hash (psa_pake_setup).
func (p *PSAPAKE) Setup(alg, primitive, hash uint32) error {
	return p.call("psa_pake_setup", func(c *C.psa_pake_operation_t) C.psa_status_t {
		return C.psa_status_t(C.gm_psa_pake_setup(c, C.uint32_t(alg), C.uint32_t(primitive), C.uint32_t(hash)))
	})
}

// SetPasswordKey sets the password (psa_pake_set_password_key).
func (p *PSAPAKE) SetPasswordKey(k *PSAKey) error {
	return p.with(k, "psa_pake_set_password_key", func(c *C.psa_pake_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_pake_set_password_key(c, id)
	})
}

// SetUser names this side (psa_pake_set_user).
func (p *PSAPAKE) SetUser(id []byte) error {
	return p.call("psa_pake_set_user", func(c *C.psa_pake_operation_t) C.psa_status_t {
		return C.psa_pake_set_user(c, cbytes(id), C.size_t(len(id)))
	})
}

// SetPeer names the other side (psa_pake_set_peer).
func (p *PSAPAKE) SetPeer(id []byte) error {
	return p.call("psa_pake_set_peer", func(c *C.psa_pake_operation_t) C.psa_status_t {
		return C.psa_pake_set_peer(c, cbytes(id), C.size_t(len(id)))
	})
}

// SetRole says who begins, where that matters (psa_pake_set_role).
func (p *PSAPAKE) SetRole(role uint8) error {
	return p.call("psa_pake_set_role", func(c *C.psa_pake_operation_t) C.psa_status_t {
		return C.psa_pake_set_role(c, C.psa_pake_role_t(role))
	})
}

// Output writes what is for the other side in a step (psa_pake_output).
func (p *PSAPAKE) Output(step uint8, out []byte) (int, error) {
	return p.output("psa_pake_output", func(c *C.psa_pake_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_pake_output(c, C.psa_pake_step_t(step), cbytes(out), C.size_t(len(out)), n)
	})
}

// Input takes what the other side wrote in a step (psa_pake_input).
func (p *PSAPAKE) Input(step uint8, in []byte) error {
	return p.call("psa_pake_input", func(c *C.psa_pake_operation_t) C.psa_status_t {
		return C.psa_pake_input(c, C.psa_pake_step_t(step), cbytes(in), C.size_t(len(in)))
	})
}

// ImplicitKey gives the shared secret to a derivation, as its secret (psa_pake_get_implicit_key).
func (p *PSAPAKE) ImplicitKey(d *PSADerivation) error {
	const op = "psa_pake_get_implicit_key"
	if d == nil {
		return &PSAError{Status: ErrPSAInvalidArgument, Op: op}
	}
	return p.call(op, func(c *C.psa_pake_operation_t) (status C.psa_status_t) {
		err := d.call(op, func(out *C.psa_key_derivation_operation_t) C.psa_status_t {
			status = C.psa_pake_get_implicit_key(c, out)
			return 0
		})
		if err != nil { // it is closed
			return C.PSA_ERROR_BAD_STATE
		}
		return status
	})
}

// Abort has it ready for Setup again (psa_pake_abort).
func (p *PSAPAKE) Abort() error {
	return p.call("psa_pake_abort", func(c *C.psa_pake_operation_t) C.psa_status_t { return C.psa_pake_abort(c) })
}
