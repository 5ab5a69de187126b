package mbedtls

import (
	"crypto/x509"

	"github.com/gombedtls/gombedtls/cbridge"
)

// ConnectionState is what a handshake settled.
type ConnectionState struct {
	Version              uint16 // VersionTLS12, VersionTLS13 or VersionDTLS12
	HandshakeComplete    bool
	CipherSuite          uint16 // by IANA number; CipherSuiteName has its name
	Group                Group  // of the key exchange; 0 if it has none
	NegotiatedProtocol   string // by ALPN; "" if none
	ServerName           string // what the client asked for
	DidResume            bool   // an earlier session was resumed
	ExtendedMasterSecret bool   // RFC 7627; always true in TLS 1.3

	// PSKIdentity is that of the pre-shared key that authenticated this handshake, on either side; "" if none did, as in
	// a resumed session.
	PSKIdentity string

	// PeerCertificatesDER is the peer's chain as it was sent, leaf first.
	PeerCertificatesDER [][]byte

	// PeerCertificates is the same chain, parsed. Of a certificate that package x509 cannot parse, only Raw is set.
	PeerCertificates []*x509.Certificate

	// VerifyFlags is what is wrong with the peer's chain: not 0 only where the Config lets that pass. CertSkipVerify
	// says that a server did not ask for one.
	VerifyFlags VerifyFlags

	// EarlyData is what became of the data that a client sent before the handshake, and EarlyDataLen how much that was,
	// in bytes.
	EarlyData    EarlyDataStatus
	EarlyDataLen int

	// OwnConnectionID is what the peer puts into its records for this end, and PeerConnectionID what this end puts into
	// its own; nil if connection IDs are not in use, empty if that one is.
	OwnConnectionID, PeerConnectionID []byte

	// SRTPProfile is what DTLS-SRTP settled; 0 if it is not in use. SRTPMKI is the master key identifier, or nil.
	SRTPProfile SRTPProfile
	SRTPMKI     []byte

	// Accelerated says that the cipher of the records was Go's assembly when the handshake was complete, and not the
	// library's C; see SetAcceleration.
	Accelerated bool

	// RecordExpansion is how many bytes a record adds to its payload at most. MaxOutPayload and MaxInPayload are the
	// largest payloads of records that are sent and received, in bytes.
	RecordExpansion, MaxOutPayload, MaxInPayload int
}

// parsed returns a copy with the chain parsed.
func (st ConnectionState) parsed() ConnectionState {
	for _, der := range st.PeerCertificatesDER {
		st.PeerCertificates = append(st.PeerCertificates, parseCertificate(der))
	}
	return st
}

// readState asks the library; the handshake must be complete.
func readState(s *cbridge.SSL, serverName string) *ConnectionState {
	suite, _ := cbridge.SuiteByID(s.Ciphersuite())
	return &ConnectionState{
		Version:              s.Version(),
		HandshakeComplete:    true,
		CipherSuite:          s.Ciphersuite(),
		Group:                Group(s.Group()),
		NegotiatedProtocol:   s.ALPN(),
		ServerName:           serverName,
		DidResume:            s.Resumed(),
		ExtendedMasterSecret: s.ExtendedMasterSecret(),
		PeerCertificatesDER:  s.PeerCertificates(),
		VerifyFlags:          VerifyFlags(s.VerifyResult()),
		Accelerated:          cbridge.Acceleration()&suite.Accel != 0,
		RecordExpansion:      s.RecordExpansion(),
		MaxOutPayload:        s.MaxOutPayload(),
		MaxInPayload:         s.MaxInPayload(),
	}
}
