package cbridge

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
)

// modes runs a test with buffers of either kind that comes and goes. set makes a Config use it.
func modes(t *testing.T, f func(t *testing.T, set options)) {
	for name, mode := range map[string]BufferMode{"lent": BuffersLent, "exact": BuffersExact} {
		t.Run(name, func(t *testing.T) {
			f(t, func(client, server *Config) {
				if err := errors.Join(client.SetBufferMode(mode), server.SetBufferMode(mode)); err != nil {
					t.Fatal(err)
				}
			})
		})
	}
}

// wantNoBuffers checks that nothing is kept for connections that wait.
func wantNoBuffers(t *testing.T, when string, ends ...*SSL) {
	t.Helper()
	for _, s := range ends {
		if in, out := s.BufferSizes(); in != 0 || out != 0 {
			t.Errorf("%s: buffers of %d and %d bytes, want none", when, in, out)
		}
	}
}

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rnd := rand.New(rand.NewPCG(uint64(n), 1))
	for i := range b {
		b[i] = byte(rnd.Uint32())
	}
	return b
}

// idleLimit is what a connection of a server may hold of the C heap while it waits.
const idleLimit = 4096

// heapOf is how much of the C heap goes back when s is closed.
func heapOf(s *SSL) int64 {
	before := Allocations().LiveBytes
	s.Close()
	return before - Allocations().LiveBytes
}

func TestIdleServerIsSmall(t *testing.T) {
	pairs := map[string]func(t *testing.T, set options) pair{
		"TLS 1.2": func(t *testing.T, set options) pair { return newPair(t, both(t, TLS12, set)) },
		"TLS 1.3": func(t *testing.T, set options) pair { return newPair(t, both(t, TLS13, set)) },
		"DTLS":    func(t *testing.T, set options) pair { return datagramPair(t, set) },
	}
	for name, connect := range pairs {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				for _, traffic := range []bool{false, true} {
					p := connect(t, set)
					if err := p.handshake(t); err != nil {
						t.Fatal(err)
					}
					if traffic {
						send(t, p.client, p.server, randomBytes(1000))
						send(t, p.server, p.client, randomBytes(1000))
					}
					wantNoBuffers(t, "idle", p.client, p.server)
					// A flight that may have to be sent again is kept until the client is heard of.
					if size := heapOf(p.server); size > idleLimit && (traffic || !p.server.datagram) {
						t.Errorf("traffic %t: %d bytes, want at most %d", traffic, size, idleLimit)
					} else {
						t.Logf("traffic %t: %d bytes", traffic, size)
					}
				}
			})
		})
	}
}

func TestStaticBuffersStay(t *testing.T) {
	p := newPair(t, func(client, server *Config) {
		if err := errors.Join(client.SetBufferMode(BuffersStatic), server.SetBufferMode(BuffersStatic)); err != nil {
			t.Fatal(err)
		}
	})
	if err := p.handshake(t); err != nil {
		t.Fatal(err)
	}
	send(t, p.client, p.server, randomBytes(100))
	for _, s := range []*SSL{p.client, p.server} {
		if in, out := s.BufferSizes(); in < 1000 || out < 1000 {
			t.Errorf("buffers of %d and %d bytes", in, out)
		}
	}
}

// trickle moves the output of one end to the other in pieces of n bytes, and calls each time.
func trickle(t *testing.T, from, to *SSL, n int, each func()) {
	t.Helper()
	for out := from.Output(); len(out) > 0; out = from.Output() {
		in, err := to.InputSpace()
		if err != nil {
			t.Fatal(err)
		}
		moved := copy(in, out[:min(n, len(out))])
		to.Commit(moved)
		from.Discard(moved)
		each()
	}
}

// A record that comes in pieces takes a buffer of its own size, once its header is there, and is the same in the end; so
// with all of a handshake.
func TestRecordsInPieces(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				p := newPair(t, both(t, version, set))
				done := map[*SSL]bool{}
				step := func(s *SSL) {
					err := s.Handshake()
					if err != nil && err != ErrSSLWantRead {
						t.Fatal(err)
					}
					done[s] = err == nil
				}
				for step(p.client); !done[p.client] || !done[p.server]; {
					trickle(t, p.client, p.server, 1, func() { step(p.server) })
					trickle(t, p.server, p.client, 1, func() { step(p.client) })
				}
				for _, size := range []int{1, 300, p.client.MaxOutPayload()} {
					for _, piece := range []int{1, 4, 5, 6, 999} {
						pass(t, p, randomBytes(size), piece)
					}
				}
				wantNoBuffers(t, "in the end", p.client, p.server)
			})
		})
	}
}

