package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/leakcheck"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func TestMain(m *testing.M) {
	leakcheck.Main(m, cbridge.CountAllocations, cbridge.Shutdown, cbridge.Held)
}

// testTimeout bounds every wait of a test.
var testTimeout = emulator.Patience(2 * time.Minute)

// call runs the program as main does.
func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	defer cancel()
	var out, errs bytes.Buffer
	code = run(ctx, args, &out, &errs)
	return code, out.String(), errs.String()
}

// write makes a policy of its own, and returns its path.
func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own.policy")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUsageIsExplained(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		args []string
		code int
		want string // part of stderr
	}{
		{"nothing", nil, 2, "usage: mbedtls-policy print|check|diff|probe"},
		{"no such verb", []string{"judge"}, 2, `no verb "judge"`},
		{"help", []string{"probe", "--help"}, 0, "-listen"},
		{"unknown flag", []string{"check", "--loud", "default"}, 2, "loud"},
		{"diff of one", []string{"diff", "default"}, 2, "diff takes 2 arguments, not 1"},
		{"no such policy", []string{"print", "lax"}, 2, `"lax" is neither default, strict nor suiteb, nor a file`},
		{"broken policy", []string{"print", write(t, "ciphers = ROT13\n")}, 2, `own.policy:1: ciphers = ROT13: "ROT13" is none of`},
		{"no port", []string{"probe", "default", "localhost"}, 2, "missing port"},
		{"half a certificate", []string{"probe", "default", "--listen", "127.0.0.1:0", "--cert", "x"}, 2, "--cert and --key go together"},
		{"nobody there", []string{"probe", "default", "127.0.0.1:1"}, 2, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := call(t, tt.args...)
			if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("code %d, stdout %q, stderr %q; want code %d and %q", code, stdout, stderr, tt.code, tt.want)
			}
		})
	}
}

func TestPrintIsReadBack(t *testing.T) {
	t.Parallel()
	for name, p := range policies {
		for _, flag := range []string{"", "-v"} {
			args := []string{"print", name}
			if flag != "" {
				args = append(args, flag)
			}
			code, text, stderr := call(t, args...)
			if code != 0 || stderr != "" {
				t.Fatalf("code %d, %s", code, stderr)
			}
			if _, again, _ := call(t, "print", write(t, text)); again != mbedtls.PolicyText(p) {
				t.Errorf("%s %s reads back as\n%s", name, flag, again)
			}
		}
	}
}

func TestPrintExplainsTheRulesOfBotan(t *testing.T) {
	t.Parallel()
	own := write(t, "srtp_profiles = 1\ndtls_initial_timeout = 250\nkey_exchange_groups_to_offer = none\n")
	code, out, stderr := call(t, "print", "-v", own)
	if code != 0 || stderr != "" {
		t.Fatalf("code %d, %s", code, stderr)
	}
	for _, want := range []string{
		"# profiles of DTLS-SRTP (RFC 5764) that a Config may ask for; none is no SRTP\nsrtp_profiles = SRTP_AES128_CM_HMAC_SHA1_80\n",
		"\ndtls_initial_timeout = 250\n", "\nkey_exchange_groups_to_offer = none\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("want %q in\n%s", want, out)
		}
	}
}

func TestDiffShowsWhatIsDifferent(t *testing.T) {
	t.Parallel()
	own := write(t, "minimum_rsa_bits = 4096\n")
	if code, out, _ := call(t, "diff", "default", "default"); code != 0 || out != "" {
		t.Errorf("code %d, %q", code, out)
	}
	if code, out, _ := call(t, "diff", "default", own); code != 1 || !strings.Contains(out, "minimum_rsa_bits  2048     4096") {
		t.Errorf("code %d, %s", code, out)
	}
	code, out, _ := call(t, "diff", "--json", "default", own)
	var got []mbedtls.PolicyDifference
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 1 {
		t.Fatalf("code %d, %v: %s", code, err, out)
	}
	if diff := cmp.Diff([]mbedtls.PolicyDifference{{Key: "minimum_rsa_bits", A: "2048", B: "4096"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCheckTellsWhatCannotBeMet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, policy string
		code         int
		want         []string // parts of the output
	}{
		{"default", "default", 0, []string{"client  TLS        TLS 1.2, TLS 1.3", "server  DTLS       DTLS 1.2"}},
		{"strict", "strict", 0, []string{"server  TLS        TLS 1.2, TLS 1.3  9       ok"}},
		{"Suite B", "suiteb", 0, []string{"client  DTLS       -         0       forbidden by allow_dtls12"}},
		{"keys alone", write(t, "key_exchange_methods = PSK ECDHE-PSK\n"), 0, []string{"server  TLS", "ok"}},
		{"point compression", write(t, "use_ecc_point_compression = true\n"), 1,
			[]string{"cannot be met: 1", "use_ecc_point_compression  true   Mbed TLS sends and takes no compressed points"}},
		{"what Botan has, and Mbed TLS has not", write(t, "support_cert_status_message = true\nhash_hello_random = true\n"), 1,
			[]string{"cannot be met: 2", "support_cert_status_message  true   Mbed TLS has no OCSP stapling"}},
		{"no tickets", write(t, "maximum_session_tickets_per_client_hello = 0\n"), 0, []string{"client  TLS        TLS 1.2, TLS 1.3"}},
		{"nothing left", write(t, "allow_tls12 = no\n"), 1, []string{"own.policy:1: allow_tls12 = no: must be true or false"}},
		{"no version", write(t, "allow_tls12 = false\nallow_tls13 = false\nallow_dtls12 = false\n"), 1, []string{"forbidden by allow_tls13"}},
		{"against a server's defaults", write(t, "minimum_dh_group_size = 3072\n"), 1, []string{"Config.DHParams: 2048 bits: is against the policy: minimum_dh_group_size = 3072"}},
		{"client certificates", write(t, "require_client_certificate_authentication = true\n"), 0, []string{"server  TLS"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, stderr := call(t, "check", tt.policy)
			if code != tt.code || stderr != "" {
				t.Errorf("code %d, %s%s", code, out, stderr)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("want %q in\n%s", want, out)
				}
			}
		})
	}
}

// serveTLS is a server of crypto/tls that shakes hands with all that come.
func serveTLS(t *testing.T, config *tls.Config) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, l, func(raw net.Conn) net.Conn { return tls.Server(raw, config) })
}

