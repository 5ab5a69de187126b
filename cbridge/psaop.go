package cbridge

// #include "psa.h"
import "C"

import "runtime"

// Operations of PSA Crypto that take several calls. One goroutine uses such an object at a time. A call that fails aborts
// the operation, as the library does, and the object is ready for the next one; Close is for its end.

// psaOperation is what they share.
type psaOperation[T any] struct {
	res *resource
	c   *T
}

func (o *psaOperation[T]) start(make func() *T, remove func(*T)) error {
	if err := initialize(); err != nil {
		return err
	}
	c := make()
	if c == nil {
		return &PSAError{Status: ErrPSAInsufficientMemory, Op: "calloc"}
	}
	o.c = c
	o.res = own(o, func() { remove(c) })
	return nil
}

func (o *psaOperation[T]) call(op string, f func(c *T) C.psa_status_t) error {
	if err := o.res.acquire(); err != nil {
		return err
	}
	defer runtime.KeepAlive(o)
	defer o.res.release()
	return checkPSA(f(o.c), op)
}

// with is call for one that uses a key, too.
func (o *psaOperation[T]) with(k *PSAKey, op string, f func(c *T, id C.mbedtls_svc_key_id_t) C.psa_status_t) error {
	id, err := k.acquire(op)
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(k)
	defer k.res.release()
	return o.call(op, func(c *T) C.psa_status_t { return f(c, id) })
}

// output is call for one that writes to a buffer, and says how much.
func (o *psaOperation[T]) output(op string, f func(c *T, n *C.size_t) C.psa_status_t) (int, error) {
	var n C.size_t
	if err := o.call(op, func(c *T) C.psa_status_t { return f(c, &n) }); err != nil {
		return 0, err
	}
	return int(n), nil
}

// Close aborts the operation and wipes its state.
func (o *psaOperation[T]) Close() error {
	o.res.close()
	return nil
}

// PSAHash is a psa_hash_operation_t.
type PSAHash struct {
	psaOperation[C.psa_hash_operation_t]
}

// NewPSAHash makes a hash that is not set up.
func NewPSAHash() (*PSAHash, error) {
	h := &PSAHash{}
	return h, h.start(
		func() *C.psa_hash_operation_t { return C.gm_psa_hash_new() },
		func(c *C.psa_hash_operation_t) { C.gm_psa_hash_delete(c) })
}

// Setup chooses the algorithm (psa_hash_setup).
func (h *PSAHash) Setup(alg uint32) error {
	return h.call("psa_hash_setup", func(c *C.psa_hash_operation_t) C.psa_status_t {
		return C.psa_hash_setup(c, C.psa_algorithm_t(alg))
	})
}

// Update adds data (psa_hash_update).
func (h *PSAHash) Update(p []byte) error {
	return h.call("psa_hash_update", func(c *C.psa_hash_operation_t) C.psa_status_t {
		return C.psa_hash_update(c, cbytes(p), C.size_t(len(p)))
	})
}

// Finish writes the hash (psa_hash_finish).
func (h *PSAHash) Finish(out []byte) (int, error) {
	return h.output("psa_hash_finish", func(c *C.psa_hash_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_hash_finish(c, cbytes(out), C.size_t(len(out)), n)
	})
}

// Verify compares the hash with another (psa_hash_verify).
func (h *PSAHash) Verify(hash []byte) error {
	return h.call("psa_hash_verify", func(c *C.psa_hash_operation_t) C.psa_status_t {
		return C.psa_hash_verify(c, cbytes(hash), C.size_t(len(hash)))
	})
}

// Abort has it ready for Setup again (psa_hash_abort).
func (h *PSAHash) Abort() error {
	return h.call("psa_hash_abort", func(c *C.psa_hash_operation_t) C.psa_status_t { return C.psa_hash_abort(c) })
}

