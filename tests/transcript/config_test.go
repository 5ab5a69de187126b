package transcript

import (
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// dataFile is a file of upstream's test data, in place.
func dataFile(name string) string {
	path, err := filepath.Abs(filepath.Join("../../third_party/mbedtls/src/framework/data_files", name))
	if err != nil {
		panic(err)
	}
	return path
}

// world is what lasts through a session.
type world struct {
	session *session
	now     func() time.Time
	rng     [2]*prng // client, server
	certs   map[*endpoint][]mbedtls.Certificate
	tickets []*mbedtls.TicketKeys
	cookies *mbedtls.CookieKeys
	cache   *mbedtls.SessionCache
	configs map[*endpoint]*mbedtls.Config
	kept    *mbedtls.Session
	lines   []string
}

// epoch is when each session begins: 2025-07-01.
var epoch = time.UnixMilli(1751328000000)

// clock tells the time of a session that begins now.
func clock() func() time.Time {
	began := time.Now()
	return func() time.Time { return epoch.Add(time.Since(began)) }
}

func (w *world) note(line string) { w.lines = append(w.lines, line) }

// newWorld loads what is in files before the entropy begins: that uses up random numbers.
func newWorld(s *session, now func() time.Time) (*world, error) {
	w := &world{session: s, now: now, configs: map[*endpoint]*mbedtls.Config{},
		certs: map[*endpoint][]mbedtls.Certificate{}}
	for _, e := range s.endpoints() {
		for _, p := range e.certs {
			c, err := mbedtls.LoadX509KeyPair(dataFile(p.cert), dataFile(p.key))
			if err != nil {
				return w, err
			}
			w.certs[e] = append(w.certs[e], c)
		}
	}
	w.rng = [2]*prng{newPRNG(s.name + "/client"), newPRNG(s.name + "/server")}
	entropy := newPRNG(s.name + "/entropy")
	if err := cbridge.SetEntropy(func(p []byte) { entropy.Read(p) }); err != nil {
		return w, err
	}
	for range s.ticketKeys() {
		k, err := mbedtls.NewTicketKeys(mbedtls.TicketAES256GCM, ticketLifetime)
		if err != nil {
			return w, err
		}
		w.tickets = append(w.tickets, k)
	}
	var err error
	if s.cookies() {
		if w.cookies, err = mbedtls.NewCookieKeys(0, 0); err != nil {
			return w, err
		}
	}
	if s.caches() {
		w.cache, err = mbedtls.NewSessionCache(0, 0)
	}
	return w, err
}

func (w *world) close() {
	if w.kept != nil {
		w.kept.Close()
	}
	for _, c := range w.configs {
		c.Close()
	}
	for _, certs := range w.certs {
		for _, c := range certs {
			c.PrivateKey.(*mbedtls.PrivateKey).Close()
		}
	}
	for _, k := range w.tickets {
		k.Close()
	}
	if w.cookies != nil {
		w.cookies.Close()
	}
	if w.cache != nil {
		w.cache.Close()
	}
}

var profiles = map[string]*mbedtls.CertificateProfile{
	"": nil, "next": mbedtls.ProfileNext, "suiteb": mbedtls.ProfileSuiteB,
}

// config is an end's Config, which its connections share.
func (w *world) config(e *endpoint, server bool) (*mbedtls.Config, error) {
	if c := w.configs[e]; c != nil {
		return c, nil
	}
	which := 0
	if server {
		which = 1
	}
	c := &mbedtls.Config{
		Rand:                        w.rng[which],
		Time:                        w.now,
		Certificates:                w.certs[e],
		NextProtos:                  e.alpn,
		ServerName:                  e.name,
		ClientAuth:                  e.auth,
		InsecureSkipVerify:          e.skipVerify,
		CertificateProfile:          profiles[e.profile],
		CipherSuites:                e.suites,
		Groups:                      e.groups,
		SignatureAlgorithms:         e.sigAlgs,
		MinVersion:                  e.versions[0],
		MaxVersion:                  e.versions[1],
		MaxFragmentLength:           e.mfl,
		DisableExtendedMasterSecret: e.noEMS,
		DisableEncryptThenMAC:       e.noETM,
		LegacyRenegotiation:         e.legacy,
		MinDHBits:                   e.minDH,
		OmitClientCAs:               e.noCAList,
		PreferClientCipherSuites:    e.clientOrder,
		TLS13KeyExchange:            e.kex,
		ECJPAKEPassword:             []byte(e.ecjpake),
		SessionTicketsDisabled:      e.noTickets,
		NewSessionTickets:           e.newTickets,
		MaxEarlyData:                e.maxEarly,
		AllowRenegotiation:          e.renegotiate,
		RenegotiationGrace:          e.grace,
		RenegotiationPeriod:         e.period,
		DTLS: mbedtls.DTLSOptions{
			HandshakeTimeoutMin:       e.timeoutMin,
			HandshakeTimeoutMax:       e.timeoutMax,
			MTU:                       e.mtu,
			DisablePacking:            e.noPacking,
			InsecureDisableAntiReplay: e.noReplay,
			BadMACLimit:               e.badMAC,
			SRTPProfiles:              e.srtp,
			SRTPMKI:                   []byte(e.mki),
			AcceptSRTPMKI:             e.acceptMKI,
			InsecureDisableCookies:    e.noCookies || !cbridge.Feature("MBEDTLS_SSL_COOKIE_C"),
		},
	}
	if e.ecjpake == "" {
		c.ECJPAKEPassword = nil
	}
	if e.psk != "" {
		c.PSK = &mbedtls.PSK{Identity: e.pskID, Key: []byte(e.psk)}
	}
	if server && e.tickets > 0 {
		c.TicketKeys = w.tickets[e.tickets-1]
	}
	if server && e.cache {
		c.ServerSessionCache = w.cache
	}
	if server && !e.noCookies {
		c.DTLS.Cookies = w.cookies
	}
	if id := e.cid; id != nil {
		c.DTLS.ConnectionID = &mbedtls.ConnectionID{Length: len(*id), FailUnexpected: e.failCID,
			Generate: func() ([]byte, error) { return []byte(*id), nil }}
	}
	if e.onlyName != "" {
		c.GetCertificate = func(hello *mbedtls.ClientHelloInfo) (*mbedtls.Certificate, error) {
			if hello.ServerName != e.onlyName {
				return nil, mbedtls.ErrSSLUnrecognizedName
			}
			return nil, nil
		}
	}
	if err := e.readFiles(c, server); err != nil {
		return nil, err
	}
	w.configs[e] = c
	if w.session.datagram {
		return c, c.ValidateDTLS(server)
	}
	return c, c.Validate(server)
}

func (e *endpoint) readFiles(c *mbedtls.Config, server bool) error {
	if e.ca != "" {
		data, err := os.ReadFile(dataFile(e.ca))
		if err != nil {
			return err
		}
		pool := mbedtls.NewCertPool()
		if _, err := pool.AppendCertsFromPEM(data); err != nil {
			return err
		}
		if server {
			c.ClientCAs = pool
		} else {
			c.RootCAs = pool
		}
	}
	if e.crl != "" {
		data, err := os.ReadFile(dataFile(e.crl))
		if err != nil {
			return err
		}
		c.CRLs = [][]byte{data}
	}
	if e.dh != "" {
		data, err := os.ReadFile(dataFile(e.dh))
		if err != nil {
			return err
		}
		block, _ := pem.Decode(data)
		if block == nil {
			return errors.New(e.dh + " is not in PEM")
		}
		var group struct {
			P, G *big.Int
			Bits int `asn1:"optional"`
		}
		if _, err := asn1.Unmarshal(block.Bytes, &group); err != nil {
			return err
		}
		c.DHParams = &mbedtls.DHParams{P: group.P.Bytes(), G: group.G.Bytes()}
	}
	return nil
}
