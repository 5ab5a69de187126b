package testprogram

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// Options are those of ssl_client2 and ssl_server2. A nil pointer leaves the matter to the library.
type Options struct {
	Server bool // which of the two this is

	// The network.
	ServerName, ServerAddr, ServerPort string
	DTLS                               bool
	NBIO, Event                        int
	ReadTimeout                        time.Duration

	// Output.
	DebugLevel int

	// The exchange of data.
	RequestPage               string
	RequestSize, ResponseSize *int
	BufferSize                int
	Exchanges, MaxResend      int
	SkipCloseNotify           bool

	// Versions and algorithms.
	MinVersion, MaxVersion uint16 // 0: the library's choice
	Ciphersuite            uint16 // 0: all
	KexModes               int
	Groups                 string
	SigAlgs                *string
	AllowSHA1              bool
	ALPN                   []string
	MaxFragLen             int
	ExtendedMS, ETM        bool
	DHMLen                 int // 0: the library's
	DHMFile                string
	ECMaxOps               *int

	// Authentication.
	AuthMode                   cbridge.AuthMode
	SetHostname                string
	CAFile, CAPath             string
	CACallback, ContextCrtCB   bool
	CertReqCAList              int
	Own                        [2]KeyPair // a client has one
	KeyOpaque                  bool
	SNI                        string
	PSK, PSKIdentity, PSKList  string
	PSKOpaque, PSKListOpaque   bool
	ECJPAKEPassword            *string
	ECJPAKEOpaque              bool
	AsyncOperations            string
	AsyncDelay                 [2]int // below 0: not asynchronous
	AsyncError                 int
	Renegotiation              bool
	AllowLegacy                mbedtls.LegacyRenegotiation
	Renegotiate                int
	RenegoDelay                *int
	RenegoPeriod               uint64
	Tickets                    int
	NewSessionTickets          bool // of a client
	DummyTicket                int
	TicketRotate               bool
	TicketTimeout              int
	TicketAEAD                 mbedtls.TicketCipher
	CacheMax, CacheTimeout     int
	CacheRemove                bool
	Reconnect, RecoMode        int
	RecoServerName             *string
	RecoDelay                  time.Duration
	ReconnectHard              bool
	EarlyData                  bool
	MaxEarlyDataSize           uint32
	Cookies                    int
	AntiReplay                 bool
	HSTimeoutMin, HSTimeoutMax time.Duration
	MTU                        *int
	BadMACLimit                int // 0: none
	DgramPacking               bool
	CID                        bool
	CIDRenego                  *bool
	CIDVal                     string
	CIDValRenego               *string
	Serialize                  int
	ContextFile                string
	EAPTLS, NSSKeylog          bool
	NSSKeylogFile              string
	ExpLabel                   *string
	ExpLen                     int
	UseSRTP                    bool
	SRTPProfile                int // 0: all
	MKI                        string
	SupportMKI                 bool
	Reproducible               bool

	out io.Writer
}

// Network is what the connections run over.
func (o *Options) Network() string {
	if o.DTLS {
		return "udp"
	}
	return "tcp"
}

// KeyPair is where a certificate and its key are.
type KeyPair struct {
	CrtFile, KeyFile, KeyPwd string
	OpaqueAlgs               [2]string
}

// defaults of the programs, which are not the library's.
func defaults(isServer bool) *Options {
	authMode := cbridge.VerifyRequired
	if isServer {
		authMode = cbridge.VerifyNone
	}
	return &Options{
		Server: isServer, AuthMode: authMode, ServerName: "localhost", ServerPort: "4433", RequestPage: "/", BufferSize: 200, Exchanges: 1, Groups: "default",
		KexModes: cbridge.KexPSK | cbridge.KexPSKEphemeral | cbridge.KexEphemeral, SetHostname: "server_name", CertReqCAList: 1,
		PSKIdentity: "Client_identity", AsyncOperations: "-", AsyncDelay: [2]int{-1, -1}, Tickets: 1, TicketTimeout: 86400,
		TicketAEAD: mbedtls.TicketAES256GCM, CacheMax: 50, CacheTimeout: 86400, MaxEarlyDataSize: 1024, ExtendedMS: true, ETM: true,
		AntiReplay: true, RecoMode: 1, Cookies: 1, DgramPacking: true, ExpLen: 20,
		Own: [2]KeyPair{{OpaqueAlgs: [2]string{"none", "none"}}, {OpaqueAlgs: [2]string{"none", "none"}}},
	}
}

