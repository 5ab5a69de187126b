package peers

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"regexp"
	"time"
)

// Options say how a peer talks TLS.
type Options struct {
	Version   uint16 // of crypto/tls; 0 is TLS 1.2 and 1.3
	CA        string // file of trusted roots: the other side must then be trusted; "" asks for nothing
	Cert, Key string // files; "" is no certificate

	// ServerName is what a client asks for and checks; "" is localhost.
	ServerName string

	// Size is how many bytes Exchange moves each way. The programs of Mbed TLS move whole exchanges of 8192
	// bytes, or with Datagram of Payload bytes.
	Size int

	// Linger makes ssl_server2 take one more request before it hangs up, whose answer may be lost: for an end like pion's,
	// which may lose data that close_notify comes right behind.
	Linger bool

	// Datagram asks for DTLS 1.2 over UDP, whatever Version says.
	Datagram bool

	// Payload is how many bytes Exchange puts in a datagram; 0 is 1024. gnutls-serv echoes no more than 254 at once: it
	// gets that.
	Payload int

	// MTU is the largest datagram that a peer of DTLS sends in handshakes, without the headers of UDP and IP; 0 leaves it
	// to the program.
	MTU int

	// Priority is a priority string for GnuTLS, in place of Version.
	Priority string

	// Verbose makes OpenSSL tell all about the connection. Exchange does not mind.
	Verbose bool

	// Args are further arguments, in the program's own form.
	Args []string
}

// lineLen is how many bytes are sent at once.
func (o Options) lineLen() int {
	if o.Datagram {
		return cmp.Or(o.Payload, datagramLen)
	}
	return lineLen
}

// exchanges is how many lines make up Size.
func (o Options) exchanges() int { return (o.Size + o.lineLen() - 1) / o.lineLen() }

func (o Options) serverName() string { return cmp.Or(o.ServerName, "localhost") }

// Program is a family of peers.
type Program struct {
	Name          string
	ServerProgram string
	ClientProgram string
	Server        func(context.Context, Options) (*Peer, error)         // listens when it returns
	Client        func(context.Context, string, Options) (*Peer, error) // connects to an address
	Compared      string                                                // how Exchange compares
}

// The peers.
var (
	OpenSSL = Program{"OpenSSL", "openssl s_server", "openssl s_client", opensslServer, opensslClient, ComparedStreams}
	GnuTLS  = Program{"GnuTLS", "gnutls-serv", "gnutls-cli", gnutlsServer, gnutlsClient, comparedEcho}
	MbedTLS = Program{"Mbed TLS", "ssl_server2", "ssl_client2", mbedtlsServer, mbedtlsClient, comparedExchanges}
)

// Programs lists them.
var Programs = []Program{OpenSSL, GnuTLS, MbedTLS}

// Peer is a program with one connection. A server of DTLS has its socket, as one of TLS, when it has been started.
type Peer struct {
	*Process
	Addr string // of a server

	size     int
	line     int  // how many bytes are sent at once
	datagram bool // and one Read of a Conn gets as many
	linger   bool
	exchange func(*Peer, Conn) error
	hangUp   func(*Peer, Conn) error
}

// Conn is this side of a connection with a peer. With Options.Datagram, a Write is a datagram, and so is a Read.
type Conn interface {
	net.Conn
	CloseWrite() error
}

// Transfer is what Exchange did.
type Transfer struct {
	Bytes   int // each way
	Elapsed time.Duration
}

// MBPerSecond is the throughput of both ways together, in 10^6 bytes.
func (t Transfer) MBPerSecond() float64 { return 2 * float64(t.Bytes) / 1e6 / t.Elapsed.Seconds() }

// Exchange moves the peer's Options.Size bytes each way over conn, and compares what went in with what came out.
func (p *Peer) Exchange(conn Conn) (Transfer, error) {
	began := time.Now()
	if err := p.exchange(p, conn); err != nil {
		return Transfer{}, p.Explain(err)
	}
	return Transfer{p.size, time.Since(began)}, nil
}

// ErrStays says that a peer never sends close_notify.
var ErrStays = errors.New("the program does not hang up")

// HangUp makes the peer close the connection in an orderly way, so that conn reads close_notify next. s_server and
// gnutls-serv do so only in answer to this side's (s_server's own commands close the socket without), and with DTLS
// gnutls-serv not even then: that is ErrStays.
func (p *Peer) HangUp(conn Conn) error { return p.Explain(p.hangUp(p, conn)) }

// Await waits until one of the program's outputs matches.
func (p *Peer) Await(o *Output, pattern string) error {
	_, err := p.AwaitOutput(o, regexp.MustCompile(pattern))
	return err
}

// errPortTaken says that somebody else took a port between the moment it was found free and its use.
var errPortTaken = errors.New("the port is taken")

// withFreePort starts a server that cannot choose a port by itself, and keeps others from that port until it ends.
func withFreePort(network string, start func(port string) (*Peer, error)) (*Peer, error) {
	var taken error
	for range 10 {
		port, guard, err := freePort(network)
		if err != nil {
			return nil, err
		}
		peer, err := start(port)
		if err == nil {
			go func() {
				<-peer.Done()
				guard.Close()
			}()
			return peer, nil
		}
		guard.Close()
		if !errors.Is(err, errPortTaken) {
			return nil, err
		}
		taken = err
	}
	return nil, taken
}

// freePort finds a port that nobody has at the moment. Several servers of UDP can have one port, of whose datagrams they
// then miss some: while guard is open, which has that port of TCP, none of these tests, in whatever process, finds it free.
func freePort(network string) (port string, guard io.Closer, err error) {
	for range 20 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", nil, err
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil || network == "tcp" {
			return port, l, errors.Join(err, l.Close())
		}
		u, err := net.ListenPacket("udp", l.Addr().String())
		if err == nil {
			return port, l, u.Close()
		}
		l.Close()
	}
	return "", nil, errPortTaken
}

func (o Options) network() string {
	if o.Datagram {
		return "udp"
	}
	return "tcp"
}
