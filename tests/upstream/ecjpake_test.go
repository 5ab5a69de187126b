package upstream

import (
	"crypto"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/ecjpake"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

func init() {
	register("ecjpake", functions{
		"ecjpake_invalid_param": func(t *suites.T) {
			_, err := ecjpake.New(42, crypto.SHA256, ecp.Secp256r1, make([]byte, 42))
			t.Code("new", err, badECP)
		},
		"read_round_one": func(t *suites.T, role ecjpake.Role, message []byte, code int) {
			n := &numberCase{T: t}
			defer n.close()
			t.Code("read", n.pake(role).ReadRoundOne(message), code)
		},
		"read_round_two_cli": func(t *suites.T, message []byte, code int) {
			pakeRoundTwo(t, ecjpake.Client, [2]byte{0x01, 0x61}, [2]byte{0x61, 0xc1}, message, code)
		},
		"read_round_two_srv": func(t *suites.T, message []byte, code int) {
			pakeRoundTwo(t, ecjpake.Server, [2]byte{0x61, 0xc1}, [2]byte{0x01, 0x61}, message, code)
		},
	}, unmapped{
		"ecjpake_selftest": "the library's self-test calls no API",
		"read_bad_md":      "it changes a field of the context that no API changes",
	})
}

func (n *numberCase) pake(role ecjpake.Role) *ecjpake.Context {
	c, err := ecjpake.New(role, crypto.SHA256, ecp.Secp256r1, nil)
	return owned(n, c, err)
}

// pakeKey is a private key of the suite's, in which each byte is one more than the last, but for the last, which is two
// more; and the public key.
func (n *numberCase) pakeKey(first byte) (*cbridge.MPI, *cbridge.ECPPoint) {
	b := make([]byte, 32)
	for i := range b {
		b[i] = first + byte(i)
	}
	b[31]++
	g, p, d := n.group(ecp.Secp256r1), n.point(), n.binary(b)
	n.Code("multiply", g.Mul(p, d, n.generator(g), nil, nil), 0)
	return d.Operand(), p.Bridge()
}

// pakeRoundTwo reads a message of the second round, after first rounds with keys that begin with the bytes given.
func pakeRoundTwo(t *suites.T, role ecjpake.Role, own, peer [2]byte, message []byte, code int) {
	n := &numberCase{T: t}
	defer n.close()
	var private [2]*cbridge.MPI
	var public, theirs [2]*cbridge.ECPPoint
	for i := range 2 {
		private[i], public[i] = n.pakeKey(own[i])
		_, theirs[i] = n.pakeKey(peer[i])
	}
	c := n.pake(role)
	t.Code("set keys", c.Bridge().SetKeys(private, public, theirs), 0)
	t.Code("read", c.ReadRoundTwo(message), code)
}
