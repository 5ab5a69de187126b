package mbedtls

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// savable are configs of ends with connection IDs and a suite that can be saved.
func savable(t testing.TB) (client, server *Config) {
	t.Helper()
	client, server = configs(t)
	for _, c := range []*Config{client, server} {
		c.DTLS.ConnectionID = &ConnectionID{Length: 4}
	}
	return client, server
}

func mustSave(t testing.TB, c *Conn) []byte {
	t.Helper()
	saved, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return saved
}

// mustResume goes on with a server's connection on a listener of its own. A Read of it waits ten seconds at most.
func mustResume(t testing.TB, server *Config, saved []byte) *Conn {
	t.Helper()
	c, err := listenDTLS(t, new(DTLSListenConfig), server).Resume(saved)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDTLSSavedConnectionGoesOnElsewhere(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	client.NextProtos, server.NextProtos = []string{"coap"}, []string{"coap"}
	c, s := connectedDTLS(t, client, server)
	mustConverse(t, c, s)
	mustWrite(t, c, "unread")
	until(t, func() bool { return queueLength(s.peer.l) == 1 })
	want := s.ConnectionState()
	saved := mustSave(t, s)
	other := bytes.Clone(saved)

	for name, call := range map[string]func() error{
		"Read":          func() error { _, err := s.Read(make([]byte, 1)); return err },
		"Write":         func() error { _, err := s.Write([]byte("x")); return err },
		"MarshalBinary": func() error { _, err := s.MarshalBinary(); return err },
	} {
		if err := call(); !errors.Is(err, ErrSaved) {
			t.Errorf("%s of a saved connection: %v", name, err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}

	l := listenDTLS(t, new(DTLSListenConfig), server)
	resumed, err := l.Resume(saved)
	if err != nil {
		t.Fatal(err)
	}
	defer resumed.Close()
	if diff := cmp.Diff(want, resumed.ConnectionState()); diff != "" {
		t.Error(diff)
	}
	if _, err := l.Resume(saved); !errors.Is(err, errSavedUsed) {
		t.Errorf("resumed again: %v", err)
	}
	if _, err := l.Resume(other); !errors.Is(err, errConnectionIDTaken) {
		t.Errorf("a copy resumed while the first lives: %v", err)
	}
	mustRead(t, resumed, "unread")

	// The client's records reach the new socket, and its answers the client's.
	moved, err := net.DialUDP("udp", nil, l.Addr().(*net.UDPAddr))
	if err != nil {
		t.Fatal(err)
	}
	savedClient := mustSave(t, c)
	c.Close()
	c, err = ResumeDTLS(moved, savedClient, client)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	mustConverse(t, c, resumed)
	if got, want := resumed.RemoteAddr().String(), moved.LocalAddr().String(); got != want {
		t.Errorf("the peer is at %s, want %s", got, want)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := resumed.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("after the client's Close: %v", err)
	}
}

// A Read that waits ends, and takes no datagram with it.
func TestDTLSMarshalBinaryEndsAReadThatWaits(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	server.ReadTimeout = time.Hour
	c, s := connectedDTLS(t, client, server)
	mustExchange(t, c, s, "ping")
	for _, conn := range []*Conn{s, c} {
		mustWrite(t, conn, "x")
	}
	mustRead(t, c, "x")
	mustRead(t, s, "x")
	for _, conn := range []*Conn{s, c} {
		read := make(chan error, 1)
		go func() {
			_, err := conn.Read(make([]byte, 1))
			read <- err
		}()
		until(t, func() bool { return len(conn.in) == 1 })
		mustSave(t, conn)
		if err := <-read; err != ErrSaved {
			t.Errorf("Read: %v", err)
		}
	}
}

func TestDTLSMarshalBinaryThatFailsHarmsNothing(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	c, s := connectedDTLS(t, client, server)
	if _, err := s.MarshalBinary(); !errors.Is(err, ErrSSLBadInputData) { // it may have to send its last messages again
		t.Errorf("before the first record: %v", err)
	}
	mustExchange(t, c, s, "ping")
	mustWrite(t, c, "long")
	mustRead(t, s, "l"+"ong")
	mustWrite(t, c, "long")
	if n, err := s.Read(make([]byte, 1)); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if _, err := s.MarshalBinary(); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("while data waits: %v", err)
	}
	mustRead(t, s, "ong")
	mustConverse(t, c, s)

	cbc := server.Clone()
	defer cbc.Close()
	cbc.CipherSuites = []uint16{0xC023} // TLS-ECDHE-ECDSA-WITH-AES-128-CBC-SHA256
	c, s = connectedDTLS(t, client, cbc)
	mustExchange(t, c, s, "ping")
	if _, err := s.MarshalBinary(); !errors.Is(err, ErrSSLBadInputData) || !strings.Contains(err.Error(), "CBC-SHA256 is no AEAD") {
		t.Errorf("with CBC: %v", err)
	}

	a, b := ends(t, client, server)
	for _, conn := range []*Conn{a, b} {
		if _, err := conn.MarshalBinary(); err == nil {
			t.Error("a stream was saved")
		}
	}
	fresh := ClientDTLS(c.conn, client)
	if _, err := fresh.MarshalBinary(); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("before the handshake: %v", err)
	}
}

func TestDTLSResumeRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	c, s := connectedDTLS(t, client, server)
	mustExchange(t, c, s, "ping")
	saved := mustSave(t, s)
	change := func(f func(*savedConn)) []byte {
		var sc savedConn
		if err := json.Unmarshal(saved, &sc); err != nil {
			t.Fatal(err)
		}
		f(&sc)
		out, err := json.Marshal(sc)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	with := func(f func(*Config)) *Config {
		config := server.Clone()
		t.Cleanup(func() { config.Close() })
		f(config)
		return config
	}
	same := func(*Config) {}
	for _, test := range []struct {
		name   string
		saved  []byte
		config *Config
		want   error // nil: any
	}{
		{"nothing", nil, with(same), nil},
		{"no saved connection", []byte("{}"), with(same), nil},
		{"cut", saved[:len(saved)/2], with(same), nil},
		{"another format", change(func(s *savedConn) { s.Format++ }), with(same), nil},
		{"cut context", change(func(s *savedConn) { s.Context = s.Context[:len(s.Context)-1] }), with(same), ErrSSLBadInputData},
		{"another build", change(func(s *savedConn) { s.Context[3] ^= 1 }), with(same), ErrSSLVersionMismatch},
		{"another end", change(func(s *savedConn) { s.Server = false }), with(same), nil},
		{"an unknown network", change(func(s *savedConn) { s.Network = "pigeon" }), with(same), nil},
		{"another length of connection IDs", saved, with(func(c *Config) { c.DTLS.ConnectionID = &ConnectionID{Length: 5} }), ErrSSLBadInputData},
		{"another suite", saved, with(func(c *Config) { c.CipherSuites = []uint16{0xC02B} }), ErrSSLBadInputData},
		{"renegotiation", saved, with(func(c *Config) { c.AllowRenegotiation = true }), ErrSSLBadInputData},
	} {
		l := listenDTLS(t, new(DTLSListenConfig), test.config)
		before := bytes.Clone(test.saved)
		conn, err := l.Resume(test.saved)
		if err == nil {
			conn.Close()
			t.Fatalf("%s: resumed", test.name)
		}
		if test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if !bytes.Equal(before, test.saved) {
			t.Errorf("%s: the state is wiped", test.name)
		}
		if st := l.Stats(); st.Conns != 0 || st.HalfOpen != 0 {
			t.Errorf("%s: %+v", test.name, st)
		}
	}
	l := listenDTLS(t, new(DTLSListenConfig), server)
	resumed, err := l.Resume(saved) // it is still good
	if err != nil {
		t.Fatal(err)
	}
	resumed.Close()
}

// A listener resumes all that were saved, and Accept returns them; or none, and then the peers hear nothing of it.
func TestDTLSListenerResumesAllOrNone(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	var clients [2]*Conn
	var saved [2][]byte
	for i := range clients {
		c, s := dialDTLS(t, l, client)
		mustExchange(t, c, s, "ping")
		clients[i], saved[i] = c, mustSave(t, s)
	}
	broken := [][]byte{saved[0], saved[1][:10]}
	if _, err := (&DTLSListenConfig{Saved: broken}).Listen("udp", "127.0.0.1:0", server); err == nil || !strings.Contains(err.Error(), "Saved[1]") {
		t.Fatalf("with a broken one: %v", err)
	}
	l2 := listenDTLS(t, &DTLSListenConfig{Saved: saved[:]}, server)
	for i, c := range clients {
		s, err := l2.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := fmt.Fprint(s, i); err != nil { // from another port, which the client's socket does not take
			t.Fatal(err)
		}
		c.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !isTimeout(err) {
			t.Errorf("client %d: %v, want silence", i, err)
		}
		if got := s.RemoteAddr().String(); got != c.LocalAddr().String() {
			t.Errorf("connection %d is with %s, want %s", i, got, c.LocalAddr())
		}
		if saved[i][0] != 0 {
			t.Errorf("saved connection %d is not wiped", i)
		}
	}
	if st := l2.Stats(); st.Conns != 2 || st.HalfOpen != 0 {
		t.Errorf("%+v", st)
	}
}

// A connection that its listener has not any more takes the socket from nobody.
func TestDTLSMarshalBinaryOfAConnectionThatIsGone(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	c1, s1 := dialDTLS(t, l, client)
	c2, s2 := dialDTLS(t, l, client)
	mustExchange(t, c1, s1, "ping")
	mustExchange(t, c2, s2, "ping")
	l.Close()
	if err := s1.NetConn().Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s1.MarshalBinary(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("MarshalBinary: %v", err)
	}
	if err := s2.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	mustExchange(t, c2, s2, "pong")
}

// A Read may have given a datagram to the library, and not have called it yet.
func TestDTLSMarshalBinaryTakesWhatIsFed(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	c, s := connectedDTLS(t, client, server)
	mustExchange(t, c, s, "ping")
	if _, err := c.Write([]byte("fed")); err != nil {
		t.Fatal(err)
	}
	s.in.enter(nil)
	if err := s.receive(func() bool { return false }); err != nil {
		t.Fatal(err)
	}
	s.in.leave()
	saved := mustSave(t, s)
	mustRead(t, mustResume(t, server, saved), "fed")
}

// What waits goes along any number of times.
func TestDTLSMarshalBinaryTwiceKeepsWhatWaits(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	c, s := connectedDTLS(t, client, server)
	mustExchange(t, c, s, "ping")
	if _, err := c.Write([]byte("unread")); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return queueLength(s.peer.l) == 1 })
	saved := mustSave(t, s)
	for range 2 {
		a, _ := socketPair(t)
		r, err := ResumeDTLS(a, saved, server)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		saved = mustSave(t, r)
	}
	mustRead(t, mustResume(t, server, saved), "unread")
}