// serveOn reads from all connections until they end.
func serveOn(t *testing.T, l net.Listener, wrap func(net.Conn) net.Conn) (addr string) {
	t.Helper()
	var wg sync.WaitGroup
	stop, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { l.Close(); cancel(); wg.Wait() })
	wg.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				conn := wrap(raw)
				defer conn.Close()
				defer context.AfterFunc(stop, func() { conn.Close() })()
				_, _ = io.Copy(io.Discard, conn)
			})
		}
	})
	return l.Addr().String()
}

// acceptedOf are the offers of a kind that a server accepted.
func acceptedOf(r probed, kind string) (list []string) {
	for _, o := range r.Offers {
		if o.Accepted && o.Kind == kind {
			list = append(list, o.Offer)
		}
	}
	return list
}

func probeJSON(t *testing.T, wantCode int, args ...string) probed {
	t.Helper()
	code, out, stderr := call(t, append([]string{"probe", "--json"}, args...)...)
	if code != wantCode {
		t.Errorf("code %d, want %d: %s", code, wantCode, stderr)
	}
	var r probed
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatalf("%v: %s%s", err, out, stderr)
	}
	return r
}

func TestProbeFindsWhatAServerAcceptsThoughForbidden(t *testing.T) {
	t.Parallel()
	ca := testpki.NewCA(testpki.P256, "root")
	addr := serveTLS(t, &tls.Config{
		Certificates: []tls.Certificate{ca.Issue(testpki.Leaf{Algorithm: testpki.RSA2048})},
		MinVersion:   tls.VersionTLS10,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256,
		},
		CurvePreferences: []tls.CurveID{tls.X25519, tls.CurveP256},
	})
	own := write(t, "include x25519\nallow_tls13 = true\n")
	if err := os.WriteFile(filepath.Join(filepath.Dir(own), "x25519"), []byte("key_exchange_groups = x25519\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r := probeJSON(t, 1, "--timeout", "30s", own, addr)
	if r.Connection == "" || len(r.Violations) > 0 {
		t.Errorf("connection %q, %v; violations %v", r.Connection, r.Error, r.Violations)
	}
	for kind, want := range map[string][]string{
		"version":      {"TLS 1.0", "TLS 1.1"},
		"cipher suite": {"TLS-ECDHE-RSA-WITH-AES-128-CBC-SHA", "TLS-RSA-WITH-AES-128-GCM-SHA256"},
		"group":        {"secp256r1 in TLS 1.2", "secp256r1 in TLS 1.3"},
		"extension":    nil,
	} {
		if diff := cmp.Diff(want, acceptedOf(r, kind)); diff != "" {
			t.Errorf("%s: %s", kind, diff)
		}
	}

	r = probeJSON(t, 1, "--timeout", "30s", "strict", addr)
	want := []violation{{"minimum_rsa_bits", "3072", "certificate 0 has an RSA key of 2048 bits"}}
	if diff := cmp.Diff(want, r.Violations); diff != "" || r.Connection != "" {
		t.Errorf("connection %q, violations %s", r.Connection, diff)
	}
	if _, out, _ := call(t, "probe", "--timeout", "30s", own, addr); !strings.Contains(out, "TLS-RSA-WITH-AES-128-GCM-SHA256     key_exchange_methods  cipher suite") {
		t.Errorf("table:\n%s", out)
	}
}

func TestProbeFindsNothingWrongWithAServerUnderThePolicy(t *testing.T) {
	t.Parallel()
	ca := testpki.NewCA(testpki.P256, "root")
	caFile, err := ca.Write(t.TempDir(), "ca")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := mbedtls.FromTLSCertificate(ca.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		network string
		flags   []string
	}{
		{"TLS", "tcp", []string{"--ca", caFile, "--timeout", "30s"}},
		{"DTLS", "udp", []string{"--dtls", "--timeout", "20s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			config := &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}, Policy: mbedtls.StrictPolicy}
			t.Cleanup(func() { config.Close() })
			l, err := mbedtls.Listen(tt.network, "127.0.0.1:0", config)
			if err != nil {
				t.Fatal(err)
			}
			addr := serveOn(t, l, func(c net.Conn) net.Conn { return c })
			r := probeJSON(t, 0, append(tt.flags, "strict", addr)...)
			if r.Connection == "" || len(r.Violations) > 0 || len(r.Offers) < 10 {
				t.Errorf("connection %q, %s, violations %v, %d offers", r.Connection, r.Error, r.Violations, len(r.Offers))
			}
			for _, o := range r.Offers {
				if o.Accepted {
					t.Errorf("accepted: %+v", o)
				}
			}
		})
	}
}

// A server that is gone, that says nothing, or that lets nobody in any more, refuses nothing.
func TestProbeThatLosesTheServerIsNoResult(t *testing.T) {
	t.Parallel()
	ca := testpki.NewCA(testpki.P256, "root")
	good := &tls.Config{Certificates: []tls.Certificate{ca.Issue(testpki.Leaf{})}}
	for _, tt := range []struct {
		name    string
		after   func(l net.Listener, raw net.Conn, interrupt func()) // in place of TLS, for the third connection and those after it
		timeout string
		want    string
	}{
		{"gone", func(l net.Listener, raw net.Conn, _ func()) { l.Close(); raw.Close() }, "30s", "nothing more can be found out: dial"},
		{"silent", func(net.Listener, net.Conn, func()) {}, "1s", "nothing more can be found out"},
		{"closes at once", func(_ net.Listener, raw net.Conn, _ func()) { raw.Close() }, "30s", "does not connect any more"},
		{"interrupted", func(_ net.Listener, _ net.Conn, interrupt func()) { interrupt() }, "30s", "context canceled"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
			defer cancel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var n atomic.Int32
			addr := serveOn(t, l, func(raw net.Conn) net.Conn {
				if n.Add(1) <= 2 {
					return tls.Server(raw, good)
				}
				tt.after(l, raw, cancel)
				return raw
			})
			var out, errs bytes.Buffer
			code := run(ctx, []string{"probe", "default", addr, "--timeout", tt.timeout}, &out, &errs)
			if code != unknown || out.Len() > 0 || !strings.Contains(errs.String(), tt.want) {
				t.Errorf("code %d, %s%s, want code %d and %q", code, &out, &errs, unknown, tt.want)
			}
		})
	}
}

