package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// probeOptions are the flags of a probe.
type probeOptions struct {
	listen         string
	dtls           bool
	timeout        time.Duration
	ca, serverName string // for a server
	cert, key      string // of ours, for clients
	clientCA       string
	count          int
}

func (c *command) probeFlags(flags *flag.FlagSet) {
	c.outputFlags(flags)
	flags.StringVar(&c.listen, "listen", "", "be a server for clients at `ADDR`, such as :8443")
	flags.BoolVar(&c.dtls, "dtls", false, "DTLS over UDP")
	flags.DurationVar(&c.timeout, "timeout", 5*time.Second, "for each connection")
	flags.StringVar(&c.ca, "ca", "", "PEM `FILE` of roots to verify the server by")
	flags.StringVar(&c.serverName, "servername", "", "`NAME` to ask the server for")
	flags.StringVar(&c.cert, "cert", "", "PEM `FILE` of the server's chain, for --listen")
	flags.StringVar(&c.key, "key", "", "PEM `FILE` of its key")
	flags.StringVar(&c.clientCA, "client-ca", "", "PEM `FILE` of roots to verify clients by, for a policy that requires that")
	flags.IntVar(&c.count, "count", 0, "end after so many clients; 0 is never")
}

func (c *command) probe(args []string) (bool, error) {
	p, err := policy(args[0])
	if err != nil {
		return false, err
	}
	if (c.cert == "") != (c.key == "") {
		return false, errors.New("--cert and --key go together")
	}
	if c.listen != "" {
		return c.serve(p)
	}
	t := &target{command: c, policy: p, rules: p.Rules(), addr: args[1]}
	if _, _, err := net.SplitHostPort(t.addr); err != nil {
		return false, err
	}
	if c.ca != "" {
		if t.roots, err = loadPool(c.ca); err != nil {
			return false, err
		}
	}
	r, err := t.examine()
	if err != nil {
		return false, err
	}
	if c.json {
		return r.ok(), c.writeJSON(r)
	}
	return r.ok(), c.printProbe(r)
}

// target is a server under examination.
type target struct {
	*command
	policy mbedtls.Policy
	rules  mbedtls.PolicyRules
	addr   string
	roots  *mbedtls.CertPool
	lost   error // why nothing more can be found out
}

// probed is what became of it.
type probed struct {
	Server     string
	Connection string // under the policy; "" if there is none
	Error      string `json:",omitempty"` // why not
	Violations []violation
	Offers     []offer
}

// violation is a rule that the server is against, whatever it is offered.
type violation struct{ Rule, Want, Got string }

// offer is something that the policy forbids, and was offered.
type offer struct {
	Kind, Offer, Rule string
	Accepted          bool
	Detail            string `json:",omitempty"` // of a refusal
}

func (r *probed) ok() bool {
	return r.Connection != "" && len(r.Violations) == 0 && !slices.ContainsFunc(r.Offers, func(o offer) bool { return o.Accepted })
}

// connect makes a connection, which it closes after use. It makes none once the server is lost.
func (t *target) connect(config *mbedtls.Config, use func(*mbedtls.Conn) error) (st mbedtls.ConnectionState, err error) {
	defer config.Close()
	if t.lost != nil {
		return st, t.lost
	}
	config.ServerName = t.serverName
	config.RootCAs, config.InsecureSkipVerify = t.roots, t.roots == nil
	ctx, cancel := context.WithTimeout(t.ctx, t.timeout)
	defer cancel()
	conn, err := mbedtls.DialContext(ctx, t.network(), t.addr, config)
	if err != nil {
		t.judge(err)
		return st, err
	}
	defer conn.Close()
	if use != nil {
		if err := conn.SetDeadline(time.Now().Add(t.timeout)); err != nil {
			return st, err
		}
		err = use(conn)
	}
	return conn.ConnectionState(), err
}

func (t *target) network() string {
	if t.dtls {
		return "udp"
	}
	return "tcp"
}

