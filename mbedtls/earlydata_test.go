package mbedtls

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// earlyConfigs are for ends that have a session which allows early data.
func earlyConfigs(t *testing.T) (client, server *Config, session *Session) {
	t.Helper()
	client, server = configs(t)
	server.TicketKeys, server.MaxEarlyData = ticketKeys(t), 40_000
	_, _, session = visit(t, client, server, nil)
	if session.MaxEarlyData() != server.MaxEarlyData {
		t.Fatalf("the session allows %d bytes, want %d", session.MaxEarlyData(), server.MaxEarlyData)
	}
	return client, server, session
}

// earlyEnds have not begun their handshake. Nothing on them waits for ever.
func earlyEnds(t *testing.T, client, server *Config, session *Session) (c, s *Conn) {
	t.Helper()
	c, s = ends(t, client, server)
	for _, conn := range []*Conn{c, s} {
		if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.SetSession(session); err != nil {
		t.Fatal(err)
	}
	return c, s
}

func pattern(n int) []byte { return bytes.Repeat([]byte("early "), n/6+1)[:n] }

func TestEarlyDataArrives(t *testing.T) {
	client, server, session := earlyConfigs(t)
	for name, read := range map[string]func(s *Conn, want int) ([]byte, error){
		"by ReadEarlyData": func(s *Conn, _ int) ([]byte, error) { return io.ReadAll(earlyReader{s}) },
		"by Read": func(s *Conn, want int) ([]byte, error) {
			buf := make([]byte, want)
			_, err := io.ReadFull(s, buf)
			return buf, err
		},
	} {
		for _, size := range []int{1, 1000, 20_000, 40_000} {
			c, s := earlyEnds(t, client, server, session)
			want := pattern(size)
			// All of it leaves before the server says anything.
			if n, err := c.WriteEarlyData(want[:size/2]); n != size/2 || err != nil {
				t.Fatalf("WriteEarlyData: %d, %v", n, err)
			}
			if n, err := c.WriteEarlyData(want[size/2:]); n != size-size/2 || err != nil {
				t.Fatalf("WriteEarlyData: %d, %v", n, err)
			}
			handshake := make(chan error, 1)
			go func() { handshake <- c.Handshake() }()
			got, err := read(s, size)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: read %d bytes of %d, %v", name, len(got), size, err)
			}
			if err := <-handshake; err != nil {
				t.Fatal(err)
			}
			for _, conn := range []*Conn{c, s} {
				if st := conn.ConnectionState(); st.EarlyData != EarlyDataAccepted || st.EarlyDataLen != size || !st.DidResume {
					t.Errorf("%v, %d bytes, resumed %t", st.EarlyData, st.EarlyDataLen, st.DidResume)
				}
			}
			ping(t, c, s)
			if _, err := s.ReadEarlyData(make([]byte, 1)); err != io.EOF {
				t.Errorf("ReadEarlyData after the end: %v", err)
			}
			c.Close()
			s.Close()
		}
	}
}

type earlyReader struct{ c *Conn }

func (r earlyReader) Read(p []byte) (int, error) { return r.c.ReadEarlyData(p) }

// What the server does not take is told, and can be sent again.
func TestRejectedEarlyDataIsToldAndSentAgain(t *testing.T) {
	for name, change := range map[string]func(server *Config){
		"no early data":  func(c *Config) { c.MaxEarlyData = 0 },
		"other keys":     func(c *Config) { c.TicketKeys = ticketKeys(t) },
		"other group":    func(c *Config) { c.Groups = []Group{CurveP521} }, // a HelloRetryRequest
		"other protocol": func(c *Config) { c.NextProtos = []string{"other"} },
	} {
		t.Run(name, func(t *testing.T) {
			client, server, session := earlyConfigs(t)
			server = changed(t, server, change)
			client = changed(t, client, func(c *Config) { c.NextProtos = server.NextProtos })
			c, s := earlyEnds(t, client, server, session)
			want := pattern(1000)
			if n, err := c.WriteEarlyData(want); n != len(want) || err != nil {
				t.Fatalf("WriteEarlyData: %d, %v", n, err)
			}
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatalf("client: %v\nserver: %v", cErr, sErr)
			}
			if st := c.ConnectionState(); st.EarlyData != EarlyDataRejected || st.EarlyDataLen != len(want) {
				t.Fatalf("%v, %d bytes", st.EarlyData, st.EarlyDataLen)
			}
			if st := s.ConnectionState(); st.EarlyData != EarlyDataNone {
				t.Errorf("server: %v", st.EarlyData)
			}
			if _, err := c.Write(want); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(want))
			if _, err := io.ReadFull(s, got); err != nil || !cmp.Equal(got, want) {
				t.Errorf("read %q, %v", got, err)
			}
		})
	}
}

func TestEarlyDataBeyondTheLimitIsNotSent(t *testing.T) {
	client, server, session := earlyConfigs(t)
	c, s := earlyEnds(t, client, server, session)
	want := pattern(50_000)
	n, err := c.WriteEarlyData(want)
	if n != 40_000 {
		t.Errorf("%d bytes were sent, want 40000", n)
	}
	mustBe(t, "WriteEarlyData", err, ErrSSLCannotWriteEarlyData)
	done := make(chan error, 1)
	go func() {
		_, err := c.Write(want[n:])
		done <- err
	}()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(s, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("read: %v", err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestNoEarlyDataWithoutASessionForIt(t *testing.T) {
	client, server, session := earlyConfigs(t)
	plain := changed(t, server, func(c *Config) { c.MaxEarlyData = 0 })
	_, _, without := visit(t, client, plain, nil)
	tls12 := changed(t, client, func(c *Config) { c.MaxVersion = VersionTLS12 })
	for name, f := range map[string]struct {
		client  *Config
		session *Session
	}{"no session": {client, nil}, "a session without early data": {client, without}, "TLS 1.2": {tls12, session}} {
		c, s := earlyEnds(t, f.client, server, f.session)
		n, err := c.WriteEarlyData([]byte("x"))
		if n != 0 {
			t.Errorf("%s: %d bytes were sent", name, n)
		}
		mustBe(t, name, err, ErrSSLCannotWriteEarlyData)
		if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
			t.Fatalf("%s: client: %v\nserver: %v", name, cErr, sErr)
		}
		if st := c.ConnectionState(); st.EarlyData != EarlyDataNone {
			t.Errorf("%s: %v", name, st.EarlyData)
		}
		ping(t, c, s)
		_, err = c.WriteEarlyData([]byte("x"))
		mustBe(t, name+", after the handshake", err, ErrSSLCannotWriteEarlyData)
		if _, err := c.ReadEarlyData(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: ReadEarlyData on a client: %v", name, err)
		}
		_, err = s.WriteEarlyData([]byte("x"))
		mustBe(t, name+", on a server", err, ErrSSLCannotWriteEarlyData)
	}
}

// A client that has a session for early data and sends none announces none.
func TestOrdinaryResumptionAnnouncesNoEarlyData(t *testing.T) {
	client, server, session := earlyConfigs(t)
	c, s, _ := visit(t, client, server, func(c *Conn) { c.SetSession(session) })
	if !c.DidResume || c.EarlyData != EarlyDataNone || s.EarlyData != EarlyDataNone {
		t.Errorf("resumed %t, early data %v and %v", c.DidResume, c.EarlyData, s.EarlyData)
	}
}
