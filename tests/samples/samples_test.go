// Package samples_test runs the programs for upstream's sample suite, each server with its client.
package samples_test

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
	"github.com/gombedtls/gombedtls/internal/sample"
)

var programs = []string{"ssl_server", "ssl_fork_server", "ssl_pthread_server", "dtls_server", "ssl_client1", "dtls_client"}

func build(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	args := []string{"build", "-o", dir + "/"}
	for _, p := range programs {
		args = append(args, "github.com/gombedtls/gombedtls/cmd/"+p)
	}
	if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	return dir
}

// freePort is one that nobody has, of TCP and UDP.
func freePort(t *testing.T) string {
	t.Helper()
	for range 20 {
		l, err := net.Listen("tcp", ":0")
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(l.Addr().String())
		u, err := net.ListenPacket("udp", ":"+port)
		l.Close()
		if err == nil {
			u.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func command(t *testing.T, program, port string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := emulator.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), sample.PortVariable+"="+port)
	return cmd
}

// until reads lines to the one that matches.
func until(t *testing.T, lines *bufio.Scanner, text string) (all string) {
	t.Helper()
	for lines.Scan() {
		all += lines.Text() + "\n"
		if strings.Contains(lines.Text(), text) {
			return all
		}
	}
	t.Fatalf("no %q in:\n%s", text, all)
	return ""
}

var (
	bytesRead    = regexp.MustCompile(`[1-9][0-9]* bytes read`)
	bytesWritten = regexp.MustCompile(`[1-9][0-9]* bytes written`)
)

func judge(t *testing.T, who, out string, also ...string) {
	t.Helper()
	if !bytesRead.MatchString(out) || !bytesWritten.MatchString(out) || strings.Contains(strings.ToLower(out), "error") {
		t.Errorf("%s says:\n%s", who, out)
	}
	for _, text := range also {
		if !strings.Contains(out, text) {
			t.Errorf("%s does not say %q:\n%s", who, text, out)
		}
	}
}

func TestSamples(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds six programs")
	}
	dir := build(t)
	for server, client := range map[string]string{
		"ssl_server": "ssl_client1", "ssl_fork_server": "ssl_client1", "ssl_pthread_server": "ssl_client1", "dtls_server": "dtls_client",
	} {
		t.Run(server, func(t *testing.T) {
			port := freePort(t)
			s := command(t, filepath.Join(dir, server), port)
			stdout, err := s.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Start(); err != nil {
				t.Fatal(err)
			}
			defer s.Wait() // it dies of a signal
			defer s.Process.Kill()
			lines := bufio.NewScanner(stdout)
			until(t, lines, "Waiting for a remote connection")
			for range 3 {
				out, err := command(t, filepath.Join(dir, client), port).CombinedOutput()
				if err != nil {
					t.Errorf("%s: %v", client, err)
				}
				var also []string
				if client == "ssl_client1" {
					also = []string{"Successful connection using: TLS1-3-"}
				} else {
					also = []string{"9 bytes read\n\nEcho this\n"}
				}
				judge(t, client, string(out), append(also, "Verifying peer X.509 certificate... ok")...)
				judge(t, server, until(t, lines, "bytes written"))
			}
		})
	}
	t.Run("no server", func(t *testing.T) {
		out, err := command(t, filepath.Join(dir, "ssl_client1"), freePort(t)).CombinedOutput()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(string(out), "refused") {
			t.Errorf("%v:\n%s", err, out)
		}
	})
}
