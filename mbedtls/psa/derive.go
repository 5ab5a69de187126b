package psa

import (
	"io"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Step is an input of a derivation (psa_key_derivation_step_t).
type Step uint16

// The steps.
const (
	StepSecret      Step = 0x0101 // PSA_KEY_DERIVATION_INPUT_SECRET
	StepPassword    Step = 0x0102 // PSA_KEY_DERIVATION_INPUT_PASSWORD
	StepOtherSecret Step = 0x0103 // PSA_KEY_DERIVATION_INPUT_OTHER_SECRET
	StepLabel       Step = 0x0201 // PSA_KEY_DERIVATION_INPUT_LABEL
	StepSalt        Step = 0x0202 // PSA_KEY_DERIVATION_INPUT_SALT
	StepInfo        Step = 0x0203 // PSA_KEY_DERIVATION_INPUT_INFO
	StepSeed        Step = 0x0204 // PSA_KEY_DERIVATION_INPUT_SEED
	StepCost        Step = 0x0205 // PSA_KEY_DERIVATION_INPUT_COST
)

// Derivation makes bytes and keys from a secret: the inputs that its algorithm asks for, then outputs
// (psa_key_derivation_operation_t). One goroutine uses it at a time.
type Derivation struct{ c *cbridge.PSADerivation }

// NewDerivation starts one: an algorithm of derivation, or one of key agreement that ends in such (psa_key_derivation_setup).
func NewDerivation(a Algorithm) (*Derivation, error) {
	c, err := cbridge.NewPSADerivation()
	if err != nil {
		return nil, err
	}
	if err := c.Setup(uint32(a)); err != nil {
		c.Close()
		return nil, err
	}
	return &Derivation{c}, nil
}

// bridge is the operation, or none.
func (d *Derivation) bridge() *cbridge.PSADerivation {
	if d == nil {
		return nil
	}
	return d.c
}

// Capacity is how many bytes there are to come yet (psa_key_derivation_get_capacity).
func (d *Derivation) Capacity() (uint64, error) { return d.c.Capacity() }

// SetCapacity makes it less (psa_key_derivation_set_capacity).
func (d *Derivation) SetCapacity(n uint64) error { return d.c.SetCapacity(n) }

// InputBytes is for what needs no key (psa_key_derivation_input_bytes).
func (d *Derivation) InputBytes(s Step, p []byte) error { return d.c.InputBytes(uint16(s), p) }

// InputInteger is for a number, such as the cost of PBKDF2 (psa_key_derivation_input_integer).
func (d *Derivation) InputInteger(s Step, n uint64) error { return d.c.InputInteger(uint16(s), n) }

// InputKey is for a secret or a password in the store. Only then may there be keys among the outputs
// (psa_key_derivation_input_key).
func (d *Derivation) InputKey(s Step, k *Key) error { return d.c.InputKey(uint16(s), k.bridge()) }

// KeyAgreement is for the secret that is shared with the owner of a public key, which has the form of [Key.ExportPublic]
// (psa_key_derivation_key_agreement).
func (d *Derivation) KeyAgreement(s Step, private *Key, peer []byte) error {
	return d.c.KeyAgreement(uint16(s), private.bridge(), peer)
}

// OutputBytes gives the next bytes; ErrInsufficientData if there are less. 2^30 and more at once are ErrInsufficientMemory
// (psa_key_derivation_output_bytes).
func (d *Derivation) OutputBytes(n int) ([]byte, error) {
	if n < 0 {
		return nil, &Error{Op: "psa_key_derivation_output_bytes", Status: ErrInvalidArgument}
	}
	if left, err := d.Capacity(); err == nil && uint64(n) > left {
		n = int(min(left+1, uint64(n))) // it fails, and needs no memory for that
	}
	if n >= 1<<30 {
		return nil, &Error{Op: "psa_key_derivation_output_bytes", Status: ErrInsufficientMemory}
	}
	out := make([]byte, n)
	if err := d.c.OutputBytes(out); err != nil {
		return nil, err
	}
	return out, nil
}

// Read fills p with the next bytes; [io.EOF] is at the end of the capacity (psa_key_derivation_output_bytes).
func (d *Derivation) Read(p []byte) (int, error) {
	left, err := d.Capacity()
	if err != nil {
		return 0, err
	}
	n := int(min(uint64(len(p)), left))
	if n == 0 && len(p) > 0 {
		return 0, io.EOF
	}
	if err := d.c.OutputBytes(p[:n]); err != nil {
		return 0, err
	}
	return n, nil
}

// OutputKey makes a key of the next bytes (psa_key_derivation_output_key).
func (d *Derivation) OutputKey(a Attributes) (*Key, error) { return newKey(d.c.OutputKey(a.c())) }

// OutputKeyCustom is [Derivation.OutputKey] with parameters, of which the library has none yet
// (psa_key_derivation_output_key_custom).
func (d *Derivation) OutputKeyCustom(a Attributes, c Custom) (*Key, error) {
	return newKey(d.c.OutputKeyCustom(a.c(), c.Flags, c.Data))
}

// Close wipes the state (psa_key_derivation_abort).
func (d *Derivation) Close() error { return d.c.Close() }
