package mbedtls

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/net/nettest"
)

func TestConnIsANetConn(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
			c, s := connected(t, client, server)
			return c, s, func() { c.Close(); s.Close() }, nil
		})
	})
}

func TestConnectionStateTellsWhatWasSettled(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		client.NextProtos, server.NextProtos = []string{"h2", "http/1.1"}, []string{"http/1.1"}
		client.Groups = []Group{CurveP256}
		c, s := connected(t, client, server)
		cs, ss := c.ConnectionState(), s.ConnectionState()
		for name, st := range map[string]ConnectionState{"client": cs, "server": ss} {
			if st.Version != version || st.CipherSuite == 0 || st.NegotiatedProtocol != "http/1.1" || st.Group != CurveP256 ||
				!st.HandshakeComplete || st.DidResume || !st.ExtendedMasterSecret || st.RecordExpansion == 0 ||
				st.MaxOutPayload < 16000 || st.MaxInPayload < 16000 {
				t.Errorf("%s: %+v", name, st)
			}
		}
		if cs.CipherSuite != ss.CipherSuite {
			t.Errorf("the client says %s, the server %s", CipherSuiteName(cs.CipherSuite), CipherSuiteName(ss.CipherSuite))
		}
		if cs.ServerName != "localhost" || cs.VerifyFlags != 0 || cs.VerifyFlags.String() != "ok" {
			t.Errorf("client: server name %q, flags %v", cs.ServerName, cs.VerifyFlags)
		}
		if len(cs.PeerCertificates) != 1 || !bytes.Equal(cs.PeerCertificatesDER[0], serverCertificate.Certificate[0]) ||
			!cs.PeerCertificates[0].Equal(serverCertificate.Leaf) {
			t.Error("the client has another chain than the server sent")
		}
		if len(ss.PeerCertificates) != 0 {
			t.Error("the server has a chain of a client without one")
		}
		if err := c.VerifyHostname("localhost"); err != nil {
			t.Error(err)
		}
		if err := c.VerifyHostname("other.example"); err == nil {
			t.Error("VerifyHostname accepts another host")
		}
		c.Close()
		if st := c.ConnectionState(); st.Version != version || len(st.PeerCertificates) != 1 {
			t.Error("the state does not outlive Close")
		}
		if fresh, _ := ends(t, client, server); fresh.ConnectionState().HandshakeComplete {
			t.Error("the state before the handshake is complete")
		}
	})
}

// exchange sends n bytes each way, at the same time.
func exchange(t *testing.T, a, b net.Conn, n int) {
	t.Helper()
	var wg sync.WaitGroup
	for _, way := range [][2]net.Conn{{a, b}, {b, a}} {
		data := make([]byte, n)
		rand.Read(data)
		wg.Go(func() {
			if m, err := way[0].Write(data); m != n || err != nil {
				t.Errorf("Write: %d, %v", m, err)
			}
		})
		wg.Go(func() {
			got := make([]byte, n)
			if _, err := io.ReadFull(way[1], got); err != nil || !bytes.Equal(got, data) {
				t.Errorf("Read: %v, equal: %v", err, bytes.Equal(got, data))
			}
		})
	}
	wg.Wait()
}

func TestCloseEndsWhatWaits(t *testing.T) {
	client, server := configs(t)
	waits := map[string]func(c, s *Conn) error{
		"Read": func(c, _ *Conn) error { _, err := c.Read(make([]byte, 1)); return err },
		"Write": func(c, _ *Conn) error {
			for {
				if _, err := c.Write(make([]byte, 1<<20)); err != nil {
					return err
				}
			}
		},
	}
	for name, wait := range waits {
		t.Run(name, func(t *testing.T) {
			c, s := connected(t, client, server)
			done := make(chan error, 1)
			go func() { done <- wait(c, s) }()
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			mustBe(t, name, <-done, net.ErrClosed)
		})
	}
	t.Run("Handshake", func(t *testing.T) {
		c, _ := ends(t, client, server)
		done := make(chan error, 1)
		go func() { done <- c.Handshake() }()
		c.Close()
		mustBe(t, "Handshake", <-done, net.ErrClosed)
	})
	t.Run("before the handshake", func(t *testing.T) {
		c, s := ends(t, client, server)
		c.Close()
		mustBe(t, "Handshake", c.Handshake(), net.ErrClosed)
		mustBe(t, "the second Close", c.Close(), net.ErrClosed)
		_, err := c.Read(make([]byte, 1))
		mustBe(t, "Read", err, net.ErrClosed)
		mustBe(t, "the server's handshake", s.Handshake(), io.ErrUnexpectedEOF)
	})
	t.Run("from a closure", func(t *testing.T) {
		config := client.Clone()
		defer config.Close()
		var c *Conn
		config.VerifyConnection = func(ConnectionState) error { return c.Close() }
		c, s := ends(t, config, server)
		go s.Handshake()
		_, err := c.Write([]byte("x"))
		mustBe(t, "Write", err, net.ErrClosed)
	})
}

