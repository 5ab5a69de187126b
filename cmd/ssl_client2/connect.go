package main

import (
	"cmp"
	"errors"
	"net"
	"time"

	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// open makes the first connection.
func (c *client) open() error {
	c.Output.Printf("  . Connecting to %s/%s/%s...", c.Network(), c.host(), c.ServerPort)
	if err := c.dial(); err != nil {
		return err
	}
	c.Output.Printf(" ok\n  . Performing the SSL/TLS handshake...")
	if err := c.conn.Handshake(); err != nil {
		c.ReportFailure(c.conn, err)
		return &testprogram.ExitError{Err: err}
	}
	return nil
}

func (c *client) host() string { return cmp.Or(c.ServerAddr, c.ServerName) }

// dial connects, and makes a connection whose handshake is still to come.
func (c *client) dial() error {
	raw, err := net.Dial(c.Network(), net.JoinHostPort(c.host(), c.ServerPort))
	if err != nil {
		code := mbedtls.ErrNetConnectFailed
		if unknown := (*net.DNSError)(nil); errors.As(err, &unknown) {
			code = mbedtls.ErrNetUnknownHost
		}
		return c.Output.Failed("mbedtls_net_connect", code)
	}
	c.Socket = c.NewSocket(raw)
	c.attach()
	return nil
}

// attach makes a connection of the socket.
func (c *client) attach() {
	if c.DTLS {
		c.conn = mbedtls.ClientDTLS(c.Socket, c.Config)
	} else {
		c.conn = mbedtls.Client(c.Socket, c.Config)
	}
}

// close ends a connection, with a word to the server unless that has gone.
func (c *client) close(end end) {
	if end == reset {
		c.drop()
		return
	}
	c.Output.Printf("  . Closing the connection...")
	if c.SkipCloseNotify {
		c.drop()
	} else {
		c.conn.Close()
		c.conn = nil
	}
	c.Output.Printf(" done\n")
}

// drop ends a connection without a word to the server.
func (c *client) drop() {
	if c.conn == nil {
		return
	}
	socket := c.Socket.Detach(false)
	c.conn.Close()
	socket.Close()
	c.conn = nil
}

// restart begins anew from the same port, without a word to the server about the old connection.
func (c *client) restart() error {
	c.Output.Printf("  . Restarting connection from same port...")
	c.Socket = c.Socket.Detach(false)
	c.conn.Close()
	c.attach()
	return c.handshakeAgain()
}

func (c *client) handshakeAgain() error {
	if err := c.conn.Handshake(); err != nil {
		return c.Output.Failed("mbedtls_ssl_handshake", err)
	}
	c.Output.Printf(" ok\n")
	return nil
}

// reconnect makes another connection, with the session that was saved.
func (c *client) reconnect() error {
	time.Sleep(c.RecoDelay)
	c.Output.Printf("  . Reconnecting with saved session...")
	c.peerInfo = ""
	session, err := c.saved.load()
	if err != nil {
		return c.Output.Failed("mbedtls_ssl_session_load", err)
	}
	if c.RecoServerName != nil {
		c.hostname = *c.RecoServerName
	}
	if err := c.dial(); err != nil {
		return err
	}
	if session != nil {
		if err := c.conn.SetSession(session); err != nil {
			return c.Output.Failed("mbedtls_ssl_set_session", err)
		}
	}
	if c.EarlyData {
		if err := c.sendEarly(); err != nil {
			return err
		}
	}
	return c.handshakeAgain()
}
