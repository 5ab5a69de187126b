package interop_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

var datagramPSKCases = []pskCase{
	{version: mbedtls.VersionDTLS12, kind: "PSK"},
	{version: mbedtls.VersionDTLS12, kind: "DHE-PSK"},
	{version: mbedtls.VersionDTLS12, kind: "ECDHE-PSK"},
}

// pionPSK are the suites that pion has of a kind.
var pionPSK = map[string][]dtls.CipherSuiteID{
	"PSK":       {dtls.TLS_PSK_WITH_AES_128_CCM, dtls.TLS_PSK_WITH_AES_128_GCM_SHA256, dtls.TLS_PSK_WITH_AES_128_CBC_SHA256},
	"ECDHE-PSK": {dtls.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256},
}

// datagram is for a peer of DTLS; false if that does not have the key exchange.
func (c pskCase) datagram(w *world, p datagramPeer, program string) (o datagramOptions, ok bool) {
	o.Options = c.options(w, program)
	if p.name == pionName {
		o.pion = pion.Options{Identity: pskIdentity, PSK: pskKey, More: []dtls.Option{dtls.WithCipherSuites(pionPSK[c.kind]...)}}
		return o, len(pionPSK[c.kind]) > 0
	}
	return o, true
}

func TestDTLSSharesKeysWithPeers(t *testing.T) {
	t.Parallel()
	for role, server := range roles {
		for _, p := range datagramPeers() {
			for _, c := range datagramPSKCases {
				t.Run(role+"/"+p.name+"/"+c.kind, func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, testpki.P256)
					program := p.program.ServerProgram
					config := c.config(w)
					if server {
						program = p.program.ClientProgram
						config.PSK, config.GetPSK = nil, keysOf(pskIdentity, pskKey)
					}
					options, ok := c.datagram(w, p, program)
					if !ok {
						t.Skip("it has no such suite")
					}
					m := p.meet(w, server, config, options, badlink.Options{})
					c.check(t, m.conn)
					if !server || !c.crashes(p.name) {
						exchange(t, m.far, m.conn)
					}
				})
			}
		}
	}
}

// keysOf finds the key of one identity.
func keysOf(identity string, key []byte) func(string) (*mbedtls.PSK, error) {
	return func(asked string) (*mbedtls.PSK, error) {
		if asked != identity {
			return nil, nil
		}
		return &mbedtls.PSK{Identity: identity, Key: key}, nil
	}
}

func TestDTLSSharesAPasswordWithPeers(t *testing.T) {
	t.Parallel()
	const password = "threadjpaketest"
	p := datagramProgram(peers.MbedTLS)
	args := func(password string) (o datagramOptions) {
		o.Size, o.Args = 1<<13, []string{"ecjpake_pw=" + password, "force_ciphersuite=TLS-ECJPAKE-WITH-AES-128-CCM-8"}
		return o
	}
	config := func(w *world) *mbedtls.Config {
		c := &mbedtls.Config{ECJPAKEPassword: []byte(password)}
		w.t.Cleanup(func() { c.Close() })
		return c
	}
	for role, server := range roles {
		t.Run(role, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, testpki.P256)
			m := p.meet(w, server, config(w), args(password), badlink.Options{})
			exchange(t, m.far, m.conn)
		})
	}
	// Of a Finished, a bad MAC is answered, unlike that of any other record.
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, testpki.P256)
		c := config(w)
		addr, _ := p.server(w, args("another"))
		if _, err := w.dialNetwork("udp", addr, c); alertOf(err) != 20 {
			t.Errorf("client: %v, want bad_record_mac", err)
		}
		l := w.listenDTLS(c)
		p.client(w, l.addr(), args("another"))
		if _, err := l.handshake(); !errors.Is(err, mbedtls.ErrSSLInvalidMAC) {
			t.Errorf("server: %v, want a bad MAC", err)
		}
	})
}

// coapCases are the ways to authenticate.
var coapCases = []string{"PSK", "certificates"}

