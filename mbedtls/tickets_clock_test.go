package mbedtls

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// The clock of the process that gets a ticket may be behind that of the process that made it.
func TestTicketFromAnotherClockIsResumed(t *testing.T) {
	if !cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") {
		t.Skip("the build has no TLS 1.3")
	}
	var behind atomic.Int64 // milliseconds
	cbridge.SetClock(&cbridge.Clock{Now: time.Now, MS: func() int64 { return time.Now().UnixMilli() - behind.Load() }})
	defer cbridge.SetClock(nil)
	_, server := configs(t)
	server.MinVersion = VersionTLS13
	server.WriteTicket = func(session []byte) ([]byte, time.Duration, error) { return bytes.Clone(session), time.Hour, nil }
	server.ParseTicket = func(ticket []byte) ([]byte, error) { return ticket, nil }
	for _, c := range []struct {
		behind time.Duration
		want   bool
	}{{0, true}, {5 * time.Second, true}, {7 * time.Second, false}} {
		client := &tls.Config{RootCAs: authority.Pool(), ServerName: "localhost", ClientSessionCache: tls.NewLRUClientSessionCache(0)}
		for i := range 2 {
			behind.Store(int64(i) * c.behind.Milliseconds())
			a, b := tcpPair(t)
			near, far := tls.Client(a, client), Server(b, server)
			mustHandshake(t, near, far)
			if _, err := fmt.Fprint(far, "after the ticket"); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(near, make([]byte, len("after the ticket"))); err != nil {
				t.Fatal(err)
			}
			if want := i > 0 && c.want; far.ConnectionState().DidResume != want {
				t.Errorf("%v behind, connection %d: resumed %t", c.behind, i, !want)
			}
			near.Close()
			far.Close()
		}
	}
}
