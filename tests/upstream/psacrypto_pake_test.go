package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

func init() {
	const (
		getters   = "the getters are for drivers"
		elsewhere = "no case is about it; those of psa_crypto_pake are"
	)
	register("psa_crypto", nil, unmapped{
		"ecjpake_setup": elsewhere, "ecjpake_rounds_inject": elsewhere, "ecjpake_rounds": elsewhere, "ecjpake_size_macros": elsewhere,
	})
	register("psa_crypto_pake", functions{
		"ecjpake_setup": pakeSetup, "ecjpake_rounds_inject": pakeInject, "ecjpake_rounds": pakeRounds, "ecjpake_size_macros": pakeSizes,
	}, unmapped{
		"pake_input_getters_password": getters, "pake_input_getters_cipher_suite": getters, "pake_input_getters_user": getters,
		"pake_input_getters_peer": getters,
	})
}

// What is done wrong, in upstream's order. Parts of messages have numbers of their own, from the first of a round.
const (
	_ = iota
	uninitialized
	duplicateSetup
	_ // names that are set twice, which are duplicateUser and duplicatePeer
	_
	setRole
	duplicateUser
	duplicatePeer
	emptyBuffer
	unknownStep
	invalidFirstStep
	wrongBufferSize
	wrongBufferSize2
	afterFailure
	keyTooEarly
	keyStillTooEarly
	clientPart // 6 of the first round, 3 of the second

	serverPart     = clientPart + 9
	extraOutput    = serverPart + 9
	extraInput     = extraOutput + 1
	extraOutputEnd = extraOutput + 2
	extraInputEnd  = extraOutput + 3
	inSetup        = extraOutput + 4
	inSetUser      = extraOutput + 5
	inSetPeer      = extraOutput + 6
	inSetRole      = extraOutput + 7
	inSetPassword  = extraOutput + 8
	inInput        = extraOutput + 9
	inOutput       = extraOutput + 10
)

func newPAKE(t *suites.T) *cbridge.PSAPAKE {
	return must[*cbridge.PSAPAKE](t, "calloc")(cbridge.NewPSAPAKE())
}

// pakeStep is a call of a case: of every one, which may have it fail at this stage, or only of one that is about it.
type pakeStep struct {
	stage  int
	always bool
	call   func() error
}

func pakeSetup(t *suites.T, alg psa.Algorithm, typ psa.KeyType, usage psa.KeyUsage, primitive psa.PAKEPrimitive, hash psa.Algorithm, user, peer string, input, stage int, want psa.Status) {
	p := newPAKE(t)
	defer p.Close()
	k := must[*cbridge.PSAKey](t, "psa_import_key")(cbridge.ImportPSAKey(bridgeAttributes(psa.Attributes{Type: typ, Usage: usage, Algorithm: alg}), []byte("abcd\x00")))
	defer k.Close()
	share, public, proof := uint8(psa.PAKEKeyShare), uint8(psa.PAKEZKPublic), uint8(psa.PAKEZKProof)
	put := func(step uint8, n int) func() error {
		return func() error {
			if input != 0 {
				return p.Input(step, make([]byte, n))
			}
			_, err := p.Output(step, make([]byte, n))
			return err
		}
	}
	setUser := func() error { return p.SetUser([]byte(user)) }
	setPeer := func() error { return p.SetPeer([]byte(peer)) }
	setPassword := func() error { return p.SetPasswordKey(k) }
	serverRole := func() error { return p.SetRole(uint8(psa.RoleServer)) }
	noRole := func() error { return p.SetRole(uint8(psa.RoleNone)) }
	setup := func() error { return p.Setup(uint32(alg), uint32(primitive), uint32(hash)) }
	size := func(s psa.PAKEStep) int { return psa.PAKEInputSize(alg, primitive, s) }
	if stage == uninitialized {
		d := must[*cbridge.PSADerivation](t, "calloc")(cbridge.NewPSADerivation())
		defer d.Close()
		for _, call := range []func() error{setUser, setPeer, setPassword, serverRole, put(share, 0), func() error { return p.ImplicitKey(d) }} {
			status(t, "without setup", call(), want)
		}
		return
	}
	first, other := inInput, 1 // a byte too many for an input, or too few for an output
	if input == 0 {
		first, other = inOutput, -1
	}
	for _, s := range []pakeStep{
		{inSetup, true, setup},
		{duplicateSetup, false, setup},
		{setRole, false, serverRole},
		{inSetRole, true, noRole},
		{inSetUser, true, setUser},
		{inSetPeer, true, setPeer},
		{duplicateUser, false, setUser},
		{duplicatePeer, false, setPeer},
		{inSetPassword, true, setPassword},
		{emptyBuffer, false, put(proof, 0)},
		{unknownStep, false, put(proof+10, size(psa.PAKEZKProof))},
		{invalidFirstStep, false, put(proof, size(psa.PAKEZKProof))},
		{first, true, put(share, size(psa.PAKEKeyShare))},
		{wrongBufferSize, false, put(public, size(psa.PAKEZKPublic)+other)},
		{wrongBufferSize2, false, put(proof, size(psa.PAKEZKProof)+1)},
		{afterFailure, false, func() error {
			_ = put(public, size(psa.PAKEZKPublic)+other)()
			return put(public, size(psa.PAKEZKPublic))()
		}},
	} {
		switch {
		case s.stage == stage:
			status(t, "the call that fails", s.call(), want)
			return
		case s.always:
			ok(t, "a call before", s.call())
		}
	}
	t.Fatalf("no call is about stage %d: nothing failed", stage)
}

