package mbedtls_test

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"

	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// exampleCA and its pool stand for an authority of your own.
var exampleCA = testpki.NewCA(testpki.P256, "Example Root")

func exampleRoots() *mbedtls.CertPool {
	pool := mbedtls.NewCertPool()
	pool.AddCert(exampleCA.Cert)
	return pool
}

func exampleServerConfig() *mbedtls.Config {
	cert, err := mbedtls.FromTLSCertificate(exampleCA.Issue(testpki.Leaf{}))
	if err != nil {
		log.Fatal(err)
	}
	return &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}}
}

func Example() {
	l, err := mbedtls.Listen("tcp", "127.0.0.1:0", exampleServerConfig())
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.Copy(conn, conn)
	}()

	conn, err := mbedtls.Dial("tcp", l.Addr().String(), &mbedtls.Config{
		RootCAs:    exampleRoots(),
		ServerName: "localhost",
	})
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "hello\n")
	conn.CloseWrite()
	answer, err := io.ReadAll(conn)
	st := conn.ConnectionState()
	fmt.Printf("%s%v %s, verified: %v\n", answer, err, mbedtls.VersionName(st.Version), st.VerifyFlags)
	// Output:
	// hello
	// <nil> TLS 1.3, verified: ok
}

func ExampleNewListener_http() {
	l, err := mbedtls.Listen("tcp", "127.0.0.1:0", exampleServerConfig())
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "served by Mbed TLS:", r.URL.Path)
	})}
	go server.Serve(l)
	defer server.Close()

	dialer := &mbedtls.Dialer{Config: &mbedtls.Config{RootCAs: exampleRoots()}}
	client := &http.Client{Transport: &http.Transport{DialTLSContext: dialer.DialContext}}
	defer client.CloseIdleConnections()
	resp, err := client.Get("https://" + strings.Replace(l.Addr().String(), "127.0.0.1", "localhost", 1) + "/path")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	fmt.Print(string(body))
	// Output: served by Mbed TLS: /path
}

// A closure may forgive what the library finds wrong: here, that a device's clock has not started yet.
func ExampleConfig_verifyCertificate() {
	config := &mbedtls.Config{
		RootCAs: exampleRoots(),
		VerifyCertificate: func(cert *x509.Certificate, depth int, flags mbedtls.VerifyFlags) (mbedtls.VerifyFlags, error) {
			return flags &^ mbedtls.CertFuture, nil
		},
	}
	fmt.Println(config.Validate(false))
	// Output: <nil>
}

func ExampleVerifyError() {
	l, err := mbedtls.Listen("tcp", "127.0.0.1:0", exampleServerConfig())
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		conn.(*mbedtls.Conn).Handshake()
		conn.Close()
	}()
	_, err = mbedtls.Dial("tcp", l.Addr().String(), &mbedtls.Config{RootCAs: exampleRoots(), ServerName: "other.example"})
	var verify *mbedtls.VerifyError
	if errors.As(err, &verify) {
		fmt.Println(verify.Flags, verify.Flags&mbedtls.CertNameMismatch != 0)
	}
	fmt.Println(errors.Is(err, mbedtls.ErrX509CertVerifyFailed))
	// Output:
	// certificate is not for this host name true
	// true
}
