package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	const getters = "the getters are for drivers"
	pake := functions{"ecjpake_setup": pakeSetup, "ecjpake_rounds_inject": pakeInject, "ecjpake_rounds": pakeRounds, "ecjpake_size_macros": pakeSizes}
	register("psa_crypto", pake, nil)
	register("psa_crypto_pake", pake, unmapped{
		"pake_input_getters_password": getters, "pake_input_getters_cipher_suite": getters, "pake_input_getters_user": getters,
		"pake_input_getters_peer": getters,
	})
}

// What goes wrong in ecjpake_setup and ecjpake_rounds, in upstream's order.
const (
	_ = iota
	uninitialized
	duplicateSetup
	invalidUser
	invalidPeer
	otherUser
	otherPeer
	emptyBuffer
	unknownStep
	invalidFirstStep
	wrongBufferSize
	afterFailure
	keyTooEarly
	keyStillTooEarly
)

func newPAKE(t *suites.T) *cbridge.PSAPAKE {
	return must[*cbridge.PSAPAKE](t, "calloc")(cbridge.NewPSAPAKE())
}

func pakeSetup(t *suites.T, alg psa.Algorithm, typ psa.KeyType, usage psa.KeyUsage, primitive psa.PAKEPrimitive, hash psa.Algorithm, role psa.PAKERole, input int, password []byte, failure int, want psa.Status) {
	p := newPAKE(t)
	defer p.Close()
	var k *cbridge.PSAKey
	if len(password) > 0 {
		k = must[*cbridge.PSAKey](t, "psa_import_key")(cbridge.ImportPSAKey(bridgeAttributes(psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}), password))
		defer k.Close()
	}
	share, public, proof := uint8(psa.PAKEKeyShare), uint8(psa.PAKEZKPublic), uint8(psa.PAKEZKProof)
	buffer := make([]byte, psa.PAKEOutputSize(alg, primitive, psa.PAKEKeyShare))
	put := func(step uint8, p2 []byte) error {
		if input != 0 {
			return p.Input(step, p2)
		}
		_, err := p.Output(step, p2)
		return err
	}
	if failure == uninitialized {
		status(t, "psa_pake_set_user", p.SetUser(nil), want)
		status(t, "psa_pake_set_peer", p.SetPeer(nil), want)
		status(t, "psa_pake_set_role", p.SetRole(uint8(role)), want)
		if k != nil {
			status(t, "psa_pake_set_password_key", p.SetPasswordKey(k), want)
		}
		_, err := p.Output(share, nil)
		status(t, "psa_pake_output", err, want)
		status(t, "psa_pake_input", p.Input(share, nil), want)
		return
	}
	steps := []func() error{
		func() error { return p.Setup(uint32(alg), uint32(primitive), uint32(hash)) },
		func() error { return p.SetRole(uint8(role)) },
		func() error {
			if k == nil {
				return nil
			}
			return p.SetPasswordKey(k)
		},
	}
	for i, step := range steps {
		if err := step(); err != nil {
			status(t, "setup", err, want)
			return
		}
		if i == 0 && failure == duplicateSetup {
			status(t, "psa_pake_setup", step(), want)
			return
		}
	}
	size := func(s psa.PAKEStep) []byte { return make([]byte, psa.PAKEInputSize(alg, primitive, s)) }
	wrong := append(size(psa.PAKEZKPublic), 0)
	wrongStatus := psa.ErrInvalidArgument
	if input == 0 {
		wrong, wrongStatus = wrong[:len(wrong)-2], psa.ErrBufferTooSmall
	}
	switch failure {
	case invalidUser:
		status(t, "psa_pake_set_user", p.SetUser(nil), psa.ErrInvalidArgument)
	case invalidPeer:
		status(t, "psa_pake_set_peer", p.SetPeer(nil), psa.ErrInvalidArgument)
	case otherUser:
		status(t, "psa_pake_set_user", p.SetUser([]byte("abcd")), psa.ErrNotSupported)
	case otherPeer:
		status(t, "psa_pake_set_peer", p.SetPeer([]byte("abcd")), psa.ErrNotSupported)
	case emptyBuffer:
		status(t, "no buffer", put(proof, nil), psa.ErrInvalidArgument)
	case unknownStep:
		status(t, "unknown step", put(proof+10, size(psa.PAKEZKProof)), psa.ErrInvalidArgument)
	case invalidFirstStep:
		status(t, "first step", put(proof, size(psa.PAKEZKProof)), psa.ErrBadState)
	default:
		if err := put(share, buffer); err != nil {
			status(t, "first step", err, want)
			return
		}
		switch failure {
		case wrongBufferSize:
			status(t, "size", put(public, wrong), wrongStatus)
		case afterFailure:
			_ = put(public, wrong)
			status(t, "after a failure", put(public, size(psa.PAKEZKPublic)), psa.ErrBadState)
		}
	}
}

