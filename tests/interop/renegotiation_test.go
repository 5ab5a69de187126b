package interop_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// renegotiable is a config for TLS 1.2 that counts handshakes.
func (w *world) renegotiable(leaves ...testpki.Leaf) (*mbedtls.Config, *atomic.Int32) {
	config, count := w.config(leaves...), new(atomic.Int32)
	config.MaxVersion, config.AllowRenegotiation = mbedtls.VersionTLS12, true
	config.ExportSecret = func(mbedtls.Secret) error { count.Add(1); return nil }
	return config, count
}

func checkHandshakes(t *testing.T, count *atomic.Int32, want int32) {
	t.Helper()
	if got := count.Load(); got != want {
		t.Errorf("%d handshakes, want %d", got, want)
	}
}

// echoUntilEOF sends back what it reads.
func echoUntilEOF(conn *mbedtls.Conn) error {
	_, err := io.Copy(conn, conn)
	return err
}

// With renegotiate=1, each program asks for a renegotiation after the first exchange.
func TestMbedTLSRenegotiates(t *testing.T) {
	t.Parallel()
	args := []string{"renegotiation=1", "renegotiate=1"}
	t.Run("ssl_server2", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		options := w.options(testpki.Leaf{})
		options.Version, options.Args, options.Size = tls.VersionTLS12, args, 3*8192
		peer := w.server(peers.MbedTLS, options)
		config, count := w.renegotiable()
		conn, err := w.dial(peer.Addr, config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		exchange(t, peer, conn)
		checkHandshakes(t, count, 2)
	})
	t.Run("ssl_client2", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config, count := w.renegotiable(testpki.Leaf{})
		l := w.listen(config)
		peer := w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 3 * 8192, Args: args})
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		exchange(t, peer, conn)
		checkHandshakes(t, count, 2)
	})
}

// Here it is this end that asks, or begins. ssl_client2 reads 200 bytes at a time, and the library counts each as a record
// that comes instead of what it asked for: it must not enforce that.
func TestMbedTLSFollowsARenegotiation(t *testing.T) {
	t.Parallel()
	args := []string{"renegotiation=1"}
	for _, program := range []string{"ssl_server2", "ssl_client2"} {
		t.Run(program, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			var peer *peers.Peer
			var conn *mbedtls.Conn
			var count *atomic.Int32
			var err error
			if program == "ssl_server2" {
				options := w.options(testpki.Leaf{})
				options.Version, options.Args, options.Size = tls.VersionTLS12, args, 3*8192
				peer = w.server(peers.MbedTLS, options)
				var config *mbedtls.Config
				config, count = w.renegotiable()
				conn, err = w.dial(peer.Addr, config)
			} else {
				var config *mbedtls.Config
				config, count = w.renegotiable(testpki.Leaf{})
				l := w.listen(config)
				peer = w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 3 * 8192, Args: append(args, "renego_delay=-1")})
				conn, err = l.handshake()
			}
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if err := conn.Renegotiate(); err != nil {
				t.Fatal(peer.Explain(err))
			}
			exchange(t, peer, conn)
			checkHandshakes(t, count, 2)
		})
	}
}

