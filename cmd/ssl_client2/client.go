package main

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// client is one run of the program.
type client struct {
	*testprogram.Program
	conn *mbedtls.Conn // nil between two connections

	hostname string // what the next connection expects
	peerInfo string // of the peer's certificate
	saved    savedSession
	tickets  int   // of this response
	saveErr  error // of a session in a ticket
}

func runClient(o *testprogram.Options, out *testprogram.Output) (err error) {
	p, err := testprogram.New(o, out)
	c := &client{Program: p, hostname: o.ServerName, saved: savedSession{asBytes: o.RecoMode == 1}}
	defer func() {
		c.drop()
		if e := p.Close(); err == nil {
			err = e
		}
	}()
	if err == nil {
		err = out.Step("  . Setting up the SSL/TLS structure...", c.setUp)
	}
	if err != nil {
		return err
	}
	return c.run()
}

// run is everything on the network.
func (c *client) run() error {
	if err := c.open(); err != nil {
		return err
	}
	if err := c.begin(); err != nil {
		return err
	}
	for {
		end, err := c.talk()
		if err != nil {
			return err
		}
		c.close(end)
		if c.Reconnect == 0 {
			return nil
		}
		c.Reconnect--
		if err := c.reconnect(); err != nil {
			return err
		}
	}
}

// begin follows the first connection's handshake.
func (c *client) begin() error {
	if err := c.report(); err != nil {
		return err
	}
	if err := c.PrepareRenegotiation(c.conn); err != nil {
		return c.Output.Failed("mbedtls_ssl_set_cid", err)
	}
	if c.Renegotiate == 1 {
		if err := c.renegotiate(); err != nil {
			return err
		}
	}
	c.ReportCID(c.conn, "after renegotiation")
	return c.ReportExport(c.conn)
}

// report prints what the first handshake settled.
func (c *client) report() error {
	c.ReportHandshake(c.conn)
	if err := c.ReportSecrets(c.conn); err != nil {
		return c.Output.Failed("mbedtls_ssl_tls_prf", err)
	}
	if c.Reconnect > 0 && c.conn.ConnectionState().Version != mbedtls.VersionTLS13 {
		s, err := c.conn.Session()
		if err := c.save(s, err); err != nil {
			return err
		}
	}
	c.ReportVerification(c.conn)
	c.Output.Printf("  . Peer certificate information    ...\n%s\n", c.peerInfo)
	c.ReportCID(c.conn, "initial handshake")
	return nil
}

// verify prints each certificate of the server's chain, and leaves the verdict to the library.
func (c *client) verify(der []byte, depth int, flags uint32) (uint32, error) {
	c.Output.Printf("\nVerify requested for (Depth %d):\n", depth)
	info, err := cbridge.CertInfo(der, "")
	if err != nil {
		return flags, err
	}
	if depth == 0 {
		c.peerInfo = info
	}
	switch {
	case c.DebugLevel == 0:
	case flags == 0:
		c.Output.Printf("%s  This certificate has no flags\n", info)
	default:
		c.Output.Printf("%s%s\n", info, testprogram.VerifyInfo(mbedtls.VerifyFlags(flags)))
	}
	return flags, nil
}

// talk exchanges data, and does what the options want between two exchanges.
func (c *client) talk() (end, error) {
	for {
		end, err := c.exchange()
		if err != nil || end != answered {
			return end, err
		}
		if c.ReconnectHard {
			c.ReconnectHard = false
			if err := c.restart(); err != nil {
				return end, err
			}
			continue
		}
		if c.Renegotiate == 2 {
			c.Renegotiate = 0
			if err := c.renegotiate(); err != nil {
				return end, err
			}
		}
		if c.Serialize > 0 {
			next, err := c.Move(c.conn)
			if err != nil {
				return end, err
			}
			c.conn = next
		}
		if c.Exchanges--; c.Exchanges <= 0 {
			return end, nil
		}
	}
}

func (c *client) renegotiate() error {
	c.Output.Printf("  . Performing renegotiation...")
	if err := c.conn.Renegotiate(); err != nil {
		return c.Output.Failed("mbedtls_ssl_renegotiate", err)
	}
	c.Output.Printf(" ok\n")
	return nil
}
