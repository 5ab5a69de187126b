package interop_test

import (
	"bytes"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// keySuites have all the hashes that a suite has for its PRF, and for its MAC.
var keySuites = []struct {
	version uint16
	suite   uint16 // 0: whatever the peers choose
	openssl string
}{
	{tls.VersionTLS13, 0, ""},
	{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256"},
	{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384"},
	{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, "ECDHE-RSA-AES128-SHA256"},
	{tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA"}, // the PRF's is no SHA-1
}

// logLines are the lines of a key log, in order, without comments.
func logLines(log string) (lines []string) {
	for line := range strings.Lines(log) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	return lines
}

// exports are keying material for all sorts of labels and contexts.
func exports(t *testing.T, export func(label string, context []byte, length int) ([]byte, error)) (all []string) {
	t.Helper()
	for _, label := range []string{"EXPORTER-gombedtls", "client EAP encryption", strings.Repeat("l", 200)} {
		for _, context := range [][]byte{nil, {}, []byte("some context"), make([]byte, 300)} {
			for _, length := range []int{0, 1, 32, 33, 1000, 8160} {
				material, err := export(label, context, length)
				if err != nil {
					t.Fatalf("%q, context %v, length %d: %v", label, context, length, err)
				}
				all = append(all, hex.EncodeToString(material))
			}
		}
	}
	return all
}

// What crypto/tls logs and exports at the other end is the same to the byte.
func TestKeysAreThoseOfCryptoTLS(t *testing.T) {
	t.Parallel()
	for _, s := range keySuites {
		for _, server := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s/server %t", tls.VersionName(s.version), s.openssl, server), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.RSA2048)
				var ours, theirs bytes.Buffer
				leaf := testpki.Leaf{Algorithm: testpki.RSA2048}
				theirConfig := w.cryptoConfig(s.version, w.ca.Issue(leaf))
				theirConfig.KeyLogWriter = &theirs
				if s.suite != 0 {
					theirConfig.CipherSuites = []uint16{s.suite}
				}
				config := w.config(leaf)
				config.KeyLogWriter = &ours
				var conn *mbedtls.Conn
				var state tls.ConnectionState
				if server {
					l := w.listen(config)
					done := make(chan error, 1)
					go func() {
						c, err := tls.Dial("tcp", l.addr(), theirConfig)
						if err == nil {
							state = c.ConnectionState()
							w.t.Cleanup(func() { c.Close() })
						}
						done <- err
					}()
					var err error
					if conn, err = l.handshake(); err != nil {
						t.Fatal(err)
					}
					if err := <-done; err != nil {
						t.Fatal(err)
					}
				} else {
					addr, result := w.cryptoServer(theirConfig)
					var err error
					if conn, err = w.dial(addr, config); err != nil {
						t.Fatal(err)
					}
					r := <-result
					if r.err != nil {
						t.Fatal(r.err)
					}
					state = r.conn.ConnectionState()
				}
				if s.suite != 0 {
					checkSuite(t, conn, s.suite)
				}
				if diff := cmp.Diff(logLines(theirs.String()), logLines(ours.String())); diff != "" {
					t.Errorf("key log (-crypto/tls +ours):\n%s", diff)
				}
				if diff := cmp.Diff(exports(t, state.ExportKeyingMaterial), exports(t, conn.ExportKeyingMaterial)); diff != "" {
					t.Errorf("keying material (-crypto/tls +ours):\n%s", diff)
				}
			})
		}
	}
}

// OpenSSL logs and exports the same; in TLS 1.3 it logs the exporter's secret too, which Mbed TLS keeps to itself.
func TestKeysAreThoseOfOpenSSL(t *testing.T) {
	t.Parallel()
	const label, length = "EXPORTER-gombedtls", 57
	for _, s := range keySuites {
		for _, server := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s %s/server %t", tls.VersionName(s.version), s.openssl, server), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.RSA2048)
				leaf := testpki.Leaf{Algorithm: testpki.RSA2048}
				logFile := filepath.Join(w.dir, "keys.log")
				options := w.options(leaf)
				options.Version, options.Verbose, options.Size = s.version, true, 1000
				options.Args = []string{"-keylogfile", logFile, "-keymatexport", label, "-keymatexportlen", strconv.Itoa(length)}
				if s.suite != 0 {
					options.Args = append(options.Args, "-cipher", s.openssl)
				}
				var ours bytes.Buffer
				config := w.config(leaf)
				config.KeyLogWriter = &ours
				var conn *mbedtls.Conn
				var peer *peers.Peer
				var err error
				if server {
					l := w.listen(config)
					peer = w.client(peers.OpenSSL, l.addr(), options)
					conn, err = l.handshake()
				} else {
					peer = w.server(peers.OpenSSL, options)
					conn, err = w.dial(peer.Addr, config)
				}
				if err != nil {
					t.Fatal(peer.Explain(err))
				}
				material, err := conn.ExportKeyingMaterial(label, nil, length)
				if err != nil {
					t.Fatal(err)
				}
				if err := peer.Await(peer.Stdout, fmt.Sprintf("Keying material: %X", material)); err != nil {
					t.Error(err)
				}
				exchange(t, peer, conn)
				log, err := os.ReadFile(logFile)
				if err != nil {
					t.Fatal(err)
				}
				theirs := slices.DeleteFunc(logLines(string(log)), func(line string) bool { return strings.HasPrefix(line, "EXPORTER_SECRET ") })
				if diff := cmp.Diff(theirs, logLines(ours.String())); diff != "" {
					t.Errorf("key log (-OpenSSL +ours):\n%s", diff)
				}
			})
		}
	}
}

