package peers_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
)

// credential is for a program of libcoap, and for pion.
type credential struct {
	coap peers.CoAPOptions
	pion pion.Options
}

// credentials are what both sides of CoAP need, once with a key and once with certificates.
func credentials(t *testing.T) (f fixture, all map[string]credential) {
	f, certificates := datagramFixture(t)
	return f, map[string]credential{
		"PSK": {
			peers.CoAPOptions{Identity: "device", Key: "sixteen bytes..."},
			pion.Options{Identity: "device", PSK: []byte("sixteen bytes...")},
		},
		"certificates": {
			peers.CoAPOptions{CA: f.options.CA, Cert: f.options.Cert, CertKey: f.options.Key},
			certificates,
		},
	}
}

const greeting = "This is a test server made with libcoap"

func TestCoAPClientsTalkToCoAPServers(t *testing.T) {
	for _, server := range peers.CoAPLibraries {
		for _, client := range peers.CoAPLibraries {
			for _, name := range []string{"PSK", "certificates"} {
				t.Run(string(client+" to "+server)+"/"+name, func(t *testing.T) {
					t.Parallel()
					f, all := credentials(t)
					s, err := peers.CoAPServer(f.ctx, server, all[name].coap)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(s.Stop)
					// The certificate is for localhost.
					addr := strings.Replace(s.Addr, "127.0.0.1", "localhost", 1)
					c, err := peers.CoAPClient(f.ctx, client, addr, "", all[name].coap)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(c.Stop)
					if err := c.Wait(); err != nil || !strings.Contains(c.Stdout.String(), greeting) {
						t.Error(err, c.Report(), s.Report())
					}
				})
			}
		}
	}
}

func TestCoAPServersAnswerPion(t *testing.T) {
	for _, library := range peers.CoAPLibraries {
		for _, name := range []string{"PSK", "certificates"} {
			t.Run(string(library)+"/"+name, func(t *testing.T) {
				t.Parallel()
				f, all := credentials(t)
				s, err := peers.CoAPServer(f.ctx, library, all[name].coap)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(s.Stop)
				conn, err := pion.Dial(f.ctx, s.Addr, all[name].pion)
				if err != nil {
					t.Fatal(err, s.Report())
				}
				defer conn.Close()
				if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
					t.Fatal(err)
				}
				data := []byte("remember this")
				for i, request := range []peers.CoAPMessage{
					{Code: peers.CoAPGet, Token: []byte("t")},
					{Code: peers.CoAPGet, Path: "no/such/resource-with-a-long-name"},
					{Code: peers.CoAPPut, Path: "example_data", Payload: data},
					{Code: peers.CoAPGet, Path: "example_data"},
				} {
					request.ID = uint16(i + 1)
					want := []peers.CoAPCode{peers.CoAPContent, peers.CoAPNotFound, peers.CoAPCreated, peers.CoAPContent}[i]
					if _, err := conn.Write(request.Bytes()); err != nil {
						t.Fatal(err)
					}
					buffer := make([]byte, 2000)
					n, err := conn.Read(buffer)
					if err != nil {
						t.Fatal(err, s.Report())
					}
					got, err := peers.ParseCoAP(buffer[:n])
					if err != nil || got.Code != want || got.ID != request.ID || !bytes.Equal(got.Token, request.Token) {
						t.Errorf("request %+v: %+v (%s), %v", request, got, got.Code, err)
					}
					if i == 3 && !bytes.Equal(got.Payload, data) {
						t.Errorf("the server remembers %q", got.Payload)
					}
				}
			})
		}
	}
}

func TestCoAPClientsAskPion(t *testing.T) {
	for _, library := range peers.CoAPLibraries {
		for _, name := range []string{"PSK", "certificates"} {
			t.Run(string(library)+"/"+name, func(t *testing.T) {
				t.Parallel()
				f, all := credentials(t)
				l, err := pion.Listen(all[name].pion)
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				addr := strings.Replace(l.Addr().String(), "127.0.0.1", "localhost", 1)
				c, err := peers.CoAPClient(f.ctx, library, addr, "sensors/temperature", all[name].coap)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(c.Stop)
				conn, err := l.Handshake(f.ctx)
				if err != nil {
					t.Fatal(err, c.Report())
				}
				defer conn.Close()
				buffer := make([]byte, 2000)
				n, err := conn.Read(buffer)
				if err != nil {
					t.Fatal(err)
				}
				request, err := peers.ParseCoAP(buffer[:n])
				if err != nil || request.Code != peers.CoAPGet || request.Path != "sensors/temperature" {
					t.Fatalf("%+v, %v", request, err)
				}
				if _, err := conn.Write(request.Answer(peers.CoAPContent, []byte("22.3 C")).Bytes()); err != nil {
					t.Fatal(err)
				}
				if err := c.Wait(); err != nil || strings.TrimSpace(c.Stdout.String()) != "22.3 C" {
					t.Error(err, c.Report())
				}
			})
		}
	}
}

func TestCoAPMessagesDecodeAsEncoded(t *testing.T) {
	for _, m := range []peers.CoAPMessage{
		{Token: []byte{}},
		{Type: peers.CoAPReset, ID: 0xfffe, Token: []byte{}},
		{Code: peers.CoAPPut, ID: 1, Token: []byte("12345678"), Path: "a/" + strings.Repeat("b", 268) + "/c", Payload: []byte{0xff}},
	} {
		got, err := peers.ParseCoAP(m.Bytes())
		if diff := cmp.Diff(m, got); diff != "" || err != nil {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		for n := range 4 {
			if _, err := peers.ParseCoAP(m.Bytes()[:n]); err == nil {
				t.Errorf("%d bytes of %x are a message", n, m.Bytes())
			}
		}
	}
}

// A known message, from RFC 7252, figure 16.
func TestCoAPMessageOfTheRFC(t *testing.T) {
	got := peers.CoAPMessage{Code: peers.CoAPGet, ID: 0x7d34, Path: "temperature"}.Bytes()
	want := append([]byte{0x40, 0x01, 0x7d, 0x34, 0xbb}, "temperature"...)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
