package mbedtls

import (
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ChannelOptions say what a [Channel] is, and what it calls. The slices that closures get are memory of the library or of
// the Channel, valid only during the call: what is to stay must be copied.
type ChannelOptions struct {
	Server    bool // else it is a client
	Datagrams bool // DTLS: each Receive is one datagram, and so is each Emit

	// RemoteAddr is the peer's address: what a DTLS server's cookies are bound to (see DTLSOptions.ClientTransportID), and
	// a client without a ServerName keeps its sessions by; without both, it keeps none. It may be nil, except for DTLS
	// servers that send cookies.
	RemoteAddr net.Addr

	// Session is what a client asks to resume, as [Conn.SetSession] says; nil is what Config.ClientSessionCache has.
	Session *Session

	// Emit is given what to send to the peer: part of a stream, or one datagram. It must take all of it; if that is not
	// possible any more, it may Close the Channel. It must be set.
	Emit func(data []byte)

	// RecordReceived is given the data of each record. number is how many records the peer sent before it under the same
	// keys; with DTLS, it is 2^48 times the record's epoch plus its sequence number. TLS 1.3's early data comes as one
	// record of number 0, after SessionEstablished. It must be set.
	RecordReceived func(number uint64, data []byte)

	// AlertReceived is told of the peer's alerts. After a fatal one, Receive fails; after close_notify, it returns io.EOF.
	// Warnings are reported once the library has passed over them; with DTLS, those that other records follow in their
	// datagram are not. It must be set.
	AlertReceived func(level AlertLevel, alert AlertError)

	// SessionEstablished is told what a handshake has settled, before any data. keep is false to keep the session from
	// being resumed: a client gives none to Config.ClientSessionCache, a server drops the one in Config.ServerSessionCache and
	// sends no tickets of TLS 1.3; a ticket of TLS 1.2 has been sent by then. An error breaks the connection: the peer gets
	// the alert that errors.As finds in it as an [AlertError], else access_denied; and Receive returns it. Send works once
	// it has returned. It is called again after a renegotiation. It must be set.
	SessionEstablished func(ConnectionState) (keep bool, err error)

	// ChooseProtocol makes a server choose among what a client offers by ALPN, in the client's order of preference. It
	// returns one that is also in Config.NextProtos, or none, as "". An error ends the handshake with the alert
	// no_application_protocol, and is what Receive returns. nil is Config.NextProtos' order of preference. It is called
	// from inside of the library, if the lists have a protocol in common; with DTLS, also for the ClientHello that has no
	// cookie yet.
	ChooseProtocol func(offered []string) (protocol string, err error)

	// InspectHandshakeMessage is shown the messages of handshakes as they are sent and received; nil is not. An error
	// ends the handshake with the alert internal_error, and is what Receive returns. It is called from inside of the library.
	InspectHandshakeMessage func(HandshakeMessage) error

	// Logger receives the library's debug messages of this connection, in place of Config.Logger, up to Config.DebugLevel,
	// which must not be 0. It is called from inside of the library.
	Logger *slog.Logger
}

func (ch *Channel) checkOptions() error {
	o := &ch.o
	for name, missing := range map[string]bool{
		"Emit": o.Emit == nil, "RecordReceived": o.RecordReceived == nil, "AlertReceived": o.AlertReceived == nil,
		"SessionEstablished": o.SessionEstablished == nil,
	} {
		if missing {
			return fmt.Errorf("mbedtls: ChannelOptions.%s: nil: must be set", name)
		}
	}
	switch {
	case o.ChooseProtocol != nil && (!o.Server || len(ch.config.NextProtos) == 0):
		return errors.New("mbedtls: ChannelOptions.ChooseProtocol: set: is for servers with Config.NextProtos")
	case o.Session != nil && o.Server:
		return errors.New("mbedtls: ChannelOptions.Session: set: is for clients")
	case o.Logger != nil && ch.config.DebugLevel == 0:
		return errors.New("mbedtls: ChannelOptions.Logger: set: needs Config.DebugLevel")
	case o.Logger != nil && !cbridge.Feature("MBEDTLS_DEBUG_C"):
		return &NotBuiltError{Option: "MBEDTLS_DEBUG_C", Field: "ChannelOptions.Logger"}
	case o.RemoteAddr == nil && o.Server && o.Datagrams && !ch.config.DTLS.InsecureDisableCookies:
		return errors.New("mbedtls: ChannelOptions.RemoteAddr: nil: the cookies of a DTLS server are bound to it")
	}
	return nil
}
