package mbedtls

import (
	"crypto"
	"crypto/x509"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/harness"
)

// Config says how connections are made. It must not be changed once a connection has used it: what it then says is
// frozen in the library's own config, which all its connections share. Clone it to change it. A Config may serve
// clients and servers, and any number of goroutines.
//
// The zero value is a client's config that trusts the system's roots, and needs ServerName.
type Config struct {
	// Rand, Time, VerifyCertificate, Logger and the Get… closures are called from inside of the library: none may call a
	// method of the connection that it is called for.

	// Rand is where randomness comes from; nil is a CTR_DRBG seeded by the operating system, one for the process. It is
	// read by several connections at once. TLS 1.3 takes its key-exchange keys from PSA whatever Rand is
	// (mbedtls_ssl_conf_rng).
	Rand io.Reader

	// Time is the clock for the validity of certificates; nil is time.Now. Seconds matter. It is called by several
	// connections at once.
	Time func() time.Time

	// Certificates are this side's own chains with their keys. A server needs at least one, unless a closure, a PSK or
	// an EC J-PAKE password takes their place; with several, of different key types, the library picks what suits the
	// client. A client sends its first, whatever the server asks for.
	Certificates []Certificate

	// RootCAs are what a client trusts; nil is the system's roots (see [SystemCertPool]), or none if there is a PSK or
	// an ECJPAKEPassword.
	RootCAs *CertPool

	// ClientCAs are what a server trusts to sign client certificates. It must be set if ClientAuth verifies them.
	ClientCAs *CertPool

	// CRLs are revocation lists, each one in DER or any number in PEM. A certificate of the peer's chain that is on one
	// is refused; so is one whose issuer's list is expired or badly signed. A chain with no list passes
	// (mbedtls_ssl_conf_ca_chain).
	CRLs [][]byte

	// NextProtos are application protocols, in order of preference, of 1 to 255 bytes each. A server with protocols of
	// its own refuses a client that offers only others (mbedtls_ssl_conf_alpn_protocols, RFC 7301).
	NextProtos []string

	// ServerName is the host that a client wants: it is sent as SNI, and the certificate must be for it. At most 255
	// bytes. It may be an IP address (which the library then also sends as SNI). Dial fills it in.
	ServerName string

	// ClientAuth is what a server asks of clients; the zero value is nothing. Clients that a PSK or an EC J-PAKE
	// password authenticates are not asked.
	ClientAuth ClientAuthType

	// InsecureSkipVerify makes a client take any certificate for any host. What is wrong with it can still be read in
	// ConnectionState.VerifyFlags. VerifyCertificate and VerifyConnection are still called.
	InsecureSkipVerify bool

	// InsecureSkipHostname makes a client accept a trusted certificate for whatever host; ServerName is still sent as
	// SNI. Without it, and without a ServerName, a client's handshake fails with
	// ErrSSLCertificateVerificationWithoutHostname.
	InsecureSkipHostname bool

	// CertificateProfile says which hashes, key types, curves and key sizes the peer's chain may use; nil is
	// [ProfileDefault] (mbedtls_ssl_conf_cert_profile).
	CertificateProfile *CertificateProfile

	// VerifyCertificate is called for each certificate of the peer's chain, from the trust anchor at the highest depth
	// down to the peer's own at 0, with what the library found wrong with it. It returns the flags to go on with: it
	// may clear some, and add others (CertOther is for its own reasons). An error fails the handshake, and is found in
	// the error of Handshake by [errors.Is]. Of a certificate that package x509 cannot parse, only Raw is set. It runs
	// on the goroutine of the handshake, and is called by several connections at once; while it waits, it holds an OS
	// thread. It must not call into its connection (mbedtls_ssl_set_verify).
	VerifyCertificate func(cert *x509.Certificate, depth int, flags VerifyFlags) (VerifyFlags, error)

	// VerifyConnection is called once the handshake is complete, before any data is passed on. An error breaks the
	// connection with a bad_certificate alert, and is what Handshake returns. It is called by several connections at
	// once.
	VerifyConnection func(ConnectionState) error

	// CipherSuites are the suites for TLS 1.2 and TLS 1.3 alike, by IANA number, in order of preference; nil is the
	// preset's. A version that none of them is for is not offered (mbedtls_ssl_conf_ciphersuites).
	CipherSuites []uint16

	// Groups are for the key exchange, in order of preference; nil is the preset's (mbedtls_ssl_conf_groups).
	Groups []Group

	// SignatureAlgorithms are what this side signs with and accepts, in order of preference; nil is the preset's
	// (mbedtls_ssl_conf_sig_algs).
	SignatureAlgorithms []SignatureScheme

	// MinVersion and MaxVersion bound the protocol version; 0 is whatever the build has. DTLS has version 1.2 only, which
	// both VersionTLS12 and VersionDTLS12 stand for.
	MinVersion, MaxVersion uint16

	// Policy narrows what this Config allows, and is checked in each connection; nil is no policy. See [Policy]. Lists that
	// are not set here are the policy's.
	Policy Policy

	// Preset is where suites, groups, signature algorithms and the profile come from if they are not set above; the
	// zero value is [PresetDefault].
	Preset Preset

	// MaxFragmentLength makes a client ask for records of at most 512, 1024, 2048 or 4096 bytes of payload, both ways,
	// in TLS 1.2; a server sends no longer ones. 0 asks for nothing. A client must set MaxVersion to TLS 1.2, since in
	// TLS 1.3 the library refuses what servers make of the request; and Read fails with ErrSSLBadInputData if a server
	// ignores it, since the library counts on it (mbedtls_ssl_conf_max_frag_len, RFC 6066 section 4).
	//
	// The record size limit of RFC 8449, for TLS 1.3, has no setting: a build with MBEDTLS_SSL_RECORD_SIZE_LIMIT
	// announces its MBEDTLS_SSL_IN_CONTENT_LEN and keeps to what the peer announces.
	MaxFragmentLength int

	// DisableExtendedMasterSecret turns RFC 7627 off in TLS 1.2.
	DisableExtendedMasterSecret bool

	// DisableEncryptThenMAC turns RFC 7366 off in TLS 1.2.
	DisableEncryptThenMAC bool

	// LegacyRenegotiation says how a peer without RFC 5746 is treated in TLS 1.2; the zero value takes it, but never
	// renegotiates with it.
	LegacyRenegotiation LegacyRenegotiation

	// MinDHBits is the shortest Diffie-Hellman prime that a client takes in TLS 1.2; 0 is 1024
	// (mbedtls_ssl_conf_dhm_min_bitlen).
	MinDHBits int

	// DHParams are a server's Diffie-Hellman group in TLS 1.2; nil is the 2048-bit one of RFC 3526
	// (mbedtls_ssl_conf_dh_param_bin).
	DHParams *DHParams

	// OmitClientCAs makes a server leave the names of ClientCAs out of its CertificateRequest in TLS 1.2; in TLS 1.3 the
	// library never sends them (mbedtls_ssl_conf_cert_req_ca_list).
	OmitClientCAs bool

	// PreferClientCipherSuites makes a server follow the client's order of suites in TLS 1.2
	// (mbedtls_ssl_conf_preference_order).
	PreferClientCipherSuites bool

	// ReadTimeout bounds each wait for the peer, in the handshake and in Read; 0 is no bound. When it passes, the error
	// matches ErrSSLTimeout and [os.ErrDeadlineExceeded], and the connection stays usable
	// (mbedtls_ssl_conf_read_timeout). A deadline, if that is earlier, comes first. In a handshake of DTLS,
	// DTLS.HandshakeTimeoutMax takes its place.
	ReadTimeout time.Duration

	// GetConfigForClient and GetCertificate choose what a server authenticates this one handshake with, once the
	// ClientHello is parsed. An error ends the handshake, and is found in that of Handshake by [errors.Is]; the client
	// gets the alert unrecognized_name if the error matches ErrSSLUnrecognizedName, else internal_error. Both run on
	// the goroutine of the handshake, and are called by several connections at once; while they wait, they hold an OS
	// thread (mbedtls_ssl_conf_cert_cb).

	// GetConfigForClient returns the Config whose Certificates (if it has any), GetCertificate, ClientAuth, ClientCAs,
	// ClientCAHints and CRLs apply to this handshake; nothing else of it does. It may return the same one many times,
	// and should: that is then parsed once. nil is this Config. A server with it resumes no sessions: the library does
	// that before it asks, and the choice's demands on the client would not be met. GetCertificate has no such limit.
	GetConfigForClient func(*ClientHelloInfo) (*Config, error)

	// GetCertificate returns the one chain that the server may use; nil is the Certificates. It may return the same one
	// many times, and should. What it points to must not be changed.
	GetCertificate func(*ClientHelloInfo) (*Certificate, error)

	// ClientCAHints are the authorities that a server names in the CertificateRequest of TLS 1.2 in place of ClientCAs;
	// nil is ClientCAs (mbedtls_ssl_conf_dn_hints). Mbed TLS 3.6 names none in TLS 1.3.
	ClientCAHints *CertPool

	// GetTrustedCAs finds trust anchors in a store too large for a list: it is called for each certificate of the peer's
	// chain, and returns the trusted CAs that may have signed it, of which only Raw is looked at. Unlike with a list, a
	// self-signed certificate that is no CA cannot be trusted. RootCAs, ClientCAs
	// and CRLs must then not be set, and those of GetConfigForClient neither, since the library has no revocation lists
	// with it. Of a certificate that package x509 cannot parse, only Raw is set. An error ends the handshake, and is
	// found in that of Handshake. It runs on the goroutine of the handshake, and is called by several connections at
	// once; while it waits, it holds an OS thread (mbedtls_ssl_conf_ca_cb).
	GetTrustedCAs func(cert *x509.Certificate) ([]*x509.Certificate, error)

	// PSK is a pre-shared key: what a client offers, and the one that a server takes if GetPSK is not set. A server with
	// it needs no certificate. A client without RootCAs offers no other key exchange, and none that needs a certificate,
	// unless CipherSuites and TLS13KeyExchange say so (mbedtls_ssl_conf_psk).
	PSK *PSK

	// GetPSK finds the key of a client by its identity, for a server; nil, without an error, if there is none. In TLS 1.2
	// the client of an unknown identity gets the alert unknown_psk_identity; in TLS 1.3 the handshake goes on with the
	// client's next identity, or with certificates. An error ends the handshake with the alert internal_error, and is
	// found in that of Handshake. The result's Identity is not looked at. In TLS 1.3 GetPSK is also asked for session
	// tickets that this server cannot read, and again after HelloRetryRequest. It runs on the goroutine of the handshake,
	// and is called by several connections at once; while it waits, it holds an OS thread (mbedtls_ssl_conf_psk_cb).
	GetPSK func(identity string) (*PSK, error)

	// HideUnknownPSK makes a server go on with a random key for an identity that it does not know, so that the peer
	// sees what it sees with a wrong key: bad_record_mac in TLS 1.2, decrypt_error in TLS 1.3. How long GetPSK takes is
	// not hidden. In TLS 1.3 this also ends the handshake of a client that offers a session ticket which this server
	// cannot read, and would be content with a full handshake.
	HideUnknownPSK bool

	// TLS13KeyExchange says which key exchanges TLS 1.3 may use; 0 is all for which this side has credentials
	// (mbedtls_ssl_conf_tls13_key_exchange_modes).
	TLS13KeyExchange TLS13KeyExchange

	// ECJPAKEPassword authenticates both sides by a password that may be weak, of 1 to 1024 bytes, by EC J-PAKE (as
	// Thread uses it). The connection is then TLS 1.2, and if CipherSuites is not set,
	// TLS-ECJPAKE-WITH-AES-128-CCM-8; a CipherSuites must have that. A server then needs no certificate
	// (mbedtls_ssl_set_hs_ecjpake_password).
	ECJPAKEPassword []byte

	// ECJPAKEKeyID is ECJPAKEPassword in PSA's key store; 0 is none (mbedtls_ssl_set_hs_ecjpake_password_opaque).
	ECJPAKEKeyID KeyID

	// ClientSessionCache keeps a client's sessions, to resume them: later connections to the same server need no
	// certificates. A TLS 1.3 ticket is used once. nil resumes nothing by itself; see [Conn.Session]. A resumed
	// connection's server is the one whose certificate passed earlier: VerifyCertificate is not called, VerifyConnection
	// is.
	ClientSessionCache ClientSessionCache

	// SessionTicketsDisabled makes a client neither ask for tickets nor take them, and a server issue none
	// (mbedtls_ssl_conf_session_tickets, mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets).
	SessionTicketsDisabled bool

	// TicketKeys make a server issue tickets, and resume the sessions of those it gets; nil does neither. With TLS 1.3,
	// the library's tickets do not say who the client is: a server whose ClientAuth asks for certificates then neither
	// issues nor takes any. With TLS 1.2 they hold the client's own certificate: a server that verifies it does so again,
	// and if it needs intermediate certificates for that, there is a full handshake
	// (mbedtls_ssl_conf_session_tickets_cb).
	TicketKeys *TicketKeys

	// WriteTicket and ParseTicket take the place of TicketKeys. WriteTicket makes a ticket of a session, and tells how
	// long it may be used, in whole seconds, from 1 to 604800: session holds secrets, is valid only during the call, and
	// must be encrypted and authenticated. ParseTicket gives back the session; nil, for a ticket that it does not know or
	// take, leads to a full handshake, and so do errors that match ErrSSLInvalidMAC or ErrSSLSessionTicketExpired. Any
	// other error of either fails the handshake, and is found in the error of Handshake by [errors.Is]. Both are called
	// from inside of the library, by several connections at once; while they wait, they hold an OS thread. They must not
	// call into their connection (mbedtls_ssl_conf_session_tickets_cb).
	WriteTicket func(session []byte) (ticket []byte, lifetime time.Duration, err error)
	ParseTicket func(ticket []byte) (session []byte, err error)

	// NewSessionTickets is how many tickets a server sends after a full TLS 1.3 handshake, up to 65535; 0 is 1. After a
	// resumed one it sends one (mbedtls_ssl_conf_new_session_tickets).
	NewSessionTickets int

	// ServerSessionCache makes a server keep its TLS 1.2 sessions and resume them by their ids; nil does not. It may be a
	// [SessionCache] (mbedtls_ssl_conf_session_cache).
	ServerSessionCache ServerSessionCache

	// SessionStore takes the place of ClientSessionCache on a client, and of ServerSessionCache on a server; the one that it
	// replaces must not be set. It is called by several connections at once. While it waits, a server's handshake holds an
	// OS thread (mbedtls_ssl_conf_session_cache). nil is no store.
	SessionStore SessionStore

	// SessionStoreTimeout bounds how long a handshake waits for the SessionStore, all calls together; then it goes on as if
	// nothing had been found. Each call outside of a handshake is bounded by it, too: Read makes one when it comes across a
	// ticket. 0 is 500 ms.
	SessionStoreTimeout time.Duration

	// MaxEarlyData makes a server take early data of up to so many bytes with the TLS 1.3 tickets that it issues; 0 takes
	// none. Who reads it must be ready for the same data to come again: see [Conn.ReadEarlyData]. Read gives it out, too.
	// A client needs no setting for [Conn.WriteEarlyData] (mbedtls_ssl_conf_early_data,
	// mbedtls_ssl_conf_max_early_data_size).
	MaxEarlyData int

	// KeyLogWriter receives the secrets of all connections in the NSS key log format, with which programs such as
	// Wireshark decrypt what they capture; nil logs none. It gets one Write per line, never two at once in this
	// process. An error fails the handshake. It makes all connections unsafe: use it for debugging only
	// (mbedtls_ssl_set_export_keys_cb).
	KeyLogWriter io.Writer

	// ExportSecret receives each secret of a handshake, also of a renegotiation, as soon as that is known. It runs on
	// the goroutine that called the connection, and is called by several connections at once; while it waits, it holds
	// an OS thread. It must not call into its connection. An error fails the handshake with an internal_error alert,
	// and is found in the error of Handshake by [errors.Is]. nil is told nothing (mbedtls_ssl_set_export_keys_cb).
	ExportSecret func(Secret) error

	// AllowRenegotiation lets either end renegotiate in TLS 1.2: this one with Conn.Renegotiate, the peer by asking for
	// it or beginning it. false refuses the peer with a warning, which most peers take for the end. A server that
	// allows it lets clients make it work hard. Peers without RFC 5746 are refused, whatever LegacyRenegotiation lets
	// them do first, unless that is LegacyAllowRenegotiation. VerifyConnection is called again after each handshake,
	// and ConnectionState changes; it must then not call into its connection (mbedtls_ssl_conf_renegotiation).
	AllowRenegotiation bool

	// RenegotiationGrace is how many records the peer may still send when this end has asked for a renegotiation,
	// before it must honour that: else the connection breaks with ErrSSLUnexpectedMessage. 0 is 16;
	// RenegotiationAtOnce is none, and RenegotiationNotEnforced any number
	// (mbedtls_ssl_conf_renegotiation_enforced).
	RenegotiationGrace int

	// RenegotiationPeriod makes this end renegotiate after so many records of either direction; 0 is 2^48-1, which is
	// never. It needs MaxVersion TLS 1.2 (mbedtls_ssl_conf_renegotiation_period).
	RenegotiationPeriod uint64

	// Trace is told each state that a connection's first handshake reaches, as it reaches it, from HELLO_REQUEST to
	// HANDSHAKE_OVER. It runs on the goroutine of the handshake, is called by several connections at once, and may
	// ask its connection for no more than its addresses. nil costs nothing (mbedtls_ssl_handshake_step).
	Trace func(*Conn, HandshakeState)

	// Metrics is told of handshakes, alerts and traffic; nil costs nothing. It may be shared by Configs; see [Counters].
	Metrics Metrics

	// Logger receives the library's debug messages up to DebugLevel: 1 errors, 2 state changes, 3 information, 4
	// everything. Level 1 is logged as slog.LevelWarn, 2 as Info, 3 as Debug, 4 four below Debug. The attributes "file"
	// and "line" are the place in the C source, "level" is the library's. With level 0 there is silence, at no cost. Level 3
	// and 4 log key material. A Channel may have a Logger of its own. Failures of the SessionStore are logged whatever
	// DebugLevel is.
	Logger     *slog.Logger
	DebugLevel int

	// DTLS is for connections over datagrams.
	DTLS DTLSOptions

	// BufferMode says how long a connection has buffers; the zero value is BufferDynamic.
	BufferMode BufferMode

	// FreeHandshakeData is for a Config that serves one connection, such as a client's on a small board. Once its
	// handshake is complete, the library's form of RootCAs or ClientCAs, CRLs, Certificates and DHParams is freed, and
	// BufferDynamic keeps no buffers at hand for others. A *[PrivateKey] goes when it is closed, too. The price: a second
	// connection with the Config fails with ErrConfigUsed; the handshake cannot be repeated, so that AllowRenegotiation must be off, and a DTLS
	// client cannot begin anew on a server's connection. Tickets and sessions of the connection stay good: another
	// Config, such as a Clone, resumes them.
	FreeHandshakeData bool

	builds     [2][2]builtConfig // by end and transport
	ownCookies struct {
		once sync.Once
		keys *CookieKeys
		err  error
	}

	policy struct { // what Policy has said
		once  sync.Once
		rules *PolicyRules
	}

	hooks *harness.Hooks // of the interop programs; nil for everybody else

	chosen builtChoice // for GetConfigForClient
	certs  certCache   // for GetCertificate

	storeCalls storeCalls
}

