package fleet_test

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/fleet"
)

// One of several equal processes: a server for TLS and for DTLS. Any of them resumes the sessions of all, and connections
// of DTLS outlive the process that they are in.
func Example() {
	key, err := os.ReadFile("/run/secrets/fleet.key") // 32 random bytes, the same for all
	if err != nil {
		log.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: "redis.example.com:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()
	f, err := fleet.Join(context.Background(), rdb, fleet.Options{Key: key})
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	cert, err := mbedtls.LoadX509KeyPair("server.pem", "server.key")
	if err != nil {
		log.Fatal(err)
	}
	config := &mbedtls.Config{Certificates: []mbedtls.Certificate{cert}}
	devices, err := f.ListenDTLS(nil, "udp", ":5684", config)
	if err != nil {
		log.Fatal(err)
	}
	f.Configure(config)
	web, err := mbedtls.Listen("tcp", ":8443", config)
	if err != nil {
		log.Fatal(err)
	}
	go serve(web, echo)
	go serve(devices, func(c net.Conn) {
		const idle = time.Minute
		buf := make([]byte, 1500)
		for c.SetReadDeadline(time.Now().Add(idle)) == nil {
			n, err := c.Read(buf)
			switch {
			case err == nil:
				_, _ = c.Write(buf[:n]) // who gets no answer asks again
			case !errors.Is(err, os.ErrDeadlineExceeded):
				return
			case devices.Park(context.Background(), c.(*mbedtls.Conn)) == nil: // it costs nothing until the next record
				return
			}
		}
	})
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt)
	<-stop
	web.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := devices.Shutdown(ctx); err != nil { // the other processes go on with its connections
		log.Print(err)
	}
}

func serve(l net.Listener, handle func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			handle(c)
		}()
	}
}

func echo(c net.Conn) { _, _ = io.Copy(c, c) }