// coapOptions are for both ends: a program of libcoap, and ours.
func coapOptions(w *world, name string) (o peers.CoAPOptions, config *mbedtls.Config) {
	w.t.Helper()
	if name == "PSK" {
		config = &mbedtls.Config{PSK: &mbedtls.PSK{Identity: pskIdentity, Key: pskKey}}
		w.t.Cleanup(func() { config.Close() })
		return peers.CoAPOptions{Identity: pskIdentity, Key: string(pskKey)}, config
	}
	files := w.options(testpki.Leaf{})
	config = w.config(testpki.Leaf{})
	config.ClientAuth = mbedtls.RequireAndVerifyClientCert
	return peers.CoAPOptions{CA: w.caFile, Cert: files.Cert, CertKey: files.Key}, config
}

func TestDTLSCoAPClientsAskOurServer(t *testing.T) {
	t.Parallel()
	const path, temperature = "sensors/temperature", "22.3 C"
	for _, library := range peers.CoAPLibraries {
		for _, name := range coapCases {
			t.Run(fmt.Sprintf("%s/%s", library, name), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options, config := coapOptions(w, name)
				l := w.listenDTLS(config)
				// The certificate is for localhost.
				addr := strings.Replace(l.addr(), "127.0.0.1", "localhost", 1)
				client, err := peers.CoAPClient(w.ctx, library, addr, path, options)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(client.Stop)
				conn := l.mustHandshake(client)
				data, err := next(conn)
				if err != nil {
					t.Fatal(client.Explain(err))
				}
				request, err := peers.ParseCoAP(data)
				if err != nil || request.Code != peers.CoAPGet || request.Path != path {
					t.Fatalf("%+v, %v", request, err)
				}
				if _, err := conn.Write(request.Answer(peers.CoAPContent, []byte(temperature)).Bytes()); err != nil {
					t.Fatal(err)
				}
				if err := client.Wait(); err != nil || strings.TrimSpace(client.Stdout.String()) != temperature {
					t.Error(err, client.Report())
				}
				checkCoAP(t, conn, name)
			})
		}
	}
}

func TestDTLSClientAsksCoAPServers(t *testing.T) {
	t.Parallel()
	for _, library := range peers.CoAPLibraries {
		for _, name := range coapCases {
			t.Run(fmt.Sprintf("%s/%s", library, name), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, testpki.P256)
				options, config := coapOptions(w, name)
				server, err := peers.CoAPServer(w.ctx, library, options)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(server.Stop)
				conn := w.mustDial(server, "udp", server.Addr, config)
				checkCoAP(t, conn, name)
				for i, c := range []struct {
					path string
					code peers.CoAPCode
					text string
				}{{"", peers.CoAPContent, "libcoap"}, {"no/such/thing", peers.CoAPNotFound, ""}} {
					request := peers.CoAPMessage{Code: peers.CoAPGet, ID: uint16(i), Token: []byte{7}, Path: c.path}
					if _, err := conn.Write(request.Bytes()); err != nil {
						t.Fatal(err)
					}
					data, err := next(conn)
					if err != nil {
						t.Fatal(server.Explain(err))
					}
					got, err := peers.ParseCoAP(data)
					if err != nil || got.Code != c.code || got.ID != request.ID || !bytes.Contains(got.Payload, []byte(c.text)) {
						t.Errorf("%q: %+v (%s), %v", c.path, got, got.Code, err)
					}
				}
			})
		}
	}
}

func checkCoAP(t *testing.T, conn *mbedtls.Conn, name string) {
	t.Helper()
	st := conn.ConnectionState()
	psk := name == "PSK"
	if st.Version != mbedtls.VersionDTLS12 || (st.PSKIdentity == pskIdentity) != psk || (len(st.PeerCertificates) == 0) != psk {
		t.Errorf("%s, identity %q, %d certificates", mbedtls.VersionName(st.Version), st.PSKIdentity, len(st.PeerCertificates))
	}
}
