package cbridge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"testing"
	"time"
)

// resumable are options under which a server issues tickets, n of them with TLS 1.3.
func resumable(t *testing.T, version int, n uint16) options {
	t.Helper()
	keys, err := NewTicketKeys(TicketAES256GCM, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	return func(client, server *Config) {
		err := errors.Join(client.SetVersions(version, version), client.SetSessionTickets(true),
			server.SetAuthMode(VerifyNone), server.SetTicketKeys(keys), server.SetNewSessionTickets(n))
		if err != nil {
			t.Fatal(err)
		}
	}
}

// saved is a client's session in the library's format.
func saved(t *testing.T, version int) []byte {
	t.Helper()
	p := newPair(t, resumable(t, version, 1))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if version == TLS13 {
		carry(t, p.server, p.client)
		if _, err := p.client.Read(make([]byte, 1)); !errors.Is(err, ErrSSLReceivedNewSessionTicket) {
			t.Fatalf("Read: %v, want a ticket", err)
		}
	}
	s, err := p.client.Session()
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := p.client.Session(); !errors.Is(err, ErrSSLFeatureUnavailable) {
		t.Errorf("a second copy of one session: %v", err)
	}
	data, err := s.Save()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTicketSignals(t *testing.T) {
	for _, on := range []bool{true, false} {
		p := newPair(t, func(client, server *Config) {
			resumable(t, TLS13, 1)(client, server)
			if err := client.SetTicketSignals(on); err != nil {
				t.Fatal(err)
			}
		})
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		want := ErrSSLWantRead
		if on {
			want = ErrSSLReceivedNewSessionTicket
		}
		carry(t, p.server, p.client)
		if err := read(p.client); !errors.Is(err, want) {
			t.Errorf("signals %t: Read: %v, want %v", on, err, want)
		}
	}
}

func TestLoadSessionChecksItsInput(t *testing.T) {
	for _, version := range []int{TLS12, TLS13} {
		data := saved(t, version)
		s, err := LoadSession(data)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := s.Save(); err != nil || !bytes.Equal(again, data) {
			t.Errorf("what was loaded is saved differently (%v)", err)
		}
		s.Close()
		for i := range 5 {
			altered := bytes.Clone(data)
			altered[i]++
			if _, err := LoadSession(altered); !errors.Is(err, ErrSSLVersionMismatch) {
				t.Errorf("byte %d of the header altered: %v, want ErrSSLVersionMismatch", i, err)
			}
		}
		for n := range data {
			if _, err := LoadSession(data[:n]); err == nil {
				t.Errorf("%d bytes of %d were loaded", n, len(data))
			}
		}
		if _, err := LoadSession(append(bytes.Clone(data), 0)); err == nil {
			t.Error("a longer session was loaded")
		}
		// What the library does not notice must do no harm when it is used.
		for i := 5; i < len(data); i++ {
			for _, b := range []byte{0, 0xFF, data[i] ^ 1} {
				altered := bytes.Clone(data)
				altered[i] = b
				s, err := LoadSession(altered)
				if err != nil {
					continue
				}
				p := newPair(t, resumable(t, version, 1))
				if p.client.SetSession(s, true) == nil {
					_ = p.client.Handshake()
				}
				p.client.Close()
				p.server.Close()
				s.Close()
			}
		}
	}
}

// The library itself loads it, and writes the whole array and what is behind it to the server.
func TestLoadSessionRefusesAnIDThatIsTooLong(t *testing.T) {
	data := saved(t, TLS12)
	const idLen = 5 + 4 + 8 // behind the header, the version, the end, the suite and the time
	data[idLen] = 33
	if _, err := LoadSession(data); !errors.Is(err, ErrSSLBadInputData) {
		t.Errorf("an id of 33 bytes: %v, want ErrSSLBadInputData", err)
	}
	data[idLen] = 32
	data[6] = 7 // the end
	if _, err := LoadSession(data); err == nil {
		t.Error("a session of no end was loaded")
	}
}

// mbedtls_ssl_read wants to read when it comes across a ticket, and holds it, and what is behind it, back: whoever waits
// for the transport then may wait for ever.
func TestReadGoesOnWithWhatIsInTheContext(t *testing.T) {
	p := newPair(t, resumable(t, TLS13, 4))
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	if _, err := p.server.Write([]byte("data")); err != nil {
		t.Fatal(err)
	}
	carry(t, p.server, p.client)
	buf := make([]byte, 10)
	for i := range 4 {
		if _, err := p.client.Read(buf); !errors.Is(err, ErrSSLReceivedNewSessionTicket) {
			t.Fatalf("ticket %d: %v", i, err)
		}
		if s, err := p.client.Session(); err != nil {
			t.Errorf("ticket %d: %v", i, err)
		} else {
			s.Close()
		}
	}
	if n, err := p.client.Read(buf); n != 4 || err != nil {
		t.Errorf("Read: %d, %v", n, err)
	}
}

func TestResumptionAfterCloseIsAnError(t *testing.T) {
	s, err := LoadSession(saved(t, TLS12))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := NewTicketKeys(TicketAES128GCM, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	cache, err := NewSessionCache(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := newPair(t, nil)
	p.server.Close()
	open, client := newPair(t, nil), p.client
	client.Close()
	conf := open.server.conf
	s.Close()
	keys.Close()
	cache.Close()
	second := func(_ any, err error) error { return err }
	for name, err := range map[string]error{
		"Save":                       second(s.Save()),
		"SetSession":                 open.client.SetSession(s, false),
		"SetSession on a closed SSL": client.SetSession(s, false),
		"SSL.Session":                second(client.Session()),
		"WriteEarlyData":             second(client.WriteEarlyData([]byte("x"))),
		"ReadEarlyData":              second(client.ReadEarlyData(make([]byte, 1))),
		"Rotate":                     keys.Rotate([4]byte{}, make([]byte, 16), time.Hour),
		"SetTicketKeys":              conf.SetTicketKeys(keys),
		"SetSessionCache":            conf.SetSessionCache(cache),
		"cache.Get":                  second(cache.Get(make([]byte, 32))),
		"cache.Set":                  cache.Set(make([]byte, 32), s),
		"cache.Remove":               cache.Remove(make([]byte, 32)),
	} {
		if !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s after Close: %v, want net.ErrClosed", name, err)
		}
	}
	if s.Info().Version != 0 || client.SessionID() != nil || client.EarlyDataStatus() != EarlyDataNotIndicated {
		t.Error("accessors after Close give values")
	}
}

// A ticket's time must mean the same on every host.
func TestMSTimeIsTheTimeOfDay(t *testing.T) {
	if diff := time.Since(MSTime()).Abs(); diff > 5*time.Second {
		t.Errorf("MSTime is %v off", diff)
	}
	data := saved(t, TLS13)
	s, err := LoadSession(data)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if age := time.Since(s.Info().Received); age < -time.Second || age > 5*time.Second {
		t.Errorf("a new ticket is %v old", age)
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(s.Info().Received.UnixMilli()))
	if !bytes.Contains(data, ms[:]) {
		t.Error("the saved session does not hold that time")
	}
}

// Tickets age by the clocks of the process.
func TestExpiredTicketIsNotResumed(t *testing.T) {
	for _, version := range []int{TLS12, TLS13} {
		opts := resumable(t, version, 1)
		began := time.Now()
		shift := time.Duration(0)
		clock := func() time.Time { return began.Add(shift) }
		SetClock(&Clock{Now: clock, MS: func() int64 { return clock().UnixMilli() }})
		defer SetClock(nil)
		first := newPair(t, opts)
		if err := first.handshake(t); err != nil {
			t.Fatal(err)
		}
		if version == TLS13 {
			carry(t, first.server, first.client)
			if _, err := first.client.Read(make([]byte, 1)); !errors.Is(err, ErrSSLReceivedNewSessionTicket) {
				t.Fatal(err)
			}
		}
		s, err := first.client.Session()
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for _, c := range []struct {
			age  time.Duration
			want bool
		}{{0, true}, {59 * time.Minute, true}, {61 * time.Minute, false}, {3 * time.Hour, false}} {
			shift = c.age
			p := newPair(t, opts)
			p.client.SetVerify(func([]byte, int, uint32) (uint32, error) { return 0, nil })
			if err := p.client.SetSession(s, false); err != nil {
				t.Fatal(err)
			}
			if err := p.handshake(t); err != nil {
				t.Fatalf("%#x, age %v: %v", version, c.age, err)
			}
			if got := p.server.Resumed(); got != c.want || p.client.Resumed() != got {
				t.Errorf("%#x, age %v: resumed %t (client %t), want %t", version, c.age, got, p.client.Resumed(), c.want)
			}
		}
	}
}

func TestCacheTellsItsTimeout(t *testing.T) {
	cache, err := NewSessionCache(1, 90*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if got := cache.Timeout(); got != 90*time.Second {
		t.Errorf("%v, want 90s", got)
	}
	cache.Close()
	if got := cache.Timeout(); got != 0 {
		t.Errorf("%v after Close", got)
	}
}

func TestTicketFlagsFollowTheKeyExchanges(t *testing.T) {
	for modes, want := range map[int]uint8{
		KexEphemeral | KexPSKEphemeral:          TicketPSKEphemeral,
		KexEphemeral | KexPSK:                   TicketPSK,
		KexEphemeral | KexPSK | KexPSKEphemeral: TicketPSK | TicketPSKEphemeral,
	} {
		base := resumable(t, TLS13, 1)
		p := newPair(t, func(client, server *Config) {
			base(client, server)
			if err := errors.Join(client.SetTLS13KeyExchangeModes(modes), server.SetTLS13KeyExchangeModes(modes)); err != nil {
				t.Fatal(err)
			}
		})
		if err := p.handshake(t); err != nil {
			t.Fatal(err)
		}
		carry(t, p.server, p.client)
		if _, err := p.client.Read(make([]byte, 1)); !errors.Is(err, ErrSSLReceivedNewSessionTicket) {
			t.Fatal(err)
		}
		s, err := p.client.Session()
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Info().TicketFlags; got != want {
			t.Errorf("modes %d: flags %#x, want %#x", modes, got, want)
		}
		if _, err := s.TicketCreated(); !errors.Is(err, ErrSSLBadInputData) {
			t.Errorf("TicketCreated of a client's session: %v", err)
		}
		s.Close()
	}
}
