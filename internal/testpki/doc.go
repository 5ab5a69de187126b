// Package testpki makes certificates for tests and demonstrations, in memory and at run time.
//
// Its functions panic where only a mistake of the caller, or a machine without randomness, can make them fail; what
// touches the disk returns errors.
package testpki
