package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// chunk is how many bytes go out between two looks at the clock; the driver in C has the same.
const chunk = 64 << 10

// prepareBulk is for data one way over TCP, on some connections at once, with one goroutine for each end.
func prepareBulk(w *workload, s *stack) (*job, error) {
	l, err := s.listen()
	if err != nil {
		return nil, err
	}
	run := func(d time.Duration) (values, error) {
		ends := make([][2]conn, w.Conns)
		for i := range ends {
			client, server, err := s.pair(l)
			if err == nil {
				err = s.check(client)
			}
			if err != nil {
				return nil, err
			}
			defer client.Close()
			defer server.Close()
			ends[i] = [2]conn{client, server}
		}
		calls, err := syscalls()
		if err != nil {
			return nil, err
		}
		began := time.Now()
		bytes, err := flow(ends, began.Add(d), w.Size)
		if err != nil {
			return nil, err
		}
		took := time.Since(began)
		after, err := syscalls()
		v := values{"rate": float64(bytes) / took.Seconds() / 1e6,
			"syscalls": float64(after-calls) / (float64(bytes) / float64(w.Size))}
		return v, err
	}
	return timed(run, func() { l.Close() }), nil
}

// flow sends from the clients to the servers, and returns how many bytes arrived.
func flow(ends [][2]conn, until time.Time, size int) (int64, error) {
	var all sync.WaitGroup
	received, errs := make([]int64, len(ends)), make([][2]error, len(ends))
	for i, pair := range ends {
		client, server := pair[0], pair[1]
		all.Go(func() {
			data := make([]byte, size)
			for more := true; more; more = time.Now().Before(until) { // once, also if it began late
				for sent := 0; sent < chunk; sent += size {
					if _, err := client.Write(data); err != nil {
						errs[i][0] = err
						break
					}
				}
			}
			errs[i][0] = errors.Join(errs[i][0], client.(interface{ CloseWrite() error }).CloseWrite())
		})
		all.Go(func() {
			data := make([]byte, 16<<10)
			for {
				n, err := server.Read(data)
				received[i] += int64(n)
				if err != nil {
					if err != io.EOF {
						errs[i][1] = err
					}
					return
				}
			}
		})
	}
	all.Wait()
	var bytes int64
	var err error
	for i := range ends {
		bytes += received[i]
		err = errors.Join(err, errs[i][0], errs[i][1])
	}
	return bytes, err
}

// syscalls counts reads and writes of this process.
func syscalls() (uint64, error) {
	text, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0, err
	}
	var rchar, wchar, syscr, syscw uint64
	_, err = fmt.Sscanf(string(text), "rchar: %d\nwchar: %d\nsyscr: %d\nsyscw: %d\n", &rchar, &wchar, &syscr, &syscw)
	return syscr + syscw, err
}

// prepareRoundTrip is for messages there and back.
func prepareRoundTrip(w *workload, s *stack) (*job, error) {
	l, client, server, err := s.one()
	if err != nil {
		return nil, err
	}
	echoed := make(chan struct{})
	go func() {
		defer close(echoed)
		echo(server, make([]byte, w.Size))
	}()
	out, in := make([]byte, w.Size), make([]byte, w.Size)
	var samples []time.Duration
	run := func(d time.Duration) (values, error) {
		samples = samples[:0]
		began := time.Now()
		for last := began; last.Sub(began) < d; {
			if _, err := client.Write(out); err != nil {
				return nil, err
			}
			if _, err := io.ReadFull(client, in); err != nil {
				return nil, err
			}
			now := time.Now()
			samples = append(samples, now.Sub(last))
			last = now
		}
		took := time.Since(began)
		rate := float64(len(samples)) / took.Seconds()
		slices.Sort(samples)
		micros := func(percent int) float64 { return float64(samples[len(samples)*percent/100].Nanoseconds()) / 1e3 }
		return values{"rate": rate, "p50": micros(50), "p99": micros(99)}, nil
	}
	return timed(run, func() { client.Close(); <-echoed; server.Close(); l.Close() }), nil
}

// echo sends messages as long as buf back, until the connection ends.
func echo(c conn, buf []byte) {
	for {
		if _, err := io.ReadFull(c, buf); err != nil {
			return
		}
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}
