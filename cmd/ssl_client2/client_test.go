package main

import (
	"bytes"
	"fmt"
	"net"
	"regexp"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// client2 runs the program.
func client2(args ...string) (status int, output string) {
	var out bytes.Buffer
	status = run(args, &out)
	return status, out.String()
}

func TestCommandLine(t *testing.T) {
	for name, tt := range map[string]struct {
		args   []string
		status int
		want   string
	}{
		"help":          {[]string{"help"}, 0, `server_addr=`},
		"suites":        {[]string{"help_ciphersuites"}, 0, `TLS`},
		"a macro":       {[]string{"query_config=MBEDTLS_SSL_CLI_C"}, 0, ``},
		"no such macro": {[]string{"query_config=MBEDTLS_NONE"}, 1, `^$`},
		"no such suite": {[]string{"force_ciphersuite=TLS-NONE"}, 2, `force_ciphersuite`},
		"no such param": {[]string{"sni=a"}, 1, `unrecognized param: 'sni'`},
		"no such group": {[]string{"groups=none1"}, 1, `! groups: there is no none1\n\n$`},
		"no such file":  {[]string{"ca_file=/none"}, 1, `Loading the CA root certificate \.\.\. failed\n  ! open /none: .*\n\n$`},
	} {
		t.Run(name, func(t *testing.T) {
			status, out := client2(tt.args...)
			if status != tt.status || !regexp.MustCompile(tt.want).MatchString(out) {
				t.Errorf("status %d, want %d and %q; output:\n%s", status, tt.status, tt.want, out)
			}
		})
	}
}

func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	status, out := client2("server_addr=127.0.0.1", "server_port="+port)
	if status != 1 || !strings.Contains(out, "mbedtls_net_connect returned -0x44") || !strings.Contains(out, "Last error was: -0x44 - ") {
		t.Errorf("status %d; output:\n%s", status, out)
	}
}

