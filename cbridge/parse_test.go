package cbridge

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"net"
	"testing"
)

func TestParsersRefuseBadInput(t *testing.T) {
	crt, _ := identity(t)
	der := crt.DER()[0]
	certPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})

	parsers := map[string]struct {
		good  [][]byte
		parse func([]byte) error
	}{
		"certificate": {[][]byte{der, certPEM}, func(data []byte) error {
			c, err := NewCrt()
			if err != nil {
				return err
			}
			defer c.Close()
			_, err = c.Parse(data)
			return err
		}},
		"key": {[][]byte{keyDER, keyPEM}, func(data []byte) error {
			k, err := ParseKey(data, nil)
			if err == nil {
				k.Close()
			}
			return err
		}},
		"revocation list": {nil, func(data []byte) error {
			c, err := NewCrl()
			if err != nil {
				return err
			}
			defer c.Close()
			return c.Parse(data)
		}},
	}
	for name, p := range parsers {
		t.Run(name, func(t *testing.T) {
			for i, good := range p.good {
				if err := p.parse(good); err != nil {
					t.Errorf("good input %d: %v", i, err)
				}
				if err := p.parse(append(bytes.Clone(good), 0)); i == 1 && err != nil {
					t.Errorf("good PEM with its zero byte: %v", err)
				}
				for n := range len(good) - 1 {
					if err := p.parse(good[:n]); err == nil {
						// PEM ends before its final newline.
						if i == 0 || n < len(good)-1 {
							t.Errorf("input %d cut to %d of %d bytes is taken", i, n, len(good))
						}
					}
				}
			}
			for _, bad := range [][]byte{nil, {}, {0}, {0x30}, {0x30, 0x80}, []byte("-----BEGIN "), []byte("-----BEGIN CERTIFICATE-----\n"),
				bytes.Repeat([]byte{0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, 1000), bytes.Repeat([]byte{0xff}, 1<<20)} {
				err := p.parse(bad)
				var e *Error
				if !errors.As(err, &e) || e.Op == "" {
					t.Errorf("%.20q: %v, want an *Error", bad, err)
				}
			}
		})
	}
}

func TestCheckPairFindsTheWrongKey(t *testing.T) {
	crt, key := identity(t)
	_, other := identity(t)
	if err := crt.CheckPair(key); err != nil {
		t.Error(err)
	}
	if err := crt.CheckPair(other); err == nil {
		t.Error("another certificate's key is taken")
	}
	if key.Type() != "EC" || key.Bits() != 256 {
		t.Errorf("the key is %s with %d bits", key.Type(), key.Bits())
	}
	empty, err := NewCrt()
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if err := empty.CheckPair(key); err == nil {
		t.Error("an empty list has a key")
	}
}

func TestCtrDrbg(t *testing.T) {
	g, err := NewCtrDrbg([]byte("test"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := make([]byte, 5000), make([]byte, 5000) // more than one request
	for _, p := range [][]byte{a, b} {
		if n, err := g.Read(p); n != len(p) || err != nil {
			t.Fatal(n, err)
		}
		if err := g.Reseed(nil); err != nil {
			t.Fatal(err)
		}
	}
	if bytes.Equal(a, b) || bytes.Count(a, []byte{0}) > 100 {
		t.Error("not random")
	}
	g.Close()
	g.Close()
	if _, err := g.Read(a); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}
