package mbedtls_test

import (
	"bytes"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// end is one end of a connection: a Channel, and what it has to send.
type end struct {
	*mbedtls.Channel
	out [][]byte
}

// newEnd makes an end that prints what it receives.
func newEnd(name string, config *mbedtls.Config, o mbedtls.ChannelOptions) *end {
	e := new(end)
	o.Emit = func(data []byte) { e.out = append(e.out, bytes.Clone(data)) } // data is valid only now
	o.RecordReceived = func(number uint64, data []byte) { fmt.Printf("%s: record %d: %s\n", name, number, data) }
	o.AlertReceived = func(_ mbedtls.AlertLevel, alert mbedtls.AlertError) { fmt.Printf("%s: %s\n", name, alert.Name()) }
	o.SessionEstablished = func(st mbedtls.ConnectionState) (keep bool, err error) {
		fmt.Printf("%s: %s with %s\n", name, mbedtls.VersionName(st.Version), mbedtls.CipherSuiteName(st.CipherSuite))
		return true, nil
	}
	var err error
	if e.Channel, err = mbedtls.NewChannel(config, o); err != nil {
		log.Fatal(err)
	}
	return e
}

// carry moves what both ends have to send, until neither has anything.
func carry(a, b *end) {
	for len(a.out)+len(b.out) > 0 {
		for _, data := range a.take() {
			if _, err := b.Receive(data); err != nil {
				log.Print(err)
			}
		}
		a, b = b, a
	}
}

func (e *end) take() [][]byte {
	out := e.out
	e.out = nil
	return out
}

// withKey is a Config for ends that share a key, and need no certificates.
func withKey() *mbedtls.Config {
	return &mbedtls.Config{
		PSK:          &mbedtls.PSK{Identity: "thermometer-7", Key: []byte("sixteen byte key")},
		CipherSuites: []uint16{0xC0A8}, // TLS-PSK-WITH-AES-128-CCM-8
	}
}

// TLS between two ends in one process: a pipe in memory.
func ExampleChannel() {
	config := withKey()
	defer config.Close()
	client := newEnd("client", config, mbedtls.ChannelOptions{})
	server := newEnd("server", config, mbedtls.ChannelOptions{Server: true})
	if err := client.Handshake(); err != nil {
		log.Fatal(err)
	}
	carry(client, server)
	if _, err := client.Send([]byte("21.5 °C")); err != nil {
		log.Fatal(err)
	}
	carry(client, server)
	server.Close()
	client.Close()
	// Output:
	// server: TLS 1.2 with TLS-PSK-WITH-AES-128-CCM-8
	// client: TLS 1.2 with TLS-PSK-WITH-AES-128-CCM-8
	// server: record 1: 21.5 °C
}

// messages is a transport of messages, as a WebSocket is.
type messages struct{ in, out chan []byte }

// TLS over a transport of messages, such as a WebSocket: a message is any part of the stream, and what each call emits is
// sent as one.
func ExampleChannel_messages() {
	config := withKey()
	defer config.Close()
	up, down := make(chan []byte, 8), make(chan []byte, 8)
	done := make(chan struct{})

	// run is what each end does with its transport, in a goroutine of its own.
	run := func(e *end, socket messages) {
		for {
			if message := bytes.Join(e.take(), nil); len(message) > 0 {
				socket.out <- message
			}
			message, ok := <-socket.in
			if !ok {
				return
			}
			if _, err := e.Receive(message); err != nil {
				close(socket.out)
				return
			}
		}
	}
	go func() {
		defer close(done)
		server := newEnd("server", config, mbedtls.ChannelOptions{Server: true})
		defer server.Close()
		run(server, messages{in: up, out: down})
	}()

	client := newEnd("client", config, mbedtls.ChannelOptions{})
	defer client.Close()
	if err := client.Handshake(); err != nil {
		log.Fatal(err)
	}
	for !client.IsActive() {
		up <- bytes.Join(client.take(), nil)
		if _, err := client.Receive(<-down); err != nil {
			log.Fatal(err)
		}
	}
	if _, err := client.Send([]byte("21.5 °C")); err != nil {
		log.Fatal(err)
	}
	if err := client.SendAlert(mbedtls.AlertWarning, mbedtls.AlertCloseNotify); err != nil {
		log.Fatal(err)
	}
	up <- bytes.Join(client.take(), nil)
	<-done
	// Output:
	// server: TLS 1.2 with TLS-PSK-WITH-AES-128-CCM-8
	// client: TLS 1.2 with TLS-PSK-WITH-AES-128-CCM-8
	// server: record 1: 21.5 °C
	// server: close notify
}

// DTLS over a Go channel of datagrams. The first is lost: what is not answered in time is sent again.
func ExampleChannel_datagrams() {
	config := withKey()
	config.DTLS.HandshakeTimeoutMin = 50 * time.Millisecond
	defer config.Close()
	up, down := make(chan []byte, 8), make(chan []byte, 8)
	done := make(chan struct{})

	// run is what each end does, until it has what it wants.
	run := func(e *end, in <-chan []byte, out chan<- []byte, enough func() bool) {
		for {
			for _, datagram := range e.take() {
				out <- datagram
			}
			if enough() {
				return
			}
			var passed <-chan time.Time
			if left, ok := e.Timeout(); ok {
				passed = time.After(left)
			}
			var err error
			select {
			case datagram := <-in:
				_, err = e.Receive(datagram)
			case <-passed:
				_, err = e.TimeoutCheck()
			}
			if err != nil {
				return
			}
		}
	}
	go func() {
		defer close(done)
		server := newEnd("server", config, mbedtls.ChannelOptions{
			Server: true, Datagrams: true, RemoteAddr: &net.UDPAddr{Port: 5684}, // what its cookies are bound to
		})
		defer server.Close()
		run(server, up, down, func() bool { return false })
	}()

	client := newEnd("client", config, mbedtls.ChannelOptions{Datagrams: true})
	defer client.Close()
	if err := client.Handshake(); err != nil {
		log.Fatal(err)
	}
	client.take() // lost
	run(client, down, up, client.IsActive)
	if _, err := client.Send([]byte("21.5 °C")); err != nil {
		log.Fatal(err)
	}
	if err := client.SendAlert(mbedtls.AlertWarning, mbedtls.AlertCloseNotify); err != nil {
		log.Fatal(err)
	}
	run(client, down, up, func() bool { return true })
	<-done
	// Output:
	// server: DTLS 1.2 with TLS-PSK-WITH-AES-128-CCM-8
	// client: DTLS 1.2 with TLS-PSK-WITH-AES-128-CCM-8
	// server: record 281474976710657: 21.5 °C
	// server: close notify
}
