package peers_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// fixture is one side's files and the other's certificates, each trusted by the other.
type fixture struct {
	ctx     context.Context
	options peers.Options
	config  *tls.Config
}

func newFixture(t *testing.T, version uint16) fixture {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	dir := t.TempDir()
	ca := testpki.NewCA(testpki.P256, "root")
	file, err := ca.Write(dir, "ca")
	if err != nil {
		t.Fatal(err)
	}
	peer, err := testpki.Write(dir, "peer", ca.Issue(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	return fixture{
		ctx:     ctx,
		options: peers.Options{Version: version, CA: file, Cert: peer.Cert, Key: peer.Key, Size: 1 << 20},
		config: &tls.Config{
			Certificates: []tls.Certificate{ca.Issue(testpki.Leaf{})},
			RootCAs:      ca.Pool(),
			ClientCAs:    ca.Pool(),
			ClientAuth:   tls.RequireAndVerifyClientCert,
			ServerName:   "localhost",
		},
	}
}

// server starts a program for a client in this process.
func (f fixture) server(t *testing.T, p peers.Program) *peers.Peer {
	t.Helper()
	peer, err := p.Server(f.ctx, f.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(peer.Stop)
	return peer
}

// client starts a program that connects to addr.
func (f fixture) client(t *testing.T, p peers.Program, addr net.Addr) *peers.Peer {
	t.Helper()
	peer, err := p.Client(f.ctx, addr.String(), f.options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(peer.Stop)
	return peer
}

// exchange moves data both ways over conn, and closes it when the peer has hung up, if it does.
func exchange(t *testing.T, peer *peers.Peer, conn peers.Conn) {
	t.Helper()
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	transfer, err := peer.Exchange(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes each way, %.1f MB/s", transfer.Bytes, transfer.MBPerSecond())
	err = peer.HangUp(conn)
	if _, datagrams := conn.(*pion.Conn); datagrams && errors.Is(err, peers.ErrStays) {
		return
	}
	if err != nil {
		t.Error(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the peer hung up, Read returns %v, want EOF\n%s", err, peer.Report())
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
}

func TestServersExchangeWithCryptoTLS(t *testing.T) {
	for _, program := range peers.Programs {
		for _, version := range versions {
			t.Run(program.ServerProgram+"/"+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, version)
				peer := f.server(t, program)
				conn, err := tls.Dial("tcp", peer.Addr, f.config)
				if err != nil {
					t.Fatal(err, peer.Report())
				}
				exchange(t, peer, conn)
			})
		}
	}
}

func TestClientsExchangeWithCryptoTLS(t *testing.T) {
	for _, program := range peers.Programs {
		for _, version := range versions {
			t.Run(program.ClientProgram+"/"+tls.VersionName(version), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, version)
				l, err := tls.Listen("tcp", "127.0.0.1:0", f.config)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				peer := f.client(t, program, l.Addr())
				conn, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				exchange(t, peer, conn.(*tls.Conn))
				if err := peer.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestMissingProgramSaysWhatToRun(t *testing.T) {
	_, err := peers.Run(t.Context(), "gombedtls-has-no-such-program")
	if want := "gombedtls-has-no-such-program is missing: run ./build.sh test"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestFailedRunShowsItsOutput(t *testing.T) {
	_, err := peers.Run(t.Context(), "openssl", "s_client", "-no-such-option")
	var failed *peers.Error
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("got %v", err)
	}
}

func TestStopEndsTheProcess(t *testing.T) {
	for name, stop := range map[string]func(*peers.Process, context.CancelFunc){
		"Stop":    func(p *peers.Process, _ context.CancelFunc) { p.Stop() },
		"context": func(p *peers.Process, cancel context.CancelFunc) { cancel(); _ = p.Wait() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p, err := peers.Start(ctx, "cat", "cat")
			if err != nil {
				t.Fatal(err)
			}
			stop(p, cancel)
			if err := syscall.Kill(p.Pid(), 0); err != syscall.ESRCH {
				t.Errorf("process %d: %v, want none", p.Pid(), err)
			}
			if _, err := p.AwaitOutput(p.Stdout, regexp.MustCompile("never")); err == nil {
				t.Error("an ended process still lets one wait")
			}
		})
	}
}

func TestServerThatCannotStartIsReported(t *testing.T) {
	for _, program := range peers.Programs {
		_, err := program.Server(t.Context(), peers.Options{Cert: os.DevNull, Key: os.DevNull})
		if err == nil {
			t.Errorf("%s started without a certificate", program.ServerProgram)
		}
	}
}

var _ peers.Conn = (*tls.Conn)(nil)
