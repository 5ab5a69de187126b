package mbedtls

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

func TestDTLSListenerServesManyAtOnce(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	stop := echoDTLS(l)
	defer stop()
	var clients errgroup.Group
	for i := range 20 {
		clients.Go(func() error {
			c, err := DialDTLS("udp", l.Addr().String(), client)
			if err != nil {
				return err
			}
			defer c.Close()
			for j := range 20 {
				if _, err := ask(c, fmt.Sprintf("client %d, request %d", i, j)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := clients.Wait(); err != nil {
		t.Fatal(err)
	}
	if st := l.Stats(); st.Accepted != 20 || st.HelloVerifies < 20 || st.HalfOpen != 0 {
		t.Errorf("%+v", st)
	}
	stop()
	if st := l.Stats(); st.Conns != 0 {
		t.Errorf("after all were closed: %+v", st)
	}
}

func TestDTLSListenerServesIPv6(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l, err := ListenDTLS("udp6", "[::1]:0", server)
	if err != nil {
		t.Skip("no IPv6 on this machine: ", err)
	}
	stop := echoDTLS(l)
	defer stop()
	c, err := DialDTLS("udp6", l.Addr().String(), client)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := ask(c, "ping"); err != nil {
		t.Fatal(err)
	}
}

func TestDTLSListenerKeepsNothingOfUnknownSources(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	raw := socketTo(t, l.Addr())
	hello := firstFlight(t, client)
	data := append([]byte{23, 0xFE, 0xFD, 0, 1, 0, 0, 0, 0, 0, 1, 0, 20}, make([]byte, 20)...)
	for _, datagram := range [][]byte{{}, {22}, data, hello[:40], bytes.Repeat([]byte{25}, 100), hello} {
		if _, err := raw.Write(datagram); err != nil {
			t.Fatal(err)
		}
	}
	answer := make([]byte, 1000)
	n, err := raw.Read(answer)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := parseRecord(answer[:n], 0); !ok || r.contentType != recordHandshake || r.fragment[0] != handshakeVerifyRequest {
		t.Errorf("the answer is no HelloVerifyRequest: %x", answer[:n])
	}
	if n >= len(hello) {
		t.Errorf("the answer has %d bytes, the ClientHello only %d", n, len(hello))
	}
	if got, want := stopped(l), (DTLSStats{HelloVerifies: 1, DroppedUnknown: 5}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// A client that stops after its cookie was found good delays no other.
func TestDTLSListenerIsNotHeldUpByASilentClient(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, &DTLSListenConfig{MaxHalfOpen: 2}, server)
	silentClient(t, l, client)
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	ended := make(chan error, 1)
	go func() { ended <- accepted.(*Conn).Handshake() }()
	c, s := dialDTLS(t, l, client)
	mustExchange(t, c, s, "ping")
	if st := l.Stats(); st.HalfOpen != 1 || st.Conns != 2 {
		t.Errorf("%+v", st)
	}
	accepted.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Errorf("the silent client's handshake ends with %v", err)
	}
}

func TestDTLSListenerKeepsItsLimits(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	for _, test := range []struct {
		name   string
		limits DTLSListenConfig
	}{{"half-open", DTLSListenConfig{MaxHalfOpen: 2}}, {"connections", DTLSListenConfig{MaxConns: 2}}} {
		t.Run(test.name, func(t *testing.T) {
			l := listenDTLS(t, &test.limits, server)
			for range 3 {
				silentClient(t, l, client)
			}
			until(t, func() bool { return l.Stats().DroppedLimit == 1 })
			if st := l.Stats(); st.HalfOpen != 2 || st.Conns != 2 || st.Accepted != 2 {
				t.Errorf("%+v", st)
			}
			for range 2 { // make room
				c, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				c.Close()
			}
			c, s := dialDTLS(t, l, client)
			mustExchange(t, c, s, "ping")
		})
	}
	t.Run("queue", func(t *testing.T) {
		l := listenDTLS(t, &DTLSListenConfig{MaxQueued: 3}, server)
		c, s := dialDTLS(t, l, client)
		for i := range 5 {
			if _, err := fmt.Fprint(c, i); err != nil {
				t.Fatal(err)
			}
		}
		until(t, func() bool { return l.Stats().DroppedFull == 2 })
		mustRead(t, s, "0")
	})
	for name, limits := range map[string]DTLSListenConfig{
		"MaxConns": {MaxConns: -1}, "MaxHalfOpen": {MaxHalfOpen: -1}, "MaxQueued": {MaxQueued: -1}, "ReadBuffer": {ReadBuffer: -1},
		"MaxUnknown": {MaxUnknown: -1},
	} {
		_, err := limits.Listen("udp", "127.0.0.1:0", server)
		var bad *ConfigError
		if !errors.As(err, &bad) || bad.Field != "DTLSListenConfig."+name {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A client that begins anew from the same address is a new connection, and the old one is over.
func TestDTLSReconnectIsANewConnection(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	asked := make(chan bool, 10)
	server.VerifyConnection = func(ConnectionState) error { asked <- true; return nil }
	l := listenDTLS(t, new(DTLSListenConfig), server)
	pc := socketOf(t)
	var served [2]*Conn
	for i := range served {
		var c *Conn
		c, served[i] = connectedOver(t, l, unclosed{ConnectPacketConn(pc, l.Addr())}, client)
		mustConverse(t, served[i], c)
		<-asked
	}
	for range 2 {
		if _, err := served[0].Read(make([]byte, 1)); !errors.Is(err, ErrSSLClientReconnect) {
			t.Errorf("Read of the old connection: %v", err)
		}
	}
	if _, err := served[0].Write([]byte("x")); !errors.Is(err, ErrSSLClientReconnect) {
		t.Errorf("Write of the old connection: %v", err)
	}
	if err := served[0].Close(); err != nil {
		t.Error(err)
	}
	if st := l.Stats(); st.Reconnects != 1 || st.Accepted != 2 || st.Conns != 1 {
		t.Errorf("%+v", st)
	}
}

// Neither a ClientHello without a cookie nor the old one, sent again, harms a connection.
func TestDTLSConnectionSurvivesClientHellosFromItsAddress(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	pc := socketOf(t)
	link := &tap{Conn: ConnectPacketConn(pc, l.Addr())}
	c, s := connectedOver(t, l, link, client)
	for _, hello := range append(link.datagrams()[:2:2], firstFlight(t, client)) {
		if _, err := pc.WriteTo(hello, l.Addr()); err != nil {
			t.Fatal(err)
		}
	}
	mustConverse(t, c, s)
	if st := l.Stats(); st.Accepted != 1 || st.HelloVerifies != 2 || st.DroppedUnknown != 2 {
		t.Errorf("%+v", st)
	}
}

func TestDTLSListenerCloseLeavesConnectionsAlone(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	c, s := dialDTLS(t, l, client)
	silentClient(t, l, client) // is never accepted
	until(t, func() bool { return l.Stats().Conns == 2 })
	waiting := make(chan error, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_, err := l.Accept()
		waiting <- err
	}()
	if err := <-waiting; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
	if err := l.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a second Close: %v", err)
	}
	mustConverse(t, c, s)
	if _, err := DialDTLSContext(canceledSoon(t), "udp", l.Addr().String(), client); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a new client: %v", err)
	}
	s.Close()
	<-l.stopped // the reader
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the client reads %v", err)
	}
}

func canceledSoon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

func TestDTLSListenerServesOtherSockets(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	dir, err := os.MkdirTemp("", "dtls") // the name of a test is too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	pc, err := net.ListenPacket("unixgram", filepath.Join(dir, "server"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := NewDTLSListener(pc, server)
	if err != nil {
		pc.Close()
		t.Fatal(err)
	}
	stop := echoDTLS(l)
	defer stop()
	own, err := net.ListenPacket("unixgram", filepath.Join(dir, "client"))
	if err != nil {
		t.Fatal(err)
	}
	c := ClientDTLS(ConnectPacketConn(own, l.Addr()), client)
	defer c.Close()
	if _, err := ask(c, "ping"); err != nil {
		t.Fatal(err)
	}
}
