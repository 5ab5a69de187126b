package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

// prepareIdle is a server whose connections wait in Read, and echo what comes. Its clients are another process. Commands:
// "accept n" waits for so many connections with their handshakes done, "echo n" for so many messages; both measure.
func prepareIdle(w *workload, s *stack) (*job, error) {
	l, err := s.listen()
	if err != nil {
		return nil, err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, err
	}
	done := map[string]chan error{"accept": make(chan error, w.Conns), "echo": make(chan error, w.Conns)}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() { serveIdle(c.(conn), w.Size, done["accept"], done["echo"]) })
		}
	})
	command := func(name string, n int) (values, error) {
		for range n {
			if err := <-done[name]; err != nil {
				return nil, err
			}
		}
		return memory()
	}
	return &job{port: number, command: command, close: func() { l.Close(); all.Wait() }}, nil
}

func serveIdle(c conn, size int, accepted, echoed chan<- error) {
	defer c.Close()
	err := c.Handshake()
	accepted <- err
	if err != nil {
		return
	}
	buf := make([]byte, size)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return // the client has gone
		}
		_, err = c.Write(buf[:n])
		select {
		case echoed <- err:
		default: // a message that was sent twice
		}
	}
}

// memory is what the process holds.
func memory() (values, error) {
	samples := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	// A collection halves a stack that is too large: some of them bring them all to their size.
	for range 6 {
		runtime.GC()
	}
	metrics.Read(samples)
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return nil, err
	}
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return nil, err
	}
	var total, resident int
	if _, err := fmt.Fscan(bytes.NewReader(statm), &total, &resident); err != nil {
		return nil, err
	}
	return values{
		"c-heap":   float64(cbridge.Allocations().LiveBytes),
		"go-heap":  float64(samples[0].Value.Uint64()),
		"stack":    float64(samples[1].Value.Uint64()),
		"threads":  float64(len(threads)),
		"resident": float64(resident * os.Getpagesize()),
	}, nil
}
