package psa

import "github.com/gombedtls/gombedtls/cbridge"

// PAKEPrimitive is the group of a password-authenticated key exchange (psa_pake_primitive_t).
type PAKEPrimitive uint32

// PAKEECC is a curve as a group; 0 if there can be none of so many bits (PSA_PAKE_PRIMITIVE).
func PAKEECC(f ECCFamily, bits int) PAKEPrimitive {
	return macro3[PAKEPrimitive]("PSA_PAKE_PRIMITIVE", uint(pakeTypeECC), f, bits)
}

// PAKEDH is a Diffie-Hellman group (PSA_PAKE_PRIMITIVE).
func PAKEDH(f DHFamily, bits int) PAKEPrimitive {
	return macro3[PAKEPrimitive]("PSA_PAKE_PRIMITIVE", uint(pakeTypeDH), f, bits)
}

// PAKEPrimitiveType is the kind of a group (psa_pake_primitive_type_t).
type PAKEPrimitiveType uint8

const (
	pakeTypeECC PAKEPrimitiveType = 0x01 // PSA_PAKE_PRIMITIVE_TYPE_ECC
	pakeTypeDH  PAKEPrimitiveType = 0x02 // PSA_PAKE_PRIMITIVE_TYPE_DH
)

// PAKERole is which side this is (psa_pake_role_t).
type PAKERole uint8

// The roles. J-PAKE has none.
const (
	RoleNone   PAKERole = 0x00 // PSA_PAKE_ROLE_NONE
	RoleFirst  PAKERole = 0x01 // PSA_PAKE_ROLE_FIRST
	RoleSecond PAKERole = 0x02 // PSA_PAKE_ROLE_SECOND
	RoleClient PAKERole = 0x11 // PSA_PAKE_ROLE_CLIENT
	RoleServer PAKERole = 0x12 // PSA_PAKE_ROLE_SERVER
)

// PAKEStep is one of the values that are exchanged (psa_pake_step_t).
type PAKEStep uint8

// The steps.
const (
	PAKEKeyShare PAKEStep = 0x01 // PSA_PAKE_STEP_KEY_SHARE
	PAKEZKPublic PAKEStep = 0x02 // PSA_PAKE_STEP_ZK_PUBLIC
	PAKEZKProof  PAKEStep = 0x03 // PSA_PAKE_STEP_ZK_PROOF
)

// PAKESuite is what both sides must agree on (psa_pake_cipher_suite_t).
type PAKESuite struct {
	Algorithm Algorithm     // JPAKE
	Primitive PAKEPrimitive // PAKEECC(SECPR1, 256)
	Hash      Algorithm
}

// PAKEOutputSize is for [PAKE.Output] (PSA_PAKE_OUTPUT_SIZE).
func PAKEOutputSize(a Algorithm, p PAKEPrimitive, s PAKEStep) int {
	return macro3[int]("PSA_PAKE_OUTPUT_SIZE", a, p, s)
}

// PAKEInputSize is for [PAKE.Input] (PSA_PAKE_INPUT_SIZE).
func PAKEInputSize(a Algorithm, p PAKEPrimitive, s PAKEStep) int {
	return macro3[int]("PSA_PAKE_INPUT_SIZE", a, p, s)
}

// PAKE is a password-authenticated key exchange: a password, the names of both sides, outputs and inputs in the order that
// the algorithm has, and a secret for a [Derivation] (psa_pake_operation_t). One goroutine uses it at a time.
type PAKE struct{ c *cbridge.PSAPAKE }

// NewPAKE starts one (psa_pake_setup).
func NewPAKE(s PAKESuite) (*PAKE, error) {
	c, err := cbridge.NewPSAPAKE()
	if err != nil {
		return nil, err
	}
	if err := c.Setup(uint32(s.Algorithm), uint32(s.Primitive), uint32(s.Hash)); err != nil {
		c.Close()
		return nil, err
	}
	return &PAKE{c}, nil
}

// SetPasswordKey sets the password, a key of [TypePassword] that may derive (psa_pake_set_password_key).
func (p *PAKE) SetPasswordKey(k *Key) error { return p.c.SetPasswordKey(k.bridge()) }

// SetUser names this side: J-PAKE knows "client" and "server" (psa_pake_set_user).
func (p *PAKE) SetUser(id []byte) error { return p.c.SetUser(id) }

// SetPeer names the other (psa_pake_set_peer).
func (p *PAKE) SetPeer(id []byte) error { return p.c.SetPeer(id) }

// SetRole says which side this is, for algorithms that ask for it (psa_pake_set_role).
func (p *PAKE) SetRole(r PAKERole) error { return p.c.SetRole(uint8(r)) }

// Output gives what is for the other side (psa_pake_output).
func (p *PAKE) Output(s PAKEStep) ([]byte, error) {
	return written(PAKEOutputMaxSize, func(out []byte) (int, error) { return p.c.Output(uint8(s), out) })
}

// Input takes what the other side gave. One that does not know the password is found out by the derived keys, or by
// ErrInvalidSignature (psa_pake_input).
func (p *PAKE) Input(s PAKEStep, input []byte) error { return p.c.Input(uint8(s), input) }

// ImplicitKey gives the shared secret to a derivation, as its StepSecret, and ends the exchange
// (psa_pake_get_implicit_key).
func (p *PAKE) ImplicitKey(d *Derivation) error { return p.c.ImplicitKey(d.bridge()) }

// Close wipes the state (psa_pake_abort).
func (p *PAKE) Close() error { return p.c.Close() }