// A peer that moves while its connection does is followed.
func TestDTLSResumeFollowsThePendingDatagrams(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	k, c, s := overRelay(t, l, client)
	mustExchange(t, c, s, "ping")
	if _, err := c.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	queue := func(n int) {
		until(t, func() bool { s.peer.mu.Lock(); defer s.peer.mu.Unlock(); return s.peer.queue.len == n })
	}
	queue(1)
	k.rebound(t)
	if _, err := c.Write([]byte("two")); err != nil {
		t.Fatal(err)
	}
	queue(2)
	r := mustResume(t, server, mustSave(t, s))
	mustRead(t, r, "one")
	mustRead(t, r, "two")
	sources := k.Sources()
	if got, want := r.RemoteAddr().String(), sources[len(sources)-1].String(); got != want {
		t.Errorf("the peer is at %s, want %s", got, want)
	}
}

// A socket for both families gives IPv4 addresses another form than they have in text.
func TestDTLSResumeOnASocketForBothFamilies(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l, err := NewDTLSListener(bothFamilies(t), server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := l.Addr().(*net.UDPAddr).Port
	pc := socketOf(t)
	c := ClientDTLS(ConnectPacketConn(pc, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}), client)
	defer c.Close()
	done := inBackground(c)
	s, err := accept(l)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mustExchange(t, c, s, "ping")
	r, err := l.Resume(mustSave(t, s))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	mustExchange(t, c, r, "ping")
}

