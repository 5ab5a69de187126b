package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/testprogram"
)

// sniEntry is what a handshake uses for a server name.
type sniEntry struct {
	name string
	own  *testprogram.OwnKey
	key  *cbridge.PK       // of own; nil if it is asynchronous
	ca   *cbridge.Crt      // nil: the Config's
	crl  *cbridge.Crl      // nil: none
	auth *cbridge.AuthMode // nil: the Config's
}

// sniItems are name, chain, key, CA, CRL and auth_mode.
const sniItems = 6

// unset stands for what an entry leaves to the Config.
const unset = "-"

var (
	errSNI         = errors.New("sni: name,crt,key,ca,crl,auth_mode[,...]")
	errUnknownName = errors.New("sni: no entry for this server name")
)

func (s *server) loadNames() (string, error) {
	items := strings.Split(s.SNI, ",")
	for ; len(items) >= sniItems; items = items[sniItems:] {
		e, err := s.loadName(items)
		if err != nil {
			return "", err
		}
		s.names = slices.Insert(s.names, 0, e)
	}
	if len(items) > 0 {
		return "", errSNI
	}
	return "", nil
}

func (s *server) loadName(items []string) (e sniEntry, err error) {
	e.name = items[0]
	if e.own, err = s.LoadPair(items[1], items[2], ""); err != nil {
		return e, err
	}
	if items[3] != unset {
		if e.ca, err = cbridge.NewCrt(); err != nil {
			return e, err
		}
		s.OnClose(e.ca.Close)
		if err := parse(items[3], func(data []byte) error { _, err := e.ca.Parse(data); return err }); err != nil {
			return e, err
		}
	}
	if items[4] != unset {
		if e.crl, err = cbridge.NewCrl(); err != nil {
			return e, err
		}
		s.OnClose(e.crl.Close)
		if err := parse(items[4], e.crl.Parse); err != nil {
			return e, err
		}
	}
	if items[5] != unset {
		mode, ok := testprogram.AuthModes[items[5]]
		if !ok {
			return e, fmt.Errorf("sni: auth_mode %s", items[5])
		}
		e.auth = &mode
	}
	return e, nil
}

func parse(file string, f func([]byte) error) error {
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return f(data)
}

func (s *server) entry(name []byte) *sniEntry {
	for i := range s.names {
		if s.names[i].name == string(name) {
			return &s.names[i]
		}
	}
	return nil
}

// selectByName has the library ask for the name first, and for the credentials later.
func (s *server) selectByName(cc *cbridge.Config) error {
	if len(s.names) == 0 {
		return nil
	}
	for i := range s.names {
		s.names[i].key = s.async.take(s.names[i].own.Key, s.AsyncDelay[1])
	}
	err := cc.SetSNI(func(_ *cbridge.SSL, name []byte) error {
		if s.entry(name) == nil {
			return errUnknownName
		}
		return nil
	})
	if err != nil {
		return err
	}
	return cc.SetCertSelect(func(ssl *cbridge.SSL) error {
		name := ssl.HandshakeSNI()
		if name == nil {
			return nil
		}
		return s.entry(name).use(ssl)
	})
}

func (e *sniEntry) use(ssl *cbridge.SSL) error {
	if e.ca != nil {
		if err := ssl.SetHandshakeCAs(e.ca, e.crl); err != nil {
			return err
		}
	}
	if e.auth != nil {
		if err := ssl.SetHandshakeAuthMode(*e.auth); err != nil {
			return err
		}
	}
	return ssl.AddHandshakeOwnCert(e.own.Chain, e.key)
}