// builtConfig is the library's form of a Config for one end, made when first needed.
type builtConfig struct {
	once sync.Once
	c    *cbridge.Config
	err  error
}

// Preset is a set of defaults.
type Preset int

// The presets of mbedtls_ssl_config_defaults.
const (
	PresetDefault Preset = Preset(cbridge.PresetDefault)
	PresetSuiteB  Preset = Preset(cbridge.PresetSuiteB) // RFC 6460: P-256, P-384, ECDSA, AES-GCM
)

// ClientAuthType is what a server asks of its clients.
type ClientAuthType int

// The types of crypto/tls.
const (
	NoClientCert               ClientAuthType = iota // ask for nothing
	RequestClientCert                                // ask; take any certificate, or none
	RequireAnyClientCert                             // take any certificate
	VerifyClientCertIfGiven                          // take none, or a trusted one
	RequireAndVerifyClientCert                       // take a trusted one
)

// LegacyRenegotiation is how a peer without secure renegotiation (RFC 5746) is treated.
type LegacyRenegotiation int

// The choices of mbedtls_ssl_conf_legacy_renegotiation.
const (
	LegacyNoRenegotiation    = LegacyRenegotiation(cbridge.LegacyNoRenegotiation)    // connect, do not renegotiate
	LegacyAllowRenegotiation = LegacyRenegotiation(cbridge.LegacyAllowRenegotiation) // insecure
	LegacyBreakHandshake     = LegacyRenegotiation(cbridge.LegacyBreakHandshake)     // refuse
)