// CloneTo copies the state to another one, which is not set up (psa_hash_clone).
func (h *PSAHash) CloneTo(target *PSAHash) error {
	return h.call("psa_hash_clone", func(c *C.psa_hash_operation_t) (status C.psa_status_t) {
		err := target.call("psa_hash_clone", func(t *C.psa_hash_operation_t) C.psa_status_t {
			status = C.psa_hash_clone(c, t)
			return 0
		})
		if err != nil { // it is closed
			return C.PSA_ERROR_BAD_STATE
		}
		return status
	})
}

// PSAMAC is a psa_mac_operation_t.
type PSAMAC struct {
	psaOperation[C.psa_mac_operation_t]
}

// NewPSAMAC makes a MAC that is not set up.
func NewPSAMAC() (*PSAMAC, error) {
	m := &PSAMAC{}
	return m, m.start(
		func() *C.psa_mac_operation_t { return C.gm_psa_mac_new() },
		func(c *C.psa_mac_operation_t) { C.gm_psa_mac_delete(c) })
}

// SignSetup chooses key and algorithm, to make a MAC (psa_mac_sign_setup).
func (m *PSAMAC) SignSetup(k *PSAKey, alg uint32) error {
	return m.with(k, "psa_mac_sign_setup", func(c *C.psa_mac_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_mac_sign_setup(c, id, C.psa_algorithm_t(alg))
	})
}

// VerifySetup chooses key and algorithm, to check a MAC (psa_mac_verify_setup).
func (m *PSAMAC) VerifySetup(k *PSAKey, alg uint32) error {
	return m.with(k, "psa_mac_verify_setup", func(c *C.psa_mac_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_mac_verify_setup(c, id, C.psa_algorithm_t(alg))
	})
}

// Update adds data (psa_mac_update).
func (m *PSAMAC) Update(p []byte) error {
	return m.call("psa_mac_update", func(c *C.psa_mac_operation_t) C.psa_status_t {
		return C.psa_mac_update(c, cbytes(p), C.size_t(len(p)))
	})
}

// Finish writes the MAC (psa_mac_sign_finish).
func (m *PSAMAC) Finish(out []byte) (int, error) {
	return m.output("psa_mac_sign_finish", func(c *C.psa_mac_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_mac_sign_finish(c, cbytes(out), C.size_t(len(out)), n)
	})
}

// Verify compares the MAC with another (psa_mac_verify_finish).
func (m *PSAMAC) Verify(mac []byte) error {
	return m.call("psa_mac_verify_finish", func(c *C.psa_mac_operation_t) C.psa_status_t {
		return C.psa_mac_verify_finish(c, cbytes(mac), C.size_t(len(mac)))
	})
}

// Abort has it ready for a setup again (psa_mac_abort).
func (m *PSAMAC) Abort() error {
	return m.call("psa_mac_abort", func(c *C.psa_mac_operation_t) C.psa_status_t { return C.psa_mac_abort(c) })
}

// PSASignHash is a psa_sign_hash_interruptible_operation_t: a signature in steps.
type PSASignHash struct {
	psaOperation[C.psa_sign_hash_interruptible_operation_t]
}

// NewPSASignHash makes one that is not started.
func NewPSASignHash() (*PSASignHash, error) {
	s := &PSASignHash{}
	return s, s.start(
		func() *C.psa_sign_hash_interruptible_operation_t { return C.gm_psa_sign_hash_new() },
		func(c *C.psa_sign_hash_interruptible_operation_t) { C.gm_psa_sign_hash_delete(c) })
}

// Start begins to sign a digest (psa_sign_hash_start).
func (s *PSASignHash) Start(k *PSAKey, alg uint32, hash []byte) error {
	return s.with(k, "psa_sign_hash_start", func(c *C.psa_sign_hash_interruptible_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_sign_hash_start(c, id, C.psa_algorithm_t(alg), cbytes(hash), C.size_t(len(hash)))
	})
}