// pakeSides are both, set up, and their password.
func pakeSides(t *suites.T, alg psa.Algorithm, primitive psa.PAKEPrimitive, hash psa.Algorithm, password []byte) (server, client *psa.PAKE, k *psa.Key) {
	k = importedKey(t, psa.Attributes{Type: psa.TypePassword, Usage: psa.UsageDerive, Algorithm: alg}, password)
	var sides [2]*psa.PAKE
	names := [2]string{"server", "client"}
	for i := range sides {
		p := must[*psa.PAKE](t, "psa_pake_setup")(psa.NewPAKE(psa.PAKESuite{Algorithm: alg, Primitive: primitive, Hash: hash}))
		ok(t, "psa_pake_set_user", p.SetUser([]byte(names[i])))
		ok(t, "psa_pake_set_peer", p.SetPeer([]byte(names[1-i])))
		ok(t, "psa_pake_set_password_key", p.SetPasswordKey(k))
		sides[i] = p
	}
	return sides[0], sides[1], k
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

// pakeTake gives a message to a side, of which wrong may be what it must find: it reports whether it did.
func pakeTake(t *suites.T, p *psa.PAKE, message [][]byte, wrong bool, want psa.Status) (found bool) {
	for i, part := range message {
		step := []psa.PAKEStep{psa.PAKEKeyShare, psa.PAKEZKPublic, psa.PAKEZKProof}[i%3]
		err := p.Input(step, part)
		if wrong && err != nil {
			status(t, "psa_pake_input", err, want)
			return true
		}
		ok(t, "psa_pake_input", err)
	}
	truth(t, "a wrong message is found out", !wrong)
	return false
}

// spoil changes the part of a message that the stage says; first is the number of the message's first part.
func spoil(message [][]byte, first, stage int) (spoiled bool) {
	i := stage - first
	if i < 0 || i >= len(message) {
		return false
	}
	message[i][7] ^= 1
	return true
}

// pakeRound has both sides do a round. It reports whether there is more.
func pakeRound(t *suites.T, server, client *psa.PAKE, clientFirst bool, round, stage int, want psa.Status) (more bool) {
	ofRound := 6 * (round - 1)
	fromServer := pakeMessage(t, server, round)
	wrongServer := spoil(fromServer, serverPart+ofRound, stage)
	if stage == extraOutput+2*(round-1) {
		_, err := server.Output(psa.PAKEKeyShare)
		status(t, "psa_pake_output", err, want)
		return false
	}
	extra := func(p *psa.PAKE, share []byte) bool {
		if stage != extraInput+2*(round-1) {
			return false
		}
		status(t, "psa_pake_input", p.Input(psa.PAKEKeyShare, share), want)
		return true
	}
	clientTakes := func() (end bool) {
		return pakeTake(t, client, fromServer, wrongServer, want) || extra(client, fromServer[0])
	}
	if clientFirst && clientTakes() {
		return false
	}
	fromClient := pakeMessage(t, client, round)
	wrongClient := spoil(fromClient, clientPart+ofRound, stage)
	if !clientFirst && clientTakes() {
		return false
	}
	return !pakeTake(t, server, fromClient, wrongClient, want)
}

func pakeInject(t *suites.T, alg psa.Algorithm, primitive psa.PAKEPrimitive, hash psa.Algorithm, clientFirst int, password []byte, stage int, want psa.Status, second int) {
	server, client, k := pakeSides(t, alg, primitive, hash, password)
	defer k.Close()
	defer server.Close()
	defer client.Close()
	stage1 := stage
	if second != 0 {
		stage1 = 0
	}
	if pakeRound(t, server, client, clientFirst != 0, 1, stage1, want) {
		more := pakeRound(t, server, client, clientFirst != 0, 2, stage, want)
		t.Equal("all is right", more, stage == 0)
	} else {
		t.Equal("wrong in the first round", second, 0)
	}
}

func pakeRounds(t *suites.T, alg psa.Algorithm, primitive psa.PAKEPrimitive, hash, derive psa.Algorithm, password []byte, clientFirst, destroy, stage int) {
	server, client, k := pakeSides(t, alg, primitive, hash, password)
	defer k.Close()
	defer server.Close()
	defer client.Close()
	if destroy != 0 {
		ok(t, "psa_destroy_key", k.Destroy())
	}
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
	if stage == keyTooEarly {
		implicit(psa.ErrBadState)
		return
	}
	pakeRound(t, server, client, clientFirst != 0, 1, 0, 0)
	if stage == keyStillTooEarly {
		implicit(psa.ErrBadState)
		return
	}
	pakeRound(t, server, client, clientFirst != 0, 2, 0, 0)
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
