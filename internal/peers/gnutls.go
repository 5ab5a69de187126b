package peers

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// The order is that of preference: Mbed TLS's server takes the first version that it has, and with TLS 1.2 ahead
// gnutls-cli would complain of a downgrade.
var gnutlsVersions = map[uint16]string{
	0:                "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2",
	tls.VersionTLS12: "NORMAL:-VERS-ALL:+VERS-TLS1.2",
	tls.VersionTLS13: "NORMAL:-VERS-ALL:+VERS-TLS1.3",
}

func gnutlsPriority(o Options) string {
	if o.Datagram {
		return cmp.Or(o.Priority, "NORMAL:-VERS-ALL:+VERS-DTLS1.2")
	}
	return cmp.Or(o.Priority, gnutlsVersions[o.Version])
}

// gnutlsDatagram are the arguments of both programs for DTLS.
func gnutlsDatagram(o Options) (args []string) {
	if o.Datagram {
		args = append(args, "--udp")
	}
	if o.MTU > 0 {
		args = append(args, "--mtu="+strconv.Itoa(o.MTU))
	}
	return args
}

// With DTLS, gnutls-serv goes on when it does not get the port of IPv4.
var gnutlsReady = regexp.MustCompile(`listening on IPv4 \S+ port \d+\.\.\.(done|bind\(\) failed)`)

// gnutlsEcho is how much gnutls-serv echoes at once over DTLS: of a longer record it makes several.
const gnutlsEcho = 254

func gnutlsServer(ctx context.Context, o Options) (*Peer, error) {
	if o.Datagram {
		o.Payload = min(o.lineLen(), gnutlsEcho)
	}
	hangUp := closeWrite
	if o.Datagram {
		hangUp = func(*Peer, Conn) error { return ErrStays }
	}
	return withFreePort(o.network(), func(port string) (*Peer, error) {
		args := []string{"--echo", "--quiet", "--priority=" + gnutlsPriority(o), "--port=" + port}
		if o.Cert != "" {
			args = append(args, "--x509certfile="+o.Cert, "--x509keyfile="+o.Key)
		}
		if o.CA != "" {
			args = append(args, "--x509cafile="+o.CA, "--require-client-cert", "--verify-client-cert")
		} else {
			args = append(args, "--disable-client-cert")
		}
		args = append(args, gnutlsDatagram(o)...)
		p, err := Start(ctx, "gnutls-serv", "gnutls-serv", append(args, o.Args...)...)
		if err != nil {
			return nil, err
		}
		ready, err := p.AwaitOutput(p.Stderr, gnutlsReady)
		if err == nil && ready[1] != "done" {
			err = p.Explain(errPortTaken)
		}
		if err != nil {
			p.Stop()
			if strings.Contains(p.Stderr.String(), "in use") {
				err = errors.Join(errPortTaken, err)
			}
			return nil, err
		}
		return &Peer{
			Process: p, Addr: net.JoinHostPort("127.0.0.1", port), size: o.Size, line: o.lineLen(), datagram: o.Datagram,
			exchange: exchangeEcho, hangUp: hangUp,
		}, nil
	})
}

func gnutlsClient(ctx context.Context, addr string, o Options) (*Peer, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	args := []string{
		"--priority=" + gnutlsPriority(o), "--port=" + port, "--sni-hostname=" + o.serverName(),
		"--logfile=/dev/stderr", // and stdout is data alone
	}
	if o.Cert != "" {
		args = append(args, "--x509certfile="+o.Cert, "--x509keyfile="+o.Key)
	}
	if o.CA != "" {
		args = append(args, "--x509cafile="+o.CA, "--verify-hostname="+o.serverName())
	} else {
		args = append(args, "--insecure")
	}
	args = append(args, gnutlsDatagram(o)...)
	p, err := Start(ctx, "gnutls-cli", "gnutls-cli", append(append(args, o.Args...), host)...)
	if err != nil {
		return nil, err
	}
	return &Peer{
		Process: p, size: o.Size, line: o.lineLen(), datagram: o.Datagram, exchange: exchangePipes, hangUp: closeStdin,
	}, nil
}
