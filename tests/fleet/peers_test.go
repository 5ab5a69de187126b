package fleet_test

import (
	"crypto/tls"
	"errors"
	"path/filepath"
	"testing"

	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/mbedtls"
)

var versions = []uint16{tls.VersionTLS12, tls.VersionTLS13}

// A client of crypto/tls resumes with one process what it began with another.
func TestCryptoTLSResumesAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	servers := []*server{w.start(), w.start()}
	agreed(t, "", servers...)
	for _, version := range versions {
		config := &tls.Config{RootCAs: w.ca.Pool(), ServerName: "localhost", MinVersion: version, MaxVersion: version,
			ClientSessionCache: tls.NewLRUClientSessionCache(0)}
		for i := range 4 {
			s := servers[i%2]
			c, err := tls.Dial("tcp", s.tcp, config)
			if err != nil {
				t.Fatal(s.Explain(err))
			}
			_, err = c.Write([]byte("ping"))
			if err == nil {
				_, err = c.Read(make([]byte, 100)) // and the ticket
			}
			if err := errors.Join(err, c.Close()); err != nil {
				t.Error(s.Explain(err))
			}
			if got := c.ConnectionState().DidResume; got != (i > 0) {
				t.Errorf("%s, connection %d: resumed %t", mbedtls.VersionName(version), i, got)
			}
		}
	}
	for _, s := range servers {
		s.quit()
	}
}

// So does OpenSSL.
func TestOpenSSLResumesAcrossProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	servers := []*server{w.start(), w.start()}
	agreed(t, "", servers...)
	for _, version := range versions {
		session := filepath.Join(w.dir, mbedtls.VersionName(version)+".pem")
		for i, args := range [][]string{{"-sess_out", session}, {"-sess_in", session}} {
			p, err := peers.OpenSSL.Client(t.Context(), servers[i].tcp, peers.Options{CA: w.caFile, Version: version, Verbose: true, Args: args})
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Await(p.Stdout, []string{"New, TLS", "Reused, TLS"}[i]); err != nil {
				t.Error(err)
			}
			if _, err := p.Stdin.Write([]byte("ping\n")); err != nil {
				t.Error(p.Explain(err))
			}
			if err := p.Await(p.Stdout, servers[i].name+" ping"); err != nil { // the ticket has come before
				t.Error(err)
			}
			if err := errors.Join(p.Stdin.Close(), p.Wait()); err != nil {
				t.Error(err)
			}
		}
	}
	for _, s := range servers {
		s.quit()
	}
}
