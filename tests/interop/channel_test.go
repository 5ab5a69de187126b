package interop_test

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// channelConn is a Channel over a connection: a peers.Conn, in as few lines as a user would need. Read and Write may be
// called by different goroutines.
type channelConn struct {
	net.Conn
	wire []byte

	mu   sync.Mutex
	ch   *mbedtls.Channel
	got  []byte // decrypted, not read
	sent error  // of the connection underneath
}

func newChannelConn(t *testing.T, conn net.Conn, config *mbedtls.Config, o mbedtls.ChannelOptions) *channelConn {
	t.Helper()
	c := &channelConn{Conn: conn, wire: make([]byte, 1<<15)}
	o.RemoteAddr = conn.RemoteAddr()
	o.Emit = func(data []byte) {
		if _, err := conn.Write(data); err != nil {
			c.sent = err
		}
	}
	o.RecordReceived = func(_ uint64, data []byte) { c.got = append(c.got, data...) }
	o.AlertReceived = func(level mbedtls.AlertLevel, alert mbedtls.AlertError) { t.Logf("alert: %v: %s", level, alert.Name()) }
	o.SessionEstablished = func(mbedtls.ConnectionState) (bool, error) { return true, nil }
	var err error
	if c.ch, err = mbedtls.NewChannel(config, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// receive gives the Channel what comes next, or the time.
func (c *channelConn) receive() error {
	c.mu.Lock()
	left, ok := c.ch.Timeout()
	c.mu.Unlock()
	if ok {
		if err := c.Conn.SetReadDeadline(time.Now().Add(left)); err != nil {
			return err
		}
	}
	n, err := c.Conn.Read(c.wire)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case ok && errors.Is(err, os.ErrDeadlineExceeded):
		_, err = c.ch.TimeoutCheck()
	case err == nil:
		_, err = c.ch.Receive(c.wire[:n])
	}
	if _, ok := c.ch.Timeout(); !ok && err == nil {
		err = c.Conn.SetReadDeadline(time.Now().Add(testTimeout))
	}
	return errors.Join(err, c.sent)
}

func (c *channelConn) handshake() error {
	err := c.ch.Handshake()
	for err == nil && !c.ch.IsActive() {
		err = c.receive()
	}
	return err
}

func (c *channelConn) Read(p []byte) (int, error) {
	for {
		c.mu.Lock()
		n := copy(p, c.got)
		c.got = c.got[n:]
		c.mu.Unlock()
		if n > 0 {
			return n, nil
		}
		if err := c.receive(); err != nil && len(c.got) == 0 {
			if errors.Is(err, io.EOF) {
				return 0, io.EOF
			}
			return 0, err
		}
	}
}

func (c *channelConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, err := c.ch.Send(p); err != nil {
		return 0, err
	}
	return len(p), c.sent
}

func (c *channelConn) CloseWrite() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch.SendAlert(mbedtls.AlertWarning, mbedtls.AlertCloseNotify)
}

func (c *channelConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.ch.Close(), c.Conn.Close())
}

func TestChannelClientsExchangeWithEveryPeer(t *testing.T) {
	for _, version := range append(versions, mbedtls.VersionDTLS12) {
		for _, peer := range implementations() {
			if version == mbedtls.VersionDTLS12 && peer.name == "crypto/tls" {
				continue
			}
			t.Run(mbedtls.VersionName(version)+"/"+peer.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				o := w.options(testpki.Leaf{})
				o.Datagram = version == mbedtls.VersionDTLS12
				if o.Datagram {
					o.Size, o.Payload, o.Linger = 10_000, 1000, true
				}
				addr, far := peer.server(w, o)
				config := w.config()
				config.MinVersion, config.MaxVersion = version, version
				conn, err := net.Dial(network(version), addr)
				if err != nil {
					t.Fatal(err)
				}
				w.bound(conn)
				c := newChannelConn(t, conn, config, mbedtls.ChannelOptions{Datagrams: o.Datagram})
				if err := c.handshake(); err != nil {
					t.Fatal(far.Explain(err))
				}
				exchange(t, far, c)
				if st := c.ch.ConnectionState(); st.Version != version || len(c.ch.PeerCertificates()) == 0 {
					t.Errorf("%+v", st)
				}
			})
		}
	}
}

func TestChannelServersExchangeWithEveryPeer(t *testing.T) {
	for _, version := range versions {
		for _, peer := range implementations() {
			t.Run(mbedtls.VersionName(version)+"/"+peer.name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				config := w.config(testpki.Leaf{})
				config.MinVersion, config.MaxVersion = version, version
				l, err := net.Listen("tcp", "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				far := peer.client(w, l.Addr().String(), peers.Options{CA: w.caFile, Size: 1 << 17})
				conn, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				w.bound(conn)
				c := newChannelConn(t, conn, config, mbedtls.ChannelOptions{Server: true})
				if err := c.handshake(); err != nil {
					t.Fatal(far.Explain(err))
				}
				exchange(t, far, c)
			})
		}
	}
}

// A DTLS server of Channels needs no more than a socket: here, for one client.
func TestDTLSChannelServersExchangeWithEveryPeer(t *testing.T) {
	for _, program := range peers.Programs {
		t.Run(program.Name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			config := w.config(testpki.Leaf{})
			pc, err := net.ListenPacket("udp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			w.bound(pc.(*net.UDPConn))
			far := w.client(program, pc.LocalAddr().String(), peers.Options{CA: w.caFile, Datagram: true, Size: 10_000, Payload: 1000})
			_, from, err := pc.ReadFrom(nil) // which the client sends again
			if err != nil {
				t.Fatal(err)
			}
			c := newChannelConn(t, mbedtls.ConnectPacketConn(pc, from), config, mbedtls.ChannelOptions{Server: true, Datagrams: true})
			if err := c.handshake(); err != nil {
				t.Fatal(far.Explain(err))
			}
			exchange(t, far, c)
		})
	}
}