// bothFamilies is a socket of IPv6 that takes IPv4 alone, on its loopback address.
func bothFamilies(t *testing.T) net.PacketConn {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET6, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Skip("no IPv6 on this machine: ", err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close() // pc has a copy
	loopback := netip.MustParseAddr("::ffff:127.0.0.1").As16()
	if err := errors.Join(
		syscall.SetsockoptInt(fd, syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 0),
		syscall.Bind(fd, &syscall.SockaddrInet6{Addr: loopback}),
	); err != nil {
		t.Fatal(err)
	}
	pc, err := net.FilePacketConn(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pc.Close() })
	return pc
}

// The ClientHello that a connection began with does not end it after it was resumed, where no listener knows of it.
func TestDTLSResumedConnectionSurvivesItsOwnLateClientHello(t *testing.T) {
	t.Parallel()
	client, server := savable(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	pc := socketOf(t)
	link := &tap{Conn: ConnectPacketConn(pc, l.Addr())}
	c, s := connectedOver(t, l, link, client)
	mustExchange(t, c, s, "ping")
	saved := mustSave(t, s)
	if _, err := c.Write([]byte("later")); err != nil {
		t.Fatal(err)
	}
	sent := link.datagrams()
	a, b := socketPair(t)
	r, err := ResumeDTLS(sameAddress{a, pc.LocalAddr()}, saved, server)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for _, d := range [][]byte{sent[1], sent[len(sent)-1]} {
		if _, err := b.Write(d); err != nil {
			t.Fatal(err)
		}
	}
	mustRead(t, r, "later")
}

// sameAddress is a connection with a peer that is where it was.
type sameAddress struct {
	net.Conn
	peer net.Addr
}

func (c sameAddress) RemoteAddr() net.Addr { return c.peer }
