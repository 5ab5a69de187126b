package upstream

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// What is about the inside of the library, or of upstream's tests.
func init() {
	const (
		mock        = "about the sockets of upstream's own tests"
		keySchedule = "an internal function of TLS 1.3's key schedule, which handshakes alone call"
	)
	for reason, names := range map[string][]string{
		mock: {
			"test_callback_buffer_sanity", "test_callback_buffer", "ssl_mock_sanity", "ssl_mock_tcp", "ssl_mock_tcp_interleaving",
			"ssl_message_queue_sanity", "ssl_message_queue_basic", "ssl_message_queue_overflow_underflow",
			"ssl_message_queue_interleaved", "ssl_message_queue_insufficient_buffer", "ssl_message_mock_uninitialized",
			"ssl_message_mock_basic", "ssl_message_mock_queue_overflow_underflow", "ssl_message_mock_socket_overflow",
			"ssl_message_mock_truncated", "ssl_message_mock_socket_read_error", "ssl_message_mock_interleaved_one_way",
			"ssl_message_mock_interleaved_two_ways",
		},
		keySchedule: {
			"ssl_tls13_hkdf_expand_label", "ssl_tls13_traffic_key_generation", "ssl_tls13_derive_secret", "ssl_tls13_exporter",
			"ssl_tls13_derive_early_secrets", "ssl_tls13_derive_handshake_secrets", "ssl_tls13_derive_application_secrets",
			"ssl_tls13_derive_resumption_secrets", "ssl_tls13_create_psk_binder", "ssl_tls13_key_evolution",
		},
		"gives internal functions the keys of a record":                     {"ssl_tls13_record_protection"},
		"changes a message, and calls the internal function that parses it": {"tls13_server_certificate_msg_invalid_vector_len"},
		"ends a hash inside of a handshake":                                 {"tls_transcript_error_propagation"},
	} {
		for _, name := range names {
			register("ssl", nil, unmapped{name: reason})
		}
	}
	register("ssl", functions{
		"raw_key_agreement_fail": func(t *suites.T, badKey int) {
			if badKey != 0 {
				t.Skip("changes a key inside of the client: on the wire, the server's signature protects it")
			}
			o := defaults()
			o.pk = pkECDSA
			ofClient, ofServer := o, o
			ofClient.groups = []uint16{groupP256}
			ofServer.serverMin, ofServer.serverMax = cbridge.TLS12, cbridge.TLS12
			client, server := newPairOf(t, ofClient, ofServer, 17000)
			defer client.close()
			defer server.close()
			client.mustMove(stateClientKeyExchange, server)
			client.mustMove(stateOver, server)
		},
	}, nil)

	notMapped("Go's package net stands for mbedtls/net_sockets.h", "net")
}
