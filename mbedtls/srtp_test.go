package mbedtls

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDTLSSRTPKeysAreTheSameOnBothEnds(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.SRTPProfiles = []SRTPProfile{SRTPAES128CMHMACSHA1_32, SRTPAES128CMHMACSHA1_80}
	client.DTLS.SRTPMKI = []byte("mki")
	server.DTLS.SRTPProfiles = []SRTPProfile{SRTPAES128CMHMACSHA1_80}
	server.DTLS.AcceptSRTPMKI = true
	c, s := connectedDTLS(t, client, server)
	var keys [2]SRTPKeys
	for i, conn := range []*Conn{c, s} {
		st := conn.ConnectionState()
		if st.SRTPProfile != SRTPAES128CMHMACSHA1_80 || string(st.SRTPMKI) != "mki" {
			t.Errorf("negotiated %v, MKI %q", st.SRTPProfile, st.SRTPMKI)
		}
		var err error
		if keys[i], err = conn.SRTPKeys(); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(keys[0], keys[1]); diff != "" {
		t.Error(diff)
	}
	k := keys[0]
	if len(k.ClientKey) != 16 || len(k.ServerKey) != 16 || len(k.ClientSalt) != 14 || len(k.ServerSalt) != 14 ||
		cmp.Equal(k.ClientKey, k.ServerKey) || cmp.Equal(k.ClientSalt, k.ServerSalt) {
		t.Errorf("%x", k)
	}
}

func TestDTLSSRTPIsOffUnlessBothEndsWantIt(t *testing.T) {
	t.Parallel()
	client, server := configs(t)
	client.DTLS.SRTPProfiles = []SRTPProfile{SRTPAES128CMHMACSHA1_80}
	c, s := connectedDTLS(t, client, server)
	for _, conn := range []*Conn{c, s} {
		if st := conn.ConnectionState(); st.SRTPProfile != 0 || st.SRTPMKI != nil {
			t.Errorf("negotiated %v, MKI %q", st.SRTPProfile, st.SRTPMKI)
		}
		if _, err := conn.SRTPKeys(); !errors.Is(err, errNoSRTP) {
			t.Errorf("SRTPKeys: %v", err)
		}
	}
}
