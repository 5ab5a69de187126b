package fleet

import (
	"bytes"
	"cmp"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

const (
	ticketKeyIDLen  = 16
	ticketKeyLen    = 32
	ticketOverhead  = 12 + 16 // nonce and tag of AES-GCM
	ticketExpiryLen = 8
)

type ticketKeyID [ticketKeyIDLen]byte

// ticketKey is a key as it is published: all else about it follows from the others.
type ticketKey struct {
	ID        ticketKeyID
	Secret    []byte
	Activates time.Time // when it takes over

	aead cipher.AEAD // AES-256-GCM
}

func newTicketKey(activates time.Time) *ticketKey {
	k := &ticketKey{Secret: make([]byte, ticketKeyLen), Activates: activates}
	rand.Read(k.ID[:]) // never fails
	rand.Read(k.Secret)
	return k
}

// ring is what a process knows of the ticket keys. It is never changed.
type ring struct {
	keys    []ticketKey               // in the order in which they take over, without those that were revoked
	revoked map[ticketKeyID]time.Time // until when that must be known
}

// timing is how long keys are used.
type timing struct {
	lifetime time.Duration // of a ticket
	rotation time.Duration // from one key to the next
	lead     time.Duration // from a key's publication to its use
}

// longest is for how long a key that is published now may be of any use.
func (t timing) longest() time.Duration { return t.lead + 2*t.rotation + t.lifetime + t.lead }

// sealsUntil is when a key must not make tickets any more: when the next takes over, or when that should have happened
// one rotation ago, because then there is no writer.
func (r *ring) sealsUntil(i int, t timing) time.Time {
	until := r.keys[i].Activates.Add(2 * t.rotation)
	if i+1 < len(r.keys) && r.keys[i+1].Activates.Before(until) {
		return r.keys[i+1].Activates
	}
	return until
}

// current is the key that makes tickets now; nil if there is none.
func (r *ring) current(now time.Time, t timing) *ticketKey {
	for i := range r.keys {
		if !now.Before(r.keys[i].Activates) && now.Before(r.sealsUntil(i, t)) {
			return &r.keys[i]
		}
	}
	return nil
}

// key is the key of that name; nil if the process has none.
func (r *ring) key(id ticketKeyID) *ticketKey {
	for i := range r.keys {
		if r.keys[i].ID == id {
			return &r.keys[i]
		}
	}
	return nil
}

// with adds what others have published or revoked, and forgets what no ticket needs any more. Keys that have vanished from
// Redis stay: it may have lost its data. What was revoked stays so.
func (r *ring) with(keys []ticketKey, revoked map[ticketKeyID]time.Time, now time.Time, t timing) (*ring, error) {
	all := &ring{revoked: map[ticketKeyID]time.Time{}}
	for _, m := range []map[ticketKeyID]time.Time{r.revoked, revoked} {
		for id, until := range m {
			if now.Before(until) {
				all.revoked[id] = until
			}
		}
	}
	for _, k := range slices.Concat(r.keys, keys) {
		if _, gone := all.revoked[k.ID]; gone || all.key(k.ID) != nil {
			continue
		}
		if k.aead == nil {
			block, err := aes.NewCipher(k.Secret)
			if err != nil {
				return nil, fmt.Errorf("fleet: ticket key %x: %w", k.ID, err)
			}
			if k.aead, err = cipher.NewGCMWithRandomNonce(block); err != nil {
				return nil, err
			}
		}
		all.keys = append(all.keys, k)
	}
	slices.SortFunc(all.keys, func(a, b ticketKey) int {
		return cmp.Or(a.Activates.Compare(b.Activates), bytes.Compare(a.ID[:], b.ID[:]))
	})
	kept := all.keys[:0:0]
	for i, k := range all.keys {
		// The clocks of two processes may differ by less than lead.
		if now.Before(all.sealsUntil(i, t).Add(t.lifetime + t.lead)) {
			kept = append(kept, k)
		}
	}
	all.keys = kept
	return all, nil
}

// planned is the key that the writer has to add now; nil if there is none. rotate asks for one before its time.
func (r *ring) planned(now time.Time, t timing, rotate bool) *ticketKey {
	current := r.current(now, t)
	if current == nil { // nobody can make tickets
		return newTicketKey(now)
	}
	if r.keys[len(r.keys)-1].Activates.After(now) { // the next one is there
		return nil
	}
	due, soonest := current.Activates.Add(t.rotation), now.Add(t.lead)
	if rotate || !due.After(soonest) {
		return newTicketKey(soonest)
	}
	return nil
}

// seal is what the writer puts into Redis.
func (r *ring) seal(s secrets) ([]byte, error) {
	data, err := json.Marshal(r.keys)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	return s.seal("ticket keys", data), nil
}

func openTicketKeys(s secrets, sealed []byte) ([]ticketKey, error) {
	data, err := s.open("ticket keys", sealed)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	var keys []ticketKey
	if err := json.Unmarshal(data, &keys); err != nil {
		return nil, fmt.Errorf("fleet: ticket keys: %w", err)
	}
	return keys, nil
}

// TicketKey describes a ticket key that a process has.
type TicketKey struct {
	ID        string    // as [Fleet.Revoke] takes it
	Activates time.Time // when it takes over
	Current   bool      // it makes the tickets now
}

func (r *ring) describe(now time.Time, t timing) []TicketKey {
	var all []TicketKey
	current := r.current(now, t)
	for i := range r.keys {
		k := &r.keys[i]
		all = append(all, TicketKey{hex.EncodeToString(k.ID[:]), k.Activates, k == current})
	}
	return all
}
