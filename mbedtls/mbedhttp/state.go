package mbedhttp

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// The protocols of ALPN.
const (
	protoHTTP1 = "http/1.1"
	protoHTTP2 = "h2"
)

// tlsState says in the terms of crypto/tls what a handshake has settled.
func tlsState(st mbedtls.ConnectionState) *tls.ConnectionState {
	return &tls.ConnectionState{
		Version:            st.Version,
		HandshakeComplete:  st.HandshakeComplete,
		DidResume:          st.DidResume,
		CipherSuite:        st.CipherSuite,
		CurveID:            tls.CurveID(st.Group),
		NegotiatedProtocol: st.NegotiatedProtocol,
		//lint:ignore SA1019 always true
		NegotiatedProtocolIsMutual: true,
		ServerName:                 st.ServerName,
		PeerCertificates:           st.PeerCertificates,
	}
}

// ForbiddenSuiteError is the error of a connection whose peer negotiated HTTP/2 together with a suite that HTTP/2
// forbids.
type ForbiddenSuiteError struct {
	CipherSuite uint16 // by IANA number
}

// Error names the suite.
func (e *ForbiddenSuiteError) Error() string {
	name := mbedtls.CipherSuiteName(e.CipherSuite)
	return fmt.Sprintf("mbedhttp: HTTP/2 forbids the suite %s (RFC 9113, section 9.2.2)", name)
}

// checkSuite ends a connection that is not fit for HTTP/2.
func checkSuite(c *mbedtls.Conn, st mbedtls.ConnectionState) error {
	if st.NegotiatedProtocol != protoHTTP2 || !forbidden(st.CipherSuite) {
		return nil
	}
	_ = c.SendAlert(mbedtls.AlertFatal, mbedtls.AlertInsufficientSecurity) // the verdict counts
	return &ForbiddenSuiteError{st.CipherSuite}
}

// ephemeral are the key exchanges of TLS 1.2 that make new keys for each connection.
var ephemeral = map[mbedtls.KeyExchange]bool{
	mbedtls.KeyExchangeDHERSA: true, mbedtls.KeyExchangeECDHERSA: true, mbedtls.KeyExchangeECDHEECDSA: true,
	mbedtls.KeyExchangeDHEPSK: true, mbedtls.KeyExchangeECDHEPSK: true, mbedtls.KeyExchangeECJPAKE: true,
}

// forbidden tells of the suites of RFC 9113, appendix A, and of younger ones that are like them: those of TLS 1.2 without
// an ephemeral key exchange, or without an AEAD cipher.
func forbidden(id uint16) bool {
	info, ok := mbedtls.CipherSuiteByID(id)
	if !ok || info.MinVersion >= mbedtls.VersionTLS13 {
		return false
	}
	aead := slices.ContainsFunc([]string{"-GCM-", "-CCM", "-POLY1305-"}, func(mode string) bool {
		return strings.Contains(info.Name, mode)
	})
	return !ephemeral[info.KeyExchange] || !aead
}

// withDefaults is config with what it does not set: protos for ALPN, and the suites that HTTP/2 forbids behind the
// others.
func withDefaults(config *mbedtls.Config, protos []string) *mbedtls.Config {
	if config == nil {
		config = new(mbedtls.Config)
	}
	config = config.Clone()
	if config.NextProtos == nil {
		config.NextProtos = protos
	}
	certificates := config.PSK == nil && config.GetPSK == nil && config.ECJPAKEPassword == nil && config.ECJPAKEKeyID == 0
	if config.CipherSuites == nil && config.Preset == mbedtls.PresetDefault && certificates &&
		slices.Contains(config.NextProtos, protoHTTP2) {
		config.CipherSuites = fitFirst()
	}
	return config
}

// fitFirst lists the suites of this build, first those that are fit for HTTP/2.
func fitFirst() []uint16 {
	suites := mbedtls.CipherSuites()
	rank := func(id uint16) int {
		if forbidden(id) {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(suites, func(a, b uint16) int { return rank(a) - rank(b) })
	return suites
}

// offered is what p says is offered in ALPN, in order of preference.
func offered(p *http.Protocols) (protos []string) {
	if p == nil || p.HTTP2() {
		protos = append(protos, protoHTTP2)
	}
	if p == nil || p.HTTP1() {
		protos = append(protos, protoHTTP1)
	}
	return protos
}
