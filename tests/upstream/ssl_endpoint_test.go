package upstream

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
	"github.com/gombedtls/gombedtls/internal/testcreds"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
)

// The suites of the TLS layer set up two ends of a connection in memory, and go on with either one step at a time. That is
// the raw form of the API, in cbridge: package mbedtls drives the same calls.

// Steps of a handshake (mbedtls_ssl_states).
const (
	stateHelloRequest           = 0
	stateClientHello            = cbridge.StateClientHello
	stateServerHello            = 2
	stateServerKeyExchange      = 4
	stateCertificateRequest     = 5
	stateServerHelloDone        = 6
	stateClientCertificate      = 7
	stateClientKeyExchange      = 8
	stateClientFinished         = 11
	stateServerFinished         = 13
	stateFlushBuffers           = 14
	stateWrapup                 = 15
	stateHelloRetryRequest      = 18
	stateEncryptedExtensions    = 19
	stateEndOfEarlyData         = 20
	stateCCSAfterServerFinished = 22
	stateCCSBeforeSecondHello   = 23
	stateCCSAfterClientHello    = 25
	stateOver                   = 27
)

// Kinds of keys (mbedtls_pk_type_t), and IANA's numbers of groups.
const (
	pkRSA   = 1
	pkECDSA = 4

	groupP256, groupP384, groupX25519 = 23, 24, 29
)

// wire is one direction of a connection: bytes, or datagrams.
type wire struct {
	buf       []byte
	capacity  int
	datagrams []int // their lengths
	datagram  bool
}

// maxDatagrams is how many may wait.
const maxDatagrams = 100

func (w *wire) send(p []byte) (int, error) {
	if w.datagram {
		if len(w.datagrams) == maxDatagrams {
			return 0, cbridge.ErrSSLWantWrite
		}
		if len(w.buf)+len(p) > w.capacity {
			return 0, errors.New("the wire is full")
		}
		w.datagrams = append(w.datagrams, len(p))
	} else if len(w.buf) == w.capacity {
		return 0, cbridge.ErrSSLWantWrite
	}
	n := min(len(p), w.capacity-len(w.buf))
	w.buf = append(w.buf, p[:n]...)
	return n, nil
}

// recv drops what of a datagram does not fit.
func (w *wire) recv(p []byte) (int, error) {
	if len(w.buf) == 0 {
		return 0, cbridge.ErrSSLWantRead
	}
	if !w.datagram {
		n := copy(p, w.buf)
		w.buf = w.buf[n:]
		return n, nil
	}
	datagram := w.buf[:w.datagrams[0]]
	w.buf, w.datagrams = w.buf[len(datagram):], w.datagrams[1:]
	return copy(p, datagram), nil
}

// logPattern counts the messages of the library that hold a text.
type logPattern struct {
	text  string
	level int
	count int
}

// options are those of a handshake; see defaults.
type options struct {
	cipher                                     string // of the client; "": any
	groups                                     []uint16
	clientMin, clientMax, serverMin, serverMax int                    // versions; 0: the library's
	version                                    int                    // what is to be negotiated; 0: nothing can be
	result                                     int                    // code of the client's handshake
	suite                                      int                    // what is to be negotiated; 0: any
	pk                                         int                    // of certificates
	opaque                                     *cbridge.PSAAttributes // the policy of keys in PSA's store; nil: they are not there
	psk                                        []byte
	dtls                                       bool
	serverAuth                                 cbridge.AuthMode
	serialize                                  bool
	mfl                                        int
	clientLen, serverLen                       int // of messages
	clientFragments, serverFragments           int
	renegotiate                                bool
	legacy                                     cbridge.Legacy
	resize                                     bool
	earlyData                                  bool
	maxEarlyData                               int // -1: the library's
	alpn                                       []string
	clientLog, serverLog                       *logPattern
	badMACLimit                                uint
	afterData                                  func(client, server *endpoint)
}

func defaults() options {
	return options{
		version: cbridge.TLS13, pk: pkRSA, serverAuth: cbridge.VerifyNone, clientLen: 100, serverLen: 100,
		clientFragments: 1, serverFragments: 1, legacy: cbridge.LegacyNoRenegotiation, maxEarlyData: -1,
	}
}

// endpoint is one end of a connection.
type endpoint struct {
	t       *suites.T
	end     cbridge.Endpoint
	conf    *cbridge.Config
	ssl     *cbridge.SSL
	in, out *wire
	closers []func() error
	secrets int // how many handshakes agreed on any
	traffic map[cbridge.SecretType][]byte
}

// close frees what there is.
func (e *endpoint) close() {
	if e.ssl != nil {
		e.closers = append(e.closers, e.ssl.Close)
	}
	for i := len(e.closers) - 1; i >= 0; i-- {
		_ = e.closers[i]()
	}
}

