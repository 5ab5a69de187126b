package main

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// setUp completes the Config with what is a server's alone.
func (s *server) setUp() (string, error) {
	for _, set := range []func() error{s.Configure, s.setPSKs, s.setTickets, s.setCache} {
		if err := set(); err != nil {
			return "", err
		}
	}
	s.setCookies()
	s.Config.OmitClientCAs = s.CertReqCAList == 0
	s.Hooks.Result = s.handshakeResult
	for _, hook := range []func(*cbridge.Config) error{s.addKeys, s.addHints, s.takeEarlyData, s.selectByName, s.setAsync} {
		s.HookConfig(hook)
	}
	if s.CertReqCAList == hintsOfHandshake && s.Keys[1] != nil {
		s.HookContext(func(ssl *cbridge.SSL) error { return ssl.SetHandshakeDNHints(s.Keys[1].Chain) })
	}
	if s.DTLS {
		return "", s.Config.ValidateDTLS(true)
	}
	return "", s.Config.Validate(true)
}

// The values of cert_req_ca_list by which the second chain, and not the CAs, is what clients are told to look for.
const (
	hintsOfConfig    = 2
	hintsOfHandshake = 3
)

func (s *server) addHints(cc *cbridge.Config) error {
	if s.CertReqCAList != hintsOfConfig || s.Keys[1] == nil {
		return nil
	}
	return cc.SetDNHints(s.Keys[1].Chain)
}

// addKeys adds the own chains, those with asynchronous keys without.
func (s *server) addKeys(cc *cbridge.Config) error {
	for i, own := range s.Keys {
		if own == nil {
			continue
		}
		if err := cc.AddOwnCert(own.Chain, s.async.take(own.Key, s.AsyncDelay[i])); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) takeEarlyData(cc *cbridge.Config) error {
	if !s.EarlyData {
		return nil
	}
	return cc.SetEarlyData(s.MaxEarlyDataSize)
}

func (s *server) setCookies() {
	switch o := &s.Config.DTLS; s.Cookies {
	case 0:
		o.InsecureDisableCookies = true
	case -1: // as the library does of which nobody has set how
		o.WriteCookie = func([]byte) ([]byte, error) { return nil, mbedtls.ErrSSLFeatureUnavailable }
		o.CheckCookie = func([]byte, []byte) bool { return false }
	}
}
