// Command tool is what the images of the tests have in the place of a system.
package main

import (
	"fmt"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

var commands = map[string]func(args []string) error{
	// write FILE VARIABLE… writes the process's user, folder and variables.
	"write": func(args []string) error {
		folder, err := os.Getwd()
		if err != nil {
			return err
		}
		words := []string{fmt.Sprint(os.Getuid()), folder}
		for _, name := range args[1:] {
			words = append(words, os.Getenv(name))
		}
		return os.WriteFile(args[0], []byte(strings.Join(words, " ")), 0o600)
	},
	"serve": func(args []string) error {
		l, err := net.Listen("tcp", args[0])
		if err != nil {
			return err
		}
		for {
			c, err := l.Accept()
			if err != nil {
				return err
			}
			c.Close()
		}
	},
	"dial": func(args []string) error {
		c, err := net.Dial("tcp", args[0])
		if err == nil {
			c.Close()
		}
		return err
	},
	// try succeeds in any case, but gives a server some time to begin.
	"try": func(args []string) error {
		for range 200 {
			c, err := net.Dial("tcp", args[0])
			if err == nil {
				return c.Close()
			}
			time.Sleep(10 * time.Millisecond)
		}
		return nil
	},
	"wait": func([]string) error {
		fmt.Println("waiting")
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGUSR1)
		<-stop
		return nil
	},
	"fail":    func(args []string) error { return fmt.Errorf("failing: %s", args[0]) },
	"succeed": func([]string) error { return nil },
}

func main() {
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
