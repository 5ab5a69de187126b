package mbedtls

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestDTLSConnects(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	c, s := connectedDTLS(t, client, server)
	for _, conn := range []*Conn{c, s} {
		if st := conn.ConnectionState(); st.Version != VersionDTLS12 || !st.HandshakeComplete || st.CipherSuite == 0 {
			t.Errorf("state: %+v", st)
		}
	}
	mustConverse(t, c, s)
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
		mustWrite(t, c, data)
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
	mustConverse(t, c, s)
}