func pass(t *testing.T, p pair, data []byte, piece int) {
	t.Helper()
	if _, err := p.client.Write(data); err != nil {
		t.Fatal(err)
	}
	wantNoBuffers(t, "written", p.client)
	const header = 5
	record := p.client.OutputLen()
	var got []byte
	buf := make([]byte, 100)
	moved := 0
	trickle(t, p.client, p.server, piece, func() {
		moved = min(record, moved+piece)
		for {
			n, err := p.server.Read(buf)
			got = append(got, buf[:n]...)
			if err == ErrSSLWantRead {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		in, _ := p.server.BufferSizes()
		if (moved <= header || moved == record) != (in == 0) {
			t.Fatalf("%d of %d bytes: a buffer of %d", moved, record, in)
		}
		if slack := in - record; in != 0 && slack > 8 && in > 2*record && in > 1024 {
			t.Fatalf("a buffer of %d for a record of %d", in, record)
		}
	})
	if !bytes.Equal(got, data) {
		t.Errorf("%d bytes in pieces of %d differ", len(data), piece)
	}
}

// refragment cuts each record in two or more, of at most n bytes.
func refragment(flight []byte, n int) (all []byte) {
	for len(flight) > 0 {
		size := int(flight[3])<<8 | int(flight[4])
		head, body := flight[:3], flight[5:5+size]
		flight = flight[5+size:]
		for len(body) > 0 {
			m := min(n, len(body))
			all = append(append(append(all, head...), byte(m>>8), byte(m)), body[:m]...)
			body = body[m:]
		}
	}
	return all
}

// Messages in several records are put together in the input buffer, each part behind the one before.
func TestHandshakeMessagesInParts(t *testing.T) {
	for _, n := range []int{4, 5, 50, 200} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				p := newPair(t, both(t, TLS12, set))
				for _, dir := range []struct{ from, to *SSL }{{p.client, p.server}, {p.server, p.client}} {
					_ = dir.from.Handshake()
					flight := refragment(takeOutput(dir.from), n)
					for len(flight) > 0 {
						in, err := dir.to.InputSpace()
						if err != nil {
							t.Fatal(err)
						}
						moved := copy(in, flight[:min(len(flight), 7)])
						dir.to.Commit(moved)
						flight = flight[moved:]
						if err := dir.to.Handshake(); err != ErrSSLWantRead {
							t.Fatal(err)
						}
					}
				}
				if err := p.handshake(t); err != nil {
					t.Fatal(err)
				}
				send(t, p.client, p.server, randomBytes(1000))
				wantNoBuffers(t, "in the end", p.client, p.server)
			})
		})
	}
}

func takeOutput(s *SSL) (all []byte) {
	for out := s.Output(); len(out) > 0; out = s.Output() {
		all = append(all, out...)
		s.Discard(len(out))
	}
	return all
}

// closureBIO carries bytes by closures, of which each moves at most n.
func closureBIO(t *testing.T, s *SSL, in, out *[]byte, n int) {
	t.Helper()
	err := s.SetBIO(BIO{
		Send: func(p []byte) (int, error) {
			if len(*out) >= 100*n {
				return 0, ErrSSLWantWrite
			}
			m := min(n, len(p))
			*out = append(*out, p[:m]...)
			return m, nil
		},
		Recv: func(p []byte) (int, error) {
			if len(*in) == 0 {
				return 0, ErrSSLWantRead
			}
			m := copy(p[:min(n, len(p))], *in)
			*in = (*in)[m:]
			return m, nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Output that the transport does not take is kept, and so is what a reader leaves behind, over closures.
func TestClosuresThatMoveLittle(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				for _, n := range []int{1, 3, 100} {
					p := newPair(t, both(t, version, set))
					var toServer, toClient []byte
					closureBIO(t, p.client, &toClient, &toServer, n)
					closureBIO(t, p.server, &toServer, &toClient, n)
					for range 20000 {
						clientErr, serverErr := p.client.Handshake(), p.server.Handshake()
						if clientErr == nil && serverErr == nil {
							break
						}
						for _, err := range []error{clientErr, serverErr} {
							if err != nil && err != ErrSSLWantRead && err != ErrSSLWantWrite {
								t.Fatal(err)
							}
						}
					}
					data, kept := randomBytes(10_000), false
					var got []byte
					buf := make([]byte, 77)
					for sent := 0; len(got) < len(data); {
						if sent < len(data) {
							m, err := p.client.Write(data[sent:])
							if err != nil && err != ErrSSLWantWrite {
								t.Fatal(err)
							}
							_, out := p.client.BufferSizes()
							if (err == ErrSSLWantWrite) != (out != 0) {
								t.Fatalf("an output buffer of %d after %v", out, err)
							}
							kept, sent = kept || out != 0, sent+m
						}
						m, err := p.server.Read(buf)
						if err != nil && err != ErrSSLWantRead {
							t.Fatal(err)
						}
						got = append(got, buf[:m]...)
					}
					if !bytes.Equal(got, data) || n == 3 && !kept {
						t.Errorf("pieces of %d: data differ, or was never kept: %t", n, kept)
					}
					wantNoBuffers(t, "in the end", p.client, p.server)
				}
			})
		})
	}
}

