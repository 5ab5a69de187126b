package main

import (
	"bytes"
	"crypto/rand"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
	"github.com/gombedtls/gombedtls/mbedtls"
)

func (s *server) setCache() (err error) {
	if !cbridge.Feature("MBEDTLS_SSL_CACHE_C") {
		return nil
	}
	if s.cache, err = cbridge.NewSessionCache(s.CacheMax, time.Duration(s.CacheTimeout)*time.Second); err != nil {
		return err
	}
	s.OnClose(s.cache.Close)
	s.Config.ServerSessionCache = harness.SessionCache(s.cache).(*mbedtls.SessionCache)
	return nil
}

func (s *server) setTickets() error {
	c := s.Config
	switch {
	case s.Tickets == 0 || !cbridge.Feature("MBEDTLS_SSL_SESSION_TICKETS"):
		return nil
	case s.DummyTicket > 0:
		c.WriteTicket, c.ParseTicket = writeDummy, s.parseDummy
	case !cbridge.Feature("MBEDTLS_SSL_TICKET_C"):
		return nil
	default:
		keys, err := harness.TicketKeys(int(s.TicketAEAD), time.Duration(s.TicketTimeout)*time.Second)
		if err != nil {
			return err
		}
		c.TicketKeys = keys.(*mbedtls.TicketKeys)
		s.OnClose(c.TicketKeys.Close)
		if s.TicketRotate {
			if err := rotate(c.TicketKeys, s.TicketAEAD); err != nil {
				return err
			}
		}
	}
	c.NewSessionTickets = s.Tickets
	return nil
}

func rotate(keys *mbedtls.TicketKeys, cipher mbedtls.TicketCipher) error {
	key := mbedtls.TicketKey{Secret: make([]byte, cipher.KeyLen())}
	rand.Read(key.Name[:])
	rand.Read(key.Secret)
	return keys.Rotate(key)
}

// A dummy ticket is the session itself, for a week.
const dummyLifetime = 7 * 24 * time.Hour

func writeDummy(session []byte) ([]byte, time.Duration, error) {
	return bytes.Clone(session), dummyLifetime, nil
}

// ageTolerance is by how much the age of a TLS 1.3 ticket may differ from what the client says
// (MBEDTLS_SSL_TLS1_3_TICKET_AGE_TOLERANCE); wrongAge is beyond that.
const (
	ageTolerance = 6 * time.Second
	wrongAge     = ageTolerance + 4*time.Second
)

// dummyKinds is what dummy_ticket is counted by.
const dummyKinds = 11

// refusals are what dummy_ticket makes of a ticket at once, and alterations what of its session.
var (
	refusals    = map[int]error{1: mbedtls.ErrSSLInvalidMAC, 2: mbedtls.ErrSSLSessionTicketExpired}
	alterations = map[int]func(*cbridge.TicketFields){
		3:  func(f *cbridge.TicketFields) { f.Created = cbridge.MSTime().Add(time.Second) },
		4:  func(f *cbridge.TicketFields) { f.Created = cbridge.MSTime().Add(-dummyLifetime - time.Second) },
		5:  func(f *cbridge.TicketFields) { age(f, wrongAge) },
		6:  func(f *cbridge.TicketFields) { age(f, -wrongAge) },
		7:  func(f *cbridge.TicketFields) { f.Flags = 0 },
		8:  func(f *cbridge.TicketFields) { f.Flags = cbridge.TicketPSK },
		9:  func(f *cbridge.TicketFields) { f.Flags = cbridge.TicketPSKEphemeral },
		10: func(f *cbridge.TicketFields) { f.Flags = cbridge.TicketPSK | cbridge.TicketPSKEphemeral },
	}
)

// age makes a ticket of now look older than the client says, or younger.
func age(f *cbridge.TicketFields, by time.Duration) {
	f.Created = cbridge.MSTime()
	f.AgeAdd += uint32(by.Milliseconds())
}

func (s *server) parseDummy(ticket []byte) ([]byte, error) {
	kind := s.DummyTicket % dummyKinds
	alter := alterations[kind]
	if alter == nil {
		return ticket, refusals[kind]
	}
	session, err := cbridge.LoadSession(ticket)
	if err != nil {
		return nil, err
	}
	defer session.Close()
	fields, err := session.TicketFields()
	if err != nil {
		return nil, err
	}
	alter(&fields)
	if err := session.SetTicketFields(fields); err != nil {
		return nil, err
	}
	return session.Save()
}
