// Package accel has the primitives that package cbridge puts in the place of the library's own: Go's, which are in
// assembly. It is pure Go. Nothing here takes time, or touches memory, that depends on a secret: each file says why.
//
// A function that cannot do exactly what the library does says so before it has written a byte, and the library's own
// code runs instead.
package accel

// Outcome is what became of a call.
type Outcome int

// The outcomes; accel.h has the same numbers.
const (
	Done     Outcome = iota
	Declined         // nothing was written: the library's own code is to do it
	Forged           // the tag is not that of the message; the output is zeros
)
