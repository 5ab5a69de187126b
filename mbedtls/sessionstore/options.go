package sessionstore

import (
	"fmt"
	"time"
)

// Options are what all stores have in common.
type Options struct {
	// Lifetime is how long an entry is kept at most; 0 is a day, and more than 7 days is an error, since nobody may resume
	// what is older (RFC 8446 section 4.6.1).
	Lifetime time.Duration

	// Capacity is how many entries are kept at most; 0 is 10,000.
	Capacity int

	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// The defaults and bounds of Options.
const (
	defaultLifetime = 24 * time.Hour
	maxLifetime     = 7 * 24 * time.Hour
	defaultCapacity = 10_000
)

// Complete puts the defaults in place of zeros, or says which field is out of range.
func (o Options) Complete() (Options, error) {
	if o.Lifetime == 0 {
		o.Lifetime = defaultLifetime
	}
	if o.Capacity == 0 {
		o.Capacity = defaultCapacity
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lifetime < time.Millisecond || o.Lifetime > maxLifetime {
		return o, fmt.Errorf("sessionstore: Options.Lifetime: %v: must be 0, or from a millisecond to %v", o.Lifetime, maxLifetime)
	}
	if o.Capacity < 0 {
		return o, fmt.Errorf("sessionstore: Options.Capacity: %d: must not be negative", o.Capacity)
	}
	return o, nil
}

// Expiry is when a store drops an entry that says it expires at t, to the millisecond; ok is false if that is now.
func (o Options) Expiry(t time.Time) (expires time.Time, ok bool) {
	now := o.Now()
	if end := now.Add(o.Lifetime); t.IsZero() || t.After(end) {
		t = end
	}
	t = t.Truncate(time.Millisecond)
	return t, t.After(now)
}
