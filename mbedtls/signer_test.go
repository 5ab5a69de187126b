package mbedtls

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

// remoteKey is a key that works elsewhere: its methods are all that is known of it.
type remoteKey struct {
	crypto.Signer
	sign func(ctx context.Context, opts crypto.SignerOpts) error // called first, if it is set
}

func (k *remoteKey) SignContext(ctx context.Context, rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.sign != nil {
		if err := k.sign(ctx, opts); err != nil {
			return nil, err
		}
	}
	return k.Sign(rand, digest, opts)
}

// remoteDecrypter is a remoteKey that decrypts.
type remoteDecrypter struct {
	*remoteKey
	decrypt func(ctx context.Context) error
}

func (k *remoteDecrypter) DecryptContext(ctx context.Context, rand io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	if k.decrypt != nil {
		if err := k.decrypt(ctx); err != nil {
			return nil, err
		}
	}
	return k.Decrypt(rand, msg, opts)
}

func (k *remoteDecrypter) Decrypt(rand io.Reader, msg []byte, opts crypto.DecrypterOpts) ([]byte, error) {
	return k.Signer.(crypto.Decrypter).Decrypt(rand, msg, opts)
}

// plainKey has no more than a crypto.Signer must have.
type plainKey struct{ k crypto.Signer }

func (k plainKey) Public() crypto.PublicKey { return k.k.Public() }
func (k plainKey) Sign(rand io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return k.k.Sign(rand, digest, opts)
}

type signHook = func(ctx context.Context, opts crypto.SignerOpts) error

// remote puts a key of its own elsewhere.
func remote(t testing.TB, a testpki.Algorithm, sign signHook) Certificate {
	t.Helper()
	setUp(t)
	c := authority.Issue(testpki.Leaf{Algorithm: a})
	c.PrivateKey = &remoteKey{c.PrivateKey.(crypto.Signer), sign}
	cert, err := FromTLSCertificate(c)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// remoteConfigs are configs of a client and a server, one of which has a key that works elsewhere.
func remoteConfigs(t testing.TB, version uint16, server bool, cert Certificate) (client, serverConfig *Config) {
	t.Helper()
	c, s := configs(t)
	c.MinVersion, c.MaxVersion = version, version
	if server {
		s.Certificates = []Certificate{cert}
	} else {
		c.Certificates, s.ClientAuth, s.ClientCAs = []Certificate{cert}, RequireAndVerifyClientCert, roots()
	}
	return c, s
}

// signerCases runs a test for each version and each end that signs.
func signerCases(t *testing.T, f func(t *testing.T, version uint16, server bool)) {
	versions(t, func(t *testing.T, version uint16) {
		for _, server := range []bool{true, false} {
			t.Run(map[bool]string{true: "server", false: "client"}[server], func(t *testing.T) { f(t, version, server) })
		}
	})
}

func TestSignerGetsTheHashAndPaddingOfTheVersion(t *testing.T) {
	const ecdsaAES256 = 0xC02C // the server's key in a client's case is ECDSA
	pss := func(h crypto.Hash) crypto.SignerOpts {
		return &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: h}
	}
	for _, c := range []struct {
		algorithm    testpki.Algorithm
		scheme12     SignatureScheme // of the first algorithm that the peer takes
		scheme13     SignatureScheme
		tls12, tls13 crypto.SignerOpts
	}{
		{testpki.P256, ECDSAWithP256AndSHA256, ECDSAWithP256AndSHA256, crypto.SHA256, crypto.SHA256},
		{testpki.P384, ECDSAWithP384AndSHA384, ECDSAWithP384AndSHA384, crypto.SHA384, crypto.SHA384},
		{testpki.RSA2048, PKCS1WithSHA256, PSSWithSHA256, crypto.SHA256, pss(crypto.SHA256)},
		{testpki.RSA2048, PKCS1WithSHA384, PSSWithSHA384, crypto.SHA384, pss(crypto.SHA384)},
		{testpki.RSA2048, PKCS1WithSHA512, PSSWithSHA512, crypto.SHA512, pss(crypto.SHA512)},
	} {
		t.Run(fmt.Sprintf("%s %#04x", c.algorithm, uint16(c.scheme13)), func(t *testing.T) {
			signerCases(t, func(t *testing.T, version uint16, server bool) {
				var got []crypto.SignerOpts
				cert := remote(t, c.algorithm, func(_ context.Context, opts crypto.SignerOpts) error {
					got = append(got, opts)
					return nil
				})
				client, serverConfig := remoteConfigs(t, version, server, cert)
				schemes := []SignatureScheme{c.scheme12, c.scheme13, ECDSAWithP256AndSHA256} // the last is the CA's
				client.SignatureAlgorithms, serverConfig.SignatureAlgorithms = schemes, schemes
				want := c.tls12
				switch {
				case version == VersionTLS13:
					want = c.tls13
				case !server: // the library's client of TLS 1.2 signs with the suite's hash, whatever it is asked for
					client.CipherSuites, want = []uint16{ecdsaAES256}, crypto.SHA384
				}
				conn, peer := connected(t, client, serverConfig)
				if diff := cmp.Diff([]crypto.SignerOpts{want}, got); diff != "" {
					t.Errorf("options of the signatures (-want +got)\n%s", diff)
				}
				echoes(t, conn, peer)
			})
		})
	}
}

