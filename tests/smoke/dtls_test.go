package smoke

import (
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// DTLS with a pre-shared key and connection IDs, at either end, with a peer that does not depend on the build.
func TestSmokeDTLS(t *testing.T) {
	key := []byte("sixteen byte key")
	far := pion.Options{Identity: "smoke", PSK: key, ConnectionID: func() []byte { return []byte("pion") }}
	config := &mbedtls.Config{
		PSK:  &mbedtls.PSK{Identity: "smoke", Key: key},
		DTLS: mbedtls.DTLSOptions{ConnectionID: &mbedtls.ConnectionID{Length: 4}},
	}
	defer config.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for _, end := range []struct {
		name, option string
		connect      func() (ours *mbedtls.Conn, theirs net.Conn, err error)
	}{
		{"client", "MBEDTLS_SSL_CLI_C", func() (*mbedtls.Conn, net.Conn, error) {
			l, err := pion.Listen(far)
			if err != nil {
				return nil, nil, err
			}
			defer l.Close()
			dialed, stop := context.WithCancel(ctx)
			var ours *mbedtls.Conn
			var failed error
			done := make(chan struct{})
			go func() {
				defer close(done)
				if ours, failed = mbedtls.DialDTLSContext(ctx, "udp", l.Addr().String(), config); failed != nil {
					stop()
				}
			}()
			theirs, err := l.Handshake(dialed)
			<-done
			stop()
			if failed != nil {
				return nil, nil, failed
			}
			return ours, theirs, err
		}},
		{"server", "MBEDTLS_SSL_SRV_C", func() (*mbedtls.Conn, net.Conn, error) {
			l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", config)
			if err != nil {
				return nil, nil, err
			}
			defer l.Close()
			var theirs net.Conn
			failed := make(chan error, 1)
			go func() {
				var err error
				theirs, err = pion.Dial(ctx, l.Addr().String(), far)
				failed <- err
			}()
			c, err := l.Accept()
			if err != nil {
				return nil, nil, err
			}
			ours := c.(*mbedtls.Conn)
			return ours, theirs, errors.Join(ours.HandshakeContext(ctx), <-failed)
		}},
	} {
		t.Run(end.name, func(t *testing.T) {
			ours, theirs, err := end.connect()
			for _, option := range []string{"MBEDTLS_SSL_PROTO_DTLS", end.option} {
				if !cbridge.Feature(option) {
					var missing *mbedtls.NotBuiltError
					if !errors.As(err, &missing) {
						t.Errorf("a build without %s: %v", option, err)
					}
					return
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			defer theirs.Close()
			defer ours.Close()
			for _, way := range [][2]net.Conn{{ours, theirs}, {theirs, ours}} {
				if _, err := io.WriteString(way[0], "smoke"); err != nil {
					t.Fatal(err)
				}
				buf := make([]byte, 10)
				if n, err := way[1].Read(buf); err != nil || string(buf[:n]) != "smoke" {
					t.Fatalf("read %q, %v", buf[:n], err)
				}
			}
			st := ours.ConnectionState()
			if st.Version != mbedtls.VersionDTLS12 || st.PSKIdentity != "smoke" {
				t.Errorf("%+v", st)
			}
			own, peer := 4, "pion"
			if mbedtls.LegacyConnectionID { // which pion does not know
				own, peer = 0, ""
			}
			if len(st.OwnConnectionID) != own || string(st.PeerConnectionID) != peer {
				t.Errorf("connection IDs %x and %q", st.OwnConnectionID, st.PeerConnectionID)
			}
		})
	}
}

// Both ends of one build agree on connection IDs, those of the draft included, and a connection that has them moves to
// another socket.
func TestSmokeConnectionID(t *testing.T) {
	for _, option := range []string{"MBEDTLS_SSL_DTLS_CONNECTION_ID", "MBEDTLS_SSL_CONTEXT_SERIALIZATION"} {
		if !cbridge.Feature(option) {
			t.Skip("a build without " + option)
		}
	}
	config := &mbedtls.Config{
		PSK: &mbedtls.PSK{Identity: "smoke", Key: []byte("sixteen byte key")},
		// The library saves connections with an AEAD only, and prefers others for the sake of ephemeral keys.
		CipherSuites: []uint16{0xC0A8}, // TLS-PSK-WITH-AES-128-CCM-8
		DTLS:         mbedtls.DTLSOptions{ConnectionID: &mbedtls.ConnectionID{Length: 4}},
	}
	defer config.Close()
	l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	served := make(chan error, 1)
	go func() {
		c, err := l.Accept()
		if err == nil {
			defer c.Close()
			buf := make([]byte, 10)
			for err == nil {
				var n int
				if n, err = c.Read(buf); err == nil {
					_, err = c.Write(buf[:n])
				}
			}
		}
		served <- err
	}()
	conn, err := mbedtls.DialDTLS("udp", l.Addr().String(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { conn.Close() }()
	ask := func() {
		t.Helper()
		buf := make([]byte, 10)
		if _, err := io.WriteString(conn, "smoke"); err != nil {
			t.Fatal(err)
		}
		if n, err := conn.Read(buf); err != nil || string(buf[:n]) != "smoke" {
			t.Fatalf("read %q, %v", buf[:n], err)
		}
	}
	ask()
	st := conn.ConnectionState()
	if len(st.OwnConnectionID) != 4 || len(st.PeerConnectionID) != 4 {
		t.Errorf("connection IDs %x and %x", st.OwnConnectionID, st.PeerConnectionID)
	}
	saved, err := conn.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	socket, err := net.Dial("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if conn, err = mbedtls.ResumeDTLS(socket, saved, config); err != nil {
		socket.Close()
		t.Fatal(err)
	}
	ask()
	if got := l.Stats().AddressChanges; got != 1 {
		t.Errorf("%d changes of address, want 1", got)
	}
	conn.Close()
	if err := <-served; err != io.EOF {
		t.Error(err)
	}
}
