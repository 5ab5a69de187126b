// Ssl_fork_server is a small HTTPS server, as upstream's program of that name, which has a process for each client. A
// program in Go cannot fork: it starts itself anew, and hands the client's socket over.
package main

import (
	"fmt"
	"net"
	"os"

	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/sample"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// childVariable tells a process that it is one for a client, whose socket is childSocket.
const (
	childVariable = "GOMBEDTLS_FORKED"
	childSocket   = 3 // the first of exec.Cmd.ExtraFiles
)

func main() {
	if os.Getenv(childVariable) != "" {
		sample.Main(child)
	} else {
		sample.Main(parent)
	}
}

func parent() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", ":"+sample.Port())
	if err != nil {
		return err
	}
	return sample.Each(l, func(c net.Conn) error {
		defer c.Close()
		socket, err := c.(*net.TCPConn).File()
		if err != nil {
			return err
		}
		defer socket.Close()
		cmd := emulator.Command(program, os.Args[1:]...)
		if !emulator.On() {
			cmd.Args[0] = os.Args[0] // may be a link into upstream's tree: see testcreds
		}
		cmd.Env = append(os.Environ(), childVariable+"=1")
		cmd.ExtraFiles = []*os.File{socket}
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return err
		}
		go cmd.Wait() // what went wrong, the child says
		return nil
	})
}

func child() error {
	socket := os.NewFile(childSocket, "client")
	conn, err := net.FileConn(socket)
	socket.Close() // conn has a copy
	if err != nil {
		return err
	}
	config, err := sample.Server()
	if err != nil {
		return err
	}
	defer config.Close()
	return sample.Answer(mbedtls.Server(conn, config), fmt.Sprintf("pid %d:", os.Getpid()))
}