// What the header of a record says is the library's to refuse, before there is memory for it.
func TestTooLongRecord(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				p := newPair(t, both(t, version, set))
				if err := p.handshake(t); err != nil {
					t.Fatal(err)
				}
				in, err := p.server.InputSpace()
				if err != nil {
					t.Fatal(err)
				}
				p.server.Commit(copy(in, []byte{23, 3, 3, 0xFF, 0xFF, 1, 2, 3}))
				if err := read(p.server); !errors.Is(err, ErrSSLBadInputData) {
					t.Errorf("Read: %v, want ErrSSLBadInputData", err)
				}
				wantNoBuffers(t, "refused", p.server)
			})
		})
	}
}

// Shorter records, renegotiation and a reset make the library itself allocate, or write to all of its buffers.
func TestBuffersAfterTheLibraryChangedThem(t *testing.T) {
	short := func(client, server *Config) {
		if Feature("MBEDTLS_SSL_MAX_FRAGMENT_LENGTH") {
			if err := client.SetMaxFragmentLength(1); err != nil { // 512 bytes
				t.Fatal(err)
			}
		}
	}
	for name, connect := range map[string]func(t *testing.T, sets ...options) pair{
		"TLS 1.2": func(t *testing.T, sets ...options) pair { return newPair(t, both(t, TLS12, sets...)) },
		"TLS 1.3": func(t *testing.T, sets ...options) pair { return newPair(t, both(t, TLS13, sets...)) },
		"DTLS":    func(t *testing.T, sets ...options) pair { return datagramPair(t, sets...) },
	} {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				for _, renegotiates := range []bool{false, true} {
					sets := []options{set, short}
					if renegotiates {
						if !Feature("MBEDTLS_SSL_RENEGOTIATION") || name == "TLS 1.3" {
							continue
						}
						sets = append(sets, renegotiable(t, 16, DefaultRenegotiationPeriod))
					}
					p := connect(t, sets...)
					for range 3 {
						if err := p.handshake(t); err != nil {
							t.Fatal(err)
						}
						for range 2 {
							for range 5 {
								send(t, p.client, p.server, randomBytes(400))
								send(t, p.server, p.client, randomBytes(400))
								wantNoBuffers(t, "after data", p.client, p.server)
							}
							if renegotiates {
								renegotiate(t, p)
							}
						}
						if err := errors.Join(p.client.SessionReset(), p.server.SessionReset()); err != nil {
							t.Fatal(err)
						}
						if err := p.client.SetHostname("localhost"); err != nil {
							t.Fatal(err)
						}
						wantNoBuffers(t, "after a reset", p.client, p.server)
					}
				}
			})
		})
	}
}

func renegotiate(t *testing.T, p pair) {
	t.Helper()
	for range 50 {
		err := p.client.Renegotiate()
		if err == nil {
			return
		}
		if err != ErrSSLWantRead {
			t.Fatal(err)
		}
		carry(t, p.client, p.server)
		if err := read(p.server); err != ErrSSLWantRead {
			t.Fatal(err)
		}
		carry(t, p.server, p.client)
	}
	t.Fatal("the renegotiation makes no progress")
}

