package interop_test

import (
	"context"
	"crypto"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// module is a key that works elsewhere, as in a hardware module. It counts its uses.
type module struct {
	key  crypto.Signer
	err  error
	uses *atomic.Int32
}

func (m module) Public() crypto.PublicKey { return m.key.Public() }

func (m module) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	m.uses.Add(1)
	if m.err != nil {
		return nil, m.err
	}
	return m.key.Sign(rand, digest, opts)
}

func (m module) Decrypt(rand io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	m.uses.Add(1)
	return m.key.(crypto.Decrypter).Decrypt(rand, msg, opts)
}

var _ crypto.Decrypter = module{}

// elsewhere is a config whose certificate's key is a module.
func (w *world) elsewhere(a testpki.Algorithm, err error) (*mbedtls.Config, *atomic.Int32) {
	w.t.Helper()
	uses := new(atomic.Int32)
	cert := w.ca.Issue(testpki.Leaf{Algorithm: a})
	cert.PrivateKey = module{cert.PrivateKey.(crypto.Signer), err, uses}
	config := w.config()
	config.Certificates = []mbedtls.Certificate{own(w.t, cert)}
	return config, uses
}

// signerMatrix runs a test for each peer, version and kind of key.
func signerMatrix(t *testing.T, f func(t *testing.T, i implementation, version uint16, a testpki.Algorithm)) {
	for _, i := range implementations() {
		for _, version := range versions {
			for _, a := range []testpki.Algorithm{testpki.RSA2048, testpki.P256, testpki.P384} {
				t.Run(fmt.Sprintf("%s/%s/%s", i.name, mbedtls.VersionName(version), a), func(t *testing.T) {
					t.Parallel()
					f(t, i, version, a)
				})
			}
		}
	}
}

func TestServerWhoseKeyIsElsewhere(t *testing.T) {
	t.Parallel()
	signerMatrix(t, func(t *testing.T, i implementation, version uint16, a testpki.Algorithm) {
		w := newWorld(t, testpki.P256)
		config, uses := w.elsewhere(a, nil)
		l := w.listen(config)
		far := i.client(w, l.addr(), peers.Options{CA: w.caFile, Version: version, Size: 10_000})
		conn, err := l.handshake()
		if err != nil {
			t.Fatal(far.Explain(err))
		}
		exchange(t, far, conn)
		checkUses(t, uses)
	})
}

func TestClientWhoseKeyIsElsewhere(t *testing.T) {
	t.Parallel()
	signerMatrix(t, func(t *testing.T, i implementation, version uint16, a testpki.Algorithm) {
		w := newWorld(t, testpki.P256)
		options := w.options(testpki.Leaf{})
		options.Version, options.CA = version, w.caFile
		addr, far := i.server(w, options)
		config, uses := w.elsewhere(a, nil)
		conn, err := w.dial(addr, config)
		if err != nil {
			t.Fatal(far.Explain(err))
		}
		exchange(t, far, conn)
		checkUses(t, uses)
	})
}

func checkUses(t *testing.T, uses *atomic.Int32) {
	t.Helper()
	if n := uses.Load(); n != 1 {
		t.Errorf("the key was used %d times, want once", n)
	}
}

func TestRSAKeyExchangeWithAKeyElsewhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		program peers.Program
		args    []string
	}{
		{peers.OpenSSL, []string{"-cipher", "AES128-GCM-SHA256"}},
		{peers.GnuTLS, []string{"--priority=NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA"}},
		{peers.MbedTLS, []string{"force_ciphersuite=TLS-RSA-WITH-AES-128-GCM-SHA256"}},
	} {
		t.Run(c.program.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config, uses := w.elsewhere(testpki.RSA2048, nil)
			l := w.listen(config)
			peer := w.client(c.program, l.addr(), peers.Options{CA: w.caFile, Version: tls.VersionTLS12, Size: 10_000, Args: c.args})
			conn, err := l.handshake()
			if err != nil {
				t.Fatal(peer.Explain(err))
			}
			if g := conn.ConnectionState().Group; g != 0 {
				t.Errorf("a key exchange with group %v", g)
			}
			exchange(t, peer, conn)
			checkUses(t, uses)
		})
	}
}

// What goes wrong with the key is known here whole, and to the peer as an alert.
func TestPeerHearsOfAKeyThatFails(t *testing.T) {
	t.Parallel()
	locked := errors.New("the module is locked")
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config, _ := w.elsewhere(testpki.P256, locked)
			l := w.listen(config)
			peer := w.client(peers.OpenSSL, l.addr(), peers.Options{CA: w.caFile, Version: version})
			if _, err := l.handshake(); !errors.Is(err, locked) {
				t.Errorf("Handshake: %v, want the module's error", err)
			}
			if err := peer.Await(peer.Stderr, "alert internal error"); err != nil {
				t.Error(err)
			}
		})
	}
}

// A program that dies while the key works is no reason to go on.
func TestKeyIsToldThatThePeerIsGone(t *testing.T) {
	t.Parallel()
	for _, version := range versions {
		t.Run(mbedtls.VersionName(version), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			cert := w.ca.Issue(testpki.Leaf{})
			entered, left := make(chan struct{}), make(chan struct{})
			cert.PrivateKey = waiting{cert.PrivateKey.(crypto.Signer), entered, left}
			config := w.config()
			config.Certificates = []mbedtls.Certificate{own(t, cert)}
			l := w.listen(config)
			peer := w.client(peers.MbedTLS, l.addr(), peers.Options{CA: w.caFile, Version: version, Size: 1000})
			go func() {
				<-entered
				peer.Stop()
			}()
			if _, err := l.handshake(); err == nil {
				t.Error("the handshake is complete")
			}
			<-left
		})
	}
}

// waiting is a key that waits to be told to stop.
type waiting struct {
	crypto.Signer
	entered, left chan struct{}
}

func (k waiting) SignContext(ctx context.Context, _ io.Reader, _ []byte, _ crypto.SignerOpts) ([]byte, error) {
	close(k.entered)
	defer close(k.left)
	<-ctx.Done()
	return nil, ctx.Err()
}

var _ mbedtls.ContextSigner = waiting{}
