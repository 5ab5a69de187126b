package peers_test

import (
	"errors"
	"os"
	"testing"

	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/peers/pion"
)

// What the programs say when nobody asks them for anything particular.
const (
	typed        = "TYPED AT THE CLIENT"
	typedBack    = "TYPED AT THE SERVER"
	request      = "GET / HTTP"
	mbedResponse = "200 OK"
)

// TestProgramsTalkToEachOther runs every client with every server, over a link that loses the first ClientHello.
func TestProgramsTalkToEachOther(t *testing.T) {
	for _, client := range peers.Programs {
		for _, server := range peers.Programs {
			t.Run(client.ClientProgram+" to "+server.ServerProgram, func(t *testing.T) {
				t.Parallel()
				f, _ := datagramFixture(t)
				f.options.Payload, f.options.Size = 200, 200
				s := f.server(t, server)
				link := link(t, s, badlink.Options{Filter: func(dir badlink.Direction, n int, _ []byte) badlink.Verdict {
					if dir == badlink.ToServer && n == 1 {
						return badlink.Drop
					}
					return badlink.Undecided
				}})
				c := f.client(t, client, link.Addr())
				said := typed
				if client.Name == peers.MbedTLS.Name {
					said = request
				} else if _, err := c.Stdin.Write([]byte(typed + "\n")); err != nil {
					t.Fatal(err)
				}
				heard := said // echoed
				switch server.Name {
				case peers.OpenSSL.Name:
					if err := s.Await(s.Stdout, said); err != nil {
						t.Fatal(err)
					}
					if _, err := s.Stdin.Write([]byte(typedBack + "\n")); err != nil {
						t.Fatal(err)
					}
					heard = typedBack
				case peers.MbedTLS.Name:
					heard = mbedResponse
				}
				if err := c.Await(c.Stdout, heard); err != nil {
					t.Fatal(err, s.Report())
				}
				if err := c.Stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
					t.Error(err)
				}
				if err := c.Wait(); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// TestServerOptionsReachPion tries options of the programs that tests of DTLS need.
func TestServerOptionsReachPion(t *testing.T) {
	srtp := []dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}
	psk := pion.Options{Identity: "device", PSK: []byte{0xab, 0xcd}}
	hasSRTP := func(t *testing.T, conn *pion.Conn) {
		if got, ok := conn.SelectedSRTPProtectionProfile(); !ok || got != srtp[0] {
			t.Errorf("profile %v, %v", got, ok)
		}
	}
	for _, test := range []struct {
		name    string
		program peers.Program
		args    []string
		far     pion.Options // what is not set is that of the fixture
		check   func(*testing.T, *pion.Conn)
		says    string // on stdout, afterwards
	}{
		{"cookies", peers.OpenSSL, []string{"-listen"}, pion.Options{}, nil, ""},
		{"no cookies", peers.GnuTLS, []string{"--nocookie"}, pion.Options{}, nil, ""},
		{"no cookies", peers.MbedTLS, []string{"cookies=0"}, pion.Options{}, nil, ""},
		{"SRTP", peers.OpenSSL, []string{"-use_srtp", "SRTP_AES128_CM_SHA1_80"}, pion.Options{SRTP: srtp}, hasSRTP, ""},
		{"SRTP", peers.GnuTLS, []string{"--srtp-profiles=SRTP_AES128_CM_HMAC_SHA1_80"}, pion.Options{SRTP: srtp}, hasSRTP, ""},
		{"SRTP", peers.MbedTLS, []string{"use_srtp=1"}, pion.Options{SRTP: srtp}, hasSRTP, ""},
		{"connection IDs", peers.MbedTLS, []string{"cid=1", "cid_val=dead"}, pion.Options{ConnectionID: dtls.RandomCIDGenerator(5)}, nil,
			"Peer CID \\(length 5 Bytes\\)"},
		{"PSK", peers.MbedTLS, []string{"psk=abcd", "psk_identity=device", "auth_mode=none"}, psk, nil, "TLS-PSK-WITH-AES-128-CCM-8"},
		{"PSK", peers.OpenSSL, []string{"-psk", "abcd", "-nocert", "-cipher", "PSK-AES128-CCM8:@SECLEVEL=0"}, psk, nil, "PSK-AES128-CCM8"},
	} {
		t.Run(test.program.ServerProgram+"/"+test.name, func(t *testing.T) {
			t.Parallel()
			f, far := datagramFixture(t)
			if test.far.PSK != nil {
				far = test.far
				f.options.CA, f.options.Cert, f.options.Key = "", "", ""
			}
			far.SRTP, far.ConnectionID = test.far.SRTP, test.far.ConnectionID
			f.options.Size, f.options.Args = 2000, test.args
			peer := f.server(t, test.program)
			conn := f.dial(t, peer, peer.Addr, far)
			if test.check != nil {
				test.check(t, conn)
			}
			exchange(t, peer, conn)
			if err := peer.Await(peer.Stdout, test.says); err != nil {
				t.Error(err)
			}
		})
	}
}
