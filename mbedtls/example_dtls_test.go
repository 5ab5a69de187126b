package mbedtls_test

import (
	"fmt"
	"log"
	"net"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// A server for devices that share a key with it, and keep their connections when their addresses change, as CoAP and LwM2M
// have it: DTLS 1.2 with PSK and connection IDs.
func ExampleListenDTLS() {
	devices := map[string][]byte{"thermometer-7": []byte("sixteen byte key")}
	l, err := mbedtls.ListenDTLS("udp", "127.0.0.1:0", &mbedtls.Config{
		GetPSK: func(identity string) (*mbedtls.PSK, error) {
			if key, ok := devices[identity]; ok {
				return &mbedtls.PSK{Key: key}, nil
			}
			return nil, nil // the device gets the alert unknown_psk_identity
		},
		DTLS: mbedtls.DTLSOptions{ConnectionID: &mbedtls.ConnectionID{Length: 8}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	serve := func(conn net.Conn) {
		defer conn.Close()
		request := make([]byte, 1024) // one record is one request
		for {
			n, err := conn.Read(request) // the first one runs the handshake
			if err != nil {
				return
			}
			device := conn.(*mbedtls.Conn).ConnectionState().PSKIdentity
			fmt.Fprintf(conn, "%s reads %s", device, request[:n])
		}
	}
	go func() {
		for {
			conn, err := l.Accept() // whose cookie was good, before its handshake
			if err != nil {
				return
			}
			go serve(conn)
		}
	}()

	// The device, in Go for once.
	conn, err := mbedtls.DialDTLS("udp", l.Addr().String(), &mbedtls.Config{
		PSK:  &mbedtls.PSK{Identity: "thermometer-7", Key: devices["thermometer-7"]},
		DTLS: mbedtls.DTLSOptions{ConnectionID: new(mbedtls.ConnectionID)}, // it needs no ID of its own
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "21.5 °C")
	answer := make([]byte, 1024)
	n, err := conn.Read(answer)
	fmt.Printf("%s, %v\n", answer[:n], err)
	st := conn.ConnectionState()
	fmt.Printf("%s, a connection ID of %d bytes\n", mbedtls.VersionName(st.Version), len(st.PeerConnectionID))
	// Output:
	// thermometer-7 reads 21.5 °C, <nil>
	// DTLS 1.2, a connection ID of 8 bytes
}