// maxInt bounds what has no bound of its own.
const maxInt = 1<<31 - 1

// table is what the programs' command lines may say.
func (o *Options) table() []group {
	maxRenegotiate, minExchanges := 2, 1
	if o.Server {
		maxRenegotiate, minExchanges = 1, 0
	}
	return []group{
		{"network", []option{
			{"server_addr", both, text(&o.ServerAddr), "address to connect to, or to listen on; default: server_name, or all"},
			{"server_port", both, text(&o.ServerPort), "default: 4433"},
			{"server_name", client, text(&o.ServerName), "name of the server, for SNI and its certificate; default: localhost"},
			{"dtls", both, boolean(&o.DTLS), "1: DTLS over UDP; default: 0, TLS over TCP"},
			{"nbio", both, number(&o.NBIO, 0, 2), "0: blocking I/O, 1: non-blocking, 2: with delays; default: 0.\nGo's runtime polls the socket in each case"},
			{"event", both, number(&o.Event, 0, 2), "1: wait for the socket by events, implies nbio=1; default: 0"},
			{"read_timeout", both, milliseconds(&o.ReadTimeout), "milliseconds to wait for the peer; default: 0, no bound"},
		}},
		{"output", []option{
			{"debug_level", both, number(&o.DebugLevel, 0, 65535), "of the library's messages, up to 4; default: 0, none"},
			{"build_version", both, o.printVersion, "1: print the library's version and stop"},
			{"query_config", both, o.queryConfig, "print the expansion of a configuration macro; status 1 if it is not defined"},
			{"reproducible", both, func(string) error { o.Reproducible = true; return nil }, "randomness from a fixed seed, and a fixed time"},
			{"nss_keylog", both, boolean(&o.NSSKeylog), "1: print the secrets of TLS 1.2 in the NSS key log format"},
			{"nss_keylog_file", both, text(&o.NSSKeylogFile), "file that nss_keylog also appends to"},
			{"eap_tls", both, boolean(&o.EAPTLS), "1: print EAP-TLS key material (TLS 1.2); not with nss_keylog"},
			{"exp_label", both, optional(&o.ExpLabel, text), "print keying material exported for this label"},
			{"exp_len", both, number(&o.ExpLen, -maxInt, maxInt), "length of that in bytes; default: 20"},
		}},
		{"data", []option{
			{"request_page", client, text(&o.RequestPage), "page to ask for; default: /"},
			{"request_size", client, optionalNumber(&o.RequestSize, 0, maxRequest), fmt.Sprintf("pad or cut the request to so many bytes, at most %d; default: its natural length", maxRequest)},
			{"response_size", server, o.setResponseSize, fmt.Sprintf("pad or cut the response to so many bytes, at most %d; default: its natural length", cbridge.MaxOutContent)},
			{"buffer_size", server, number(&o.BufferSize, 1, 1<<16-1), "bytes to read at once; default: 200"},
			{"exchanges", both, number(&o.Exchanges, minExchanges, maxInt), "how many requests are answered on a connection; default: 1"},
			{"max_resend", client, number(&o.MaxResend, 0, maxInt), "how often a request over UDP is sent again after read_timeout; default: 0"},
			{"skip_close_notify", client, boolean(&o.SkipCloseNotify), "1: end without close_notify"},
		}},
		{"versions and algorithms", []option{
			{"min_version", both, oneOf(&o.MinVersion, versions), "tls12, dtls12 or tls13"},
			{"max_version", both, oneOf(&o.MaxVersion, versions), "tls12, dtls12 or tls13"},
			{"force_version", both, o.forceVersion, "tls12, dtls12 or tls13 (dtls12: also sets dtls=1)"},
			{"force_ciphersuite", both, o.forceCiphersuite, "the one suite to use, by the library's name; default: all"},
			{"tls13_kex_modes", both, oneOf(&o.KexModes, kexModes), "psk, psk_ephemeral, ephemeral, ephemeral_all, psk_all, all or psk_or_ephemeral; default: all"},
			{"groups", both, text(&o.Groups), "comma-separated names, \"default\", or \"none\" for an empty list"},
			{"sig_algs", both, optional(&o.SigAlgs, text), "comma-separated names, such as ecdsa_secp256r1_sha256"},
			{"allow_sha1", both, boolean(&o.AllowSHA1), "1: certificates and handshakes signed with SHA-1; default: 0"},
			{"alpn", both, list(&o.ALPN), "comma-separated protocols, such as spdy/1,http/1.1"},
			{"max_frag_len", both, oneOf(&o.MaxFragLen, map[string]int{"512": 512, "1024": 1024, "2048": 2048, "4096": 4096}), "512, 1024, 2048 or 4096"},
			{"extended_ms", both, boolean(&o.ExtendedMS), "0: no extended master secret"},
			{"etm", both, boolean(&o.ETM), "0: no encrypt-then-MAC"},
			{"dhmlen", client, number(&o.DHMLen, 0, maxInt), "shortest Diffie-Hellman prime in bits"},
			{"dhm_file", server, text(&o.DHMFile), "file with Diffie-Hellman parameters in PEM"},
			{"ec_max_ops", client, optionalNumber(&o.ECMaxOps, -maxInt, maxInt), "bound on curve operations of one step; 0: none"},
			{"trunc_hmac", both, boolean(new(bool)), "without effect: the library has no truncated HMAC any more"},
			{"recsplit", client, boolean(new(bool)), "without effect: the library has no TLS 1.0 any more"},
		}},
		{"certificates", []option{
			{"auth_mode", both, oneOf(&o.AuthMode, AuthModes), "none, optional or required; default: required by a client, none by a server"},
			{"set_hostname", client, oneOf(&o.SetHostname, map[string]string{"no": "no", "server_name": "server_name", "NULL": "NULL"}), "no, server_name or NULL: what name to expect; default: server_name"},
			{"ca_file", both, text(&o.CAFile), "trusted CAs; none: nothing; default: built in"},
			{"ca_path", both, text(&o.CAPath), "folder of trusted CAs, in place of ca_file; none: nothing"},
			{"ca_callback", both, nonzero(&o.CACallback), "1: the CAs are found by a closure"},
			{"context_crt_cb", client, boolean(&o.ContextCrtCB), "1: the closure that verifies is the context's, not the config's"},
			{"cert_req_ca_list", server, number(&o.CertReqCAList, 0, 3), "0: do not name CAs to the client, 2: the config's hints,\n3: the handshake's hints; default: 1"},
			{"crt_file", both, text(&o.Own[0].CrtFile), "own chain; none: nothing; default: built in"},
			{"key_file", both, text(&o.Own[0].KeyFile), "its key"},
			{"key_pwd", both, text(&o.Own[0].KeyPwd), "password of key_file"},
			{"crt_file2", server, text(&o.Own[1].CrtFile), "second chain"},
			{"key_file2", server, text(&o.Own[1].KeyFile), "its key"},
			{"key_pwd2", server, text(&o.Own[1].KeyPwd), "password of key_file2"},
			{"key_opaque", both, nonzero(&o.KeyOpaque), "1: put the keys into PSA's key store"},
			{"key_opaque_algs", both, o.opaqueAlgs(0), "the two algorithms of the key there: " + strings.Join(opaqueAlgs, ", ")},
			{"key_opaque_algs2", server, o.opaqueAlgs(1), "the same for key_file2"},
			{"sni", server, text(&o.SNI), "name,crt,key,ca,crl,auth_mode[,...]: chains by server name; - for nothing"},
			{"async_operations", server, text(&o.AsyncOperations), "d: decrypt, s: sign asynchronously; default: -, none"},
			{"async_private_delay1", server, number(&o.AsyncDelay[0], -maxInt, maxInt), "how often the first key must be asked; below 0: not asynchronous"},
			{"async_private_delay2", server, number(&o.AsyncDelay[1], -maxInt, maxInt), "the same for the second key and those of sni"},
			{"async_private_error", server, o.setAsyncError, "1: fail at the start, 2: cancel, 3: fail at the end; negative: the first time only"},
		}},
		{"shared secrets", []option{
			{"psk", both, text(&o.PSK), "pre-shared key in hexadecimal"},
			{"psk_identity", both, text(&o.PSKIdentity), "default: Client_identity"},
			{"psk_opaque", both, nonzero(&o.PSKOpaque), "1: put the key into PSA's key store (TLS 1.2, needs force_ciphersuite)"},
			{"psk_list", server, text(&o.PSKList), "identity,key[,...]: keys in hexadecimal"},
			{"psk_list_opaque", server, nonzero(&o.PSKListOpaque), "the same for the keys of psk_list"},
			{"ecjpake_pw", both, optional(&o.ECJPAKEPassword, text), "password for EC J-PAKE"},
			{"ecjpake_pw_opaque", both, nonzero(&o.ECJPAKEOpaque), "1: put the password into PSA's key store"},
		}},
		{"renegotiation", []option{
			{"renegotiation", both, nonzero(&o.Renegotiation), "1: allow it; default: 0"},
			{"allow_legacy", both, oneOf(&o.AllowLegacy, legacies), "-1: refuse peers without RFC 5746, 1: renegotiate with them; default: 0"},
			{"renegotiate", both, number(&o.Renegotiate, 0, maxRenegotiate), "1: begin one (a client's 2: after the first exchange)"},
			{"renego_delay", both, optionalNumber(&o.RenegoDelay, -maxInt, maxInt), "records that the peer may still send; -1: any number"},
			{"renego_period", server, o.setRenegoPeriod, "records after which to renegotiate, at least 2"},
		}},
		{"resumption", []option{
			{"tickets", both, number(&o.Tickets, 0, maxInt), "0: none; a server of TLS 1.3 sends so many; default: 1"},
			{"new_session_tickets", client, boolean(&o.NewSessionTickets), "0: tickets of TLS 1.3 are ignored, 1: Read reports them"},
			{"dummy_ticket", server, number(&o.DummyTicket, 0, maxInt), "tickets that are not encrypted, and then altered: 1: bad MAC, 2: expired,\n3: from the future, 4: at its end, 5, 6: wrong age, 7-10: its key exchanges"},
			{"ticket_rotate", server, boolean(&o.TicketRotate), "1: rotate the ticket key by hand once"},
			{"ticket_timeout", server, number(&o.TicketTimeout, 0, maxInt), "lifetime of tickets in seconds; default: 86400"},
			{"ticket_aead", server, o.setTicketAEAD, "cipher of tickets; default: AES-256-GCM"},
			{"cache_max", server, number(&o.CacheMax, 0, maxInt), "sessions in the cache; default: 50"},
			{"cache_timeout", server, number(&o.CacheTimeout, 0, maxInt), "their lifetime in seconds; 0: no bound; default: 86400"},
			{"cache_remove", server, boolean(&o.CacheRemove), "1: remove each session at its connection's end"},
			{"reconnect", client, number(&o.Reconnect, 0, 2), "how often to connect again and resume"},
			{"reco_mode", client, number(&o.RecoMode, 0, maxInt), "1: the session is saved to bytes, 0: kept; default: 1"},
			{"reco_server_name", client, optional(&o.RecoServerName, text), "server_name of the new connection"},
			{"reco_delay", client, milliseconds(&o.RecoDelay), "milliseconds to wait before"},
			{"reconnect_hard", client, boolean(&o.ReconnectHard), "1: begin anew once from the same port, without a word (DTLS)"},
			{"early_data", both, boolean(&o.EarlyData), "1: send or accept early data"},
			{"max_early_data_size", server, o.setMaxEarlyData, "bytes of early data to accept; default: 1024"},
		}},
		{"DTLS", []option{
			{"hs_timeout", both, o.setHSTimeout, "first-longest wait for an answer in milliseconds; default: 1000-60000"},
			{"mtu", both, optionalNumber(&o.MTU, 0, maxInt), "of the path, in bytes; default: unlimited"},
			{"dgram_packing", both, boolean(&o.DgramPacking), "0: one record per datagram; default: 1"},
			{"badmac_limit", both, number(&o.BadMACLimit, 0, maxInt), "records that are not authentic until the connection breaks; default: unlimited"},
			{"anti_replay", server, boolean(&o.AntiReplay), "0: take records twice"},
			{"cookies", server, number(&o.Cookies, -1, 1), "0: none, -1: none can be made; default: 1"},
			{"cid", both, boolean(&o.CID), "1: offer and accept connection IDs"},
			{"cid_val", both, text(&o.CIDVal), "own ID in hexadecimal; default: empty"},
			{"cid_renego", both, optional(&o.CIDRenego, boolean), "as cid, after a renegotiation; default: as cid"},
			{"cid_val_renego", both, optional(&o.CIDValRenego, text), "as cid_val, after a renegotiation"},
			{"serialize", both, number(&o.Serialize, 0, 2), "save the connection to bytes, and go on with it in 1: the same, 2: a new context"},
			{"context_file", both, text(&o.ContextFile), "file for those bytes in base64"},
			{"use_srtp", both, nonzero(&o.UseSRTP), "1: negotiate DTLS-SRTP"},
			{"srtp_force_profile", both, number(&o.SRTPProfile, -maxInt, maxInt), "the one profile to use, by IANA number: 1, 2, 5 or 6; default: all"},
			{"mki", client, text(&o.MKI), "master key identifier to offer, in hexadecimal"},
			{"support_mki", server, nonzero(&o.SupportMKI), "1: take the client's identifier"},
		}},
	}
}

