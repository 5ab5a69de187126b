package cbridge

import (
	"errors"
	"net"
	"testing"
)

func TestUserDataIsKept(t *testing.T) {
	p := newPair(t, nil)
	if err := errors.Join(p.client.SetUserDataN(1), p.server.SetUserDataN(2), p.client.conf.SetUserDataN(3)); err != nil {
		t.Fatal(err)
	}
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if p.client.UserDataN() != 1 || p.server.UserDataN() != 2 || p.client.conf.UserDataN() != 3 || p.server.conf.UserDataN() != 0 {
		t.Error("a number is lost")
	}
	p.client.Close()
	if err := p.client.SetUserDataN(4); !errors.Is(err, net.ErrClosed) || p.client.UserDataN() != 0 {
		t.Errorf("after Close: %v, %d", err, p.client.UserDataN())
	}
}
