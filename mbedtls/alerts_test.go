package mbedtls

import (
	"errors"
	"io"
	"net"
	"testing"
)

func TestSendAlert(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		client, server := configs(t)
		client.MinVersion, client.MaxVersion = version, version
		c, s := connected(t, client, server)
		if version == VersionTLS12 { // a warning is no end
			if err := c.SendAlert(AlertWarning, AlertUserCanceled); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Write([]byte("data")); err != nil {
				t.Fatal(err)
			}
			if n, err := s.Read(make([]byte, 10)); n != 4 || err != nil {
				t.Fatal(n, err)
			}
		}
		if err := c.SendAlert(AlertFatal, AlertAccessDenied); err != nil {
			t.Fatal(err)
		}
		_, err := s.Read(make([]byte, 10))
		mustBe(t, "the peer's Read", err, ErrSSLFatalAlertMessage)
		mustBe(t, "the peer's Read", err, AlertAccessDenied)
		for range 2 {
			_, err = c.Write([]byte("x"))
			mustBe(t, "Write", err, ErrAlertSent)
			_, err = c.Read(make([]byte, 1))
			mustBe(t, "Read", err, ErrAlertSent)
			mustBe(t, "SendAlert", c.SendAlert(AlertFatal, AlertInternalError), ErrAlertSent)
		}
		c.Close()
		mustBe(t, "SendAlert after Close", c.SendAlert(AlertFatal, AlertInternalError), net.ErrClosed)
	})
}

func TestSendAlertArguments(t *testing.T) {
	client, server := configs(t)
	c, s := connected(t, client, server)
	for _, a := range []struct {
		level AlertLevel
		alert AlertError
	}{{0, AlertInternalError}, {3, AlertInternalError}, {AlertWarning, AlertCloseNotify}, {AlertFatal, AlertCloseNotify}} {
		if err := c.SendAlert(a.level, a.alert); err == nil {
			t.Errorf("SendAlert(%v, %v) succeeds", a.level, uint8(a.alert))
		}
	}
	go io.Copy(s, s)
	if err := echoed(c, 10); err != nil {
		t.Errorf("the connection is broken: %v", err)
	}
	if AlertFatal.String() != "fatal" || AlertWarning.String() != "warning" || AlertLevel(9).String() != "AlertLevel(9)" ||
		AlertUnknownCA.Name() != "unknown CA" || AlertError(99).Name() != "unknown" {
		t.Error("names are wrong")
	}
}

// An end without close_notify is no io.EOF, whatever came before it; with it, it is, also for the half that still writes.
func TestTruncationIsNotTheEnd(t *testing.T) {
	versions(t, func(t *testing.T, version uint16) {
		for _, orderly := range []bool{true, false} {
			client, server := configs(t)
			client.MinVersion, client.MaxVersion = version, version
			c, s := connected(t, client, server)
			if _, err := c.Write([]byte("data")); err != nil {
				t.Fatal(err)
			}
			want := io.ErrUnexpectedEOF
			if orderly {
				want = nil // of ReadAll, which takes io.EOF for success
				if err := c.CloseWrite(); err != nil {
					t.Fatal(err)
				}
			} else if err := c.NetConn().(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(s)
			if string(got) != "data" || !errors.Is(err, want) {
				t.Errorf("orderly %t: read %q, %v", orderly, got, err)
			}
			if !orderly {
				continue
			}
			if _, err := s.Write([]byte("back")); err != nil {
				t.Fatal(err)
			}
			if n, err := c.Read(make([]byte, 10)); n != 4 || err != nil {
				t.Errorf("after CloseWrite: %d, %v", n, err)
			}
		}
	})
}
