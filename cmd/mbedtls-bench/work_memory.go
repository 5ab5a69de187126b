package main

import (
	"io"
	"runtime"
	"time"
)

// memoryPair is a connection in memory, its handshake done.
func memoryPair(s *stack) (client, server conn, err error) {
	memory := newMemPair()
	if client, err = s.client(&memory[0]); err != nil {
		return nil, nil, err
	}
	if server, err = s.server(&memory[1]); err != nil {
		return nil, nil, err
	}
	if err := handshakes(client, server); err != nil {
		return nil, nil, err
	}
	return client, server, s.check(client)
}

// prepareCrypt is for one goroutine that writes at one end and reads at the other, in memory.
func prepareCrypt(w *workload, s *stack) (*job, error) {
	client, server, err := memoryPair(s)
	if err != nil {
		return nil, err
	}
	out, in := make([]byte, w.Size), make([]byte, w.Size)
	const batch = 16
	one := func() error {
		for range batch {
			if _, err := client.Write(out); err != nil {
				return err
			}
			if _, err := io.ReadFull(server, in); err != nil {
				return err
			}
		}
		return nil
	}
	run := func(d time.Duration) (values, error) {
		v, err := repeat(w, d, one)
		if err == nil {
			v["rate"] *= float64(batch*w.Size) / 1e6
		}
		return v, err
	}
	return timed(run, func() { client.Close(); server.Close() }), nil
}

// prepareCalls counts what Write and Read cost besides time. A Write is a record.
func prepareCalls(w *workload, s *stack) (*job, error) {
	l, client, server, err := s.one()
	if err != nil {
		return nil, err
	}
	out, in := make([]byte, w.Size), make([]byte, w.Size)
	// As many as the sockets hold: then each half can be counted by itself.
	const batch = 32
	halves := []struct {
		name string
		call func() (int, error)
	}{
		{"write", func() (int, error) { return client.Write(out) }},
		{"read", func() (int, error) { return io.ReadFull(server, in) }},
	}
	run := func(d time.Duration) (values, error) {
		v, n := values{}, 0
		for began := time.Now(); n == 0 || time.Since(began) < d; n += batch {
			for _, half := range halves {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				cgo := runtime.NumCgoCall()
				for range batch {
					if _, err := half.call(); err != nil {
						return nil, err
					}
				}
				cgo = runtime.NumCgoCall() - cgo
				runtime.ReadMemStats(&after)
				v["cgo-"+half.name] += float64(cgo)
				v["allocs-"+half.name] += float64(after.Mallocs - before.Mallocs)
			}
		}
		for name := range v {
			v[name] /= float64(n)
		}
		return v, nil
	}
	return timed(run, func() { client.Close(); server.Close(); l.Close() }), nil
}