// listening runs a probe of clients, and gives its address and what it prints after that.
func listening(t *testing.T, args ...string) (addr string, output *bufio.Reader, code <-chan int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), testTimeout)
	r, w := io.Pipe()
	done := make(chan int, 1)
	t.Cleanup(func() { cancel(); r.Close() })
	go func() {
		var errs bytes.Buffer
		code := run(ctx, append([]string{"probe", "--listen", "127.0.0.1:0"}, args...), w, &errs)
		if errs.Len() > 0 {
			t.Error(errs.String())
		}
		w.Close()
		done <- code
	}()
	output = bufio.NewReader(r)
	line, err := output.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(strings.TrimPrefix(line, "listening at ")), output, done
}

func TestListeningProbeTellsWhatClientsOffer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		client *tls.Config
		code   int
		want   []string
	}{
		{"weak", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_RSA_WITH_AES_128_CBC_SHA,
		}}, 1, []string{"TLS 1.2, TLS-ECDHE-ECDSA-WITH-AES-128-GCM-SHA256", "ciphers", "TLS-RSA-WITH-AES-128-CBC-SHA"}},
		{"nothing in common", &tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_AES_128_CBC_SHA}}, 1,
			[]string{"no connection: ", "MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE", "TLS-RSA-WITH-AES-128-CBC-SHA"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			addr, output, code := listening(t, "--count", "1", "strict")
			tt.client.InsecureSkipVerify = true
			if conn, err := tls.Dial("tcp", addr, tt.client); err == nil {
				conn.Close()
			}
			text, err := io.ReadAll(output)
			if err != nil {
				t.Fatal(err)
			}
			if got := <-code; got != tt.code {
				t.Errorf("code %d, want %d", got, tt.code)
			}
			for _, want := range tt.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("want %q in\n%s", want, text)
				}
			}
		})
	}
}

func TestListeningProbeIsContentWithAClientUnderThePolicy(t *testing.T) {
	t.Parallel()
	addr, output, code := listening(t, "--count", "1", "strict")
	config := &mbedtls.Config{Policy: mbedtls.StrictPolicy, InsecureSkipVerify: true}
	defer config.Close()
	conn, err := mbedtls.Dial("tcp", addr, config)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	text, _ := io.ReadAll(output)
	if got := <-code; got != 0 || !strings.Contains(string(text), "offers nothing that the policy forbids") {
		t.Errorf("code %d, %s", got, text)
	}
}
