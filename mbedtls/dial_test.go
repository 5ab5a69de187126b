package mbedtls

import (
	"context"
	"net"
	"testing"
	"time"
)

// The limits of the net.Dialer bound the handshake, too: here nobody answers it.
func TestDialersLimitsBoundTheHandshake(t *testing.T) {
	client, _ := configs(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	addr := l.Addr().String()
	_, err = DialWithDialer(&net.Dialer{Timeout: 50 * time.Millisecond}, "tcp", addr, client)
	mustBe(t, "Timeout", err, context.DeadlineExceeded)
	d := &Dialer{NetDialer: &net.Dialer{Deadline: time.Now().Add(50 * time.Millisecond)}, Config: client}
	conn, err := d.Dial("tcp", addr)
	mustBe(t, "Deadline", err, context.DeadlineExceeded)
	if conn != nil {
		t.Errorf("a connection of type %T beside the error", conn)
	}
}
