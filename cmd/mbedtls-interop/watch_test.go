package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// sleeper starts sleep under another name, in the process group of pid, or in one of its own if that is 0.
func sleeper(t *testing.T, name string, group int) *exec.Cmd {
	t.Helper()
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(sleep)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), name)
	syscall.ForkLock.RLock() // a process that is being started would have the file open for writing
	err = os.WriteFile(file, program, 0o777)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), file, "1000")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: group}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestLonelyServersAreKilled(t *testing.T) {
	t.Parallel()
	server := sleeper(t, "ssl_server2", 0)
	group := server.Process.Pid
	client := sleeper(t, "ssl_client2", group)
	other := sleeper(t, "ssl_server2", 0) // of another group
	now := time.Now()
	long := map[int]time.Time{group: now.Add(-2 * lonely)}

	if alone := killLonely(processes(group), long, now); len(alone) != 0 {
		t.Errorf("alone beside a client: %v", alone)
	}
	if err := client.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = client.Wait()
	if alone := killLonely(processes(group), nil, now); len(alone) != 1 || alone[group] != now {
		t.Errorf("alone since %v, not %v", alone, now)
	}
	if err := server.Process.Signal(syscall.Signal(0)); err != nil {
		t.Errorf("a server that is alone for no time is gone: %v", err)
	}
	killLonely(processes(group), long, now)
	if err := server.Wait(); server.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		t.Errorf("the lonely server ended by %v", err)
	}
	if err := other.Process.Kill(); err != nil {
		t.Errorf("the other group's server is gone: %v", err)
	}
	_ = other.Wait()
}

// TestPorts is not parallel: processes that other tests start would have copies of its sockets for a moment.
func TestPorts(t *testing.T) {
	p := new(ports)
	port, err := p.take()
	if err != nil {
		t.Fatal(err)
	}
	if p.takeThis(port) {
		t.Error("a port was taken twice")
	}
	p.release(port)
	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if p.takeThis(port) {
		t.Error("a port was taken that a UDP socket has")
	}
	udp.Close()
	tcp, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port})
	if err != nil {
		t.Fatal(err)
	}
	if p.takeThis(port) {
		t.Error("a port was taken that a TCP socket has")
	}
	tcp.Close()
	if !p.takeThis(port) {
		t.Error("a free port was not taken")
	}
}

func TestPortIsFreeWhileProcessesStart(t *testing.T) {
	exec.Command("true").Run() // the first one checks what the system can, by a process that ForkLock does not know of
	ctx, cancel := context.WithCancel(t.Context())
	var starting sync.WaitGroup
	starting.Go(func() {
		for ctx.Err() == nil {
			exec.Command("true").Run()
		}
	})
	defer starting.Wait()
	defer cancel()

	p := new(ports)
	for range 3000 {
		port, err := p.take()
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatalf("a port that is not free was taken: %v", err)
		}
		listener.Close()
	}
}
