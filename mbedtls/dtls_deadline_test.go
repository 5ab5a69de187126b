package mbedtls

import (
	"testing"
	"time"
)

func TestDTLSConnLeavesNoTimerBehind(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	l := listenDTLS(t, new(DTLSListenConfig), server)
	_, s := dialDTLS(t, l, client)
	running := func() bool {
		d := s.peer.readDeadline
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.timer != nil
	}
	if err := s.SetDeadline(time.Now().Add(time.Hour)); err != nil || !running() {
		t.Fatalf("%v, timer %t", err, running())
	}
	if err := s.Close(); err != nil || running() {
		t.Errorf("after Close: %v, timer %t", err, running())
	}
	_ = s.SetDeadline(time.Now().Add(time.Hour)) // whatever it says
	if running() {
		t.Error("SetDeadline after Close starts a timer")
	}
}

func TestDTLSListenerIgnoresAnOldDeadline(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	pc := socketOf(t)
	if err := pc.SetDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	l, err := NewDTLSListener(pc, server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	dialDTLS(t, l, client)
}