var (
	// AuthModes are the values of auth_mode.
	AuthModes = map[string]cbridge.AuthMode{"none": cbridge.VerifyNone, "optional": cbridge.VerifyOptional, "required": cbridge.VerifyRequired}

	versions = map[string]uint16{"tls12": mbedtls.VersionTLS12, "dtls12": mbedtls.VersionTLS12, "tls13": mbedtls.VersionTLS13}
	legacies = map[string]mbedtls.LegacyRenegotiation{
		"-1": mbedtls.LegacyBreakHandshake, "0": mbedtls.LegacyNoRenegotiation, "1": mbedtls.LegacyAllowRenegotiation}
	kexModes = map[string]int{
		"psk":              cbridge.KexPSK,
		"psk_ephemeral":    cbridge.KexPSKEphemeral,
		"ephemeral":        cbridge.KexEphemeral,
		"ephemeral_all":    cbridge.KexEphemeral | cbridge.KexPSKEphemeral,
		"psk_all":          cbridge.KexPSK | cbridge.KexPSKEphemeral,
		"all":              cbridge.KexPSK | cbridge.KexPSKEphemeral | cbridge.KexEphemeral,
		"psk_or_ephemeral": cbridge.KexPSK | cbridge.KexEphemeral,
	}
	opaqueAlgs = []string{"rsa-sign-pkcs1", "rsa-sign-pss", "rsa-sign-pss-sha256", "rsa-sign-pss-sha384",
		"rsa-sign-pss-sha512", "rsa-decrypt", "ecdsa-sign", "ecdh", "none"}
)