// DHParams is a Diffie-Hellman group: a safe prime and a generator, big-endian.
type DHParams struct{ P, G []byte }

// CertificateProfile says what the certificates of a chain may use. What is not listed is refused.
type CertificateProfile struct {
	Hashes     []crypto.Hash             // of signatures
	PublicKeys []x509.PublicKeyAlgorithm // x509.RSA, x509.ECDSA
	Curves     []Group                   // of EC keys
	MinRSABits int

	builtin *cbridge.CertProfile
}

// The profiles of the library (mbedtls_x509_crt_profile_default, …_next, …_suiteb). They may not be changed; compose a
// CertificateProfile of your own instead.
var (
	ProfileDefault = &CertificateProfile{builtin: &cbridge.ProfileDefault}
	ProfileNext    = &CertificateProfile{builtin: &cbridge.ProfileNext}
	ProfileSuiteB  = &CertificateProfile{builtin: &cbridge.ProfileSuiteB}
)

// Clone returns a copy that has not been used yet.
func (c *Config) Clone() *Config {
	if c == nil {
		return nil
	}
	return &Config{
		Rand:                        c.Rand,
		Time:                        c.Time,
		Certificates:                c.Certificates,
		RootCAs:                     c.RootCAs,
		ClientCAs:                   c.ClientCAs,
		CRLs:                        c.CRLs,
		NextProtos:                  c.NextProtos,
		ServerName:                  c.ServerName,
		ClientAuth:                  c.ClientAuth,
		InsecureSkipVerify:          c.InsecureSkipVerify,
		InsecureSkipHostname:        c.InsecureSkipHostname,
		CertificateProfile:          c.CertificateProfile,
		VerifyCertificate:           c.VerifyCertificate,
		VerifyConnection:            c.VerifyConnection,
		CipherSuites:                c.CipherSuites,
		Groups:                      c.Groups,
		SignatureAlgorithms:         c.SignatureAlgorithms,
		MinVersion:                  c.MinVersion,
		MaxVersion:                  c.MaxVersion,
		Policy:                      c.Policy,
		Preset:                      c.Preset,
		MaxFragmentLength:           c.MaxFragmentLength,
		DisableExtendedMasterSecret: c.DisableExtendedMasterSecret,
		DisableEncryptThenMAC:       c.DisableEncryptThenMAC,
		LegacyRenegotiation:         c.LegacyRenegotiation,
		MinDHBits:                   c.MinDHBits,
		DHParams:                    c.DHParams,
		OmitClientCAs:               c.OmitClientCAs,
		PreferClientCipherSuites:    c.PreferClientCipherSuites,
		ReadTimeout:                 c.ReadTimeout,
		GetConfigForClient:          c.GetConfigForClient,
		GetCertificate:              c.GetCertificate,
		ClientCAHints:               c.ClientCAHints,
		GetTrustedCAs:               c.GetTrustedCAs,
		PSK:                         c.PSK,
		GetPSK:                      c.GetPSK,
		HideUnknownPSK:              c.HideUnknownPSK,
		TLS13KeyExchange:            c.TLS13KeyExchange,
		ECJPAKEPassword:             c.ECJPAKEPassword,
		ECJPAKEKeyID:                c.ECJPAKEKeyID,

		ClientSessionCache:     c.ClientSessionCache,
		SessionTicketsDisabled: c.SessionTicketsDisabled,
		TicketKeys:             c.TicketKeys,
		WriteTicket:            c.WriteTicket,
		ParseTicket:            c.ParseTicket,
		NewSessionTickets:      c.NewSessionTickets,
		ServerSessionCache:     c.ServerSessionCache,
		SessionStore:           c.SessionStore,
		SessionStoreTimeout:    c.SessionStoreTimeout,
		MaxEarlyData:           c.MaxEarlyData,
		KeyLogWriter:           c.KeyLogWriter,
		ExportSecret:           c.ExportSecret,
		AllowRenegotiation:     c.AllowRenegotiation,
		RenegotiationGrace:     c.RenegotiationGrace,
		RenegotiationPeriod:    c.RenegotiationPeriod,
		Trace:                  c.Trace,
		Metrics:                c.Metrics,
		Logger:                 c.Logger,
		DebugLevel:             c.DebugLevel,
		DTLS:                   c.DTLS,
		BufferMode:             c.BufferMode,
		FreeHandshakeData:      c.FreeHandshakeData,
		hooks:                  c.hooks,
	}
}

