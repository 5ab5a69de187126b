package accel

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding"
	"encoding/binary"
	"hash"
	"sync"
)

// Constant time: SHA-1 and SHA-2 have neither branches nor look-ups that depend on the message, in the instructions of
// the processor or in Go's assembly. How long a call takes depends on the lengths alone.

// Hash is a hash function.
type Hash int

// The functions. SHA-224 and SHA-384 differ in what they start from and how much of the end is shown, which is the library's
// business.
const (
	SHA1 Hash = iota
	SHA256
	SHA512
)

// digest is one of Go's, whose state can be set and read; the form of that bears a name, and Go refuses one that it does
// not know.
type digest interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// work is a digest and memory for its state: the name, the words of the state, the block that is not full yet, and the
// length so far.
type work struct {
	digest digest
	state  []byte
}

type algorithm struct {
	name            string
	wordSize, block int
	pool            sync.Pool
	blank           []byte // the state after nothing
}

var algorithms = [...]*algorithm{
	SHA1:   newAlgorithm("sha\x01", 4, sha1.BlockSize, sha1.New),
	SHA256: newAlgorithm("sha\x03", 4, sha256.BlockSize, sha256.New),
	SHA512: newAlgorithm("sha\x07", 8, sha512.BlockSize, sha512.New),
}

func newAlgorithm(name string, wordSize, block int, fresh func() hash.Hash) *algorithm {
	a := &algorithm{name: name, wordSize: wordSize, block: block}
	a.blank, _ = fresh().(digest).AppendBinary(nil)
	a.pool.New = func() any { return &work{fresh().(digest), make([]byte, 0, len(a.blank))} }
	return a
}

// Message is a hash in a C context: the words of its state and its block as they lie in memory, and how many bytes went
// in so far.
type Message struct {
	Hash         Hash
	State, Block []byte
	Total        uint64
}

// Update adds input. The caller adds its length to the total.
func (m Message) Update(input []byte) Outcome {
	a := algorithms[m.Hash]
	w := a.resume(m)
	if w == nil {
		return Declined
	}
	defer a.put(w)
	w.digest.Write(input)
	state, err := w.digest.AppendBinary(w.state[:0])
	if err != nil || len(state) != len(a.blank) {
		return Declined
	}
	a.swap(m.State, state[len(a.name):])
	copy(m.Block[:(m.Total+uint64(len(input)))%uint64(a.block)], state[len(a.name)+len(m.State):])
	return Done
}

// resume returns a digest that has seen what m has: nil if Go's digests are not what this package thinks.
func (a *algorithm) resume(m Message) *work {
	w := a.pool.Get().(*work)
	w.state = w.state[:len(a.blank)]
	words := w.state[copy(w.state, a.name):]
	a.swap(words[:len(m.State)], m.State)
	rest := words[len(m.State):]
	binary.BigEndian.PutUint64(rest[copy(rest, m.Block):], m.Total)
	if w.digest.UnmarshalBinary(w.state) != nil {
		return nil
	}
	return w
}

// put wipes w and gives it back.
func (a *algorithm) put(w *work) {
	clear(w.state)
	_ = w.digest.UnmarshalBinary(a.blank) // which puts zeros where the block was
	a.pool.Put(w)
}

// swap copies the words of a state from one byte order to the other.
func (a *algorithm) swap(to, from []byte) {
	if a.wordSize == 4 {
		for i := 0; i+4 <= len(to); i += 4 {
			binary.BigEndian.PutUint32(to[i:], binary.NativeEndian.Uint32(from[i:]))
		}
		return
	}
	for i := 0; i+8 <= len(to); i += 8 {
		binary.BigEndian.PutUint64(to[i:], binary.NativeEndian.Uint64(from[i:]))
	}
}
