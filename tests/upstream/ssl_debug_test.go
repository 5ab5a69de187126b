package upstream

import (
	"os"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Messages for debugging. Upstream calls the functions that write them; here the library does, in handshakes that make it
// say the same.
func init() {
	register("debug", functions{
		"debug_print_msg_threshold": debugThreshold,
		"mbedtls_debug_print_ret": func(t *suites.T, file string, line int, text string, value int, want string) {
			client, server := newPair(t, defaults(), 4096)
			defer client.close()
			defer server.close()
			log := client.log(2)
			client.must("SetBIO", client.ssl.SetBIO(cbridge.BIO{
				Send: func([]byte) (int, error) {
					if value == 0 {
						return 0, nil
					}
					return 0, cbridge.Code(value)
				},
				Recv: func([]byte) (int, error) { return 0, cbridge.ErrSSLWantRead },
			}))
			_ = client.advance()
			checkLog(t, *log, want, text, "ssl->f_send")
		},
		"mbedtls_debug_print_buf": func(t *suites.T, file string, line int, text string, data []byte, want string) {
			if len(data) == 0 {
				t.Skip("the data is an identity here, which has at least a byte")
			}
			client, server := pair12(t)
			defer client.close()
			defer server.close()
			log := server.log(3)
			client.force("TLS-PSK-WITH-AES-128-CBC-SHA256")
			client.must("SetPSK", client.conf.SetPSK(make([]byte, 16), data))
			unknown := func(*cbridge.SSL, []byte) error { return cbridge.ErrSSLUnknownIdentity }
			server.must("SetPSKFunc", server.conf.SetPSKFunc(unknown))
			expect(t, "handshake", server.moveTo(stateOver, client), int(cbridge.ErrSSLUnknownIdentity))
			checkLog(t, *log, want, text, "Unknown PSK identity")
		},
		"mbedtls_debug_print_crt": func(t *suites.T, certificate, file string, line int, prefix, want string) {
			client, server := pair12(t)
			defer client.close()
			defer server.close()
			log := client.log(3)
			client.must("SetAuthMode", client.conf.SetAuthMode(cbridge.VerifyNone))
			chain, err := os.ReadFile(certificate)
			expect(t, "the certificate", err, 0)
			secret, err := os.ReadFile(strings.TrimSuffix(certificate, ".crt") + ".key")
			expect(t, "its key", err, 0)
			key, err := cbridge.ParseKey(secret, []byte("PolarSSLTest"))
			expect(t, "ParseKey", err, 0)
			defer key.Close()
			server.must("AddHandshakeOwnCert", server.ssl.AddHandshakeOwnCert(server.parse(chain), key))
			client.mustMove(stateServerKeyExchange, server)
			checkLog(t, *log, want, prefix, "peer certificate")
		},
	}, unmapped{
		"printf_int_expr":         "about the format strings of the C source",
		"mbedtls_debug_print_mpi": "no handshake makes the library print such numbers",
	})
}

// pair12 is newPair for messages about TLS 1.2.
func pair12(t *suites.T) (client, server *endpoint) {
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_2") {
		t.Skip("the messages are those of handshakes of TLS 1.2 here")
	}
	return newPair(t, ofVersion(cbridge.TLS12), 17000)
}

// message is one that a closure for debugging got.
type message struct {
	level int
	text  string
}

// log collects messages, without the address that the library puts in front of them.
func (e *endpoint) log(level int) *[]message {
	log := new([]message)
	e.must("SetDebug", e.conf.SetDebug(level, func(level int, _ string, _ int, text string) {
		if cbridge.Feature("MBEDTLS_THREADING_C") {
			_, text, _ = strings.Cut(text, " ")
		}
		*log = append(*log, message{level, text})
	}))
	return log
}

// checkLog looks for the lines that are wanted, one behind the other. Each has the file and the line of upstream's call in
// front, and what in the place of with.
func checkLog(t *suites.T, log []message, want, what, with string) {
	var lines []string
	for line := range strings.Lines(strings.ReplaceAll(want, what, with)) {
		_, line, _ = strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		lines = append(lines, line)
	}
	var texts []string
	for _, m := range log {
		texts = append(texts, m.text)
	}
	for i := range len(texts) - len(lines) + 1 {
		if slices.Equal(texts[i:i+len(lines)], lines) {
			return
		}
	}
	t.Fatalf("want the lines\n%s\nin\n%s", strings.Join(lines, "\n"), strings.Join(texts, "\n"))
}

// debugThreshold looks for messages of a level, of a client that gets nonsense.
func debugThreshold(t *suites.T, threshold, level int, file string, line int, want string) {
	if level < 1 || level > 4 {
		t.Skip("the library says nothing at such a level")
	}
	client, server := newPair(t, defaults(), 4096)
	defer client.close()
	defer server.close()
	log := client.log(threshold)
	expect(t, "the ClientHello", client.advance(), int(cbridge.ErrSSLWantRead))
	client.in.buf = []byte{recordHandshake, 1, 1, 0, 4, 0, 0, 0, 0}
	expect(t, "nonsense", client.advance(), int(cbridge.ErrSSLUnexpectedMessage))
	said := slices.ContainsFunc(*log, func(m message) bool { return m.level == level })
	t.Equal("it says something", said, want != "")
}