// s_server begins with a line "r", and s_client with "R"; s_server lets clients do so with an option of its own.
func TestOpenSSLRenegotiates(t *testing.T) {
	t.Parallel()
	t.Run("s_server", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		options := w.options(testpki.Leaf{})
		options.Version, options.Args = tls.VersionTLS12, []string{"-client_renegotiation"}
		peer := w.server(peers.OpenSSL, options)
		config, count := w.renegotiable()
		verify := func() {}
		config.VerifyConnection = func(mbedtls.ConnectionState) error { verify(); return nil }
		conn, err := w.dial(peer.Addr, config)
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		if err := conn.Renegotiate(); err != nil {
			t.Fatal(peer.Explain(err))
		}
		checkHandshakes(t, count, 2)
		third := make(chan bool, 1)
		verify = func() { third <- true }
		fmt.Fprint(peer.Stdin, "r\n") // and then nothing until it has read that, for it drops the rest
		read := make(chan error, 1)
		go func() {
			buf := make([]byte, 100)
			n, err := conn.Read(buf)
			if string(buf[:n]) != "after it\n" {
				err = fmt.Errorf("read %q, %v", buf[:n], err)
			}
			read <- err
		}()
		select {
		case <-third:
			fmt.Fprint(peer.Stdin, "after it\n")
			err = <-read
		case err = <-read:
		}
		if err != nil {
			t.Fatal(peer.Explain(err))
		}
		// OpenSSL goes on sending until it reads the answer, which the exchange needs.
		exchange(t, peer, conn)
		checkHandshakes(t, count, 3)
	})
	t.Run("s_client", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		config, count := w.renegotiable(testpki.Leaf{})
		l := w.listen(config)
		p, err := peers.Start(w.ctx, "openssl s_client", "openssl", "s_client", "-connect", l.addr(), "-tls1_2", "-CAfile", w.caFile, "-quiet", "-no_ign_eof")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(p.Explain(err))
		}
		done := make(chan error, 1)
		go func() { done <- echoUntilEOF(conn) }()
		peer := &peers.Peer{Process: p}
		for i := range 3 {
			fmt.Fprint(p.Stdin, "R\n")
			if err := peer.Await(p.Stderr, fmt.Sprintf("(?s)(RENEGOTIATING.*){%d}", i+1)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(p.Stdin, "line %d\n", i)
			if err := peer.Await(p.Stdout, fmt.Sprintf("line %d", i)); err != nil {
				t.Fatal(err)
			}
			checkHandshakes(t, count, int32(i)+2)
		}
		if err := conn.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(p.Stdin, "the last line\n")
		if err := peer.Await(p.Stdout, "the last line"); err != nil {
			t.Fatal(err)
		}
		checkHandshakes(t, count, 5)
		p.Stdin.Close()
		if err := <-done; err != nil {
			t.Error(p.Explain(err))
		}
	})
}

// Peers that may not, hear no_renegotiation, and what is theirs to decide, goes on.
func TestRenegotiationIsOffUnlessAllowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config := w.config(testpki.Leaf{})
	config.MaxVersion = mbedtls.VersionTLS12
	l := w.listen(config)
	p, err := peers.Start(w.ctx, "openssl s_client", "openssl", "s_client", "-connect", l.addr(), "-tls1_2", "-CAfile", w.caFile)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(p.Explain(err))
	}
	go func() { _ = echoUntilEOF(conn) }()
	fmt.Fprint(p.Stdin, "R\n")
	if err := (&peers.Peer{Process: p}).Await(p.Stderr, "no renegotiation"); err != nil {
		t.Error(err)
	}
}

// crypto/tls never renegotiates as a server, and as a client when it is told to. It takes no data then.
func TestCryptoTLSRenegotiates(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testpki.P256)
	config, count := w.renegotiable(testpki.Leaf{})
	l := w.listen(config)
	theirs := w.cryptoConfig(tls.VersionTLS12)
	theirs.Renegotiation = tls.RenegotiateFreelyAsClient
	verified := make(chan bool, 10)
	config.VerifyConnection = func(mbedtls.ConnectionState) error { verified <- true; return nil }
	const times = 3
	done := make(chan error, 1)
	go func() {
		conn, err := tls.Dial("tcp", l.addr(), theirs)
		if err != nil {
			done <- err
			return
		}
		defer conn.Close()
		<-verified
		go func() {
			for range times {
				<-verified
				_, _ = conn.Write([]byte("done"))
			}
		}()
		_, err = io.Copy(io.Discard, conn)
		done <- err
	}()
	conn, err := l.handshake()
	if err != nil {
		t.Fatal(err)
	}
	for i := range int32(times) {
		if err := conn.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(conn, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
		checkHandshakes(t, count, i+2)
	}
	conn.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
