package interop_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// With renegotiate=1 it is the program that asks, or begins; else this end.
func TestDTLSRenegotiatesWithMbedTLS(t *testing.T) {
	t.Parallel()
	for role, server := range roles {
		for _, theirs := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/by the program %t", role, theirs), func(t *testing.T) {
				t.Parallel()
				args := []string{"renegotiation=1"}
				if theirs {
					args = append(args, "renegotiate=1") // after the first exchange
				}
				if server {
					// What is in flight counts as records that come instead of what this end asked for: the program must not enforce that.
					args = append(args, "renego_delay=-1")
				}
				m, count := renegotiating(newWorld(t, testpki.P256), peers.MbedTLS, server, args...)
				if !theirs {
					if err := m.conn.Renegotiate(); err != nil {
						t.Fatal(m.far.Explain(err))
					}
				}
				exchange(t, m.far, m.conn)
				checkHandshakes(t, count, 2)
			})
		}
	}
}

// renegotiating connects a program with an end of ours that allows renegotiations, and counts handshakes.
func renegotiating(w *world, program peers.Program, server bool, args ...string) (meeting, *atomic.Int32) {
	w.t.Helper()
	p := datagramProgram(program)
	options := datagramOptions{Options: peers.Options{Size: 3000, Args: args}}
	config, count := w.renegotiable()
	config.Certificates = p.trusted(w, server, &options).Certificates
	return p.meet(w, server, config, options, badlink.Options{}), count
}

// gnutls-serv follows, and gnutls-cli begins. OpenSSL and the library do not renegotiate DTLS with each other: in 3.6 the
// C programs fail just as this package does.
func TestDTLSRenegotiatesWithGnuTLS(t *testing.T) {
	t.Parallel()
	t.Run("gnutls-serv", func(t *testing.T) {
		t.Parallel()
		m, count := renegotiating(newWorld(t, testpki.P256), peers.GnuTLS, false)
		for i := range int32(2) {
			if err := m.conn.Renegotiate(); err != nil {
				t.Fatal(m.far.Explain(err))
			}
			checkHandshakes(t, count, i+2)
		}
		exchange(t, m.far, m.conn)
	})
	t.Run("gnutls-cli", func(t *testing.T) {
		t.Parallel()
		m, count := renegotiating(newWorld(t, testpki.P256), peers.GnuTLS, true, "--rehandshake")
		// What this end sent meanwhile, the program would drop.
		if err := pass(m.far.(*peers.Peer).Stdin, m.conn, datagramLine); err != nil {
			t.Fatal(m.far.Explain(err))
		}
		checkHandshakes(t, count, 2)
		exchange(t, m.far, m.conn)
	})
}

// A renegotiation changes the peer's connection ID, or ends the use of both.
func TestDTLSRenegotiationChangesConnectionIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		args []string
		want []byte // theirs, afterwards; nil: there are none
	}{
		{"another", []string{"cid_val_renego=cafe"}, []byte{0xca, 0xfe}},
		{"none", []string{"cid_renego=0"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			options := peers.Options{Size: 3000, Args: append([]string{"cid=1", "cid_val=beef", "renegotiation=1", "renegotiate=1"}, c.args...)}
			set := func(config *mbedtls.Config) {
				config.AllowRenegotiation = true
				config.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: 4}
			}
			both(t, options, set, func(t *testing.T, m meeting) {
				conn := m.conn
				before := conn.ConnectionState()
				if diff := cmp.Diff([]byte{0xbe, 0xef}, before.PeerConnectionID); diff != "" || len(before.OwnConnectionID) != 4 {
					t.Errorf("before: own ID %x; the peer's (-want +got):\n%s", before.OwnConnectionID, diff)
				}
				exchange(t, m.far, conn)
				after := conn.ConnectionState()
				if diff := cmp.Diff(c.want, after.PeerConnectionID); diff != "" || (after.OwnConnectionID == nil) != (c.want == nil) {
					t.Errorf("afterwards: own ID %x; the peer's (-want +got):\n%s", after.OwnConnectionID, diff)
				}
			})
		})
	}
}
