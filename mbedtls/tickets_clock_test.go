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

// The lifetime that a client is told does not keep one from coming later: crypto/tls does.
func TestTicketsOfClosuresAreRefusedWhenThePolicysLifetimeIsOver(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		var ahead atomic.Int64 // milliseconds
		cbridge.SetClock(&cbridge.Clock{Now: time.Now, MS: func() int64 { return time.Now().UnixMilli() + ahead.Load() }})
		defer cbridge.SetClock(nil)
		_, server := configs(t)
		var ticket []byte
		write, parse := plainTickets(time.Hour)
		server.WriteTicket = func(session []byte) ([]byte, time.Duration, error) {
			ticket = bytes.Clone(session)
			return write(session)
		}
		server.ParseTicket, server.MaxVersion = parse, version
		server.Policy = policyWith(func(r *PolicyRules) { r.SessionTicketLifetime = 10 * time.Minute })
		client := &tls.Config{
			RootCAs: authority.Pool(), ServerName: "localhost", MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(0),
		}
		meet := func() (resumed bool) {
			a, b := tcpPair(t)
			near, far := tls.Client(a, client), Server(b, server)
			defer near.Close()
			defer far.Close()
			mustHandshake(t, near, far)
			ping(t, near, far)
			return far.ConnectionState().DidResume
		}
		if meet() {
			t.Error("resumed nothing")
		}
		for _, tt := range []struct {
			age  time.Duration
			want bool
		}{{0, true}, {5 * time.Minute, true}, {11 * time.Minute, false}} {
			ahead.Store(tt.age.Milliseconds())
			if session, err := server.parseTicket(ticket); (len(session) > 0) != tt.want || err != nil {
				t.Errorf("after %v: %d bytes, %v, want a session %t", tt.age, len(session), err, tt.want)
			}
			// The age of a TLS 1.3 ticket is compared with what the client says, by its own clock.
			if version == VersionTLS12 && meet() != tt.want {
				t.Errorf("after %v: resumed %t, want %t", tt.age, !tt.want, tt.want)
			}
		}
	})
}