func TestCloseWriteIsTheOtherEndsEOF(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		c, s := ends(t, client, server)
		if err := c.CloseWrite(); err == nil {
			t.Error("CloseWrite before the handshake succeeds")
		}
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			t.Fatal(cErr, sErr)
		}
		if _, err := c.Write([]byte("question")); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.CloseWrite(), c.CloseWrite()); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write([]byte("more")); err == nil {
			t.Error("Write after CloseWrite succeeds")
		}
		for range 2 {
			if got, err := io.ReadAll(s); err != nil || len(got) != 0 && string(got) != "question" {
				t.Errorf("read %q, %v", got, err)
			}
		}
		if _, err := s.Write([]byte("answer")); err != nil {
			t.Fatal(err)
		}
		s.Close()
		if got, err := io.ReadAll(c); err != nil || string(got) != "answer" {
			t.Errorf("read %q, %v", got, err)
		}
	})
}

func TestEndWithoutCloseNotifyIsUnexpected(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		c, s := connected(t, client, server)
		if _, err := s.Write([]byte("cut off")); err != nil {
			t.Fatal(err)
		}
		s.NetConn().Close()
		got, err := io.ReadAll(c)
		if string(got) != "cut off" || err != io.ErrUnexpectedEOF {
			t.Errorf("read %q, %v; want io.ErrUnexpectedEOF", got, err)
		}
		if _, err := c.Read(make([]byte, 1)); err != io.ErrUnexpectedEOF {
			t.Errorf("a second Read: %v", err)
		}
	})
}

func TestEmptyReadsAndWrites(t *testing.T) {
	client, server := configs(t)
	c, s := connected(t, client, server)
	for range 3 {
		if n, err := c.Write(nil); n != 0 || err != nil {
			t.Errorf("empty Write: %d, %v", n, err)
		}
		if n, err := s.Read(nil); n != 0 || err != nil {
			t.Errorf("empty Read: %d, %v", n, err)
		}
	}
	exchange(t, c, s, 1)
}

func TestBadBytesFromThePeerAreAClearError(t *testing.T) {
	client, server := configs(t)
	helloCut := func() []byte {
		a, b := net.Pipe()
		defer b.Close()
		c := Client(a, client)
		defer c.Close()
		go c.Handshake()
		buf := make([]byte, 1000)
		n, _ := b.Read(buf)
		return buf[:n/2]
	}()
	tests := map[string]struct {
		send []byte
		want error
	}{
		"plain HTTP":           {[]byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), ErrSSLInvalidRecord},
		"zeros":                {make([]byte, 1000), ErrSSLInvalidRecord},
		"a record too long":    {[]byte{22, 3, 3, 0xff, 0xff, 1, 2, 3}, ErrSSLBadInputData},
		"application data":     {[]byte{23, 3, 3, 0, 1, 0}, ErrSSLUnexpectedMessage},
		"half a ClientHello":   {helloCut, ErrSSLConnEOF},
		"a close":              {nil, ErrSSLConnEOF},
		"a fatal alert":        {[]byte{21, 3, 3, 0, 2, 2, 40}, ErrSSLFatalAlertMessage},
		"a broken handshake":   {[]byte{22, 3, 3, 0, 4, 99, 0, 0, 0}, ErrSSLUnexpectedMessage},
		"an empty ClientHello": {[]byte{22, 3, 3, 0, 4, 1, 0, 0, 0}, ErrSSLDecodeError},
		"a random ClientHello": {append([]byte{22, 3, 3, 1, 4, 1, 0, 1, 0}, bytes.Repeat([]byte{0x5a}, 256)...), ErrSSLBadProtocolVersion},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			raw, b := tcpPair(t)
			s := Server(b, server)
			defer s.Close()
			if _, err := raw.Write(test.send); err != nil {
				t.Fatal(err)
			}
			raw.(*net.TCPConn).CloseWrite()
			err := s.Handshake()
			mustBe(t, "Handshake", err, test.want)
			if again := s.Handshake(); again != err {
				t.Errorf("a second Handshake: %v, want the same", again)
			}
			if _, err := s.Write([]byte("x")); err == nil {
				t.Error("Write succeeds")
			}
		})
	}
}