// maxRequest is what a client's buffer holds.
const maxRequest = 20000

// Parse takes the command line of one of the programs; what that asks to be printed goes to w, and the error is then
// ErrHelp, or a *UsageError with the status.
func Parse(isServer bool, args []string, w io.Writer) (*Options, error) {
	o := defaults(isServer)
	o.out = w
	ends, program := client, "ssl_client2"
	if isServer {
		ends, program = server, "ssl_server2"
	}
	err := parse(o.table(), ends, args, map[string]func() error{
		"help":              func() error { printHelp(w, program, o.table(), ends); return ErrHelp },
		"help_ciphersuites": func() error { printCiphersuites(w); return ErrHelp },
	})
	if err != nil {
		return nil, err
	}
	return o, o.check()
}

func printCiphersuites(w io.Writer) {
	fmt.Fprintln(w, "ciphersuites of this build:")
	for _, id := range mbedtls.CipherSuites() {
		fmt.Fprintf(w, " %s\n", mbedtls.CipherSuiteName(id))
	}
}

func (o *Options) printVersion(s string) error {
	if s != "1" {
		return nil
	}
	fmt.Fprintln(o.out, BuildVersion())
	return ErrHelp
}

func (o *Options) queryConfig(name string) error {
	expansion, defined := cbridge.QueryConfig(name)
	if !defined {
		return &UsageError{Status: 1}
	}
	fmt.Fprintln(o.out, expansion)
	return ErrHelp
}

