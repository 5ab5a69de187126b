package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// visit is what a client offered, and came to.
type visit struct {
	Client     string
	Connection string       `json:",omitempty"`
	Error      string       `json:",omitempty"`
	Forbidden  []forbidding // of its ClientHello; nil if none was seen

	seen bool
}

// forbidding is what of the ClientHello a rule forbids.
type forbidding struct {
	Rule string
	What []string
}

// serve is a server under the policy.
func (c *command) serve(p mbedtls.Policy) (ok bool, err error) {
	certs, err := c.ownCertificates(p)
	if err != nil {
		return false, err
	}
	config := serverConfig(p, certs...)
	defer config.Close()
	if config.ClientAuth != mbedtls.NoClientCert {
		if c.clientCA == "" {
			return false, errors.New("the policy requires certificates of clients: name who signs them with --client-ca")
		}
		if config.ClientCAs, err = loadPool(c.clientCA); err != nil {
			return false, err
		}
	}
	var hellos sync.Map // by connection underneath
	config.GetCertificate = func(hello *mbedtls.ClientHelloInfo) (*mbedtls.Certificate, error) {
		hellos.Store(hello.Conn, hello)
		return nil, nil
	}
	network := "tcp"
	if c.dtls {
		network = "udp"
	}
	l, err := mbedtls.Listen(network, c.listen, config)
	if err != nil {
		return false, err
	}
	defer l.Close()
	stop := context.AfterFunc(c.ctx, func() { l.Close() })
	defer stop()
	if !c.json {
		fmt.Fprintf(c.stdout, "listening at %s\n", l.Addr())
	}
	ok = true
	for n := 0; c.count == 0 || n < c.count; n++ {
		conn, err := l.Accept()
		if c.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return ok, nil
		}
		if err != nil {
			return false, err
		}
		v := c.receive(conn.(*mbedtls.Conn), p.Rules(), &hellos)
		ok = ok && v.Error == "" && len(v.Forbidden) == 0
		if err := c.printVisit(v); err != nil {
			return false, err
		}
	}
	return ok, nil
}

// receive shakes hands with a client, and judges what it said.
func (c *command) receive(conn *mbedtls.Conn, rules mbedtls.PolicyRules, hellos *sync.Map) visit {
	defer conn.Close()
	v := visit{Client: conn.RemoteAddr().String()}
	if err := conn.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		v.Error = err.Error()
		return v
	}
	if err := conn.HandshakeContext(c.ctx); err != nil {
		v.Error = err.Error()
	} else {
		v.Connection = describe(conn.ConnectionState())
	}
	if hello, ok := hellos.LoadAndDelete(conn.NetConn()); ok {
		v.seen = true
		v.Forbidden = judge(rules, hello.(*mbedtls.ClientHelloInfo))
	}
	return v
}

// judge sorts what of a ClientHello the rules forbid by rule.
func judge(rules mbedtls.PolicyRules, hello *mbedtls.ClientHelloInfo) (list []forbidding) {
	add := func(rule, what string) {
		if rule == "" {
			return
		}
		i := slices.IndexFunc(list, func(f forbidding) bool { return f.Rule == rule })
		if i < 0 {
			list = append(list, forbidding{Rule: rule})
			i = len(list) - 1
		}
		list[i].What = append(list[i].What, what)
	}
	for _, v := range hello.SupportedVersions {
		if !isGrease(v) {
			add(rules.ForbidsVersion(v), mbedtls.VersionName(v))
		}
	}
	for _, id := range hello.CipherSuites {
		if !isGrease(id) && !isSignal(id) {
			add(rules.ForbidsCipherSuite(id), mbedtls.CipherSuiteName(id))
		}
	}
	for _, g := range hello.SupportedGroups {
		if !isGrease(uint16(g)) {
			add(rules.ForbidsGroup(g), g.String())
		}
	}
	for _, s := range hello.SignatureSchemes {
		if !isGrease(uint16(s)) {
			add(rules.ForbidsSignatureScheme(s), s.String())
		}
	}
	const extendedMasterSecret = 23
	if rules.RequireExtendedMasterSecret && !slices.Contains(hello.SupportedVersions, mbedtls.VersionTLS13) && !slices.Contains(hello.Extensions, extendedMasterSecret) {
		add("require_extended_master_secret", "not offered")
	}
	return list
}

// isGrease tells values that mean nothing (RFC 8701).
func isGrease(v uint16) bool { return v&0x0F0F == 0x0A0A && v>>8 == v&0xFF }

// isSignal tells suites that are none: TLS_EMPTY_RENEGOTIATION_INFO_SCSV and TLS_FALLBACK_SCSV.
func isSignal(id uint16) bool { return id == 0x00FF || id == 0x5600 }

func (c *command) printVisit(v visit) error {
	if c.json {
		return json.NewEncoder(c.stdout).Encode(v) // a line for each client
	}
	outcome := v.Connection
	if v.Error != "" {
		outcome = "no connection: " + v.Error
	}
	fmt.Fprintf(c.stdout, "%s: %s\n", v.Client, outcome)
	switch {
	case !v.seen:
		fmt.Fprintln(c.stdout, "  its ClientHello was not understood")
		return nil
	case len(v.Forbidden) == 0:
		fmt.Fprintln(c.stdout, "  offers nothing that the policy forbids")
		return nil
	}
	t := c.table("  FORBIDDEN BY", "THE CLIENT OFFERS")
	for _, f := range v.Forbidden {
		t.row("  "+f.Rule, strings.Join(f.What, " "))
	}
	return t.Flush()
}
