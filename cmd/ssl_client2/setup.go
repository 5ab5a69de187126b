package main

import "github.com/gombedtls/gombedtls/cbridge"

// setUp completes the Config with what is a client's alone.
func (c *client) setUp() (string, error) {
	if err := c.Configure(); err != nil {
		return "", err
	}
	c.Config.AllowRenegotiation = c.Renegotiation || c.Renegotiate > 0 // upstream's begins one also without asking for it
	c.Config.SessionTicketsDisabled = c.Tickets == 0
	c.Config.ClientSessionCache = tickets{c}
	c.HookConfig(c.hookConfig)
	c.HookContext(c.hookContext)
	if c.DTLS {
		return "", c.Config.ValidateDTLS(false)
	}
	return "", c.Config.Validate(false)
}

func (c *client) hookConfig(cc *cbridge.Config) error {
	if own := c.Keys[0]; own != nil { // the library does not ask whether they fit
		if err := cc.AddOwnCert(own.Chain, own.Key); err != nil {
			return err
		}
	}
	if !c.ContextCrtCB {
		if err := cc.SetVerify(c.verify); err != nil {
			return err
		}
	}
	if cbridge.Feature("MBEDTLS_SSL_PROTO_TLS1_3") && cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS") {
		if err := cc.SetTicketSignals(c.NewSessionTickets); err != nil {
			return err
		}
	}
	if c.EarlyData {
		return cc.SetEarlyData(0)
	}
	return nil
}

func (c *client) hookContext(s *cbridge.SSL) error {
	if c.ContextCrtCB {
		if err := s.SetVerify(c.verify); err != nil {
			return err
		}
	}
	switch c.SetHostname {
	case "server_name":
		return s.SetHostname(c.hostname)
	case "NULL":
		return s.SetNoHostname()
	}
	return nil
}
