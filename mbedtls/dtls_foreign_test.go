package mbedtls

import (
	"bytes"
	"net"
	"testing"
)

// A record that comes to another listener than its connection's finds its way by Inject.
func TestDTLSRecordOfAnotherListenersConnectionIsInjected(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	home := listenDTLS(t, new(DTLSListenConfig), server)
	k, c, s := overRelay(t, home, client)
	mustConverse(t, c, s)

	type foreign struct{ id, datagram []byte }
	seen := make(chan foreign, 10)
	away := listenDTLS(t, &DTLSListenConfig{UnknownConnectionID: func(id, datagram []byte, _ net.Addr) {
		seen <- foreign{bytes.Clone(id), bytes.Clone(datagram)}
	}}, server)
	k.loses(true)
	n := k.count()
	mustWrite(t, c, "astray")
	datagram := k.last(t, n+1)
	if away.Inject(datagram, s.RemoteAddr()) {
		t.Error("Inject found a connection that is not there")
	}
	astray := socketTo(t, away.Addr())
	if _, err := astray.Write(datagram); err != nil {
		t.Fatal(err)
	}
	f := <-seen
	if !bytes.Equal(f.id, s.OwnConnectionID()) || !bytes.Equal(f.datagram, datagram) {
		t.Errorf("connection ID %x, want %x; the datagram is %d bytes, want %d", f.id, s.OwnConnectionID(), len(f.datagram), len(datagram))
	}
	if !home.Inject(f.datagram, s.RemoteAddr()) {
		t.Fatal("Inject does not find the connection")
	}
	mustRead(t, s, "astray")
	mustExchange(t, s, c, "answer")
	if conns := home.Conns(); len(conns) != 1 || conns[0] != s {
		t.Errorf("the connections are %v", conns)
	}
	if st := home.Stats(); st.Injected != 1 || st.DroppedUnknown != 0 {
		t.Errorf("%+v", st)
	}
	if want := (DTLSStats{ForeignIDs: 1}); away.Stats() != want {
		t.Errorf("%+v, want %+v", away.Stats(), want)
	}
}

// Inject takes only what has the connection ID of an established connection.
func TestDTLSInjectTakesNothingElse(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	k, c, s := overRelay(t, l, client)
	hello := k.last(t, 1)
	mustConverse(t, c, s)
	for name, datagram := range map[string][]byte{"nothing": nil, "a ClientHello": hello, "noise": []byte("noise")} {
		if l.Inject(datagram, s.RemoteAddr()) {
			t.Errorf("%s is injected", name)
		}
	}
	mustConverse(t, c, s)
}

// While UnknownConnectionID does not return, the listener's own connections go on, and what does not fit is dropped.
func TestDTLSListenerDoesNotWaitForUnknownConnectionID(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	block, entered := make(chan struct{}), make(chan struct{}, 10)
	const room = 3
	l := listenDTLS(t, &DTLSListenConfig{MaxUnknown: room, UnknownConnectionID: func(_, _ []byte, _ net.Addr) {
		entered <- struct{}{}
		<-block
	}}, server)
	defer close(block)
	k, c, s := overRelay(t, l, client)
	n := k.count()
	mustExchange(t, c, s, "ours")
	foreign := bytes.Clone(k.last(t, n+1))
	foreign[recordHeaderLen-2]++ // the first byte of the connection ID, which stands before the length
	stranger := socketTo(t, l.Addr())
	send := func() {
		if _, err := stranger.Write(foreign); err != nil {
			t.Fatal(err)
		}
	}
	send()
	<-entered
	for range room + 2 {
		send()
	}
	until(t, func() bool { return l.Stats().DroppedForeign == 2 })
	mustConverse(t, c, s)
	if got := l.Stats().ForeignIDs; got != room+1 {
		t.Errorf("%d datagrams are kept, want %d", got, room+1)
	}
}