// echoes moves data both ways.
func echoes(t *testing.T, a, b *Conn) {
	t.Helper()
	for _, ends := range [][2]*Conn{{a, b}, {b, a}} {
		if _, err := ends[0].Write([]byte("hello")); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(ends[1], got); err != nil || string(got) != "hello" {
			t.Fatalf("%q, %v", got, err)
		}
	}
}

// A crypto.Signer need have no more than its two methods; crypto/tls checks the signatures.
func TestAnySignerWillDo(t *testing.T) {
	setUp(t)
	versions(t, func(t *testing.T, version uint16) {
		for _, a := range []testpki.Algorithm{testpki.RSA2048, testpki.P384} {
			t.Run(a.String(), func(t *testing.T) {
				c := authority.Issue(testpki.Leaf{Algorithm: a})
				c.PrivateKey = plainKey{c.PrivateKey.(crypto.Signer)}
				config := &Config{Certificates: []Certificate{{Certificate: c.Certificate, PrivateKey: c.PrivateKey}}}
				defer config.Close()
				tcpClient, tcpServer := tcpPair(t)
				client := tls.Client(tcpClient, &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", MinVersion: version, MaxVersion: version})
				server := Server(tcpServer, config)
				defer server.Close()
				if cErr, sErr := handshakes(client, server); cErr != nil || sErr != nil {
					t.Errorf("client: %v\nserver: %v", cErr, sErr)
				}
			})
		}
	})
}

// Certificates whose keys are here and elsewhere go together.
func TestSignerBesideAKeyInMemory(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		var signed atomic.Int32
		cert := remote(t, testpki.RSA2048, func(context.Context, crypto.SignerOpts) error { signed.Add(1); return nil })
		client, server := remoteConfigs(t, version, true, cert)
		server.Certificates = append(server.Certificates, *serverCertificate)
		rsaOnly := client.Clone()
		defer rsaOnly.Close()
		client.SignatureAlgorithms = []SignatureScheme{ECDSAWithP256AndSHA256}
		rsaOnly.SignatureAlgorithms = []SignatureScheme{PSSWithSHA256, PKCS1WithSHA256, ECDSAWithP256AndSHA256}
		if version == VersionTLS12 {
			rsaOnly.CipherSuites = []uint16{0xC02F} // TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
		}
		connected(t, client, server)
		if n := signed.Load(); n != 0 {
			t.Errorf("%d signatures for a client without RSA", n)
		}
		connected(t, rsaOnly, server)
		if n := signed.Load(); n != 1 {
			t.Errorf("%d signatures for a client that prefers RSA, want 1", n)
		}
	})
}

func TestSignerErrorReachesTheCallerAndThePeer(t *testing.T) {
	want := errors.New("the module is locked")
	signerCases(t, func(t *testing.T, version uint16, server bool) {
		for _, a := range []testpki.Algorithm{testpki.P256, testpki.RSA2048} {
			t.Run(a.String(), func(t *testing.T) {
				calls := 0
				cert := remote(t, a, func(context.Context, crypto.SignerOpts) error {
					calls++
					return fmt.Errorf("sign: %w", want)
				})
				client, serverConfig := remoteConfigs(t, version, server, cert)
				c, s := ends(t, client, serverConfig)
				clientErr, serverErr := handshakes(c, s)
				ours, peers := serverErr, clientErr
				if !server {
					ours, peers = clientErr, serverErr
				}
				mustBe(t, "the end that signs", ours, want)
				var alert AlertError
				if !errors.As(peers, &alert) || alert != alertInternalError {
					t.Errorf("the peer: %v, want an internal_error alert", peers)
				}
				if calls != 1 {
					t.Errorf("%d calls of the signer, want 1", calls)
				}
			})
		}
	})
}

