// Package cbridge is the only package that speaks to Mbed TLS: one Go function for one C function, one file per family.
// Users import package mbedtls; the raw C contracts are here for it, and for test harnesses that need them.
//
// # Lifetime
//
// A Go object ([SSL], [Config], [Crt], …) owns a C object through a resource, which counts references: one for the
// owner, one for each call that is running, one for each object that C keeps a pointer to it from (an SSL to its
// Config, a Config to its certificates). The C object is freed when the count reaches zero, by whoever dropped the last
// reference. Close drops the owner's, once; [runtime.AddCleanup] drops it if Close was forgotten. A call after Close
// fails with [net.ErrClosed]. See lifetime.go, where all of that is.
//
// # Callbacks
//
// C holds no Go pointer. Each Config and each SSL has one handle, made with the object and dropped when its C object
// is freed; behind it is a weak pointer, so that a handle keeps nothing alive. An exported trampoline gets the handle
// back as its context, finds the object, and runs the closure on the goroutine (and the thread) that called the library.
//
// A closure's error is kept beside the code that C is given, and returned to the caller as [Error.Cause]. A closure's
// panic is kept too, C gets an error code, the connection is poisoned, and the panic goes on in the goroutine that
// called in, once C has returned: no C frame is ever unwound. See trap.go.
//
// # Concurrency
//
// An SSL is used by one goroutine at a time; only its Close may run beside another call. A Config, once an SSL uses it,
// is not changed any more and may be shared by any number of them.
package cbridge