// Close frees the library's form of the Config once its last connection is closed, without waiting for the garbage
// collector, which else does it. A closed Config makes no new connections.
func (c *Config) Close() error {
	for end := range c.builds {
		for transport := range c.builds[end] {
			b := &c.builds[end][transport]
			b.once.Do(func() { b.err = errConfigClosed })
			if b.c != nil {
				b.c.Close()
			}
		}
	}
	c.ownCookies.once.Do(func() { c.ownCookies.err = errConfigClosed })
	if c.ownCookies.keys != nil {
		c.ownCookies.keys.Close()
	}
	c.chosen.close()
	c.certs.close()
	return nil
}

// Validate reports what a connection of that end over a stream would fail with over the Config: a [ConfigError] that
// names the field. It freezes the Config.
func (c *Config) Validate(server bool) error {
	_, err := c.built(server, cbridge.Stream)
	return err
}

// ValidateDTLS is Validate for a connection over datagrams.
func (c *Config) ValidateDTLS(server bool) error {
	_, err := c.built(server, cbridge.Datagram)
	return err
}

func (c *Config) built(server bool, transport cbridge.Transport) (*cbridge.Config, error) {
	b := &c.builds[0][transport]
	if server {
		b = &c.builds[1][transport]
	}
	b.once.Do(func() { b.c, b.err = c.build(server, transport) })
	return b.c, b.err
}
