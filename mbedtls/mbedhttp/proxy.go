package mbedhttp

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// connectTimeout bounds the exchange with a proxy, as net/http does.
const connectTimeout = time.Minute

// dialBelow connects to what TLS runs over, directly or through a proxy.
func (t *Transport) dialBelow(ctx context.Context, network, addr string) (net.Conn, error) {
	dial := t.http1.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	if t.proxy == nil {
		return dial(ctx, network, addr)
	}
	via, err := t.proxy(&http.Request{URL: &url.URL{Scheme: "https", Host: addr}})
	if err != nil {
		return nil, err
	}
	if via == nil {
		return dial(ctx, network, addr)
	}
	if via.Scheme != "http" {
		return nil, fmt.Errorf("mbedhttp: proxy %s: its scheme is %q, want http", via.Redacted(), via.Scheme)
	}
	header, err := t.connectHeader(ctx, via, addr)
	if err != nil {
		return nil, err
	}
	host := via.Host
	if via.Port() == "" {
		host = net.JoinHostPort(via.Hostname(), "80")
	}
	c, err := dial(ctx, network, host)
	if err != nil {
		return nil, err
	}
	if err := connect(ctx, c, addr, header); err != nil {
		c.Close()
		return nil, fmt.Errorf("mbedhttp: proxy %s: %w", via.Redacted(), err)
	}
	return c, nil
}

func (t *Transport) connectHeader(ctx context.Context, via *url.URL, addr string) (header http.Header, err error) {
	header = t.http1.ProxyConnectHeader
	if t.http1.GetProxyConnectHeader != nil {
		if header, err = t.http1.GetProxyConnectHeader(ctx, via, addr); err != nil {
			return nil, err
		}
	}
	if header = header.Clone(); header == nil {
		header = http.Header{}
	}
	if user := via.User; user != nil {
		password, _ := user.Password()
		header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	return header, nil
}

// connect asks the proxy at the other end of c for a way to addr (CONNECT, RFC 9110, section 9.3.6).
func connect(ctx context.Context, c net.Conn, addr string, header http.Header) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { c.Close() })
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: header}
	err := request.Write(c)
	var response *http.Response
	if err == nil {
		response, err = http.ReadResponse(bufio.NewReader(c), request) // a server of TLS says nothing before its client
	}
	switch {
	case !stop():
		return ctx.Err()
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("CONNECT %s: %s", addr, response.Status)
	}
	return nil
}
