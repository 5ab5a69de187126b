package peers

import (
	"context"
	"errors"
	"net"
	"regexp"
	"strconv"
	"strings"
)

// CoAPLibrary is the TLS library below the programs of libcoap.
type CoAPLibrary string

// The libraries.
const (
	CoAPOpenSSL CoAPLibrary = "openssl"
	CoAPGnuTLS  CoAPLibrary = "gnutls"
)

// CoAPLibraries lists them.
var CoAPLibraries = []CoAPLibrary{CoAPOpenSSL, CoAPGnuTLS}

// CoAPOptions say how a program of libcoap talks DTLS: with Key, or else with certificates.
type CoAPOptions struct {
	Identity string // with Key: the client's, or the hint that the server sends; "" is no identity, or the hint CoAP
	Key      string // the bytes of a pre-shared key, none of them 0; a server has one for everybody

	CA            string // file of trusted roots: the other side must then be trusted; "" asks for nothing
	Cert, CertKey string // files; "" is no certificate

	// Args are further arguments, in the programs' own form, such as "-v", "7" for a client that tells all.
	Args []string
}

func (o CoAPOptions) args(identity string) (args []string) {
	if o.Key != "" {
		args = append(args, "-k", o.Key)
		if o.Identity != "" {
			args = append(args, identity, o.Identity)
		}
		return append(args, o.Args...)
	}
	if o.Cert != "" {
		args = append(args, "-c", o.Cert, "-j", o.CertKey)
	}
	if o.CA != "" {
		args = append(args, "-R", o.CA)
	} else {
		args = append(args, "-n")
	}
	return append(args, o.Args...)
}

// The server makes endpoints of UDP, DTLS, TCP and TLS, in that order, and goes without those that it cannot have.
var coapReady = regexp.MustCompile(`created (DTLS|TCP ) endpoint`)

// CoAPServer starts libcoap's server; Addr of the peer is that of its DTLS. It logs all it does on stdout, and has, among
// others, the resources "" (a greeting), "time", and "example_data", which remembers what it is PUT.
func CoAPServer(ctx context.Context, library CoAPLibrary, o CoAPOptions) (*Peer, error) {
	name := "coap-server-" + string(library)
	return withFreePort("udp", func(port string) (*Peer, error) {
		n, err := strconv.Atoi(port)
		if err != nil {
			return nil, err
		}
		p, err := Start(ctx, name, name, append([]string{"-A", "127.0.0.1", "-p", port, "-v", "7"}, o.args("-h")...)...)
		if err != nil {
			return nil, err
		}
		ready, err := p.AwaitOutput(p.Stdout, coapReady)
		if err == nil && ready[1] != "DTLS" {
			err = p.Explain(errPortTaken)
		}
		if err != nil {
			p.Stop()
			if strings.Contains(p.Stdout.String()+p.Stderr.String(), "in use") {
				err = errors.Join(errPortTaken, err)
			}
			return nil, err
		}
		// DTLS is one port above.
		return &Peer{Process: p, Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(n+1))}, nil
	})
}

// CoAPClient starts libcoap's client, which GETs a resource, prints the payload of the answer on stdout, and a code that is
// no success on stderr. It ends by itself, with exit code 0 even if there was no answer; "-B" of Args is how many
// seconds it waits for one.
func CoAPClient(ctx context.Context, library CoAPLibrary, addr, path string, o CoAPOptions) (*Process, error) {
	name := "coap-client-" + string(library)
	return Start(ctx, name, name, append(o.args("-u"), "coaps://"+addr+"/"+path)...)
}