// TestAgainstUpstreamsServer runs the program with ssl_server2; the suites of tests/upstream look closer.
func TestAgainstUpstreamsServer(t *testing.T) {
	for name, tt := range map[string]struct {
		needs        []string // options of the build
		server, args []string
		status       int
		want         []string // in this order
	}{
		"TLS 1.3": {needs: []string{"MBEDTLS_SSL_PROTO_TLS1_3"}, args: []string{"force_version=tls13"},
			want: []string{`handshake\.\.\. ok|Depth 0`, `Protocol is TLSv1\.3`, `X\.509 certificate\.\.\. ok`, `bytes written in 1 fragments`,
				`Read from server: \d+ bytes read`, `Closing the connection\.\.\. done`}},
		"another name": {args: []string{"server_name=wrong.example"}, status: 1,
			want: []string{`mbedtls_ssl_handshake returned -0x2700`, `does not match with the expected CN`, `Last error was: -0x2700 - `}},
		"any name": {args: []string{"server_name=wrong.example", "set_hostname=NULL"}, want: []string{`X\.509 certificate\.\.\. ok`}},
		"no trust": {args: []string{"ca_file=none"}, status: 1, want: []string{`Last error was: -0x7680 - SSL - No CA Chain is set`}},
		"empty request": {args: []string{"request_size=0"},
			want: []string{` 0 bytes written in 1 fragments`, ` \d\d bytes written in 1 fragments`, `bytes read`}},
		"long request": {args: []string{"request_size=20000"}, want: []string{` 20000 bytes written in 2 fragments`}},
		"three exchanges": {server: []string{"exchanges=3"}, args: []string{"exchanges=3"},
			want: []string{`bytes read`, `bytes read`, `bytes read`, `Closing`}},
		"session": {needs: []string{"MBEDTLS_SSL_PROTO_TLS1_2"}, args: []string{"force_version=tls12", "reconnect=2"},
			want: []string{`Saving session for reuse\.\.\. ok`, `Closing`, `Reconnecting with saved session\.\.\. ok`, `Closing`,
				`Reconnecting with saved session\.\.\. ok`, `Closing`}},
		"session in memory": {needs: []string{"MBEDTLS_SSL_PROTO_TLS1_2"}, args: []string{"force_version=tls12", "reconnect=1", "reco_mode=0"},
			want: []string{`Saving session for reuse\.\.\. ok`, `Reconnecting with saved session\.\.\. ok`}},
		"tickets": {needs: []string{"MBEDTLS_SSL_PROTO_TLS1_3", "MBEDTLS_SSL_SESSION_TICKETS"}, server: []string{"tickets=2"},
			args: []string{"force_version=tls13", "reconnect=1", "new_session_tickets=1"},
			want: []string{`got new session ticket \( 0 \)`, `Saving session for reuse\.\.\. ok`, `got new session ticket \( 1 \)`, `bytes read`,
				`Reconnecting with saved session\.\.\. ok`, `bytes read`}},
		"no tickets": {needs: []string{"MBEDTLS_SSL_PROTO_TLS1_3", "MBEDTLS_SSL_SESSION_TICKETS"}, status: 1,
			args: []string{"force_version=tls13", "reconnect=1"}, want: []string{`Reconnecting with saved session\.\.\. failed`}},
		"renegotiation": {needs: []string{"MBEDTLS_SSL_PROTO_TLS1_2", "MBEDTLS_SSL_RENEGOTIATION"}, server: []string{"renegotiation=1", "exchanges=2"},
			args: []string{"force_version=tls12", "renegotiate=2", "exchanges=2"}, want: []string{`bytes read`, `Performing renegotiation`, ` ok`}},
		"DTLS moved": {needs: []string{"MBEDTLS_SSL_DTLS_CONNECTION_ID", "MBEDTLS_SSL_CONTEXT_SERIALIZATION"},
			server: []string{"dtls=1", "cid=1", "cid_val=dead", "exchanges=2"}, args: []string{"dtls=1", "cid=1", "cid_val=beef", "exchanges=2", "serialize=2"},
			want: []string{`\(initial handshake\) Peer CID \(length 2 Bytes\): de ad`, `bytes read`, `Deserializing connection\.\.\. ok`, `bytes read`, `Closing`}},
		"DTLS from the same port": {needs: []string{"MBEDTLS_SSL_DTLS_CLIENT_PORT_REUSE"}, server: []string{"dtls=1", "exchanges=2"},
			args: []string{"dtls=1", "reconnect_hard=1"}, want: []string{`bytes read`, `Restarting connection from same port`, ` ok`, `bytes read`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, option := range tt.needs {
				if !cbridge.Feature(option) {
					t.Skipf("this build lacks %s", option)
				}
			}
			server, err := peers.MbedTLS.Server(t.Context(), peers.Options{
				Datagram: len(tt.server) > 0 && tt.server[0] == "dtls=1",
				Args:     append([]string{"crt_file=", "key_file=", "exchanges=1", "response_size=100", "buffer_size=200"}, tt.server...),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer server.Stop()
			host, port, _ := net.SplitHostPort(server.Addr)
			status, out := client2(append([]string{"server_addr=" + host, "server_port=" + port}, tt.args...)...)
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			has(t, out, tt.want)
		})
	}
}

// has looks for patterns one after another.
func has(t *testing.T, output string, patterns []string) {
	t.Helper()
	rest := output
	for _, pattern := range patterns {
		at := regexp.MustCompile(pattern).FindStringIndex(rest)
		if at == nil {
			t.Fatalf("no %q after what comes before it; output:\n%s", pattern, output)
		}
		rest = rest[at[1]:]
	}
}

func TestRequestIsSentAgain(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_DTLS") || !cbridge.Feature("MBEDTLS_KEY_EXCHANGE_PSK_ENABLED") {
		t.Skip("this build lacks DTLS, or pre-shared keys")
	}
	for name, tt := range map[string]struct {
		ignored, resend, status int
		want                    []string
	}{
		"enough":     {2, 2, 0, []string{` timeout`, `bytes written`, ` timeout`, `bytes written`, `Read from server: 3 bytes read`}},
		"not enough": {2, 1, 1, []string{` timeout`, `bytes written`, ` timeout\n`, `Last error was: -0x6800`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := &mbedtls.Config{PSK: &mbedtls.PSK{Identity: "Client_identity", Key: []byte{0xab, 0xcd}}}
			defer config.Close()
			l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			accepted, served := make(chan net.Conn, 1), make(chan error, 1)
			go func() {
				conn, err := l.Accept()
				if err == nil {
					accepted <- conn
					err = answerAfter(conn, tt.ignored)
				}
				served <- err
			}()
			_, port, _ := net.SplitHostPort(l.Addr().String())
			status, out := client2("server_addr=127.0.0.1", "server_port="+port, "dtls=1", "psk=abcd", "read_timeout=100",
				fmt.Sprintf("max_resend=%d", tt.resend))
			l.Close()
			(<-accepted).Close() // the client may not say that it has gone
			if err := <-served; tt.status == 0 && err != nil {
				t.Error(err)
			}
			if status != tt.status {
				t.Errorf("status %d, want %d", status, tt.status)
			}
			has(t, out, tt.want)
		})
	}
}

// answerAfter answers a request after so many others.
func answerAfter(conn net.Conn, ignored int) error {
	for range ignored + 1 {
		if _, err := conn.Read(make([]byte, 100)); err != nil {
			return err
		}
	}
	_, err := conn.Write([]byte("ok\n"))
	return err
}