func TestAlertOfThePeerIsNamed(t *testing.T) {
	client, server := configs(t)
	client.RootCAs = NewCertPool()
	client.RootCAs.AddCert(otherAuthority(t).Cert)
	versions(t, func(t *testing.T, version uint16) {
		client := client.Clone()
		defer client.Close()
		client.MaxVersion, client.MinVersion = version, version
		c, s := ends(t, client, server)
		cErr, sErr := handshakes(c, s)
		mustBe(t, "the client", cErr, ErrX509CertVerifyFailed)
		var verify *VerifyError
		if !errors.As(cErr, &verify) || verify.Flags != CertNotTrusted {
			t.Errorf("the client: %v, want a VerifyError", cErr)
		}
		if version == VersionTLS13 {
			// The library's client sends this alert in the clear, though the server has sent keys for it.
			mustBe(t, "the server", sErr, ErrSSLInvalidMAC)
			return
		}
		var alert AlertError
		if !errors.As(sErr, &alert) || alert != alertUnknownCA {
			t.Errorf("the server: %v, want an unknown_ca alert", sErr)
		}
	})
}

func TestRecordThatWasTamperedWithIsAnError(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		c, s := connected(t, client, server)
		if _, err := s.Write([]byte("genuine")); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(make([]byte, 100)); n != 7 || err != nil {
			t.Fatal(n, err)
		}
		if _, err := s.NetConn().Write(append([]byte{23, 3, 3, 0, 40}, make([]byte, 40)...)); err != nil {
			t.Fatal(err)
		}
		_, err := c.Read(make([]byte, 100))
		mustBe(t, "Read", err, ErrSSLInvalidMAC)
		_, err = c.Write([]byte("x"))
		mustBe(t, "Write after that", err, ErrSSLInvalidMAC)
		_, err = s.Read(make([]byte, 100))
		var alert AlertError
		if !errors.As(err, &alert) || alert != 20 {
			t.Errorf("the other end: %v, want a bad_record_mac alert", err)
		}
	})
}

func TestConnIsANetConnOverAPipe(t *testing.T) {
	client, server := configs(t)
	nettest.TestConn(t, func() (net.Conn, net.Conn, func(), error) {
		a, b := net.Pipe()
		c, s := Client(a, client), Server(b, server)
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			return nil, nil, nil, errors.Join(cErr, sErr)
		}
		// Nobody reads from the pipe once the test is over: close_notify would wait for its time limit.
		return c, s, func() { a.Close(); b.Close(); c.Close(); s.Close() }, nil
	})
}

func TestEmptyRecordsAreNoEnd(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MaxVersion, client.MinVersion = version, version
		c, s := connected(t, client, server)
		for range 3 { // the library skips one, returns 0 for the second, and takes four in a row for an attack
			c.mu.Lock()
			_, err := c.ssl.Write(nil)
			c.mu.Unlock()
			if err != nil {
				t.Fatal(err)
			}
		}
		exchange(t, c, s, 1000)
	})
}

type closeHandler struct {
	slog.Handler
	armed *atomic.Bool
	conn  *Conn
}

func (h *closeHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *closeHandler) Handle(context.Context, slog.Record) error {
	if h.armed.Swap(false) {
		h.conn.Close()
	}
	return nil
}

// It is forbidden, but must not hang for ever.
func TestCloseFromTheLogger(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	h := &closeHandler{armed: new(atomic.Bool)}
	client.Logger, client.DebugLevel = slog.New(h), 4
	c, s := connected(t, client, server)
	h.conn = c
	h.armed.Store(true)
	if _, err := c.Write([]byte("x")); err != nil {
		mustBe(t, "Write", err, net.ErrClosed)
	}
	_, err := s.Read(make([]byte, 10))
	if err == nil {
		t.Error("the connection is still open")
	}
	_, err = c.Write([]byte("x"))
	mustBe(t, "Write", err, net.ErrClosed)
}
