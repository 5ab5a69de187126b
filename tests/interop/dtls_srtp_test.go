package interop_test

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pion/dtls/v3"

	"github.com/gombedtls/gombedtls/internal/badlink"
	"github.com/gombedtls/gombedtls/internal/peers"
	"github.com/gombedtls/gombedtls/internal/testpki"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Keying material of SRTP (RFC 5764 section 4.2): two keys of 16 bytes and two salts of 14.
const (
	srtpLabel     = "EXTRACTOR-dtls_srtp"
	srtpKeyingLen = 2 * (16 + 14)
)

// srtpCase is what both sides offer, and what comes of that.
type srtpCase struct {
	name    string
	ours    []mbedtls.SRTPProfile
	openssl string                       // of -use_srtp
	gnutls  string                       // of --srtp-profiles
	forced  int                          // of the C programs
	pion    []dtls.SRTPProtectionProfile // nil: none
	want    mbedtls.SRTPProfile          // 0: none
	mki     bool                         // of C programs and pion
}

var (
	srtp80 = mbedtls.SRTPAES128CMHMACSHA1_80
	srtp32 = mbedtls.SRTPAES128CMHMACSHA1_32
	mki    = []byte{0xab, 0xcd, 0x01}
)

var srtpCases = []srtpCase{
	{"one", []mbedtls.SRTPProfile{srtp80}, "SRTP_AES128_CM_SHA1_80", "SRTP_AES128_CM_HMAC_SHA1_80", 1,
		[]dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}, srtp80, false},
	{"the second of two", []mbedtls.SRTPProfile{srtp80, srtp32}, "SRTP_AES128_CM_SHA1_32", "SRTP_AES128_CM_HMAC_SHA1_32", 2,
		[]dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_32}, srtp32, false},
	{"with MKI", []mbedtls.SRTPProfile{srtp80, srtp32}, "", "", 1,
		[]dtls.SRTPProtectionProfile{dtls.SRTP_AES128_CM_HMAC_SHA1_80}, srtp80, true},
	{"not taken", []mbedtls.SRTPProfile{srtp80}, "", "", 0, nil, 0, false},
}

// options are for the peer; false if it has no such thing.
func (c srtpCase) options(p datagramPeer, server bool) (o datagramOptions, ok bool) {
	o.Size, o.Verbose = 1000, true
	o.pion.SRTP = c.pion
	used := c.want != 0
	switch p.name {
	case pionName:
		if c.mki {
			o.pion.More = append(o.pion.More, dtls.WithSRTPMasterKeyIdentifier(mki))
		}
		return o, used || !server // a server of pion's without SRTP refuses whoever offers it
	case peers.MbedTLS.Name:
		if used {
			o.Args = []string{"use_srtp=1", "srtp_force_profile=" + strconv.Itoa(c.forced)}
		}
		if c.mki && server {
			o.Args = append(o.Args, "support_mki=1")
		} else if c.mki {
			o.Args = append(o.Args, "mki="+hex.EncodeToString(mki))
		}
	case peers.OpenSSL.Name:
		o.Args = []string{"-keymatexport", srtpLabel, "-keymatexportlen", strconv.Itoa(srtpKeyingLen)}
		if used {
			o.Args = append(o.Args, "-use_srtp", c.openssl)
		}
		return o, !c.mki
	case peers.GnuTLS.Name:
		if used {
			o.Args = append(o.Args, "--srtp-profiles="+c.gnutls)
		}
		return o, !c.mki
	}
	return o, true
}

// configure sets our end.
func (c srtpCase) configure(o *mbedtls.DTLSOptions, server bool) {
	o.SRTPProfiles, o.AcceptSRTPMKI = c.ours, c.mki
	if c.mki && !server {
		o.SRTPMKI = mki
	}
}

// shownMaterial are the words in front of the material in the programs' outputs.
var shownMaterial = map[string]string{
	peers.OpenSSL.Name: "Keying material: %X",
	peers.MbedTLS.Name: "Keying material: %X",
}

// check compares what both ends have, after the exchange.
func (c srtpCase) check(t *testing.T, p datagramPeer, far farEnd, conn *mbedtls.Conn, material []byte) {
	t.Helper()
	st := conn.ConnectionState()
	wantMKI := []byte(nil)
	if c.mki {
		wantMKI = mki
	}
	if st.SRTPProfile != c.want {
		t.Errorf("%v, want %v", st.SRTPProfile, c.want)
	}
	if diff := cmp.Diff(wantMKI, st.SRTPMKI); diff != "" {
		t.Errorf("MKI (-want +got):\n%s", diff)
	}
	switch end := far.(type) {
	case *pionEnd:
		profile, ok := end.conn.SelectedSRTPProtectionProfile()
		if ok != (c.want != 0) || mbedtls.SRTPProfile(profile) != c.want {
			t.Errorf("pion has %v, %t", profile, ok)
		}
		if identifier, _ := end.conn.RemoteSRTPMasterKeyIdentifier(); string(identifier) != string(wantMKI) {
			t.Errorf("pion has the MKI %x", identifier)
		}
		state, ok := end.conn.ConnectionState()
		theirs, err := state.ExportKeyingMaterial(srtpLabel, nil, srtpKeyingLen)
		if diff := cmp.Diff(theirs, material); !ok || err != nil || diff != "" {
			t.Errorf("%v, keying material (-pion +ours):\n%s", err, diff)
		}
	case *peers.Peer:
		if format := shownMaterial[p.name]; format != "" && c.want != 0 {
			if err := end.Await(end.Stdout, fmt.Sprintf(format, material)); err != nil {
				t.Error(err)
			}
		}
		if p.name == peers.MbedTLS.Name && c.mki {
			if err := end.Await(end.Stdout, fmt.Sprintf("mki value: %X", mki)); err != nil {
				t.Error(err)
			}
		}
	}
}

// finish exchanges data and compares. The keys are read first: a closed connection has none.
func (c srtpCase) finish(t *testing.T, p datagramPeer, far farEnd, conn *mbedtls.Conn) {
	t.Helper()
	material, err := conn.ExportKeyingMaterial(srtpLabel, nil, srtpKeyingLen)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := far.Exchange(conn); err != nil {
		t.Fatal(err)
	}
	c.check(t, p, far, conn, material)
	goodbye(t, far, conn)
}

func TestDTLSSRTPKeysAreTheSameAsOfPeers(t *testing.T) {
	t.Parallel()
	for role, server := range roles {
		for _, p := range datagramPeers() {
			for _, c := range srtpCases {
				t.Run(role+"/"+p.name+"/"+c.name, func(t *testing.T) {
					t.Parallel()
					options, ok := c.options(p, !server)
					if !ok {
						t.Skip("it does not do that")
					}
					w := newWorld(t, testpki.P256)
					config := p.trusted(w, server, &options)
					c.configure(&config.DTLS, server)
					m := p.meet(w, server, config, options, badlink.Options{})
					c.finish(t, p, m.far, m.conn)
				})
			}
		}
	}
}