// Complete goes on: PSAOperationIncomplete until the signature is written (psa_sign_hash_complete).
func (s *PSASignHash) Complete(out []byte) (int, error) {
	return s.output("psa_sign_hash_complete", func(c *C.psa_sign_hash_interruptible_operation_t, n *C.size_t) C.psa_status_t {
		return C.psa_sign_hash_complete(c, cbytes(out), C.size_t(len(out)), n)
	})
}

// NumOps is what was done so far, in units of the library's own (psa_sign_hash_get_num_ops).
func (s *PSASignHash) NumOps() (n uint32, err error) {
	err = s.call("psa_sign_hash_get_num_ops", func(c *C.psa_sign_hash_interruptible_operation_t) C.psa_status_t {
		n = uint32(C.psa_sign_hash_get_num_ops(c))
		return 0
	})
	return n, err
}

// Abort has it ready for Start again (psa_sign_hash_abort).
func (s *PSASignHash) Abort() error {
	return s.call("psa_sign_hash_abort", func(c *C.psa_sign_hash_interruptible_operation_t) C.psa_status_t {
		return C.psa_sign_hash_abort(c)
	})
}

// PSAVerifyHash is a psa_verify_hash_interruptible_operation_t: the check of a signature in steps.
type PSAVerifyHash struct {
	psaOperation[C.psa_verify_hash_interruptible_operation_t]
}

// NewPSAVerifyHash makes one that is not started.
func NewPSAVerifyHash() (*PSAVerifyHash, error) {
	v := &PSAVerifyHash{}
	return v, v.start(
		func() *C.psa_verify_hash_interruptible_operation_t { return C.gm_psa_verify_hash_new() },
		func(c *C.psa_verify_hash_interruptible_operation_t) { C.gm_psa_verify_hash_delete(c) })
}

// Start begins to check the signature of a digest (psa_verify_hash_start).
func (v *PSAVerifyHash) Start(k *PSAKey, alg uint32, hash, sig []byte) error {
	return v.with(k, "psa_verify_hash_start", func(c *C.psa_verify_hash_interruptible_operation_t, id C.mbedtls_svc_key_id_t) C.psa_status_t {
		return C.psa_verify_hash_start(c, id, C.psa_algorithm_t(alg), cbytes(hash), C.size_t(len(hash)), cbytes(sig), C.size_t(len(sig)))
	})
}

// Complete goes on: PSAOperationIncomplete until the result is there (psa_verify_hash_complete).
func (v *PSAVerifyHash) Complete() error {
	return v.call("psa_verify_hash_complete", func(c *C.psa_verify_hash_interruptible_operation_t) C.psa_status_t {
		return C.psa_verify_hash_complete(c)
	})
}

// NumOps is what was done so far, in units of the library's own (psa_verify_hash_get_num_ops).
func (v *PSAVerifyHash) NumOps() (n uint32, err error) {
	err = v.call("psa_verify_hash_get_num_ops", func(c *C.psa_verify_hash_interruptible_operation_t) C.psa_status_t {
		n = uint32(C.psa_verify_hash_get_num_ops(c))
		return 0
	})
	return n, err
}

// Abort has it ready for Start again (psa_verify_hash_abort).
func (v *PSAVerifyHash) Abort() error {
	return v.call("psa_verify_hash_abort", func(c *C.psa_verify_hash_interruptible_operation_t) C.psa_status_t {
		return C.psa_verify_hash_abort(c)
	})
}

// SetPSAMaxOps bounds what a call of Complete does, for the process; PSAMaxOpsUnlimited is no bound
// (psa_interruptible_set_max_ops).
func SetPSAMaxOps(n uint32) error {
	return psaCall("psa_interruptible_set_max_ops", func() C.psa_status_t {
		C.psa_interruptible_set_max_ops(C.uint32_t(n))
		return 0
	})
}

// PSAMaxOpsUnlimited is no bound.
const PSAMaxOpsUnlimited = C.PSA_INTERRUPTIBLE_MAX_OPS_UNLIMITED

// PSAMaxOps is the bound (psa_interruptible_get_max_ops).
func PSAMaxOps() uint32 { return uint32(C.psa_interruptible_get_max_ops()) }