// tshark decrypts with the key log what it captures; where it is not installed, or may not capture, the tests above
// must do.
func TestTsharkDecryptsWithTheKeyLog(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed")
	}
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			config.MinVersion, config.MaxVersion = version, version
			logFile := filepath.Join(w.dir, "keys.log")
			log, err := os.Create(logFile)
			if err != nil {
				t.Fatal(err)
			}
			defer log.Close()
			config.KeyLogWriter = log
			l := w.listen(config)
			_, port, err := net.SplitHostPort(l.addr())
			if err != nil {
				t.Fatal(err)
			}
			capture := filepath.Join(w.dir, "capture.pcap")
			p, err := peers.Start(w.ctx, "tshark", tshark, "-i", "lo", "-f", "tcp port "+port, "-w", capture, "-P", "-l")
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stop()
			shown := &peers.Peer{Process: p}
			if err := shown.Await(p.Stderr, "Capturing on"); err != nil {
				t.Skip(err)
			}
			// It captures some time after it says so: probe until it shows a packet.
			for !strings.Contains(p.Stdout.String(), port) {
				select {
				case <-p.Done():
					t.Skip(p.Report())
				case <-w.ctx.Done():
					t.Skip(p.Report())
				default:
				}
				probe, err := net.Dial("tcp", l.addr())
				if err != nil {
					t.Fatal(err)
				}
				probe.Close()
				if c, err := l.Accept(); err == nil {
					c.Close()
				}
			}
			const secret = "GET /the-secret HTTP/1.0\r\n\r\n"
			go func() {
				conn, err := w.dial(l.addr(), config.Clone())
				if err == nil {
					_, err = conn.Write([]byte(secret))
				}
				if err != nil {
					t.Error(err)
				}
			}()
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := conn.Read(make([]byte, 100)); err != nil || n != len(secret) {
				t.Fatalf("Read: %d, %v", n, err)
			}
			conn.Close()
			if err := shown.Await(p.Stdout, `\[FIN, ACK\](?s:.*Application Data.*)\[FIN, ACK\]|Application Data(?s:.*)\[FIN, ACK\]`); err != nil {
				t.Fatal(err)
			}
			p.Stop()
			out, err := peers.Run(w.ctx, tshark, "-r", capture, "-o", "tls.keylog_file:"+logFile, "-d", "tcp.port=="+port+",tls",
				"-q", "-z", "follow,tls,ascii,"+streamOf(t, w, tshark, capture))
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(out, []byte("GET /the-secret")) {
				t.Errorf("tshark does not decrypt:\n%s", out)
			}
		})
	}
}

// streamOf is the number of the TCP stream with TLS in it.
func streamOf(t *testing.T, w *world, tshark, capture string) string {
	t.Helper()
	out, err := peers.Run(w.ctx, tshark, "-r", capture, "-Y", "tls.handshake.type == 1", "-T", "fields", "-e", "tcp.stream")
	if err != nil {
		t.Fatal(err)
	}
	stream, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return stream
}
