package mbedtls

import (
	"bytes"
	"testing"
	"time"
)

// The reader may be between the look whether the listener is closed, and Accept's queue.
func TestDTLSCloseForgetsNoConnection(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	for range 20 {
		l := listenDTLS(t, new(DTLSListenConfig), server)
		pc := socketOf(t)
		link := &tap{Conn: unclosed{ConnectPacketConn(pc, l.Addr())}}
		c, old := connectedOver(t, l, link, client)
		hello := bytes.Clone(link.datagrams()[1])
		hello[recordHeaderLen+12+2] ^= 1 // another random
		old.peer.mu.Lock()
		if _, err := pc.WriteTo(hello, l.Addr()); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool { return l.Stats().Conns == 2 })
		l.Close()
		old.peer.mu.Unlock()
		until(t, func() bool { return l.Stats().Accepted == 2 })
		old.Close()
		c.Close()
		until(t, func() bool { return l.Stats().Conns == 0 })
		<-l.stopped
	}
}

// Without cookies, nobody knows who sent a ClientHello.
func TestDTLSWithoutCookiesNobodyEndsAConnection(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	server.DTLS.InsecureDisableCookies = true
	l := listenDTLS(t, new(DTLSListenConfig), server)
	pc := socketOf(t)
	c, s := connectedOver(t, l, ConnectPacketConn(pc, l.Addr()), client)
	if _, err := pc.WriteTo(firstFlight(t, client), l.Addr()); err != nil {
		t.Fatal(err)
	}
	mustExchange(t, c, s, "ping")
}

// Its old connection ends, and whoever serves that makes room.
func TestDTLSClientComesBackWhenThereIsNoRoom(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.HandshakeTimeoutMin = 50 * time.Millisecond
	l := listenDTLS(t, &DTLSListenConfig{MaxConns: 1}, server)
	defer echoDTLS(l)()
	pc := socketOf(t)
	for i := range 2 {
		c := ClientDTLS(unclosed{ConnectPacketConn(pc, l.Addr())}, client)
		if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if err := c.Handshake(); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
		if _, err := ask(c, "ping"); err != nil {
			t.Fatalf("client %d: %v", i, err)
		}
	}
}

// Who has shown no more than an address gets little memory.
func TestDTLSQueueOfAStrangerIsShort(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	pc := socketOf(t)
	c := ClientDTLS(ConnectPacketConn(pc, l.Addr()), client)
	defer c.Close()
	inBackground(c)
	a, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	p := a.(*Conn).peer
	big := append([]byte{23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 1, 0, 20}, make([]byte, 60000)...)
	for l.Stats().DroppedFull == 0 {
		if _, err := pc.WriteTo(big, l.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for q := p.queue.head; q != nil; q = q.next {
		n += cap(q.datagram)
	}
	if n > 2*maxStrangerBytes {
		t.Errorf("%d bytes in %d datagrams wait", n, p.queue.len)
	}
}
