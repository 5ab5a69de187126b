package psa

import "github.com/gombedtls/gombedtls/cbridge"

// MAC authenticates a message (psa_mac_compute).
func (k *Key) MAC(a Algorithm, message []byte) ([]byte, error) {
	return k.sized(macLength(a), func(out []byte) (int, error) { return k.c.MAC(uint32(a), message, out) })
}

func macLength(a Algorithm) func(Attributes) int {
	return func(attr Attributes) int { return MACLength(attr.Type, attr.Bits, a) }
}

// VerifyMAC checks what [Key.MAC] made: ErrInvalidSignature if it is another (psa_mac_verify).
func (k *Key) VerifyMAC(a Algorithm, message, mac []byte) error {
	return k.bridge().VerifyMAC(uint32(a), message, mac)
}

// MAC is a MAC in steps: Write, then Finish or Verify (psa_mac_operation_t). One goroutine uses it at a time.
type MAC struct {
	c    *cbridge.PSAMAC
	size int
}

// NewMAC starts one that ends with [MAC.Finish] (psa_mac_sign_setup).
func (k *Key) NewMAC(a Algorithm) (*MAC, error) { return k.newMAC(a, (*cbridge.PSAMAC).SignSetup) }

// NewMACVerifier starts one that ends with [MAC.Verify] (psa_mac_verify_setup).
func (k *Key) NewMACVerifier(a Algorithm) (*MAC, error) {
	return k.newMAC(a, (*cbridge.PSAMAC).VerifySetup)
}

func (k *Key) newMAC(a Algorithm, setup func(*cbridge.PSAMAC, *cbridge.PSAKey, uint32) error) (*MAC, error) {
	attr, err := k.Attributes()
	if err != nil {
		return nil, err
	}
	c, err := cbridge.NewPSAMAC()
	if err != nil {
		return nil, err
	}
	if err := setup(c, k.c, uint32(a)); err != nil {
		c.Close()
		return nil, err
	}
	return &MAC{c, macLength(a)(attr)}, nil
}

// Write adds data (psa_mac_update).
func (m *MAC) Write(p []byte) (int, error) { return wrote(p, m.c.Update(p)) }

// Finish gives the MAC, after which there is no more to do but Close (psa_mac_sign_finish).
func (m *MAC) Finish() ([]byte, error) { return written(m.size, m.c.Finish) }

// Verify checks a MAC: ErrInvalidSignature if it is another (psa_mac_verify_finish).
func (m *MAC) Verify(mac []byte) error { return m.c.Verify(mac) }

// Close wipes the state (psa_mac_abort).
func (m *MAC) Close() error { return m.c.Close() }
