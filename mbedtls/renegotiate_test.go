package mbedtls

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// renegotiable are configs for TLS 1.2 that allow renegotiation.
func renegotiable(t testing.TB) (client, server *Config) {
	t.Helper()
	client, server = configs(t)
	for _, c := range []*Config{client, server} {
		c.MaxVersion, c.AllowRenegotiation = VersionTLS12, true
	}
	return client, server
}

// echo sends back what it reads until the end.
func echo(c *Conn) error {
	_, err := io.Copy(c, c)
	return err
}

// echoed sends something to an echo.
func echoed(c *Conn, size int) error {
	data := make([]byte, size)
	rand.Read(data)
	done := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		done <- err
	}()
	got := make([]byte, size)
	if _, err := io.ReadFull(c, got); err != nil {
		return errors.Join(err, <-done)
	}
	if !bytes.Equal(got, data) {
		return errors.New("what came back differs")
	}
	return <-done
}

func keys(t *testing.T, c *Conn) []byte {
	t.Helper()
	out, err := c.ExportKeyingMaterial("EXPORTER-test", nil, 32)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestClientRenegotiates(t *testing.T) {
	client, server := renegotiable(t)
	var secrets, verified atomic.Int32
	server.ExportSecret = func(Secret) error { secrets.Add(1); return nil }
	client.VerifyConnection = func(ConnectionState) error { verified.Add(1); return nil }
	c, s := connected(t, client, server)
	done := make(chan error, 1)
	go func() { done <- echo(s) }()
	before := keys(t, c)
	for range 3 {
		if err := c.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		after := keys(t, c)
		if bytes.Equal(before, after) {
			t.Error("the keys are the old ones")
		}
		before = after
		if err := echoed(c, 100_000); err != nil {
			t.Fatal(err)
		}
	}
	if st := c.ConnectionState(); st.Group == 0 || !st.ExtendedMasterSecret || st.DidResume {
		t.Errorf("state after a renegotiation: %+v", st)
	}
	if secrets.Load() != 4 || verified.Load() != 4 {
		t.Errorf("%d secrets, %d calls of VerifyConnection, want 4 each", secrets.Load(), verified.Load())
	}
	c.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestServerRenegotiates(t *testing.T) {
	client, server := renegotiable(t)
	var handshakes atomic.Int32
	client.ExportSecret = func(Secret) error { handshakes.Add(1); return nil }
	c, s := connected(t, client, server)
	done := make(chan error, 1)
	go func() { done <- echo(c) }()
	for i := range 3 {
		if err := s.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		// The client has the request first, and so its answer comes before the echo.
		if err := echoed(s, 100_000); err != nil {
			t.Fatal(err)
		}
		if got := handshakes.Load(); int(got) != i+2 {
			t.Errorf("%d handshakes, want %d", got, i+2)
		}
	}
	s.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// renegotiates has either end ask for a renegotiation, so that it takes place in Renegotiate or in Read of the client.
func renegotiates(t *testing.T, client, server *Config) {
	for name, clientBegins := range map[string]bool{"the client's Renegotiate": true, "the client's Read": false} {
		t.Run(name, func(t *testing.T) {
			begins, follows := connected(t, client, server)
			if !clientBegins {
				begins, follows = follows, begins
			}
			done := make(chan error, 1)
			go func() {
				err := echo(follows)
				follows.Close()
				done <- err
			}()
			if err := begins.Renegotiate(); err != nil {
				t.Fatal(err)
			}
			if err := echoed(begins, 1000); err != nil {
				t.Fatal(err)
			}
			begins.Close()
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// Data goes both ways all the while.
func TestRenegotiationBesideReadAndWrite(t *testing.T) {
	const size, times = 3 << 20, 10
	client, server := renegotiable(t)
	client.RenegotiationGrace = RenegotiationNotEnforced // the server has much on its way
	var count atomic.Int32
	client.ExportSecret = func(Secret) error { count.Add(1); return nil }
	c, s := connected(t, client, server)
	data := make([]byte, size)
	rand.Read(data)
	var all sync.WaitGroup
	for _, conn := range []*Conn{c, s} {
		all.Go(func() {
			for part := range slices.Chunk(data, 50_000) {
				if _, err := conn.Write(part); err != nil {
					t.Errorf("server %t: Write: %v", conn == s, err)
					return
				}
			}
		})
		all.Go(func() {
			got := make([]byte, size)
			if _, err := io.ReadFull(conn, got); err != nil {
				t.Errorf("server %t: Read: %v", conn == s, err)
			} else if !bytes.Equal(got, data) {
				t.Errorf("server %t: what was read differs", conn == s)
			}
			// The handshake may still need this end.
			if err := conn.SetReadDeadline(time.Now().Add(2 * time.Second)); err != nil {
				t.Error(err)
			}
			if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("server %t: Read: %v", conn == s, err)
			}
		})
	}
	for range times {
		if err := c.Renegotiate(); err != nil {
			t.Errorf("Renegotiate: %v", err)
			break
		}
	}
	all.Wait()
	if got := int(count.Load()); got != times+1 {
		t.Errorf("%d handshakes, want %d", got, times+1)
	}
}

func TestRenegotiationPeriod(t *testing.T) {
	for _, server := range []bool{false, true} {
		client, srv := renegotiable(t)
		counting := client
		if server {
			counting = srv
		}
		counting.RenegotiationPeriod = 10
		var count atomic.Int32
		client.ExportSecret = func(Secret) error { count.Add(1); return nil }
		c, s := connected(t, client, srv)
		done := make(chan error, 1)
		go func() { done <- echo(s) }()
		for range 100 {
			if err := echoed(c, 100); err != nil {
				t.Fatalf("server %t: %v", server, err)
			}
		}
		if got := count.Load(); got < 5 {
			t.Errorf("server %t: %d handshakes in 100 records", server, got)
		}
		c.Close()
		if err := <-done; err != nil {
			t.Errorf("server %t: %v", server, err)
		}
	}
}

func TestRenegotiationIsRefused(t *testing.T) {
	t.Run("by this end", func(t *testing.T) {
		client, server := configs(t)
		c, _ := connected(t, client, server)
		mustBe(t, "Renegotiate", c.Renegotiate(), errNoRenegotiation)
	})
	t.Run("by TLS 1.3", func(t *testing.T) {
		client, server := configs(t)
		client.AllowRenegotiation = true
		c, s := connected(t, client, server)
		mustBe(t, "Renegotiate", c.Renegotiate(), ErrSSLFeatureUnavailable)
		go echo(s)
		if err := echoed(c, 100); err != nil {
			t.Errorf("the connection is broken: %v", err)
		}
	})
	t.Run("by the server", func(t *testing.T) {
		client, server := renegotiable(t)
		server.AllowRenegotiation = false
		c, s := connected(t, client, server)
		go echo(s)
		mustBe(t, "Renegotiate", c.Renegotiate(), ErrRenegotiationRefused)
		_, err := c.Write([]byte("x"))
		mustBe(t, "Write", err, ErrRenegotiationRefused)
	})
	t.Run("by the client", func(t *testing.T) {
		client, server := renegotiable(t)
		client.AllowRenegotiation = false
		server.RenegotiationGrace = 3
		c, s := connected(t, client, server)
		go echo(c)
		if err := s.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		var err error
		trips := 0
		for ; err == nil && trips < 10; trips++ {
			err = echoed(s, 10)
		}
		mustBe(t, "Read", err, ErrSSLUnexpectedMessage)
		if trips < 2 || trips > 4 {
			t.Errorf("%d records passed, want about 3", trips)
		}
	})
	t.Run("by the client, which is let", func(t *testing.T) {
		client, server := renegotiable(t)
		client.AllowRenegotiation = false
		server.RenegotiationGrace = RenegotiationNotEnforced
		c, s := connected(t, client, server)
		go echo(c)
		if err := s.Renegotiate(); err != nil {
			t.Fatal(err)
		}
		for range 50 {
			if err := echoed(s, 10); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A verdict after a renegotiation is final, and no data passes that is written meanwhile.
func TestVerdictAfterRenegotiation(t *testing.T) {
	errVerdict := errors.New("not again")
	client, server := renegotiable(t)
	var calls atomic.Int32
	client.VerifyConnection = func(ConnectionState) error {
		if calls.Add(1) > 1 {
			return errVerdict
		}
		return nil
	}
	c, s := connected(t, client, server)
	done := make(chan error, 1)
	go func() { done <- echo(s) }()
	mustBe(t, "Renegotiate", c.Renegotiate(), errVerdict)
	_, err := c.Write([]byte("x"))
	mustBe(t, "Write", err, errVerdict)
	_, err = c.Read(make([]byte, 1))
	mustBe(t, "Read", err, errVerdict)
	var alert AlertError
	if err := <-done; !errors.As(err, &alert) || alert != alertBadCertificate {
		t.Errorf("the server got %v, want a bad_certificate alert", err)
	}
}

func TestClosuresInARenegotiation(t *testing.T) {
	errExport := errors.New("no more keys")
	client, server := renegotiable(t)
	var calls atomic.Int32
	server.ExportSecret = func(Secret) error {
		if calls.Add(1) > 1 {
			return errExport
		}
		return nil
	}
	c, s := connected(t, client, server)
	done := make(chan error, 1)
	go func() { done <- echo(s) }()
	var alert AlertError
	if err := c.Renegotiate(); !errors.As(err, &alert) || alert != 80 {
		t.Errorf("Renegotiate: %v, want an internal_error alert", err)
	}
	mustBe(t, "the server's Read", <-done, errExport)
}

func TestRenegotiationAfterATimeout(t *testing.T) {
	client, server := renegotiable(t)
	c, s := connected(t, client, server)
	if err := c.SetDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	mustBe(t, "Renegotiate", c.Renegotiate(), os.ErrDeadlineExceeded)
	if err := c.SetDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go echo(s)
	if err := c.Renegotiate(); err != nil {
		t.Fatal(err)
	}
	if err := echoed(c, 100); err != nil {
		t.Error(err)
	}
}

func TestRenegotiationFields(t *testing.T) {
	for name, c := range map[string]*Config{
		"RenegotiationGrace":  {AllowRenegotiation: true, RenegotiationGrace: -3},
		"RenegotiationPeriod": {AllowRenegotiation: true, RenegotiationPeriod: 10},
	} {
		var bad *ConfigError
		c.InsecureSkipVerify = true
		if err := c.Validate(false); !errors.As(err, &bad) || bad.Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]*Config{"RenegotiationGrace": {RenegotiationGrace: 1}, "RenegotiationPeriod": {RenegotiationPeriod: 1}} {
		var bad *ConfigError
		c.InsecureSkipVerify = true
		if err := c.Validate(false); !errors.As(err, &bad) || bad.Field != name {
			t.Errorf("%s without AllowRenegotiation: %v", name, err)
		}
	}
}

// A record that is read in many pieces is one record: mbedtls_ssl_read counts each piece.
func TestRenegotiationGraceCountsRecords(t *testing.T) {
	client, server := renegotiable(t)
	client.RenegotiationGrace = 2
	c, s := connected(t, client, server)
	data := make([]byte, 1000)
	if err := s.Renegotiate(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write(data); err != nil { // it comes before the server knows of the client's hello
		t.Fatal(err)
	}
	for n := range data {
		if _, err := c.Read(make([]byte, 1)); err != nil {
			t.Fatalf("byte %d: %v", n, err)
		}
	}
	go echo(s)
	if err := echoed(c, 100); err != nil {
		t.Error(err)
	}
}

// mbedtls_ssl_read asks again for each record of data, which is for DTLS alone: a client takes that ill.
func TestServerAsksOnce(t *testing.T) {
	client, server := renegotiable(t)
	c, s := connected(t, client, server)
	for range 5 { // which the server reads while it waits for the answer
		if _, err := c.Write([]byte("data")); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Renegotiate(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := io.ReadFull(s, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
	}
	go echo(s)
	if err := echoed(c, 1000); err != nil {
		t.Error(err)
	}
}