func (o *Options) setResponseSize(s string) error {
	if err := optionalNumber(&o.ResponseSize, 0, cbridge.MaxOutContent)(s); err != nil {
		return err
	}
	o.BufferSize = max(o.BufferSize, *o.ResponseSize)
	return nil
}

func (o *Options) forceVersion(s string) error {
	if err := oneOf(&o.MinVersion, versions)(s); err != nil {
		return err
	}
	o.MaxVersion = o.MinVersion
	o.DTLS = o.DTLS || s == "dtls12"
	return nil
}

// forceCiphersuite has an exit status of its own, by which compat.sh skips a test.
func (o *Options) forceCiphersuite(name string) error {
	suite, ok := cbridge.SuiteByName(name)
	if !ok {
		return &UsageError{fmt.Sprintf("unrecognized value for 'force_ciphersuite': '%s'", name), 2}
	}
	o.Ciphersuite = suite.ID
	return nil
}

func (o *Options) setAsyncError(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < -3 || n > 3 {
		return &UsageError{fmt.Sprintf("unrecognized value for 'async_private_error': '%s'", s), 2}
	}
	o.AsyncError = n
	return nil
}

func (o *Options) setRenegoPeriod(s string) error {
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || n < 2 {
		return errValue
	}
	o.RenegoPeriod = n
	return nil
}

