package mbedtls

import (
	"bytes"
	"math/rand/v2"
	"net"
	"sync"
	"testing"

	"github.com/gombedtls/gombedtls/cbridge"
)

// garbler makes datagrams that are nearly right.
type garbler struct {
	rand *rand.Rand
	seen [][]byte // to make them of
}

func newGarbler(seed uint64) *garbler { return &garbler{rand: rand.New(rand.NewPCG(seed, 0))} }

func (g *garbler) garbage() []byte {
	d := []byte{}
	if len(g.seen) > 0 {
		d = bytes.Clone(g.seen[g.rand.IntN(len(g.seen))])
	}
	switch g.rand.IntN(7) {
	case 0: // noise
		d = g.noise(g.rand.IntN(100))
	case 1: // noise with a true header
		d = append(d[:min(len(d), recordHeaderLen)], g.noise(g.rand.IntN(1500))...)
	case 2: // cut
		d = d[:g.rand.IntN(len(d)+1)]
	case 3: // too long
		d = append(d, g.noise(cbridge.MaxDatagram+g.rand.IntN(10))...)
	case 4: // a byte of the header changed
		if len(d) > 0 {
			d[g.rand.IntN(min(len(d), recordHeaderLen))] ^= byte(1 << g.rand.IntN(8))
		}
	case 5: // any byte changed
		if len(d) > 0 {
			d[g.rand.IntN(len(d))] ^= byte(1 << g.rand.IntN(8))
		}
	case 6: // a false record behind a true one
		d = append(d, g.noise(g.rand.IntN(40))...)
	}
	return d
}

func (g *garbler) noise(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(g.rand.Uint32())
	}
	return p
}

// An established connection outlives whatever comes that its peer has not sent, but for a ClientHello with a cookie that
// is still good, at a server without a listener.
func TestDTLSGarbageBreaksNoConnection(t *testing.T) {
	t.Parallel()
	for _, cid := range []*ConnectionID{nil, {Length: 4}} {
		for seed := range uint64(4) {
			client, server := configs(t)
			client.DTLS.ConnectionID, server.DTLS.ConnectionID = cid, cid
			c, s, cl, sl := connectedLink(t, client, server)
			atServer, atClient := reading(s), reading(c)
			g := newGarbler(seed)
			for range 150 {
				g.seen = nil
				for i, d := range append(cl.datagrams(), sl.datagrams()...) {
					if i != 1 {
						g.seen = append(g.seen, d.data)
					}
				}
				for range g.rand.IntN(5) {
					cl.put(g.garbage())
					sl.put(g.garbage())
				}
				if err := exchangeWith(c, atServer, "ping"); err != nil {
					t.Fatalf("seed %d: to the server: %v", seed, err)
				}
				if err := exchangeWith(s, atClient, "pong"); err != nil {
					t.Fatalf("seed %d: to the client: %v", seed, err)
				}
			}
			c.Close()
			s.Close()
		}
	}
}

// In a handshake, what comes may break that, but nothing else.
func TestDTLSGarbageBreaksNoMoreThanItsHandshake(t *testing.T) {
	t.Parallel()
	completed := 0
	for seed := range uint64(60) {
		bubble(t, func(t *testing.T) {
			client, server := configs(t)
			c, s, cl, sl := linked(t, client, server)
			g := newGarbler(seed)
			var mu sync.Mutex
			for _, link := range []*linkEnd{cl, sl} {
				link.setCarrier(func(_ int, d []byte) ([][]byte, error) {
					mu.Lock()
					defer mu.Unlock()
					g.seen = append(g.seen, d)
					all := [][]byte{d}
					for range g.rand.IntN(2) {
						all = append(all, g.garbage())
					}
					g.rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
					return all, nil
				})
			}
			cErr, sErr := handshakes(c, s)
			if cErr == nil && sErr == nil {
				completed++
			}
		})
	}
	if completed < 10 {
		t.Errorf("only %d handshakes of 60 completed", completed)
	}
}

// A listener's connections, and its next clients, are as little disturbed.
func TestDTLSGarbageBreaksNoListener(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	pc := socketOf(t)
	link := &tap{Conn: ConnectPacketConn(pc, l.Addr())}
	c, s := connectedOver(t, l, link, client)
	g := newGarbler(7)
	stranger := socketOf(t)
	for round := range 50 {
		g.seen = link.datagrams()
		for range 4 {
			d := g.garbage()
			if len(d) > 1<<15 {
				d = d[:1<<15]
			}
			from := []net.PacketConn{stranger, pc}
			if r, ok := parseRecord(d, 0); ok {
				if _, ok := r.clientHello(); ok { // with the cookie, and another random, it begins a new connection
					from = from[:1]
				}
			}
			for _, from := range from {
				if _, err := from.WriteTo(d, l.Addr()); err != nil {
					t.Fatal(err)
				}
			}
		}
		if round%10 == 0 { // all of it once more, with the ClientHello
			for _, d := range g.seen {
				if _, err := pc.WriteTo(d, l.Addr()); err != nil {
					t.Fatal(err)
				}
			}
		}
		mustConverse(t, c, s)
	}
	dialDTLS(t, l, client)
	if st := l.Stats(); st.Reconnects != 0 || st.Accepted != 2 {
		t.Errorf("%+v", st)
	}
}
