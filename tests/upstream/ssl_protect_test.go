package upstream

import (
	"bytes"
	"strings"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Protection of records. Upstream calls internal functions with keys of its own; here are connections with a suite that has
// the cipher, if one has.
func init() {
	register("ssl", functions{"ssl_crypt_record": cryptRecord}, unmapped{
		"ssl_crypt_record_small": "gives an internal function buffers that are too small",
	})
}

const suitesOfPSK = "TLS-PSK-"

// findSuite is the name of one that an RSA key, or a PSK, is enough for. The hash is that of the MAC: an AEAD has none.
func findSuite(t *suites.T, cipherType cbridge.CipherType, md cbridge.MDType, shortTag bool, version int) string {
	cipher, ok := cipherType.Info()
	mac, ok2 := md.Info()
	if !ok || !ok2 {
		t.Fatalf("no cipher %d, or no hash %d", cipherType, md)
	}
	hasMAC := cipher.Name == "NULL" || strings.HasSuffix(cipher.Name, "-CBC")
	for _, id := range cbridge.Ciphersuites() {
		s, _ := cbridge.SuiteByID(id)
		ofVersion := int(s.MinVersion) <= version && version <= int(s.MaxVersion)
		if !ofVersion || s.Cipher != cipher.Name || s.ShortTag != shortTag || hasMAC && s.MAC != mac.Name {
			continue
		}
		for _, exchange := range []string{"TLS1-3-", suitesOfPSK, "TLS-RSA-WITH-", "TLS-ECDHE-RSA-"} {
			if strings.HasPrefix(s.Name, exchange) {
				return s.Name
			}
		}
	}
	t.Skip("no suite of TLS has such a cipher, with such a hash")
	return ""
}

// withSuite runs f with two ends that did no handshake yet, but will do one with the suite.
func withSuite(t *suites.T, o options, suite string, encryptThenMAC bool, f func(client, server *endpoint)) {
	client, server := newPair(t, o, 17000)
	defer client.close()
	defer server.close()
	for _, e := range []*endpoint{client, server} {
		e.force(suite)
		if strings.HasPrefix(suite, suitesOfPSK) {
			e.must("SetPSK", e.conf.SetPSK(bytes.Repeat([]byte{1}, 16), []byte("foo")))
		}
		if encryptThenMAC || cbridge.Feature("MBEDTLS_SSL_ENCRYPT_THEN_MAC") {
			e.must("SetEncryptThenMAC", e.conf.SetEncryptThenMAC(encryptThenMAC))
		}
	}
	f(client, server)
}

func cryptRecord(t *suites.T, cipherType cbridge.CipherType, md cbridge.MDType, encryptThenMAC, shortTag, version int,
	clientCID, serverCID int) {
	suite := findSuite(t, cipherType, md, shortTag != 0, version)
	o := ofVersion(version)
	o.dtls = clientCID+serverCID > 0
	withSuite(t, o, suite, encryptThenMAC != 0, func(client, server *endpoint) {
		if o.dtls {
			client.setCID(clientCID, 0xC1)
			server.setCID(serverCID, 0x5E)
		}
		client.mustMove(stateOver, server)
		server.mustMove(stateOver, client)
		t.Equal("suite", cbridge.CiphersuiteName(server.ssl.Ciphersuite()), suite)
		for i := 15; i >= 0; i-- {
			from, to := client, server
			if i%3 == 0 {
				from, to = server, client
			}
			sendRecord(from, to, bytes.Repeat([]byte{42}, 1+i))
		}
	})
}

// setCID has the peer's records bear an id of so many bytes.
func (e *endpoint) setCID(n int, id byte) {
	e.must("SetCID", e.conf.SetCID(n, true))
	e.must("SetCID", e.ssl.SetCID(true, bytes.Repeat([]byte{id}, n)))
}

// sendRecord looks at a record on its way, too.
func sendRecord(from, to *endpoint, data []byte) {
	t := from.t
	n, err := from.ssl.Write(data)
	from.must("Write", err)
	t.Equal("written", n, len(data))
	const recordCID = 25
	typ := byte(recordData)
	if id, _ := from.ssl.PeerCID(); len(id) > 0 {
		typ = recordCID // with the true type inside
		t.Equal("connection ID", to.in.buf[dtlsHeaderLen-2:][:len(id)], id)
	}
	t.Equal("type", to.in.buf[0], typ)
	got := make([]byte, len(data)+1)
	n, err = to.ssl.Read(got)
	to.must("Read", err)
	t.Equal("data", got[:n], data)
}