func (e *endpoint) owns(closer func() error) { e.closers = append(e.closers, closer) }

func (e *endpoint) must(what string, err error) { expect(e.t, what, err, 0) }

// newEndpoint makes an end with the certificates of upstream's tests. The caller connects and closes it.
func newEndpoint(t *suites.T, end cbridge.Endpoint, o options) *endpoint {
	option := map[cbridge.Endpoint]string{cbridge.Client: "MBEDTLS_SSL_CLI_C", cbridge.Server: "MBEDTLS_SSL_SRV_C"}[end]
	if !cbridge.Feature(option) {
		t.Skip("the build lacks " + option)
	}
	e := &endpoint{t: t, end: end, traffic: map[cbridge.SecretType][]byte{}}
	done := false
	defer func() {
		if !done {
			e.close()
		}
	}()
	transport := cbridge.Stream
	if o.dtls {
		transport = cbridge.Datagram
	}
	var err error
	e.conf, err = cbridge.NewConfig(end, transport, cbridge.PresetDefault)
	e.must("NewConfig", err)
	e.owns(e.conf.Close)
	t.Equal("user data of a new Config", e.conf.UserDataN(), uintptr(0))
	userData := uintptr(rand.Uint64())
	e.must("SetUserDataN", e.conf.SetUserDataN(userData))

	lowest, highest, log := o.clientMin, o.clientMax, o.clientLog
	if end == cbridge.Server {
		lowest, highest, log = o.serverMin, o.serverMax, o.serverLog
	}
	e.setVersions(lowest, highest)
	if o.groups != nil {
		e.must("SetGroups", e.conf.SetGroups(o.groups))
	}
	e.must("SetAuthMode", e.conf.SetAuthMode(cbridge.VerifyRequired))
	if o.earlyData {
		size := o.maxEarlyData
		if size < 0 {
			expansion, _ := cbridge.QueryConfig("MBEDTLS_SSL_MAX_EARLY_DATA_SIZE")
			size, err = strconv.Atoi(expansion)
			e.must("MBEDTLS_SSL_MAX_EARLY_DATA_SIZE", err)
		}
		e.must("SetEarlyData", e.conf.SetEarlyData(uint32(size)))
	}
	if o.alpn != nil {
		e.must("SetALPN", e.conf.SetALPN(o.alpn))
	}
	if end == cbridge.Server {
		e.must("SetUnguarded", e.conf.SetUnguarded())
		if o.dtls {
			e.must("SetNoCookies", e.conf.SetNoCookies())
		}
		e.setCache()
	}
	if log != nil {
		e.must("SetDebug", e.conf.SetDebug(log.level, func(_ int, _ string, _ int, text string) {
			if strings.Contains(text, log.text) {
				log.count++
			}
		}))
	}
	if o.resize {
		e.must("SetBufferMode", e.conf.SetBufferMode(cbridge.BuffersStatic))
	}
	if o.badMACLimit > 0 {
		e.must("SetBadMACLimit", e.conf.SetBadMACLimit(o.badMACLimit))
	}
	e.setCertificates(o)
	e.setUp()
	t.Equal("user data of a new SSL", e.ssl.UserDataN(), uintptr(0))
	e.must("SetUserDataN", e.ssl.SetUserDataN(userData))
	if end == cbridge.Client {
		e.must("SetHostname", e.ssl.SetHostname("localhost"))
	}
	t.Equal("user data of the Config", e.conf.UserDataN(), userData)
	t.Equal("user data of the SSL", e.ssl.UserDataN(), userData)
	done = true
	return e
}

// setUp makes the SSL.
func (e *endpoint) setUp() {
	var err error
	e.ssl, err = cbridge.NewSSL(e.conf)
	e.must("NewSSL", err)
	e.must("SetBIO", e.ssl.SetBIO(cbridge.BIO{
		Send: func(p []byte) (int, error) { return e.out.send(p) },
		Recv: func(p []byte) (int, error) { return e.in.recv(p) },
	}))
	e.must("SetExportKeys", e.ssl.SetExportKeys(func(typ cbridge.SecretType, secret, _, _ []byte, _ cbridge.PRF) error {
		e.traffic[typ] = bytes.Clone(secret)
		if typ == cbridge.SecretTLS12Master || typ == cbridge.SecretClientApplication {
			e.secrets++
		}
		return nil
	}))
}

// setVersions sets the bounds that are not 0.
func (e *endpoint) setVersions(lowest, highest int) {
	least, most := e.conf.Versions()
	if lowest == 0 {
		lowest = int(least)
	}
	if highest == 0 {
		highest = int(most)
	}
	if lowest != int(least) || highest != int(most) {
		e.must("SetVersions", e.conf.SetVersions(lowest, highest))
	}
}

