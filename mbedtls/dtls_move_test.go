package mbedtls

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/gombedtls/gombedtls/internal/emulator"
)

const (
	moveRole   = "GOMBEDTLS_TEST_MOVE" // of a process of the next test
	moveSocket = 3                     // its file descriptors
	moveSaved  = 4
)

// A server's connection moves from one process to another while its client goes on sending, and not one record is lost:
// the socket, which both processes have, keeps what comes meanwhile.
func TestDTLSConnectionMovesBetweenProcesses(t *testing.T) {
	switch os.Getenv(moveRole) {
	case "saver":
		saver(t)
		return
	case "resumer":
		resumer(t)
		return
	}
	pc, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	if err := pc.SetReadBuffer(defaultReadBuffer); err != nil {
		t.Fatal(err)
	}
	socket, err := pc.File()
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	savedIn, savedOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer savedIn.Close()
	defer savedOut.Close()

	first := startMover(t, "saver", socket, savedOut)
	savedOut.Close() // the saver's is the last one
	client := movingConfig()
	defer client.Close()
	c, err := DialDTLS("udp", pc.LocalAddr().String(), client)
	if err != nil {
		t.Fatal(errors.Join(err, first.end()))
	}
	defer c.Close()

	const before, during, after = 100, 100, 100 // no more at once than a socket's buffer holds
	echoed := make(chan int, before+during+after)
	var reader sync.WaitGroup
	reader.Go(func() {
		defer close(echoed)
		buf := make([]byte, 100)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			var number int
			if _, err := fmt.Sscan(string(buf[:n]), &number); err != nil {
				t.Errorf("an answer that is no number: %q", buf[:n])
				return
			}
			echoed <- number
		}
	})
	defer func() { c.Close(); reader.Wait() }()
	got := map[int]int{}
	sent := 0
	send := func(n int) {
		for range n {
			sent++
			if _, err := fmt.Fprint(c, sent); err != nil {
				t.Fatal(err)
			}
		}
	}
	await := func() {
		t.Helper()
		deadline := time.After(20 * time.Second)
		for len(got) < sent {
			select {
			case n, ok := <-echoed:
				if !ok {
					t.Fatalf("the connection has ended after %d of %d answers", len(got), sent)
				}
				got[n]++
			case <-deadline:
				t.Fatalf("%d of %d records were answered", len(got), sent)
			}
		}
	}
	send(before)
	await() // so that the saver serves
	stopped := make(chan error, 1)
	go func() { stopped <- first.end() }()
	for ended := false; !ended; { // under traffic, but no more than the socket holds
		select {
		case err := <-stopped:
			if err != nil {
				t.Fatal(err)
			}
			ended = true
		case <-time.After(100 * time.Microsecond):
			if sent < before+during {
				send(1)
			}
		}
	}
	send(before + during - sent)
	second := startMover(t, "resumer", socket, savedIn)
	send(after)
	await()
	for n, times := range got {
		if times != 1 {
			t.Errorf("record %d was answered %d times", n, times)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if err := second.end(); err != nil {
		t.Error(err)
	}
}

// movingConfig is for both ends.
func movingConfig() *Config {
	return &Config{
		PSK:          &PSK{Identity: "mover", Key: []byte("0123456789abcdef")},
		CipherSuites: []uint16{0xC0A8}, // TLS-PSK-WITH-AES-128-CCM-8: only an AEAD can be saved
		DTLS:         DTLSOptions{ConnectionID: &ConnectionID{Length: 8}},
	}
}

// mover is a process of the test above.
type mover struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *lockedBuffer
}

type lockedBuffer struct {
	mu   sync.Mutex
	data []byte
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.data = append(b.data, p...)
	return len(p), nil
}

func startMover(t *testing.T, role string, files ...*os.File) *mover {
	t.Helper()
	m := &mover{cmd: emulator.Command(os.Args[0], "-test.run=^"+t.Name()+"$"), out: new(lockedBuffer)}
	m.cmd.Env = append(os.Environ(), moveRole+"="+role)
	m.cmd.ExtraFiles = files
	m.cmd.Stdout, m.cmd.Stderr = m.out, m.out
	var err error
	if m.stdin, err = m.cmd.StdinPipe(); err == nil {
		err = m.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.end(); t.Failed() { // the first one counts
			t.Logf("%s: %v\n%s", role, err, m.out.data)
		}
	})
	return m
}

// end asks the process to end, and waits for that.
func (m *mover) end() error {
	if err := m.stdin.Close(); err != nil {
		return err
	}
	if err := m.cmd.Wait(); err != nil {
		return fmt.Errorf("%w\n%s", err, m.out.data)
	}
	return nil
}

// moverListener is on the socket that the process has inherited.
func moverListener(t *testing.T, saved ...[]byte) *DTLSListener {
	t.Helper()
	f := os.NewFile(moveSocket, "socket")
	pc, err := net.FilePacketConn(f)
	f.Close()
	if err != nil {
		t.Fatal(err)
	}
	config := movingConfig()
	t.Cleanup(func() { config.Close() })
	l, err := (&DTLSListenConfig{MaxQueued: 1000, Saved: saved}).New(pc, config) // so that none is lost in there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// asked calls stop when the parent wants the process to end.
func asked(stop func()) {
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadByte() // until the parent closes it
		stop()
	}()
}

// saver serves until it is asked to end, and then saves its connection.
func saver(t *testing.T) {
	l := moverListener(t)
	c, err := accept(l)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	asked(func() { c.SetReadDeadline(time.Unix(1, 0)) })
	if err := echoRecords(c); !isTimeout(err) {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	saved, err := c.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	out := os.NewFile(moveSaved, "saved")
	defer out.Close()
	if _, err := out.Write(saved); err != nil {
		t.Fatal(err)
	}
}

// resumer goes on with what the saver has written, until the client ends the connection.
func resumer(t *testing.T) {
	in := os.NewFile(moveSaved, "saved")
	saved, err := io.ReadAll(in)
	in.Close()
	if err != nil {
		t.Fatal(err)
	}
	c, err := moverListener(t, saved).Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := echoRecords(c); err != nil {
		t.Fatal(err)
	}
}