// pakeSides are both, set up.
func pakeSides(t *suites.T, alg psa.Algorithm, primitive psa.PAKEPrimitive, hash psa.Algorithm, password []byte) (server, client *psa.PAKE, done func()) {
	k := importedKey(t, psa.Attributes{Type: psa.TypePassword, Usage: psa.UsageDerive, Algorithm: alg}, password)
	var sides [2]*psa.PAKE
	for i, role := range []psa.PAKERole{psa.RoleServer, psa.RoleClient} {
		p := must[*psa.PAKE](t, "psa_pake_setup")(psa.NewPAKE(psa.PAKESuite{Algorithm: alg, Primitive: primitive, Hash: hash}))
		ok(t, "psa_pake_set_role", p.SetRole(role))
		ok(t, "psa_pake_set_password_key", p.SetPasswordKey(k))
		sides[i] = p
	}
	return sides[0], sides[1], func() {
		sides[0].Close()
		sides[1].Close()
		k.Close()
	}
}

// pakeMessage is what one side has for the other in a round: shares, each with its proof.
func pakeMessage(t *suites.T, p *psa.PAKE, round int) (message [][]byte) {
	for range 3 - round {
		for _, step := range []psa.PAKEStep{psa.PAKEKeyShare, psa.PAKEZKPublic, psa.PAKEZKProof} {
			message = append(message, must[[]byte](t, "psa_pake_output")(p.Output(step)))
		}
	}
	return message
}

// pakeTake gives a message to a side; wrong says that it must find out.
func pakeTake(t *suites.T, p *psa.PAKE, message [][]byte, wrong bool) {
	for i, part := range message {
		step := []psa.PAKEStep{psa.PAKEKeyShare, psa.PAKEZKPublic, psa.PAKEZKProof}[i%3]
		err := p.Input(step, part)
		if wrong && err != nil {
			status(t, "psa_pake_input", err, psa.ErrDataInvalid)
			return
		}
		ok(t, "psa_pake_input", err)
	}
	truth(t, "a wrong message is found out", !wrong)
}

// pakeRound has both sides do a round; inject is upstream's number of a change of a message. It reports whether there is more.
func pakeRound(t *suites.T, server, client *psa.PAKE, clientFirst bool, round, inject int) (more bool) {
	fromServer := pakeMessage(t, server, round)
	wrong := inject == 2*round-1
	switch {
	case wrong && round == 1:
		fromServer[2][8] ^= 1
		fromServer[5][7] ^= 1
	case wrong:
		fromServer[1][12] += 0x33
	}
	if clientFirst {
		pakeTake(t, client, fromServer, wrong)
		if wrong {
			return false
		}
	}
	fromClient := pakeMessage(t, client, round)
	if !clientFirst {
		pakeTake(t, client, fromServer, wrong)
		if wrong {
			return false
		}
	}
	wrong = inject == 2*round
	switch {
	case wrong && round == 1:
		fromClient[2][12] ^= 1
		fromClient[5][7] ^= 1
	case wrong:
		fromClient[1][7] += 0x28
	}
	pakeTake(t, server, fromClient, wrong)
	return !wrong
}

func pakeInject(t *suites.T, alg psa.Algorithm, primitive psa.PAKEPrimitive, hash psa.Algorithm, clientFirst, inject int, password []byte) {
	server, client, done := pakeSides(t, alg, primitive, hash, password)
	defer done()
	if pakeRound(t, server, client, clientFirst != 0, 1, inject) {
		pakeRound(t, server, client, clientFirst != 0, 2, inject)
	}
}

func pakeRounds(t *suites.T, alg psa.Algorithm, primitive psa.PAKEPrimitive, hash, derive psa.Algorithm, password []byte, clientFirst, failure int) {
	server, client, done := pakeSides(t, alg, primitive, hash, password)
	defer done()
	var derivations [2]*psa.Derivation
	for i := range derivations {
		d := must[*psa.Derivation](t, "psa_key_derivation_setup")(psa.NewDerivation(derive))
		defer d.Close()
		if derive.IsTLS12PRF() || derive.IsTLS12PSKToMS() {
			ok(t, "seed", d.InputBytes(psa.StepSeed, nil))
		}
		derivations[i] = d
	}
	implicit := func(want psa.Status) {
		status(t, "psa_pake_get_implicit_key", server.ImplicitKey(derivations[0]), want)
		status(t, "psa_pake_get_implicit_key", client.ImplicitKey(derivations[1]), want)
	}
	if failure == keyTooEarly {
		implicit(psa.ErrBadState)
		return
	}
	pakeRound(t, server, client, clientFirst != 0, 1, 0)
	if failure == keyStillTooEarly {
		implicit(psa.ErrBadState)
		return
	}
	pakeRound(t, server, client, clientFirst != 0, 2, 0)
	implicit(0)
	if derive == psa.TLS12ECJPAKEToPMS {
		t.Equal("secrets", must[[]byte](t, "server")(derivations[0].OutputBytes(32)), must[[]byte](t, "client")(derivations[1].OutputBytes(32)))
	}
}

func pakeSizes(t *suites.T) {
	primitive, public := psa.PAKEECC(psa.SECPR1, 256), psa.ExportPublicKeyOutputSize(psa.ECCKeyPair(psa.SECPR1), 256)
	for step, want := range map[psa.PAKEStep]int{psa.PAKEKeyShare: public, psa.PAKEZKPublic: public, psa.PAKEZKProof: 32} {
		t.Equal("PAKEOutputSize", psa.PAKEOutputSize(psa.JPAKE, primitive, step), want)
		t.Equal("PAKEInputSize", psa.PAKEInputSize(psa.JPAKE, primitive, step), want)
		truth(t, "PAKEOutputMaxSize", want <= psa.PAKEOutputMaxSize)
	}
}
