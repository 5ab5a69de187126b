package mbedhttp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/mbedhttp"
)

func Example() {
	ca := testpki.NewCA(testpki.P256, "Example Root") // stands for an authority of your own
	cert, err := mbedtls.FromTLSCertificate(ca.Issue(testpki.Leaf{}))
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	counters := new(mbedtls.Counters) // expvar.Publish would show them
	server := &mbedhttp.Server{
		HTTP: &http.Server{
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				fmt.Fprintf(w, "%s over %s", r.Proto, mbedtls.VersionName(mbedhttp.ConnState(r).Version))
			}),
			ReadHeaderTimeout: 10 * time.Second,
		},
		Config: &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}, Metrics: counters},
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()

	roots := mbedtls.NewCertPool()
	roots.AddCert(ca.Cert)
	transport := &mbedhttp.Transport{Config: &mbedtls.Config{RootCAs: roots, ServerName: "localhost"}}
	response, err := (&http.Client{Transport: transport}).Get("https://" + l.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	fmt.Printf("%s, %v\n", text, err)

	transport.CloseIdleConnections()
	fmt.Println(server.Shutdown(context.Background()), <-served)
	fmt.Println(counters.Snapshot().Handshakes[0].Result)
	// Output:
	// HTTP/2.0 over TLS 1.3, <nil>
	// <nil> http: Server closed
	// ok
}