func TestSignerWithoutAResultFails(t *testing.T) {
	signerCases(t, func(t *testing.T, version uint16, server bool) {
		for _, result := range [][]byte{nil, {}, make([]byte, 1<<16)} {
			setUp(t)
			c := authority.Issue(testpki.Leaf{})
			cert := Certificate{Certificate: c.Certificate, PrivateKey: fixedKey{c.PrivateKey.(crypto.Signer), result}}
			client, serverConfig := remoteConfigs(t, version, server, cert)
			conn, peer := ends(t, client, serverConfig)
			if cErr, sErr := handshakes(conn, peer); cErr == nil || sErr == nil {
				t.Errorf("a signature of %d bytes: client %v, server %v", len(result), cErr, sErr)
			}
		}
	})
}

// fixedKey gives the same signature for all.
type fixedKey struct {
	crypto.Signer
	signature []byte
}

func (k fixedKey) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return k.signature, nil }

func TestSignerPanicIsRaisedByHandshake(t *testing.T) {
	signerCases(t, func(t *testing.T, version uint16, server bool) {
		cert := remote(t, testpki.P256, func(context.Context, crypto.SignerOpts) error { panic("from the signer") })
		client, serverConfig := remoteConfigs(t, version, server, cert)
		conn, peer := ends(t, client, serverConfig)
		if server {
			conn, peer = peer, conn
		}
		done := make(chan error, 1)
		go func() { done <- peer.Handshake() }()
		got := func() (v any) {
			defer func() { v = recover() }()
			t.Errorf("Handshake returns %v, want a panic", conn.Handshake())
			return nil
		}()
		if got != "from the signer" {
			t.Errorf("recovered %v", got)
		}
		mustBe(t, "Handshake after a panic", conn.Handshake(), ErrPoisoned)
		conn.Close()
		if err := <-done; err == nil {
			t.Error("the peer's handshake is complete")
		}
	})
}

func TestSignerThatExitsFails(t *testing.T) {
	cert := remote(t, testpki.P256, func(context.Context, crypto.SignerOpts) error { runtime.Goexit(); return nil })
	client, server := remoteConfigs(t, VersionTLS13, true, cert)
	if cErr, sErr := handshakes(ends2(ends(t, client, server))); cErr == nil || sErr == nil {
		t.Errorf("client %v, server %v", cErr, sErr)
	}
}

// ends2 makes a pair of Conns one of handshakers.
func ends2(c, s *Conn) (client, server handshaker) { return c, s }

// decrypter puts an RSA key elsewhere that can decrypt.
func decrypter(t *testing.T, decrypt func(context.Context) error) Certificate {
	t.Helper()
	setUp(t)
	c := authority.Issue(testpki.Leaf{Algorithm: testpki.RSA2048})
	key := &remoteDecrypter{&remoteKey{Signer: c.PrivateKey.(crypto.Signer)}, decrypt}
	return Certificate{Certificate: c.Certificate, PrivateKey: key}
}

const rsaAES128GCM = 0x009C // TLS_RSA_WITH_AES_128_GCM_SHA256

func TestDecrypterServesRSAKeyExchange(t *testing.T) {
	var calls atomic.Int32
	client, server := remoteConfigs(t, VersionTLS12, true, decrypter(t, func(context.Context) error { calls.Add(1); return nil }))
	client.CipherSuites, server.CipherSuites = []uint16{rsaAES128GCM}, []uint16{rsaAES128GCM}
	c, s := connected(t, client, server)
	if calls.Load() != 1 || c.ConnectionState().CipherSuite != rsaAES128GCM {
		t.Errorf("%d calls, suite %#04x", calls.Load(), c.ConnectionState().CipherSuite)
	}
	echoes(t, c, s)
}

