package mbedtls

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"testing"
	"time"
)

// restarts are configs whose credentials must survive that a server alone starts over after its HelloVerifyRequest.
var restarts = map[string]func(t *testing.T) (client, server *Config){
	"certificate": func(t *testing.T) (client, server *Config) { return configs(t) },
	"PSK":         func(t *testing.T) (client, server *Config) { return pskConfigs(t, VersionTLS12) },
	"GetPSK": func(t *testing.T) (client, server *Config) {
		client, server = pskConfigs(t, VersionTLS12)
		server.PSK, server.GetPSK = nil, getPSK(map[string][]byte{"device-7": testKey})
		return client, server
	},
	"EC J-PAKE": func(t *testing.T) (client, server *Config) { return ecjpakeConfigs(t, "password", "password") },
	"GetCertificate": func(t *testing.T) (client, server *Config) {
		client, server = configs(t)
		chosen := server.Certificates[0]
		server.Certificates, server.GetCertificate = nil, func(*ClientHelloInfo) (*Certificate, error) { return &chosen, nil }
		return client, server
	},
	"GetConfigForClient": func(t *testing.T) (client, server *Config) {
		client, server = configs(t)
		client.Certificates = server.Certificates
		chosen := changed(t, server, func(c *Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() })
		server.Certificates, server.GetConfigForClient = nil, func(*ClientHelloInfo) (*Config, error) { return chosen, nil }
		return client, server
	},
	"any client, step by step": func(t *testing.T) (client, server *Config) {
		client, server = configs(t)
		client.Certificates, server.ClientAuth = server.Certificates, RequireAnyClientCert
		server.Trace = func(*Conn, HandshakeState) {}
		return client, server
	},
	"everything else": func(t *testing.T) (client, server *Config) {
		client, server = configs(t)
		for _, c := range []*Config{client, server} {
			c.NextProtos, c.KeyLogWriter = []string{"coap"}, io.Discard
			c.VerifyConnection = func(st ConnectionState) error {
				if st.NegotiatedProtocol != "coap" || len(st.OwnConnectionID) != 8 {
					return fmt.Errorf("protocol %q, connection ID %x", st.NegotiatedProtocol, st.OwnConnectionID)
				}
				return nil
			}
			c.DTLS.ConnectionID, c.DTLS.MTU = &ConnectionID{Length: 8}, 300
		}
		return client, server
	},
}

func TestDTLSServerStartsOverWithItsCredentials(t *testing.T) {
	t.Parallel()
	for name, make := range restarts {
		t.Run(name, func(t *testing.T) {
			client, server := make(t)
			c, s, _, sl := connectedLink(t, client, server)
			if first := sl.datagrams()[0].data; first[recordHeaderLen] != handshakeVerifyRequest {
				t.Errorf("the first datagram is % x", first)
			}
			if slices.ContainsFunc(sl.datagrams(), func(d sentDatagram) bool { return server.DTLS.MTU != 0 && len(d.data) > server.DTLS.MTU }) {
				t.Error("the MTU is forgotten")
			}
			mustConverse(t, c, s)

			a, b := socketPair(t)
			c, s = ClientDTLS(a, client), ServerDTLS(b, server)
			t.Cleanup(func() { c.Close(); s.Close() })
			mustHandshake(t, c, s)
			if _, err := socketOf(t).WriteTo([]byte("not from the peer"), b.LocalAddr()); err != nil {
				t.Fatal(err)
			}
			mustExchange(t, c, s, "ping")
		})
	}
}

// A HelloVerifyRequest that was not sent in time is lost, and nothing else.
func TestDTLSHelloVerifyOutlivesAWriteDeadline(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.HandshakeTimeoutMin, client.DTLS.HandshakeTimeoutMax = 10*time.Millisecond, 5*time.Second
	c, s, _, _ := linked(t, client, server)
	done := inBackground(c)
	if err := s.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	if err := s.Handshake(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Handshake: %v", err)
	}
	if err := s.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Handshake(), <-done); err != nil {
		t.Error(err)
	}
}

func TestDTLSWorksOverAPipe(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	c, s, _ := piped(t, client, server)
	results := reading(s)
	if err := exchangeWith(c, results, "ping"); err != nil {
		t.Error(err)
	}
	c.Close()
	if r := <-results; r.err != io.EOF {
		t.Errorf("the end is %v", r.err)
	}
}

func TestDTLSWithoutCookiesNobodyIsAsked(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	server.DTLS.InsecureDisableCookies = true
	server.DTLS.ClientTransportID = func(net.Addr) []byte { t.Error("ClientTransportID is called"); return nil }
	_, _, cl, sl := connectedLink(t, client, server)
	if first := sl.datagrams()[0].data; first[recordHeaderLen] == handshakeVerifyRequest {
		t.Errorf("the first datagram is % x", first)
	}
	if n := len(cl.datagrams()); n != 2 {
		t.Errorf("the client sent %d datagrams, want 2", n)
	}
	l := listenDTLS(t, new(DTLSListenConfig), server)
	dialDTLS(t, l, client)
	if st := l.Stats(); st.HelloVerifies != 0 || st.Accepted != 1 {
		t.Errorf("%+v", st)
	}
}