// judge tells a server that is lost, or a probe that was stopped, from a server that refuses. Over datagrams, silence is a
// way to refuse.
func (t *target) judge(err error) {
	var op *net.OpError
	var timeout net.Error
	switch {
	case t.ctx.Err() != nil:
		err = t.ctx.Err()
	case errors.As(err, &op) && op.Op == "dial", errors.Is(err, syscall.ECONNREFUSED):
	case !t.dtls && errors.As(err, &timeout) && timeout.Timeout():
	default:
		return
	}
	t.lost = fmt.Errorf("%s: nothing more can be found out: %w", t.addr, err)
}

// examine connects under the policy, and then against it.
func (t *target) examine() (*probed, error) {
	r := &probed{Server: t.addr, Violations: []violation{}, Offers: []offer{}}
	st, err := t.connect(&mbedtls.Config{Policy: t.policy}, nil)
	var unmet *mbedtls.PolicyError
	var bad *mbedtls.ConfigError
	switch {
	case t.lost != nil:
		return nil, t.lost
	case errors.As(err, &unmet), errors.As(err, &bad):
		return nil, err
	}
	if err == nil {
		r.Connection = describe(st)
	} else {
		r.Error = err.Error()
		if st, err = t.connect(&mbedtls.Config{}, nil); err == nil {
			for _, v := range mbedtls.PolicyViolations(t.policy, st, false) {
				r.Violations = append(r.Violations, violation{v.Key, v.Want, v.Got})
			}
		}
	}
	for _, try := range []func() []offer{t.tryVersions, t.trySuites, t.tryGroups, t.trySchemes, t.tryPrimes, t.tryMasterSecret, t.tryRenegotiation} {
		r.Offers = append(r.Offers, try()...)
		if t.lost != nil {
			return nil, t.lost
		}
	}
	return r, t.stillThere(r)
}

// stillThere is an error if the server does not answer any more as it did at first: then its refusals tell nothing.
func (t *target) stillThere(r *probed) error {
	config := &mbedtls.Config{Policy: t.policy}
	if r.Connection == "" {
		if len(r.Violations) == 0 {
			return nil // nor has it ever
		}
		config = &mbedtls.Config{}
	}
	if _, err := t.connect(config, nil); err != nil {
		return fmt.Errorf("%s: does not connect any more, as it did at first, so that its refusals tell nothing: %w", t.addr, err)
	}
	return nil
}

// describe is a connection in a line.
func describe(st mbedtls.ConnectionState) string {
	parts := []string{mbedtls.VersionName(st.Version), mbedtls.CipherSuiteName(st.CipherSuite)}
	if st.Group != 0 {
		parts = append(parts, st.Group.String())
	}
	return strings.Join(parts, ", ")
}

func (c *command) printProbe(r *probed) error {
	if r.Connection != "" {
		fmt.Fprintf(c.stdout, "%s: connected under the policy: %s\n", r.Server, r.Connection)
	} else {
		fmt.Fprintf(c.stdout, "%s: no connection under the policy: %s\n", r.Server, r.Error)
	}
	if len(r.Violations) > 0 {
		fmt.Fprintln(c.stdout)
		t := c.table("RULE", "WANT", "THE SERVER")
		for _, v := range r.Violations {
			t.row(v.Rule, v.Want, v.Got)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	refused := map[string]int{}
	var accepted []offer
	var kinds []string
	for _, o := range r.Offers {
		if !slices.Contains(kinds, o.Kind) {
			kinds = append(kinds, o.Kind)
		}
		if o.Accepted {
			accepted = append(accepted, o)
		} else {
			refused[o.Kind]++
		}
	}
	if len(accepted) > 0 {
		fmt.Fprintln(c.stdout)
		t := c.table("ACCEPTED", "THOUGH FORBIDDEN BY", "KIND")
		for _, o := range accepted {
			t.row(o.Offer, o.Rule, o.Kind)
		}
		if err := t.Flush(); err != nil {
			return err
		}
	}
	fmt.Fprintln(c.stdout)
	t := c.table("KIND", "FORBIDDEN AND REFUSED", "FORBIDDEN AND ACCEPTED")
	for _, kind := range kinds {
		t.row(kind, fmt.Sprint(refused[kind]), fmt.Sprint(len(slices.DeleteFunc(slices.Clone(accepted), func(o offer) bool { return o.Kind != kind }))))
	}
	return t.Flush()
}
