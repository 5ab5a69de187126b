package psa_test

import (
	"bufio"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

const (
	dirVariable = "GOMBEDTLS_PSA_DIR"
	keyID       = 0x5e1f
)

// children are what copies of this program do.
var children = map[string]func() int{
	"issue": func() int { return report(issue(os.Getenv(dirVariable))) },
	"serve": func() int { return report(serve(os.Getenv(dirVariable))) },
}

func report(err error) int {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func certificateFile(dir string) string { return filepath.Join(dir, "certificate.der") }

// issue makes the key of a server, which nobody ever sees, and its certificate.
func issue(dir string) error {
	if err := psa.SetStorage(dir); err != nil {
		return err
	}
	k, err := psa.Generate(psa.Attributes{
		Type: psa.ECCKeyPair(psa.SECPR1), Bits: 256, Algorithm: psa.ECDSA(psa.AnyHash), Usage: psa.UsageSignHash, ID: keyID,
	})
	if err != nil {
		return err
	}
	defer k.Close()
	der, err := selfSigned(k)
	if err != nil {
		return err
	}
	return os.WriteFile(certificateFile(dir), der, 0o600)
}

// serve opens the key by its number, and serves echoes with it, in both ways that there are, until its input ends.
func serve(dir string) error {
	if err := psa.SetStorage(dir); err != nil {
		return err
	}
	k, err := psa.Open(keyID)
	if err != nil {
		return err
	}
	defer k.Close()
	der, err := os.ReadFile(certificateFile(dir))
	if err != nil {
		return err
	}
	keys := []crypto.PrivateKey{k}
	opaque, err := k.PrivateKey()
	switch {
	case err == nil:
		defer opaque.Close()
		keys = append(keys, opaque)
	case !errors.Is(err, errors.ErrUnsupported):
		return err
	}
	for _, key := range keys {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer l.Close()
		config := &mbedtls.Config{Certificates: []mbedtls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go echo(mbedtls.Server(conn, config))
			}
		}()
		fmt.Println(l.Addr())
	}
	fmt.Println()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func echo(c *mbedtls.Conn) {
	defer c.Close()
	line, err := bufio.NewReader(c).ReadString('\n')
	if err == nil {
		_, _ = c.Write([]byte(line)) // the client sees that there is none
	}
}

func copyOf(t *testing.T, name, dir string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), must[string](t)(os.Executable()))
	cmd.Env = append(os.Environ(), child+"="+name, dirVariable+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// TestServerThatNeverHoldsItsKey makes a key in one process, and serves TLS with it in another.
func TestServerThatNeverHoldsItsKey(t *testing.T) {
	needs(t, "MBEDTLS_PSA_ITS_FILE_C", "MBEDTLS_SSL_SRV_C", "MBEDTLS_SSL_ASYNC_PRIVATE", "MBEDTLS_SSL_PROTO_TLS1_2", "MBEDTLS_SSL_PROTO_TLS1_3")
	t.Parallel()
	dir := t.TempDir()
	check(t, copyOf(t, "issue", dir).Run())
	server := copyOf(t, "serve", dir)
	input := must[io.WriteCloser](t)(server.StdinPipe())
	output := must[io.ReadCloser](t)(server.StdoutPipe())
	check(t, server.Start())
	defer func() {
		input.Close()
		if err := server.Wait(); err != nil {
			t.Error(err)
		}
	}()
	pool := x509.NewCertPool()
	pool.AddCert(must[*x509.Certificate](t)(x509.ParseCertificate(must[[]byte](t)(os.ReadFile(certificateFile(dir))))))
	lines := bufio.NewScanner(output)
	for lines.Scan() && lines.Text() != "" {
		addr := lines.Text()
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, ServerName: "localhost", MinVersion: version, MaxVersion: version})
			if err != nil {
				t.Errorf("%s: %v", tls.VersionName(version), err)
				continue
			}
			fmt.Fprintln(conn, "hello")
			if got, err := bufio.NewReader(conn).ReadString('\n'); err != nil || got != "hello\n" {
				t.Errorf("%s: %q, %v", tls.VersionName(version), got, err)
			}
			conn.Close()
			client := exec.CommandContext(t.Context(), "openssl", "s_client", "-connect", addr, "-servername", "localhost", "-quiet", "-ign_eof",
				map[uint16]string{tls.VersionTLS12: "-tls1_2", tls.VersionTLS13: "-tls1_3"}[version])
			client.Stdin = strings.NewReader("hello\n")
			if out, err := client.CombinedOutput(); !strings.Contains(string(out), "hello") {
				t.Errorf("openssl, %s: %v\n%s", tls.VersionName(version), err, out)
			}
		}
	}
}
