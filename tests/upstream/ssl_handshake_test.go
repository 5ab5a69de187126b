package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Handshakes to their end, and what follows.
func init() {
	register("ssl", functions{
		"mbedtls_endpoint_sanity": func(t *suites.T, end cbridge.Endpoint) { newEndpoint(t, end, defaults()).close() },
		"move_handshake_to_state": moveHandshakeToState,
		"handshake_version": func(t *suites.T, dtls, clientMin, clientMax, serverMin, serverMax, version int) {
			o := defaults()
			o.dtls = dtls != 0
			o.clientMin, o.clientMax, o.serverMin, o.serverMax, o.version = clientMin, clientMax, serverMin, serverMax, version
			handshake(t, o)
		},
		"handshake_psk_cipher": handshakeCipher,
		"handshake_cipher": func(t *suites.T, cipher string, pk, dtls int) {
			handshakeCipher(t, cipher, pk, nil, dtls)
		},
		"handshake_ciphersuite_select": func(t *suites.T, cipher string, pk int, psk []byte, alg, alg2, usage, result, suite int) {
			o := defaults()
			o.cipher, o.pk, o.psk, o.result, o.suite = cipher, pk, psk, result, suite
			o.serverMin, o.serverMax, o.version = cbridge.TLS12, cbridge.TLS12, cbridge.TLS12
			if alg != 0 {
				o.opaque = &cbridge.PSAAttributes{Algorithm: uint32(alg), EnrollmentAlgorithm: uint32(alg2), Usage: uint32(usage)}
			}
			handshake(t, o)
		},
		"app_data_tls": func(t *suites.T, mfl, clientLen, serverLen, clientFragments, serverFragments int) {
			appData(t, mfl, clientLen, serverLen, clientFragments, serverFragments, false)
		},
		"app_data_dtls": func(t *suites.T, mfl, clientLen, serverLen, clientFragments, serverFragments int) {
			appData(t, mfl, clientLen, serverLen, clientFragments, serverFragments, true)
		},
		"handshake_serialization": func(t *suites.T) {
			o := defaults()
			o.serialize, o.dtls, o.version = true, true, cbridge.TLS12
			handshake(t, o)
		},
		"handshake_fragmentation": handshakeFragmentation,
		"renegotiation":           renegotiation,
		"resize_buffers_serialize_mfl": func(t *suites.T, mfl int) {
			o := resized(mfl)
			o.serialize = true
			handshake(t, o)
		},
		"resize_buffers_renegotiate_mfl": func(t *suites.T, mfl int, legacy cbridge.Legacy, cipher string) {
			o := resized(mfl)
			o.renegotiate, o.legacy, o.cipher = true, legacy, cipher
			handshake(t, o)
		},
	}, unmapped{
		"app_data":                      "a part of app_data_tls and app_data_dtls",
		"resize_buffers":                "a part of the functions whose names begin with this one's",
		"handshake_with_forced_context": "writes to a counter of records inside of the library, before there can be any",
	})
}

func moveHandshakeToState(t *suites.T, end cbridge.Endpoint, version, state, pass int) {
	o := defaults()
	if version == cbridge.TLS12 {
		if end == cbridge.Client {
			o.clientMin, o.clientMax = version, version
		} else {
			o.serverMin, o.serverMax = version, version
		}
	}
	base, second := newPair(t, o, 1024)
	defer base.close()
	defer second.close()
	if end == cbridge.Server {
		base, second = second, base
	}
	err := base.moveTo(state, second)
	if ok := err == nil || wants(err); ok != (pass != 0) {
		t.Fatalf("on the way to %s: %v", cbridge.StateName(state), err)
	}
	t.Equal("it is there", base.ssl.State() == state, pass != 0)
}

func handshakeCipher(t *suites.T, cipher string, pk int, psk []byte, dtls int) {
	o := defaults()
	o.cipher, o.pk, o.psk, o.dtls = cipher, pk, psk, dtls != 0
	o.clientMin, o.clientMax, o.version = cbridge.TLS12, cbridge.TLS12, cbridge.TLS12
	handshake(t, o)
}

func appData(t *suites.T, mfl, clientLen, serverLen, clientFragments, serverFragments int, dtls bool) {
	o := defaults()
	o.mfl, o.clientLen, o.serverLen, o.dtls = mfl, clientLen, serverLen, dtls
	o.clientFragments, o.serverFragments = clientFragments, serverFragments
	o.clientMin, o.clientMax, o.version = cbridge.TLS12, cbridge.TLS12, cbridge.TLS12
	handshake(t, o)
}

func handshakeFragmentation(t *suites.T, mfl, serverFragmented, clientFragmented int, cipher string) {
	o := defaults()
	o.dtls, o.version, o.mfl, o.cipher, o.serverAuth = true, cbridge.TLS12, mfl, cipher, cbridge.VerifyRequired
	o.clientLog = &logPattern{text: "found fragmented DTLS handshake", level: 4}
	o.serverLog = &logPattern{text: "found fragmented DTLS handshake", level: 4}
	handshake(t, o)
	for _, l := range []struct {
		what string
		want int
		log  *logPattern
	}{{"server", serverFragmented, o.serverLog}, {"client", clientFragmented, o.clientLog}} {
		if l.want != 0 && l.log.count == 0 {
			t.Fatalf("the %s got no message in fragments", l.what)
		}
	}
}

// renegotiation may have an end see a bad record before, which it counts. Upstream writes the count to the context.
func renegotiation(t *suites.T, legacy cbridge.Legacy, badMACSeenOn int) {
	o := defaults()
	o.renegotiate, o.legacy, o.dtls, o.version = true, legacy, true, cbridge.TLS12
	if badMACSeenOn >= 0 {
		o.badMACLimit = 10 // else it does not count
	}
	o.afterData = func(client, server *endpoint) {
		switch badMACSeenOn {
		case int(cbridge.Client):
			spoilRecord(server, client)
		case int(cbridge.Server):
			spoilRecord(client, server)
		}
	}
	handshake(t, o)
}

func resized(mfl int) options {
	o := defaults()
	o.mfl, o.resize, o.dtls, o.version = mfl, true, true, cbridge.TLS12
	return o
}
