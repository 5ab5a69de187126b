package mbedtls

import "net"

// listener accepts connections and leaves their handshakes to whoever uses them.
type listener struct {
	net.Listener
	config *Config
}

// Accept returns the next connection, a *[Conn], before its handshake: a slow client delays no other.
func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return Server(c, l.config), nil
}

// NewListener makes a listener whose connections are servers on those of inner. config must have a certificate.
func NewListener(inner net.Listener, config *Config) net.Listener { return &listener{inner, config} }

// Listen listens on a TCP address, or as [ListenDTLS] on a UDP address. It fails at once if config cannot be used.
func Listen(network, addr string, config *Config) (net.Listener, error) {
	if isDatagram(network) {
		l, err := ListenDTLS(network, addr, config)
		if err != nil {
			return nil, err // not a nil *DTLSListener
		}
		return l, nil
	}
	if config == nil {
		config = new(Config)
	}
	if err := config.Validate(true); err != nil {
		return nil, err
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	return NewListener(l, config), nil
}
