package fleet

import (
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Configure makes servers with config resume the sessions of all processes of the fleet, and take the DTLS cookies of all:
// it sets WriteTicket, ParseTicket and, unless that turns cookies off, DTLS.WriteCookie and DTLS.CheckCookie. config must
// not have been used yet, nor have other keys for these.
//
// A ticket is the key's name, followed by the session and its expiry under AES-256-GCM, with the name as additional data.
// The session is in the library's own form: all processes must have the same build of it, else there is a full handshake.
// What is sent as early data can be sent again to each process, which MaxEarlyData says yes to.
// Cookies are made with a key that is derived from the fleet's, so that they need no Redis at all.
func (f *Fleet) Configure(config *mbedtls.Config) {
	config.WriteTicket, config.ParseTicket = f.writeTicket, f.parseTicket
	if config.DTLS.InsecureDisableCookies {
		return
	}
	config.DTLS.WriteCookie = func(client []byte) ([]byte, error) { return f.secrets.writeCookie(client, time.Now()), nil }
	config.DTLS.CheckCookie = func(client, cookie []byte) bool { return f.secrets.checkCookie(client, cookie, time.Now()) }
}

// uselessTicket is for clients that must get a ticket when there is no key to make one with.
const uselessTicket = 32

func (f *Fleet) writeTicket(session []byte) ([]byte, time.Duration, error) {
	now := time.Now()
	k := f.ring.Load().current(now, f.timing)
	if k == nil {
		f.stats.ticketsUseless.Add(1)
		ticket := make([]byte, uselessTicket)
		rand.Read(ticket) // never fails
		return ticket, time.Second, nil
	}
	f.stats.ticketsMade.Add(1)
	data := make([]byte, 0, ticketExpiryLen+len(session))
	data = binary.BigEndian.AppendUint64(data, uint64(now.Add(f.timing.lifetime).UnixMilli()))
	data = append(data, session...)
	defer clear(data)
	ticket := append(make([]byte, 0, ticketKeyIDLen+ticketOverhead+len(data)), k.ID[:]...)
	return k.aead.Seal(ticket, nil, data, k.ID[:]), f.timing.lifetime, nil
}

// parseTicket gives no error: what it does not take leads to a full handshake.
func (f *Fleet) parseTicket(ticket []byte) ([]byte, error) {
	if len(ticket) < ticketKeyIDLen+ticketOverhead+ticketExpiryLen {
		f.stats.ticketsUnknown.Add(1)
		return nil, nil
	}
	id := ticketKeyID(ticket[:ticketKeyIDLen])
	r := f.ring.Load()
	if _, revoked := r.revoked[id]; revoked {
		f.stats.ticketsRevoked.Add(1)
		return nil, nil
	}
	k := r.key(id)
	if k == nil {
		f.stats.ticketsUnknown.Add(1)
		f.lookAgain() // somebody may have a key that has not come here yet
		return nil, nil
	}
	data, err := k.aead.Open(nil, nil, ticket[ticketKeyIDLen:], id[:])
	if err != nil || len(data) < ticketExpiryLen {
		f.stats.ticketsUnknown.Add(1)
		return nil, nil
	}
	if time.Now().UnixMilli() > int64(binary.BigEndian.Uint64(data)) {
		f.stats.ticketsExpired.Add(1)
		clear(data)
		return nil, nil
	}
	f.stats.ticketsOpened.Add(1)
	return data[ticketExpiryLen:], nil
}