// A closure that calls its own connection gets an error where the call that is running would lose its buffers.
func TestBuffersAndCallsInsideOfACall(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				p := newPair(t, both(t, version, set))
				if err := p.handshake(t); err != nil {
					t.Fatal(err)
				}
				var input []byte
				inside := 0
				err := p.server.SetBIO(BIO{Send: sendAll, Recv: func(b []byte) (int, error) {
					if inside++; inside < 4 {
						if err := p.server.SessionReset(); !errors.Is(err, ErrSSLBadInputData) {
							t.Errorf("SessionReset: %v, want ErrSSLBadInputData", err)
						}
						if err := read(p.server); err == nil {
							t.Error("Read succeeds")
						}
						_ = p.server.SendAlert(AlertWarning, 100)
					}
					if len(input) == 0 {
						return 0, ErrSSLWantRead
					}
					n := copy(b, input)
					input = input[n:]
					return n, nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := p.client.Write(randomBytes(1000)); err != nil {
					t.Fatal(err)
				}
				input = takeOutput(p.client)
				_ = read(p.server) // it may fail, and must not crash
				if inside == 0 {
					t.Error("the closure was not called")
				}
			})
		})
	}
}

// A closure that waits for input may write meanwhile, though the call that it is inside of writes nothing.
func TestWriteInsideOfARead(t *testing.T) {
	for name, version := range eachVersion {
		t.Run(name, func(t *testing.T) {
			modes(t, func(t *testing.T, set options) {
				p := newPair(t, both(t, version, set))
				if err := p.handshake(t); err != nil {
					t.Fatal(err)
				}
				data := randomBytes(10_000)
				var output []byte
				err := p.server.SetBIO(BIO{
					Send: func(b []byte) (int, error) {
						output = append(output, b...)
						return len(b), nil
					},
					Recv: func([]byte) (int, error) {
						if n, err := p.server.Write(data); n != len(data) || err != nil {
							t.Errorf("Write: %d, %v", n, err)
						}
						return 0, ErrSSLWantRead
					},
				})
				if err != nil {
					t.Fatal(err)
				}
				if err := read(p.server); err != ErrSSLWantRead {
					t.Errorf("Read: %v, want ErrSSLWantRead", err)
				}
				in, err := p.client.InputSpace()
				if err != nil {
					t.Fatal(err)
				}
				p.client.Commit(copy(in, output))
				got := make([]byte, len(data))
				if n, err := p.client.Read(got); err != nil || !bytes.Equal(got[:n], data) {
					t.Errorf("the client reads %d bytes, other than what was sent, or %v", n, err)
				}
				wantNoBuffers(t, "in the end", p.client, p.server)
			})
		})
	}
}

// Each kind of cipher leaves other bytes before and behind the data.
func TestBuffersWithEachKindOfCipher(t *testing.T) {
	suites := map[string]int{
		"CBC SHA": 0xC009, "CBC SHA-256": 0xC023, "CBC SHA-384": 0xC024, "GCM": 0xC02B, "CCM": 0xC0AC, "CCM-8": 0xC0AE,
		"ChaCha20": 0xCCA9, "1.3 GCM": 0x1301, "1.3 ChaCha20": 0x1303, "1.3 CCM": 0x1304,
	}
	for name, suite := range suites {
		t.Run(name, func(t *testing.T) {
			version := TLS12
			if suite < 0x1400 {
				version = TLS13
			}
			for _, etm := range []bool{false, true} {
				modes(t, func(t *testing.T, set options) {
					p := newPair(t, both(t, version, set, func(client, server *Config) {
						if err := client.SetCiphersuites([]int{suite}); err != nil {
							t.Fatal(err)
						}
						if Feature("MBEDTLS_SSL_ENCRYPT_THEN_MAC") {
							if err := client.SetEncryptThenMAC(etm); err != nil {
								t.Fatal(err)
							}
						}
					}))
					if err := p.handshake(t); err != nil {
						t.Skip("the build lacks it: ", err)
					}
					for _, n := range []int{1, 15, 16, 17, 1000, p.client.MaxOutPayload()} {
						pass(t, p, randomBytes(n), 700)
						send(t, p.server, p.client, randomBytes(n))
					}
					if err := p.client.CloseNotify(); err != nil {
						t.Fatal(err)
					}
					carry(t, p.client, p.server)
					if err := read(p.server); !errors.Is(err, ErrSSLPeerCloseNotify) {
						t.Errorf("Read: %v, want ErrSSLPeerCloseNotify", err)
					}
					if alert, ok := p.server.LastAlert(); !ok || alert != 0 {
						t.Errorf("LastAlert: %d, %t", alert, ok)
					}
					wantNoBuffers(t, "in the end", p.client, p.server)
				})
			}
		})
	}
}
