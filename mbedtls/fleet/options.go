package fleet

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Options say which fleet a process belongs to. All its processes must have the same, but for ForwardAddr and Logger.
// The zero value lacks the Key; all other fields have a default.
type Options struct {
	// Name tells fleets apart, on one Redis or with one Key; "" is "gombedtls". All keys in Redis begin with it, in braces,
	// so that those of a fleet are in one slot of a cluster; therefore it must have no closing brace.
	Name string

	// Key is the fleet's key, of KeyLen random bytes: what is in Redis, and what the processes send each other, is sealed
	// under it. Who has it can make tickets and take over connections.
	Key []byte

	// OldKeys still open what was sealed under them. To change Key, first make the new one known to all processes here,
	// then make it the Key, with the former one here.
	OldKeys [][]byte

	// TicketLifetime is how long a ticket may be used, in whole seconds, at most 7 days; 0 is a day.
	TicketLifetime time.Duration

	// Rotation is from one ticket key to the next; 0 is half of TicketLifetime. Without a writer, a key goes on for as
	// long again. A key opens tickets for as long as one that it made may be used. All processes together should make fewer
	// than 2^32 tickets in that time, as AES-GCM with random nonces wants it.
	Rotation time.Duration

	// Lead is how long before its use a key is published, so that all processes have it by then; 0 is a minute, or a
	// quarter of Rotation if that is shorter. The clocks of all hosts must agree to within it, and to within 6 s, which is
	// how exactly the library wants to know the age of TLS 1.3 tickets.
	Lead time.Duration

	// Poll is how often a process asks for news that it was not told of, and renews its election; 0 is 10 s, or a third of
	// Lead if that is shorter. A writer that is silent for three times as long is replaced.
	Poll time.Duration

	// Timeout bounds each exchange with Redis; 0 is 500 ms. No handshake waits for one. While it waits for an answer, a
	// client minds it only with redis.Options.ContextTimeoutEnabled; else its own ReadTimeout counts.
	Timeout time.Duration

	// ForwardAddr is the UDP address where this process takes records of its DTLS connections from the others, each
	// authenticated under Key; "" is 127.0.0.1:0, for a fleet on one host. It must name an address that they reach.
	ForwardAddr string

	// NodeTimeout is how long a process that listens for DTLS is silent before the others forget it; 0 is 5 s.
	NodeTimeout time.Duration

	// ParkLifetime is how long a parked connection waits for a record; 0 is a day.
	ParkLifetime time.Duration

	// Logger is told when Redis fails and is back, and what became of keys and connections; nil is silence.
	Logger *slog.Logger
}

const (
	defaultName         = "gombedtls"
	defaultLifetime     = 24 * time.Hour
	maxLifetime         = 7 * 24 * time.Hour
	defaultLead         = time.Minute
	defaultPoll         = 10 * time.Second
	defaultTimeout      = 500 * time.Millisecond
	defaultForwardAddr  = "127.0.0.1:0"
	defaultNodeTimeout  = 5 * time.Second
	defaultParkLifetime = 24 * time.Hour
	shortest            = time.Millisecond // of Redis's times
)

func badOption(name string, value any, format string, args ...any) error {
	return fmt.Errorf("fleet: Options.%s: %v: %w", name, value, fmt.Errorf(format, args...))
}

// withDefaults fills in what is not set, and reports what cannot be used.
func (o Options) withDefaults() (Options, error) {
	o.Name = cmp.Or(o.Name, defaultName)
	o.TicketLifetime = cmp.Or(o.TicketLifetime, defaultLifetime)
	o.Rotation = cmp.Or(o.Rotation, o.TicketLifetime/2)
	o.Lead = cmp.Or(o.Lead, min(defaultLead, o.Rotation/4))
	o.Poll = cmp.Or(o.Poll, min(defaultPoll, o.Lead/3))
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.ForwardAddr = cmp.Or(o.ForwardAddr, defaultForwardAddr)
	o.NodeTimeout = cmp.Or(o.NodeTimeout, defaultNodeTimeout)
	o.ParkLifetime = cmp.Or(o.ParkLifetime, defaultParkLifetime)
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if strings.Contains(o.Name, "}") {
		return o, badOption("Name", o.Name, "must have no closing brace")
	}
	if o.TicketLifetime < time.Second || o.TicketLifetime > maxLifetime || o.TicketLifetime%time.Second != 0 {
		return o, badOption("TicketLifetime", o.TicketLifetime, "must be whole seconds up to %v", maxLifetime)
	}
	for _, f := range []struct {
		name           string
		value, minimum time.Duration
		than           string
	}{
		{"Poll", o.Poll, shortest, ""},
		{"Lead", o.Lead, 2 * o.Poll, "twice Poll, "},
		{"Rotation", o.Rotation, o.Lead, "Lead, "},
		{"Timeout", o.Timeout, shortest, ""},
		{"NodeTimeout", o.NodeTimeout, 10 * shortest, ""},
		{"ParkLifetime", o.ParkLifetime, shortest, ""},
	} {
		if f.value < f.minimum {
			return o, badOption(f.name, f.value, "must be at least %s%v", f.than, f.minimum)
		}
	}
	host, _, err := net.SplitHostPort(o.ForwardAddr)
	if err != nil {
		return o, badOption("ForwardAddr", o.ForwardAddr, "%w", err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return o, badOption("ForwardAddr", o.ForwardAddr, "must name an address that the other processes reach")
	}
	return o, nil
}

func (o *Options) timing() timing { return timing{o.TicketLifetime, o.Rotation, o.Lead} }

// key is a key in Redis.
func (o *Options) key(name string) string { return "{" + o.Name + "}:" + name }