func (o *Options) setMaxEarlyData(s string) error {
	n, err := strconv.ParseInt(s, 10, 64)
	o.MaxEarlyDataSize = uint32(n)
	if err != nil {
		return errValue
	}
	return nil
}

func (o *Options) setHSTimeout(s string) error {
	first, longest, ok := strings.Cut(s, "-")
	if !ok || milliseconds(&o.HSTimeoutMin)(first) != nil || milliseconds(&o.HSTimeoutMax)(longest) != nil ||
		o.HSTimeoutMin == 0 || o.HSTimeoutMax < o.HSTimeoutMin {
		return errValue
	}
	return nil
}

func (o *Options) setTicketAEAD(s string) error {
	for c := mbedtls.TicketCipher(0); c.KeyLen() > 0; c++ {
		if strings.EqualFold(c.String(), s) {
			o.TicketAEAD = c
			return nil
		}
	}
	return errValue
}

func (o *Options) opaqueAlgs(i int) func(string) error {
	return func(s string) error {
		first, second, ok := strings.Cut(s, ",")
		if !ok || first == "none" || !slices.Contains(opaqueAlgs, first) || !slices.Contains(opaqueAlgs, second) {
			return errValue
		}
		o.Own[i].OpaqueAlgs = [2]string{first, second}
		return nil
	}
}

// check looks at options that depend on others, and completes them.
func (o *Options) check() error {
	switch {
	case o.NSSKeylog && o.EAPTLS:
		return Usage("eap_tls and nss_keylog exclude each other")
	case (o.PSKOpaque || o.PSKListOpaque) && o.Ciphersuite == 0:
		return &UsageError{"opaque PSKs are only supported with TLS 1.2 and a PSK-only ciphersuite: set force_ciphersuite", 2}
	case o.PSKOpaque && o.PSK == "":
		return &UsageError{"psk_opaque needs psk", 2}
	case o.PSKListOpaque && o.PSKList == "":
		return &UsageError{"psk_list_opaque needs psk_list", 2}
	}
	if o.Event == 1 && o.NBIO != 1 {
		fmt.Fprintln(o.out, "event=1 implies nbio=1")
		o.NBIO = 1
	}
	if o.Ciphersuite != 0 {
		suite, _ := cbridge.SuiteByID(o.Ciphersuite)
		if o.MaxVersion != 0 && suite.MinVersion > o.MaxVersion || suite.MaxVersion < o.MinVersion {
			return &UsageError{"force_ciphersuite is of another version", 2}
		}
		o.MinVersion = max(o.MinVersion, suite.MinVersion)
		if o.MaxVersion == 0 || o.MaxVersion > suite.MaxVersion {
			o.MaxVersion = suite.MaxVersion
		}
	}
	return nil
}

// BuildVersion is the line that names the library.
func BuildVersion() string {
	version := cbridge.Version()
	var major, minor, patch int
	fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	return fmt.Sprintf("build version: Mbed TLS %s (build %d)", version, major<<24|minor<<16|patch<<8)
}
