package cbridge

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"
)

// Records of all sizes pass through the rings, which wrap on the way.
func TestRingCarriesRecordsOfEverySize(t *testing.T) {
	for name, version := range map[string]int{"TLS 1.2": TLS12, "TLS 1.3": TLS13} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, func(client, server *Config) {
				if err := errors.Join(client.SetVersions(version, version), server.SetVersions(version, version)); err != nil {
					t.Fatal(err)
				}
			})
			if err := p.handshake(t); err != nil {
				t.Fatal(err)
			}
			rnd := rand.New(rand.NewPCG(1, 2))
			for range 200 {
				data := make([]byte, 1+rnd.IntN(40_000))
				for i := range data {
					data[i] = byte(rnd.Uint32())
				}
				send(t, p.client, p.server, data)
				send(t, p.server, p.client, data[:1])
			}
		})
	}
}

// mbedtls_ssl_write takes the rest of an alert for its own record: FlushOutput must come in between.
func TestOutputLeftBehindLosesNoData(t *testing.T) {
	p := newPair(t, func(client, server *Config) {
		if err := errors.Join(client.SetVersions(TLS12, TLS12), server.SetVersions(TLS12, TLS12)); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	const noRenegotiation = 100
	for {
		err := p.client.SendAlert(AlertWarning, noRenegotiation)
		if err == ErrSSLWantWrite {
			break // a part of an alert is left in the library
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for p.client.FlushOutput() == ErrSSLWantWrite {
		if carry(t, p.client, p.server) == 0 {
			t.Fatal("the ring cannot be emptied")
		}
		if _, err := p.server.Read(make([]byte, 10)); err != ErrSSLWantRead {
			t.Fatalf("read of alerts: %v", err)
		}
	}
	for p.client.OutputLen() > 0 {
		carry(t, p.client, p.server)
		if _, err := p.server.Read(make([]byte, 10)); err != ErrSSLWantRead {
			t.Fatalf("read of alerts: %v", err)
		}
	}
	send(t, p.client, p.server, []byte("all of this arrives"))
}

// The raw closures have C's contract: here they wait in C, on a net.Pipe.
func TestRawBIOClosures(t *testing.T) {
	p := newPair(t, func(client, server *Config) { server.SetReadTimeout(time.Hour) })
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	var timeouts []time.Duration
	p.client.SetBIO(BIO{Send: a.Write, Recv: a.Read})
	p.server.SetBIO(BIO{Send: b.Write, RecvTimeout: func(buf []byte, d time.Duration) (int, error) {
		timeouts = append(timeouts, d)
		return b.Read(buf)
	}})
	done := make(chan error, 1)
	go func() {
		err := p.server.Handshake()
		buf := make([]byte, 100)
		for err == nil {
			var n int
			if n, err = p.server.Read(buf); err == nil {
				_, err = p.server.Write(buf[:n])
			}
		}
		done <- err
	}()
	if err := p.client.Handshake(); err != nil {
		t.Fatal(err)
	}
	msg := []byte("over the raw BIO")
	if _, err := p.client.Write(msg); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	var n int
	for { // the server's TLS 1.3 tickets come first
		var err error
		if n, err = p.client.Read(buf); err == nil {
			break
		} else if err != ErrSSLWantRead {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(buf[:n], msg) {
		t.Errorf("read %q", buf[:n])
	}
	a.Close()
	if err := <-done; !errors.Is(err, io.EOF) || !errors.Is(err, ErrNetRecvFailed) {
		t.Errorf("the server's read ended with %v, want the closure's io.EOF and ErrNetRecvFailed", err)
	}
	for _, d := range timeouts {
		if d != time.Hour {
			t.Fatalf("the receive closure got a timeout of %v, want the config's", d)
		}
	}
	if len(timeouts) == 0 {
		t.Error("the closure with a timeout was not used")
	}
}

// Codes that a closure returns reach the library as they are.
func TestRawBIOCodes(t *testing.T) {
	for _, want := range []Code{ErrSSLWantRead, ErrSSLTimeout, ErrNetConnReset} {
		p := newPair(t, nil)
		p.client.SetBIO(BIO{Send: sendAll, Recv: func([]byte) (int, error) { return 0, want }})
		if err := p.client.Handshake(); !errors.Is(err, want) && err != error(want) {
			t.Errorf("Handshake: %v, want %v", err, want)
		}
	}
	p := newPair(t, nil)
	p.client.SetBIO(BIO{Send: sendAll, Recv: func([]byte) (int, error) { return 0, nil }})
	if err := p.client.Handshake(); !errors.Is(err, ErrSSLConnEOF) {
		t.Errorf("Handshake at the end of input: %v, want ErrSSLConnEOF", err)
	}
	p.client.SetBIO(BIO{})
	if err := p.client.SessionReset(); err != nil {
		t.Fatal(err)
	}
	if err := p.client.Handshake(); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("Handshake without a BIO: %v, want ErrSSLBadInputData", err)
	}
}