// The peer must not learn at once what went wrong; our side does, when the handshake fails.
func TestDecrypterErrorReachesTheCallerAndNotThePeer(t *testing.T) {
	locked := errors.New("the module is locked")
	tests := map[string]struct {
		cert Certificate
		want error
	}{
		"error":          {decrypter(t, func(context.Context) error { return locked }), locked},
		"cannot decrypt": {remote(t, testpki.RSA2048, nil), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			client, server := remoteConfigs(t, VersionTLS12, true, test.cert)
			client.CipherSuites, server.CipherSuites = []uint16{rsaAES128GCM}, []uint16{rsaAES128GCM}
			c, s := ends(t, client, server)
			cErr, sErr := handshakes(c, s)
			if test.want != nil {
				mustBe(t, "server", sErr, test.want)
			}
			var e *Error
			if !errors.As(sErr, &e) || e.Cause == nil || e.Code != ErrSSLInvalidMAC {
				t.Errorf("server: %v, want a wrong MAC with its cause", sErr)
			}
			var alert AlertError
			if !errors.As(cErr, &alert) || alert != 20 {
				t.Errorf("client: %v, want a bad_record_mac alert", cErr)
			}
		})
	}
}

func TestDecrypterPanicAndCancel(t *testing.T) {
	t.Run("panic", func(t *testing.T) {
		client, server := remoteConfigs(t, VersionTLS12, true, decrypter(t, func(context.Context) error { panic("from the key") }))
		client.CipherSuites, server.CipherSuites = []uint16{rsaAES128GCM}, []uint16{rsaAES128GCM}
		c, s := ends(t, client, server)
		done := make(chan error, 1)
		go func() { done <- c.Handshake() }()
		func() {
			defer func() {
				if v := recover(); v != "from the key" {
					t.Errorf("recovered %v", v)
				}
			}()
			_ = s.Handshake()
		}()
		s.Close()
		<-done
	})
	t.Run("cancel", func(t *testing.T) {
		key := newWaitingKey()
		client, server := remoteConfigs(t, VersionTLS12, true, decrypter(t, func(ctx context.Context) error { return key.sign(ctx, nil) }))
		client.CipherSuites, server.CipherSuites = []uint16{rsaAES128GCM}, []uint16{rsaAES128GCM}
		c, s := ends(t, client, server)
		done := make(chan error, 2)
		go func() { done <- c.Handshake() }()
		go func() { done <- s.Handshake() }()
		<-key.entered
		s.Close()
		<-key.stopped
		<-done
		<-done
	})
}

// Static ECDH needs what a Signer cannot do.
func TestSignerServesNoStaticECDH(t *testing.T) {
	const ecdhECDSA = 0xC02D // TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256
	client, server := remoteConfigs(t, VersionTLS12, true, remote(t, testpki.P256, nil))
	client.CipherSuites, server.CipherSuites = []uint16{ecdhECDSA}, []uint16{ecdhECDSA}
	c, s := ends(t, client, server)
	if cErr, sErr := handshakes(c, s); cErr == nil || sErr == nil {
		t.Errorf("client: %v\nserver: %v, want errors", cErr, sErr)
	}
}

func TestSignerThatDoesNotFitIsRefused(t *testing.T) {
	setUp(t)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	chain := authority.Issue(testpki.Leaf{}).Certificate
	other := authority.Issue(testpki.Leaf{}).PrivateKey.(*ecdsa.PrivateKey)
	for name, key := range map[string]crypto.PrivateKey{
		"another's": &remoteKey{Signer: other},
		"Ed25519":   &remoteKey{Signer: ed},
		"no key":    nil,
		"no signer": struct{}{},
		"no public": nobody{},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := FromTLSCertificate(tls.Certificate{Certificate: chain, PrivateKey: key}); err == nil {
				t.Error("FromTLSCertificate takes it")
			}
			config := &Config{Certificates: []Certificate{{Certificate: chain, PrivateKey: key}}}
			defer config.Close()
			var e *ConfigError
			if err := config.Validate(true); !errors.As(err, &e) || e.Field != "Certificates[0]" {
				t.Errorf("Validate: %v, want a ConfigError of Certificates[0]", err)
			}
		})
	}
}

// nobody is a signer that does not say whose.
type nobody struct{}

func (nobody) Public() crypto.PublicKey                                  { return nil }
func (nobody) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) { return nil, nil }

// A closure brings the key, for one handshake, and the library keeps no Go object alive: the bridge must.
func TestSelectedCertificateMayHaveASigner(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		server.Certificates = nil
		server.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) {
			cert := remote(t, testpki.P256, func(context.Context, crypto.SignerOpts) error {
				runtime.GC()
				return nil
			})
			return &cert, nil
		}
		c, s := connected(t, client, server)
		exchange(t, c, s, 100)
	})
}
