package testprogram

import (
	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// ReportHandshake prints what a handshake settled, up to ALPN.
func (p *Program) ReportHandshake(conn *mbedtls.Conn) {
	st := conn.ConnectionState()
	suite, _ := cbridge.SuiteByID(st.CipherSuite)
	p.Output.Printf(" ok\n    [ Protocol is %s ]\n    [ Ciphersuite is %s ]\n    [ Key size is %d ]\n",
		harness.Context(conn).VersionName(), mbedtls.CipherSuiteName(st.CipherSuite), suite.KeyBits)
	if st.RecordExpansion >= 0 {
		p.Output.Printf("    [ Record expansion is %d ]\n", st.RecordExpansion)
	} else {
		p.Output.Printf("    [ Record expansion is unknown ]\n")
	}
	p.Output.Printf("    [ Maximum incoming record payload length is %d ]\n    [ Maximum outgoing record payload length is %d ]\n",
		st.MaxInPayload, st.MaxOutPayload)
	if len(p.ALPN) > 0 {
		protocol := st.NegotiatedProtocol
		if protocol == "" {
			protocol = "(none)"
		}
		p.Output.Printf("    [ Application Layer Protocol is %s ]\n", protocol)
	}
}

// ReportFailure says why a handshake failed.
func (p *Program) ReportFailure(conn *mbedtls.Conn, err error) {
	code := Code(err)
	p.Output.Printf(" failed\n  ! mbedtls_ssl_handshake returned %s\n", Hex(code))
	if s := harness.Context(conn); s != nil && (code == mbedtls.ErrX509CertVerifyFailed || code == mbedtls.ErrSSLBadCertificate) {
		p.Output.Printf("    The peer's certificate cannot be verified: see ca_file, ca_path and auth_mode.\n%s",
			VerifyInfo(mbedtls.VerifyFlags(s.VerifyResult())))
	}
	p.Output.Printf("\n")
}

// ReportVerification prints what is wrong with the peer's certificate.
func (p *Program) ReportVerification(conn *mbedtls.Conn) {
	p.Output.Printf("  . Verifying peer X.509 certificate...")
	if flags := harness.Context(conn).VerifyResult(); flags != 0 {
		p.Output.Printf(" failed\n%s\n", VerifyInfo(mbedtls.VerifyFlags(flags)))
	} else {
		p.Output.Printf(" ok\n")
	}
}

// ReportCID prints which connection ID is in use; when says since when.
func (p *Program) ReportCID(conn *mbedtls.Conn, when string) {
	if !p.DTLS {
		return
	}
	id := conn.ConnectionState().PeerConnectionID
	switch {
	case id != nil:
		p.Output.Printf("(%s) Use of Connection ID has been negotiated.\n(%s) Peer CID (length %d Bytes): % x \n", when, when, len(id), id)
	case p.CID && p.Server:
		p.Output.Printf("(%s) Use of Connection ID was not offered by client.\n", when)
	case p.CID:
		p.Output.Printf("(%s) Use of Connection ID was rejected by the server.\n", when)
	}
}

// PrepareRenegotiation sets the connection ID that a renegotiation asks for.
func (p *Program) PrepareRenegotiation(conn *mbedtls.Conn) error {
	if !p.DTLS || !p.CID && !p.cidRenego() {
		return nil
	}
	return harness.Context(conn).SetCID(p.cidRenego(), p.CIDValueRenego)
}
