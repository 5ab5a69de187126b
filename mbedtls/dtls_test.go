package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

// listenDTLS is a listener on a loopback address, closed with the test.
func listenDTLS(t testing.TB, lc *DTLSListenConfig, server *Config) *DTLSListener {
	t.Helper()
	l, err := lc.Listen("udp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// accept is the next connection of l after its handshake, or the error of that.
func accept(l *DTLSListener) (*Conn, error) {
	c, err := l.Accept()
	if err != nil {
		return nil, err
	}
	conn := c.(*Conn)
	if err := conn.Handshake(); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// connectedDTLS connects a client with a server's listener.
func connectedDTLS(t testing.TB, client, server *Config) (c, s *Conn) {
	t.Helper()
	l := listenDTLS(t, new(DTLSListenConfig), server)
	return dialDTLS(t, l, client)
}

// dialDTLS connects a client with l, which has no other clients at that time.
func dialDTLS(t testing.TB, l *DTLSListener, client *Config) (c, s *Conn) {
	t.Helper()
	type result struct {
		conn *Conn
		err  error
	}
	accepted := make(chan result, 1)
	go func() {
		conn, err := accept(l)
		accepted <- result{conn, err}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := DialDTLSContext(ctx, "udp", l.Addr().String(), client)
	if err != nil {
		l.Close()
		t.Fatalf("client: %v\nserver: %v", err, (<-accepted).err)
	}
	r := <-accepted
	if r.err != nil {
		c.Close()
		t.Fatal(r.err)
	}
	t.Cleanup(func() { c.Close(); r.conn.Close() })
	return c, r.conn
}

// mustExchange sends data from one end to the other in one record.
func mustExchange(t testing.TB, from, to net.Conn, data string) {
	t.Helper()
	if _, err := from.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, len(data)+1)
	if n, err := to.Read(buf); err != nil || string(buf[:n]) != data {
		t.Fatalf("read %q, %v; want %q", buf[:n], err, data)
	}
}

func TestDTLSConnects(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	c, s := connectedDTLS(t, client, server)
	for _, conn := range []*Conn{c, s} {
		if st := conn.ConnectionState(); st.Version != VersionDTLS12 || !st.HandshakeComplete || st.CipherSuite == 0 {
			t.Errorf("state: %+v", st)
		}
	}
	mustExchange(t, c, s, "ping")
	mustExchange(t, s, c, "pong")
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Read(make([]byte, 10)); err != io.EOF {
		t.Errorf("after the peer's Close: %d, %v, want EOF", n, err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}

func TestDTLSReadKeepsRecordsApart(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	c, s := connectedDTLS(t, client, server)
	for _, data := range []string{"first", "second"} {
		if _, err := c.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []struct {
		size     int
		data     string
		buffered int
	}{{3, "fir", 2}, {100, "st", 0}, {100, "second", 0}} {
		buf := make([]byte, want.size)
		n, err := s.Read(buf)
		if err != nil || string(buf[:n]) != want.data || s.Buffered() != want.buffered {
			t.Fatalf("read %q, %v, and %d wait; want %+v", buf[:n], err, s.Buffered(), want)
		}
	}
}

func TestDTLSWriteNamesTheMaximumPayload(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.MTU = 1000
	c, s := connectedDTLS(t, client, server)
	limit := c.MaxPayload()
	if limit < 900 || limit >= 1000 || limit != c.ConnectionState().MaxOutPayload {
		t.Fatalf("the maximum is %d, with an MTU of 1000; ConnectionState has %d", limit, c.ConnectionState().MaxOutPayload)
	}
	n, err := c.Write(make([]byte, limit+1))
	var tooLong *PayloadError
	if n != 0 || !errors.As(err, &tooLong) || *tooLong != (PayloadError{limit + 1, limit}) || !errors.Is(err, syscall.EMSGSIZE) {
		t.Fatalf("Write: %d, %v", n, err)
	}
	data := bytes.Repeat([]byte("x"), limit)
	mustExchange(t, c, s, string(data))
	if err := c.SetMTU(500); err != nil {
		t.Fatal(err)
	}
	if got := c.MaxPayload(); got != limit-500 {
		t.Errorf("the maximum is %d after the MTU fell by 500, was %d", got, limit)
	}
}

func TestDTLSDeadlinesLeaveTheConnectionUsable(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	server.ReadTimeout = 300 * time.Millisecond // the last Read has that long on a busy machine
	c, s := connectedDTLS(t, client, server)
	for _, conn := range []*Conn{c, s} {
		if err := conn.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Read: %v", err)
		}
		if err := conn.SetDeadline(time.Time{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Read(make([]byte, 1)); !errors.Is(err, ErrSSLTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read with a ReadTimeout: %v", err)
	}
	if err := c.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("late")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Write: %v", err)
	}
	if err := c.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	mustExchange(t, c, s, "ping")
	mustExchange(t, s, c, "pong")
}
