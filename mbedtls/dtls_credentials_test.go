package mbedtls

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/gombedtls/gombedtls/internal/testpki"
)

// outcome is what became of a handshake with a listener's server.
type outcome struct {
	clientErr, serverErr error
	client, server       ConnectionState
}

// attempt connects a client, which may fail, lets a record go both ways, and closes.
func attempt(t testing.TB, l *DTLSListener, client *Config) (o outcome) {
	t.Helper()
	served := make(chan outcome, 1)
	go func() {
		s, err := accept(l)
		if err != nil {
			served <- outcome{serverErr: err}
			return
		}
		buf := make([]byte, 100)
		n, err := s.Read(buf)
		if err == nil {
			_, err = s.Write(buf[:n])
		}
		s.Close()
		served <- outcome{serverErr: err, server: s.ConnectionState()}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	c, err := DialDTLSContext(ctx, "udp", l.Addr().String(), client)
	if err == nil {
		defer c.Close()
		if _, err = c.Write([]byte("x")); err == nil {
			_, err = c.Read(make([]byte, 1))
		}
		o.client = c.ConnectionState()
	}
	s := <-served
	o.clientErr, o.serverErr, o.server = err, s.serverErr, s.server
	return o
}

func mustAttempt(t testing.TB, l *DTLSListener, client *Config) outcome {
	t.Helper()
	o := attempt(t, l, client)
	if o.clientErr != nil || o.serverErr != nil {
		t.Fatalf("client: %v\nserver: %v", o.clientErr, o.serverErr)
	}
	return o
}

func TestDTLSSharesKeys(t *testing.T) {
	t.Parallel()
	known := getPSK(map[string][]byte{"device-7": testKey})
	for name, test := range map[string]struct {
		identity   string
		key        []byte
		server     func(*Config)
		wantServer error // nil: it connects
		wantClient error
	}{
		"static":              {"device-7", testKey, func(*Config) {}, nil, nil},
		"closure":             {"device-7", testKey, func(c *Config) { c.GetPSK = known }, nil, nil},
		"unknown":             {"device-8", testKey, func(*Config) {}, ErrSSLUnknownIdentity, AlertUnknownPSKIdentity},
		"unknown to closure":  {"device-8", testKey, func(c *Config) { c.GetPSK = known }, ErrSSLUnknownIdentity, AlertUnknownPSKIdentity},
		"unknown, and hidden": {"device-8", testKey, func(c *Config) { c.HideUnknownPSK = true }, ErrSSLInvalidMAC, AlertBadRecordMAC},
		"another key":         {"device-7", []byte("another key"), func(*Config) {}, ErrSSLInvalidMAC, AlertBadRecordMAC},
	} {
		client, server := pskConfigs(t, VersionTLS12)
		client.PSK = &PSK{Identity: test.identity, Key: test.key}
		test.server(server)
		l := listenDTLS(t, new(DTLSListenConfig), server)
		o := attempt(t, l, client)
		if test.wantServer != nil {
			mustBe(t, name+": server", o.serverErr, test.wantServer)
			mustBe(t, name+": client", o.clientErr, test.wantClient)
		} else if o.clientErr != nil || o.serverErr != nil || o.server.PSKIdentity != "device-7" || o.client.PSKIdentity != "device-7" {
			t.Errorf("%s: %+v", name, o)
		}
		if st := l.Stats(); st.Conns != 0 || st.HalfOpen != 0 {
			t.Errorf("%s: after it: %+v", name, st)
		}
	}
}

func TestDTLSECJPAKENeedsTheSamePassword(t *testing.T) {
	t.Parallel()
	for password, want := range map[string][2]error{"threadjpaketest": {}, "another": {AlertBadRecordMAC, ErrSSLInvalidMAC}} {
		client, server := ecjpakeConfigs(t, password, "threadjpaketest")
		o := attempt(t, listenDTLS(t, new(DTLSListenConfig), server), client)
		mustBe(t, password+": client", o.clientErr, want[0])
		mustBe(t, password+": server", o.serverErr, want[1])
	}
}

func TestDTLSClientCertificatesAreCheckedAsAsked(t *testing.T) {
	t.Parallel()
	setUp(t)
	stranger, err := FromTLSCertificate(testpki.SelfSigned(testpki.Leaf{}))
	if err != nil {
		t.Fatal(err)
	}
	clients := map[string][]Certificate{
		"none": nil, "ECDSA": {issue(t, testpki.Leaf{})}, "RSA": {rsaChain(t)}, "untrusted": {stranger},
	}
	for mode, fails := range map[ClientAuthType]map[string]error{
		NoClientCert:               {},
		RequestClientCert:          {},
		RequireAnyClientCert:       {"none": ErrSSLNoClientCertificate},
		VerifyClientCertIfGiven:    {"untrusted": ErrSSLBadCertificate},
		RequireAndVerifyClientCert: {"none": ErrSSLNoClientCertificate, "untrusted": ErrX509CertVerifyFailed},
	} {
		_, server := configs(t)
		server.ClientAuth, server.ClientCAs = mode, roots()
		l := listenDTLS(t, new(DTLSListenConfig), server)
		for name, certs := range clients {
			client, _ := configs(t)
			client.Certificates = certs
			o := attempt(t, l, client)
			want := 0
			if mode != NoClientCert && certs != nil {
				want = len(certs[0].Certificate)
			}
			switch wantErr := fails[name]; {
			case wantErr != nil:
				mustBe(t, fmt.Sprintf("mode %d, %s: server", mode, name), o.serverErr, wantErr)
				if alertTo(o.clientErr) == 0 {
					t.Errorf("mode %d, %s: the client's error is %v", mode, name, o.clientErr)
				}
			case o.clientErr != nil || o.serverErr != nil || len(o.server.PeerCertificatesDER) != want:
				t.Errorf("mode %d, %s: client: %v, server: %v, %d certificates", mode, name, o.clientErr, o.serverErr, len(o.server.PeerCertificatesDER))
			}
		}
	}
}

func TestDTLSServerSelectsByName(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	own, addrs := server.Certificates[0], make(chan string, 1)
	strict := changed(t, server, func(c *Config) { c.ClientAuth, c.ClientCAs = RequireAndVerifyClientCert, roots() })
	server.Certificates = nil
	server.GetConfigForClient = func(h *ClientHelloInfo) (*Config, error) {
		addrs <- h.Conn.RemoteAddr().String()
		return map[string]*Config{"localhost": nil, "127.0.0.1": strict}[h.ServerName], nil
	}
	server.GetCertificate = func(*ClientHelloInfo) (*Certificate, error) { return &own, nil }
	l := listenDTLS(t, new(DTLSListenConfig), server)
	c, s := dialDTLS(t, l, client)
	if got := <-addrs; got != c.LocalAddr().String() || len(s.ConnectionState().PeerCertificatesDER) != 0 {
		t.Errorf("address %s, want %s", got, c.LocalAddr())
	}
	other := changed(t, client, func(c *Config) { c.ServerName = "127.0.0.1" })
	o := attempt(t, l, other)
	mustBe(t, "without a certificate", o.serverErr, ErrSSLNoClientCertificate)
	other = changed(t, other, func(c *Config) { c.Certificates = []Certificate{own} })
	<-addrs
	if o := mustAttempt(t, l, other); len(o.server.PeerCertificatesDER) != 1 {
		t.Error("the client's certificate is missing")
	}
}

// A private key that takes its time: the peer's retransmissions meanwhile do no harm.
func TestDTLSSlowSignerDisturbsNothing(t *testing.T) {
	t.Parallel()
	const takes = 20 * time.Second
	for _, server := range []bool{true, false} {
		var signed atomic.Int32
		cert := remote(t, testpki.P256, func(ctx context.Context, _ crypto.SignerOpts) error {
			signed.Add(1)
			select {
			case <-time.After(takes):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		bubble(t, func(t *testing.T) {
			client, serverConfig := remoteConfigs(t, VersionTLS12, server, cert)
			c, s, cl, sl := linked(t, client, serverConfig)
			waiting, start := sl, time.Now()
			if server {
				waiting = cl
			}
			if cErr, sErr := handshakes(c, s); cErr != nil || sErr != nil {
				t.Fatalf("server: %t; client: %v\nserver: %v", server, cErr, sErr)
			}
			if took := time.Since(start); took != takes || signed.Load() != 1 {
				t.Errorf("server: %t; it took %v, and %d signatures", server, took, signed.Load())
			}
			at, _ := waiting.flights()
			if !slices.Contains(at, 7*time.Second) {
				t.Errorf("server: %t; the other end sent at %v", server, at)
			}
			results := reading(s)
			if err := exchangeWith(c, results, "x"); err != nil {
				t.Error(err)
			}
			s.Close()
		})
	}
}

func TestDTLSSessionsAreResumed(t *testing.T) {
	t.Parallel()
	for name, m := range means {
		if m.version != VersionTLS12 {
			continue
		}
		client, server := configs(t)
		client.ClientSessionCache = NewLRUClientSessionCache(1)
		m.server(t, server)
		l := listenDTLS(t, new(DTLSListenConfig), server)
		var got []bool
		for range 3 {
			o := mustAttempt(t, l, client)
			if o.client.DidResume != o.server.DidResume || len(o.client.PeerCertificatesDER) != 1 || o.client.Version != VersionDTLS12 {
				t.Errorf("%s: %+v", name, o.client)
			}
			got = append(got, o.server.DidResume)
		}
		if diff := cmp.Diff([]bool{false, true, true}, got); diff != "" {
			t.Errorf("%s: resumed (-want +got):\n%s", name, diff)
		}
		if st := stopped(l); st.HelloVerifies != 3 {
			t.Errorf("%s: %+v", name, st)
		}
	}
}

// A session is taken from a connection, saved, and offered by another Config.
func TestDTLSSessionIsResumedFromBytes(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	server.TicketKeys = ticketKeys(t)
	c, _ := connectedDTLS(t, client, server)
	session, err := c.Session()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := session.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	again := new(Session)
	if err := again.UnmarshalBinary(saved); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close(); again.Close() })
	next, s, _, _ := linked(t, client, server)
	if err := next.SetSession(again); err != nil {
		t.Fatal(err)
	}
	if cErr, sErr := handshakes(next, s); cErr != nil || sErr != nil || !s.ConnectionState().DidResume {
		t.Errorf("client: %v, server: %v, resumed: %t", cErr, sErr, s.ConnectionState().DidResume)
	}
	if !bytes.Equal(keys(t, next), keys(t, s)) || bytes.Equal(keys(t, next), keys(t, c)) {
		t.Error("the keys differ, or are the old ones")
	}
}

// The exporter works on both ends from the start, whoever sent the last flight, and the key logs agree.
func TestDTLSKeyingMaterialIsTheSameOnBothEnds(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.ClientSessionCache, server.TicketKeys = NewLRUClientSessionCache(1), ticketKeys(t)
	var logs [2]bytes.Buffer
	client.KeyLogWriter, server.KeyLogWriter = &logs[0], &logs[1]
	l := listenDTLS(t, new(DTLSListenConfig), server)
	seen := map[string]bool{}
	for i := range 3 {
		c, s := dialDTLS(t, l, client)
		if resumed := c.ConnectionState().DidResume; resumed != (i > 0) {
			t.Errorf("connection %d resumed: %t", i, resumed)
		}
		before := keys(t, s)
		if !bytes.Equal(before, keys(t, c)) {
			t.Errorf("connection %d: the ends export different keys", i)
		}
		mustConverse(t, c, s)
		if !bytes.Equal(before, keys(t, s)) || !bytes.Equal(before, keys(t, c)) {
			t.Errorf("connection %d: the keys changed", i)
		}
		seen[string(before)] = true
		c.Close()
		s.Close()
	}
	if len(seen) != 3 {
		t.Errorf("%d different keys, want 3", len(seen))
	}
	lines := slices.Collect(strings.Lines(logs[0].String()))
	if diff := cmp.Diff(lines, slices.Collect(strings.Lines(logs[1].String()))); diff != "" || len(lines) != 3 || !strings.HasPrefix(lines[0], "CLIENT_RANDOM ") {
		t.Errorf("%d lines; client's and server's (-client +server):\n%s", len(lines), diff)
	}
}

func TestDTLSConnectionStateTellsWhatWasSettled(t *testing.T) {
	t.Parallel()
	const suite = 0xC02B // ECDHE-ECDSA-WITH-AES-128-GCM-SHA256
	client, server := configs(t)
	client.NextProtos, server.NextProtos = []string{"coap"}, []string{"mqtt", "coap"}
	client.CipherSuites = []uint16{suite}
	client.Certificates, server.ClientAuth, server.ClientCAs = server.Certificates, RequireAndVerifyClientCert, roots()
	client.DTLS.ConnectionID, server.DTLS.ConnectionID = &ConnectionID{}, &ConnectionID{Length: 3}
	c, s := connectedDTLS(t, client, server)
	got := map[string]ConnectionState{"client": c.ConnectionState(), "server": s.ConnectionState()}
	for name, st := range got {
		want := ConnectionState{
			Version: VersionDTLS12, HandshakeComplete: true, CipherSuite: suite, Group: st.Group,
			NegotiatedProtocol: "coap", ServerName: "localhost", ExtendedMasterSecret: true,
			Accelerated:         slices.Contains(Version().Acceleration, "aes-gcm"),
			PeerCertificatesDER: server.Certificates[0].Certificate,
			OwnConnectionID:     map[string][]byte{"client": {}, "server": got["client"].PeerConnectionID}[name],
			PeerConnectionID:    map[string][]byte{"client": got["server"].OwnConnectionID, "server": {}}[name],
		}
		ignored := cmpopts.IgnoreFields(ConnectionState{}, "PeerCertificates", "RecordExpansion", "MaxOutPayload", "MaxInPayload")
		if diff := cmp.Diff(want, st, ignored); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if st.Group == 0 || len(st.PeerCertificates) != 1 || st.RecordExpansion < 8+16+13 || st.MaxOutPayload < 1<<14-100 || st.MaxInPayload < 1<<14 {
			t.Errorf("%s: %+v", name, st)
		}
	}
	if len(got["server"].OwnConnectionID) != 3 || got["client"].Group != got["server"].Group {
		t.Errorf("%x, %v", got["server"].OwnConnectionID, slices.Collect(maps.Keys(got)))
	}
}

// What VerifyConnection refuses is over for both ends.
func TestDTLSVerifyConnectionRefusesForBothEnds(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	for _, server := range []bool{true, false} {
		client, serverConfig := configs(t)
		refusing := client
		if server {
			refusing = serverConfig
		}
		refusing.VerifyConnection = func(ConnectionState) error { return no }
		o := attempt(t, listenDTLS(t, new(DTLSListenConfig), serverConfig), client)
		own, peer := o.clientErr, o.serverErr
		if server {
			own, peer = peer, own
		}
		mustBe(t, fmt.Sprintf("server: %t; its own", server), own, no)
		mustBe(t, fmt.Sprintf("server: %t; the peer's", server), peer, AlertBadCertificate)
	}
}
