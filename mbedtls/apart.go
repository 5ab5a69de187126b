package mbedtls

import "runtime"

// apart runs f on a goroutine of its own, and returns when f does. A stack that has grown stays large as long as its
// goroutine waits in Read: what needs much of it, once in a connection's life, need not leave that behind with the caller.
// If f panics or calls runtime.Goexit, the caller does.
func apart(f func()) {
	returned, value := false, any(nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { value = recover() }()
		growStack()
		f()
		returned = true
	}()
	<-done
	switch {
	case returned:
	case value != nil:
		panic(value)
	default:
		runtime.Goexit()
	}
}

// growStack makes the stack as large as a handshake needs in one step, while there is nothing on it to copy.
//
//go:noinline
func growStack() {
	var frame [12 << 10]byte
	runtime.KeepAlive(&frame)
}
