package cbridge

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/leakcheck"
)

func TestMain(m *testing.M) { leakcheck.Main(m, CountAllocations, Shutdown, Held) }

// identity is a self-signed certificate for localhost.
func identity(t testing.TB) (*Crt, *PK) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return selfSigned(t, key)
}

func selfSigned(t testing.TB, key crypto.Signer) (*Crt, *PK) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "localhost"},
		DNSNames:     []string{"localhost"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	crt, err := NewCrt()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crt.Parse(der); err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := ParseKey(keyDER, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { crt.Close(); pk.Close() })
	return crt, pk
}

// pair is a client and a server that share a certificate.
type pair struct{ client, server *SSL }

// options change the configs of a pair before they are used.
type options func(client, server *Config)

func newPair(t testing.TB, set options) pair {
	t.Helper()
	crt, key := identity(t)
	return newPairOf(t, crt, key, set)
}

// newPairOf is newPair with that certificate.
func newPairOf(t testing.TB, crt *Crt, key *PK, set options) pair {
	t.Helper()
	return newPairOver(t, Stream, crt, key, set)
}

// newPairOver is newPairOf over that transport.
func newPairOver(t testing.TB, transport Transport, crt *Crt, key *PK, set options) pair {
	t.Helper()
	var ends [2]*SSL
	var confs [2]*Config
	for i, end := range []Endpoint{Client, Server} {
		c, err := NewConfig(end, transport, PresetDefault)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		confs[i] = c
	}
	if err := confs[0].SetCAs(crt, nil); err != nil {
		t.Fatal(err)
	}
	if err := confs[1].AddOwnCert(crt, key); err != nil {
		t.Fatal(err)
	}
	if set != nil {
		set(confs[0], confs[1])
	}
	for i, c := range confs {
		s, err := NewSSL(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		ends[i] = s
	}
	if err := ends[0].SetHostname("localhost"); err != nil {
		t.Fatal(err)
	}
	return pair{ends[0], ends[1]}
}

// carry moves the output of one end into the input of the other.
func carry(t testing.TB, from, to *SSL) (moved int) {
	t.Helper()
	for {
		out := from.Output()
		if len(out) == 0 {
			return moved
		}
		if from.datagram {
			if err := to.Feed(out); err != nil {
				t.Fatal(err)
			}
			moved += len(out)
			from.Discard(len(out))
			continue
		}
		in, err := to.InputSpace()
		if err != nil {
			t.Fatal(err)
		}
		n := copy(in, out)
		to.Commit(n)
		if n == 0 {
			return moved
		}
		from.Discard(n)
		moved += n
	}
}

// handshake runs both ends until both are done, or one fails.
func (p pair) handshake(t testing.TB) error {
	t.Helper()
	for range 100 {
		clientErr, serverErr := p.client.Handshake(), p.server.Handshake()
		for _, err := range []error{clientErr, serverErr} {
			if err != nil && err != ErrSSLWantRead && err != ErrSSLWantWrite {
				return err
			}
		}
		if clientErr == nil && serverErr == nil {
			return nil
		}
		carry(t, p.client, p.server)
		carry(t, p.server, p.client)
	}
	t.Fatal("the handshake makes no progress")
	return nil
}

// send writes data at one end and reads it at the other.
func send(t testing.TB, from, to *SSL, data []byte) {
	t.Helper()
	var got []byte
	buf := make([]byte, 4096)
	for sent := 0; sent < len(data) || len(got) < len(data); {
		if sent < len(data) && from.OutputSpace() >= MaxRecord {
			n, err := from.Write(data[sent:])
			if err != nil {
				t.Fatalf("write: %v", err)
			}
			sent += n
		}
		carry(t, from, to)
		n, err := to.Read(buf)
		if err != nil && err != ErrSSLWantRead {
			t.Fatalf("read: %v", err)
		}
		got = append(got, buf[:n]...)
	}
	if !bytes.Equal(got, data) {
		t.Fatal("what was read differs from what was written")
	}
}
