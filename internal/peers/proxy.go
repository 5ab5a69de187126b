package peers

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strings"
)

var proxyReady = regexp.MustCompile(`Waiting for a remote connection \.\.\.`)

// UDPProxy starts Mbed TLS's udp_proxy in front of a server of DTLS; Addr of the peer is where clients connect to. It
// serves one client at a time, all with the same source port. The arguments are its own, such as "drop=5" (one datagram in five),
// "seed=1" or "delay_cli=ClientHello"; without a seed it takes the time. Its stdout comes in blocks, so that what is
// there lags behind.
func UDPProxy(ctx context.Context, upstream string, args ...string) (*Peer, error) {
	program, err := MbedTLSProgram("udp_proxy")
	if err != nil {
		return nil, err
	}
	host, serverPort, err := net.SplitHostPort(upstream)
	if err != nil {
		return nil, err
	}
	return withFreePort("udp", func(port string) (*Peer, error) {
		all := append([]string{"server_addr=" + host, "server_port=" + serverPort, "listen_addr=127.0.0.1", "listen_port=" + port}, args...)
		p, err := Start(ctx, "udp_proxy", program, all...)
		if err != nil {
			return nil, err
		}
		if _, err := p.AwaitOutput(p.Stdout, proxyReady); err != nil {
			p.Stop()
			if strings.Contains(p.Stdout.String(), "mbedtls_net_bind returned") {
				err = errors.Join(errPortTaken, err)
			}
			return nil, err
		}
		return &Peer{Process: p, Addr: net.JoinHostPort("127.0.0.1", port)}, nil
	})
}