// setCache gives a server the library's cache, as it is unless it is changed.
func (e *endpoint) setCache() {
	if !cbridge.Feature("MBEDTLS_SSL_CACHE_C") {
		return
	}
	const entries, timeout = 50, 86400 * time.Second
	cache, err := cbridge.NewSessionCache(entries, timeout)
	e.must("NewSessionCache", err)
	e.owns(cache.Close)
	e.t.Equal("timeout of the cache", cache.Timeout(), timeout)
	e.must("SetSessionCache", e.conf.SetSessionCache(cache))
}

func (e *endpoint) setCertificates(o options) {
	identity := map[bool]map[cbridge.Endpoint]testcreds.Identity{
		true:  {cbridge.Server: testcreds.ServerRSA, cbridge.Client: testcreds.ClientRSA},
		false: {cbridge.Server: testcreds.ServerEC, cbridge.Client: testcreds.ClientEC},
	}[o.pk == pkRSA][e.end]
	chain, secret, err := identity.Load()
	e.must("the certificate", err)
	anchors, err := testcreds.CAsByStrength()
	e.must("the trust anchors", err)
	cas, own := e.parse(anchors...), e.parse(chain)
	key, err := cbridge.ParseKey(secret, nil)
	e.must("ParseKey", err)
	e.owns(key.Close)
	if o.opaque != nil {
		key = e.opaque(key, *o.opaque)
	}
	e.must("SetCAs", e.conf.SetCAs(cas, nil))
	e.must("AddOwnCert", e.conf.AddOwnCert(own, key))
}

// opaque makes a key that stands for a copy in PSA's store, with this policy.
func (e *endpoint) opaque(key *cbridge.PK, policy cbridge.PSAAttributes) *cbridge.PK {
	a, err := key.PSAAttributes(uint32(psa.UsageSignHash))
	e.must("PSAAttributes", err)
	a.Algorithm, a.EnrollmentAlgorithm, a.Usage = policy.Algorithm, policy.EnrollmentAlgorithm, policy.Usage
	stored, err := key.ImportIntoPSA(a)
	e.must("ImportIntoPSA", err)
	e.owns(stored.Close)
	pk, err := stored.PK()
	e.must("PK", err)
	e.owns(pk.Close)
	return pk
}

func (e *endpoint) parse(certificates ...[]byte) *cbridge.Crt {
	crt, err := cbridge.NewCrt()
	e.must("NewCrt", err)
	e.owns(crt.Close)
	for _, der := range certificates {
		skipped, err := crt.Parse(der)
		e.must("Parse", err)
		e.t.Equal("certificates that cannot be parsed", skipped, 0)
	}
	return crt
}

// connect puts wires of this capacity between two ends.
func connect(a, b *endpoint, capacity int) {
	datagram := a.conf.Transport() == cbridge.Datagram
	a.out = &wire{capacity: capacity, datagram: datagram}
	b.out = &wire{capacity: capacity, datagram: datagram}
	a.in, b.in = b.out, a.out
}

// newPair makes two ends, and connects them. The caller closes them.
func newPair(t *suites.T, o options, capacity int) (client, server *endpoint) {
	return newPairOf(t, o, o, capacity)
}

// newPairOf is newPair where the ends' options differ.
func newPairOf(t *suites.T, ofClient, ofServer options, capacity int) (client, server *endpoint) {
	client = newEndpoint(t, cbridge.Client, ofClient)
	done := false
	defer func() {
		if !done {
			client.close()
		}
	}()
	server = newEndpoint(t, cbridge.Server, ofServer)
	done = true
	connect(client, server, capacity)
	return client, server
}

// wants reports whether a call is to be made again.
func wants(err error) bool {
	return errors.Is(err, cbridge.ErrSSLWantRead) || errors.Is(err, cbridge.ErrSSLWantWrite)
}

// expect is [suites.T.Code], also for what a call is to be made again after: such a code comes without more.
func expect(t *suites.T, what string, err error, want int) {
	if code, ok := err.(cbridge.Code); ok {
		err = &cbridge.Error{Code: code}
	}
	t.Code(what, err, want)
}

// moveTo goes on with the handshakes of both ends until e's is at a step. It returns what the last step of e's returned;
// the first error ends it.
func (e *endpoint) moveTo(state int, other *endpoint) (err error) {
	for steps := 0; e.ssl.State() != state; steps++ {
		if steps == 1000 {
			return errors.New("1000 steps do not get there")
		}
		if !other.ssl.HandshakeOver() {
			if err := other.ssl.HandshakeStep(); err != nil && !wants(err) {
				return err
			}
		}
		if err = e.ssl.HandshakeStep(); err != nil && !wants(err) {
			return err
		}
	}
	return err
}

// mustMove is moveTo that succeeds, and ends without a wish.
func (e *endpoint) mustMove(state int, other *endpoint) {
	e.must("on the way to "+cbridge.StateName(state), e.moveTo(state, other))
}
