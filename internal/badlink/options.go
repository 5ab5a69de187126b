package badlink

import (
	"math/rand/v2"
	"time"
)

// Direction is where a datagram is headed.
type Direction int

// The directions.
const (
	ToServer Direction = iota
	ToClient
)

// String names the direction.
func (d Direction) String() string { return [...]string{"to server", "to client"}[d] }

// Verdict is what a Filter wants done with a datagram.
type Verdict int

// The verdicts. All but Undecided overrule the probabilities, and all but Drop leave Delay, Jitter and MTU in force.
const (
	Undecided Verdict = iota // as the probabilities have it
	Pass                     // once, in its place
	Drop
	Duplicate // twice
	Hold      // behind the next one
	Corrupt   // with one bit flipped
)

// Options say how the link misbehaves. The zero value passes everything.
type Options struct {
	// Probabilities, from 0 to 1, each for one datagram. Drop comes first; the others may hit one datagram together.
	// Corruption of plaintext is something that a handshake of DTLS need not survive: a Filter can spare it with Encrypted.
	Drop, Duplicate, Reorder, Corrupt float64

	// Every datagram is late by Delay, and by up to Jitter more. With jitter they overtake each other.
	Delay, Jitter time.Duration

	// MTU is the largest datagram that passes; 0 is no limit.
	MTU int

	// Split sends each DTLS record as a datagram of its own. A record with a connection ID does not tell where it
	// ends: it stays together with what follows it.
	Split bool

	// Merge sends what arrives within that time of each other in one datagram, as far as MTU allows (or 1400 bytes).
	// Datagrams that are merged count once in Counters.Passed.
	Merge time.Duration

	// Seed decides all that is random. Two links with the same seed treat the n-th datagram of a direction alike.
	// SetOptions ignores it.
	Seed uint64

	// Filter, when set, is asked about each datagram, after Split, with the number that it has in its direction: 1, 2
	// and so on, over all clients. Calls do not overlap. It may change and keep the datagram, but not call the proxy.
	Filter func(dir Direction, n int, datagram []byte) Verdict
}

// Counters say what became of the datagrams of one direction.
type Counters struct {
	Received   int // as they came in, before Split
	Passed     int // sent on: a duplicated one counts twice
	Dropped    int // by Drop, or a Filter
	TooLarge   int // dropped for the MTU
	Duplicated int
	Reordered  int // held back
	Corrupted  int
	Delayed    int
}

// fate is what happens to one datagram.
type fate struct {
	drop, duplicate, reorder, corrupt bool
	bit                               uint64 // to flip, modulo the number there are
	delay                             time.Duration
}

// decide draws as often whatever the options are, so that one datagram's fate does not hang on the options of earlier ones.
func (o *Options) decide(random *rand.Rand, v Verdict) fate {
	chances := [...]float64{o.Drop, o.Duplicate, o.Reorder, o.Corrupt}
	var hit [len(chances)]bool
	for i, p := range chances {
		hit[i] = random.Float64() < p && v == Undecided
	}
	return fate{
		drop:      hit[0] || v == Drop,
		duplicate: hit[1] || v == Duplicate,
		reorder:   hit[2] || v == Hold,
		corrupt:   hit[3] || v == Corrupt,
		bit:       random.Uint64(),
		delay:     o.Delay + time.Duration(random.Float64()*float64(o.Jitter)),
	}
}
