package mbedtls

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
)

// core is a connection without its transport: what the library, its user and the peer have settled between them. A Conn
// moves its bytes over a net.Conn; a Channel hands them to its user. Both are this one engine.
type core struct {
	config     *Config
	serverName string // what a client wants
	transport  cbridge.Transport
	shell      shell

	server       bool
	resumesSaved bool // the context is about to be loaded: see saved.go
	newSession   bool // of mu: the context has a newer one than session
	uncached     bool // sessions go to no cache: see ChannelOptions.SessionEstablished
	early        bool // a client may write early data
	traced       bool // tracedState is what Config.Trace was told last

	*datagramState            // of DTLS; else nil
	peer                *peer // of a listener's connection
	*renegotiationState       // with Config.AllowRenegotiation; else nil

	clientAuth  ClientAuthType   // of this handshake; of mu
	violation   *PolicyViolation // of this handshake's certificates; of mu
	pskIdentity string           // of the key that the handshake uses if it uses one; of mu

	handshakeDone atomic.Bool
	state         atomic.Pointer[ConnectionState] // set when the handshake is complete

	// mu is held while in C, and for no longer, by a Conn. A Channel is used by one goroutine, and holds it over no closure:
	// where it says "with mu held", that is enough.
	mu      sync.Mutex
	ssl     *cbridge.SSL // set by the first handshake
	readErr error        // final; all but io.EOF mean that the context must not be used any more

	session   *Session   // of mu: the newest, or what SetSession gave
	forCache  []*Session // of mu: not given to Config.ClientSessionCache yet
	resuming  *Session   // what a client asked for
	earlyLen  int        // of mu: how much was written, or received
	earlyData []byte     // of mu: received, and not read yet
	storeWait *storeWait // with Config.SessionStore; set by a Conn's handshake
	dialed    string     // what a Dialer's NetDial was asked for, to which the connection underneath may go through others

	tracedState HandshakeState

	meter *meter // of Config.Metrics; else nil
}

// shell is what a core belongs to: a Conn or a Channel.
type shell interface {
	// RemoteAddr is the peer's address; nil if it is not known.
	RemoteAddr() net.Addr

	// netConn is the connection underneath; nil if there is none.
	netConn() net.Conn

	// timerSet says when DTLS wants to be called; the zero time is not at all. It runs inside of the library.
	timerSet(at time.Time)

	// selectProtocol changes a server's choice by ALPN. It runs inside of the library, once the ClientHello is parsed.
	selectProtocol(*cbridge.SSL) error

	// reached tells of a state of the first handshake. It runs inside of the library.
	reached(HandshakeState)
}

// init makes c the core of a new connection.
func (c *core) init(of shell, config *Config, server bool, transport cbridge.Transport) {
	if config == nil {
		config = new(Config)
	}
	c.shell, c.config, c.server, c.transport, c.clientAuth = of, config, server, transport, config.ClientAuth
	if config.AllowRenegotiation {
		c.renegotiationState = &renegotiationState{asideTaken: make(chan struct{}, 1)}
	}
	if config.Metrics != nil {
		c.meter = &meter{to: config.Metrics}
	}
	if !server {
		c.serverName = config.ServerName
	}
	if c.isDTLS() {
		c.datagramState = &datagramState{mtu: config.mtu()}
		if id := config.DTLS.ConnectionID; id != nil {
			c.hellos.cidLen = id.Length
		}
	}
}

func (c *core) isDTLS() bool { return c.transport == cbridge.Datagram }

// ConnectionState is what the handshake settled; its zero value before that is complete. It stays after Close.
func (c *core) ConnectionState() ConnectionState {
	if st := c.state.Load(); st != nil {
		return st.parsed()
	}
	return ConnectionState{}
}

// VerifyHostname checks the peer's certificate against a host name, as [x509.Certificate.VerifyHostname] does. It is
// for clients, after the handshake.
func (c *core) VerifyHostname(host string) error {
	st := c.ConnectionState()
	if c.server || len(st.PeerCertificates) == 0 {
		return errNoPeerCertificate
	}
	return st.PeerCertificates[0].VerifyHostname(host)
}
