package peers

import (
	"context"
	"crypto/tls"
	"regexp"
	"strconv"
)

var opensslVersions = map[uint16][]string{tls.VersionTLS12: {"-tls1_2"}, tls.VersionTLS13: {"-tls1_3"}}

// ipHeaders are what OpenSSL counts to the MTU, and nobody else does: those of IPv4 and UDP.
const ipHeaders = 28

func opensslProtocol(o Options) []string {
	if !o.Datagram {
		return opensslVersions[o.Version]
	}
	args := []string{"-dtls1_2"}
	if o.MTU > 0 {
		args = append(args, "-mtu", strconv.Itoa(o.MTU+ipHeaders))
	}
	return args
}

var opensslReady = regexp.MustCompile(`(?m)^ACCEPT (127\.0\.0\.1:\d+)$`)

func opensslServer(ctx context.Context, o Options) (*Peer, error) {
	args := append([]string{"s_server", "-accept", "127.0.0.1:0"}, opensslProtocol(o)...)
	if o.Cert != "" {
		args = append(args, "-cert", o.Cert, "-key", o.Key)
	}
	if o.CA != "" {
		args = append(args, "-CAfile", o.CA, "-Verify", "5", "-verify_return_error")
	}
	p, err := Start(ctx, "openssl s_server", "openssl", append(args, o.Args...)...)
	if err != nil {
		return nil, err
	}
	ready, err := p.AwaitOutput(p.Stdout, opensslReady)
	if err != nil {
		p.Stop()
		return nil, err
	}
	return &Peer{
		Process: p, Addr: ready[1], size: o.Size, line: o.lineLen(), datagram: o.Datagram, exchange: exchangePipes, hangUp: closeWrite,
	}, nil
}

func opensslClient(ctx context.Context, addr string, o Options) (*Peer, error) {
	args := append([]string{"s_client", "-connect", addr, "-servername", o.serverName(), "-nocommands"}, opensslProtocol(o)...)
	if !o.Verbose {
		args = append(args, "-brief")
	}
	if o.Cert != "" {
		args = append(args, "-cert", o.Cert, "-key", o.Key)
	}
	if o.CA != "" {
		args = append(args, "-CAfile", o.CA, "-verify_hostname", o.serverName(), "-verify_return_error")
	}
	p, err := Start(ctx, "openssl s_client", "openssl", append(args, o.Args...)...)
	if err != nil {
		return nil, err
	}
	return &Peer{
		Process: p, size: o.Size, line: o.lineLen(), datagram: o.Datagram, exchange: exchangePipes, hangUp: closeStdin,
	}, nil
}
