package mbedtls

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/gombedtls/gombedtls/cbridge"
)

// Secret is one secret of a handshake. Its slices are memory of the library, valid only during the call that hands them
// over.
type Secret struct {
	Type         SecretType
	Value        []byte // 48 bytes in TLS 1.2, as long as the suite's hash in TLS 1.3
	ClientRandom []byte // 32 bytes
	ServerRandom []byte // 32 bytes
	PRF          PRF    // of the connection in TLS 1.2; PRFNone in TLS 1.3
}

// SecretType is which secret it is (mbedtls_ssl_key_export_type).
type SecretType int

// The secrets. The library never hands over EarlyExporterSecret, and has no name for TLS 1.3's exporter secret: use
// [Conn.ExportKeyingMaterial].
const (
	MasterSecret                   = SecretType(cbridge.SecretTLS12Master)       // TLS 1.2; the others are of TLS 1.3
	ClientEarlyTrafficSecret       = SecretType(cbridge.SecretClientEarly)       // 0-RTT
	EarlyExporterSecret            = SecretType(cbridge.SecretEarlyExporter)     // 0-RTT
	ClientHandshakeTrafficSecret   = SecretType(cbridge.SecretClientHandshake)   // handshake, from the client
	ServerHandshakeTrafficSecret   = SecretType(cbridge.SecretServerHandshake)   // handshake, from the server
	ClientApplicationTrafficSecret = SecretType(cbridge.SecretClientApplication) // data, from the client
	ServerApplicationTrafficSecret = SecretType(cbridge.SecretServerApplication) // data, from the server
)

var secretLabels = map[SecretType]string{
	MasterSecret:                   "CLIENT_RANDOM",
	ClientEarlyTrafficSecret:       "CLIENT_EARLY_TRAFFIC_SECRET",
	EarlyExporterSecret:            "EARLY_EXPORTER_SECRET",
	ClientHandshakeTrafficSecret:   "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	ServerHandshakeTrafficSecret:   "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	ClientApplicationTrafficSecret: "CLIENT_TRAFFIC_SECRET_0",
	ServerApplicationTrafficSecret: "SERVER_TRAFFIC_SECRET_0",
}

// String is the label of the secret in an NSS key log.
func (t SecretType) String() string {
	if label, ok := secretLabels[t]; ok {
		return label
	}
	return fmt.Sprintf("SecretType(%d)", int(t))
}

// PRF is a pseudo-random function of TLS 1.2 (mbedtls_tls_prf_types).
type PRF int

// The PRFs.
const (
	PRFNone   = PRF(cbridge.PRFNone)
	PRFSHA256 = PRF(cbridge.PRFSHA256)
	PRFSHA384 = PRF(cbridge.PRFSHA384)
)

// String is the hash's name.
func (p PRF) String() string {
	switch p {
	case PRFNone:
		return "none"
	case PRFSHA256:
		return "SHA-256"
	case PRFSHA384:
		return "SHA-384"
	}
	return fmt.Sprintf("PRF(%d)", int(p))
}

// Derive gives length bytes of P_hash(secret, label + seed), as RFC 5246 section 5 has it. The label must not hold a
// NUL byte. PRFNone, and a hash that the build lacks, are ErrSSLFeatureUnavailable (mbedtls_ssl_tls_prf).
func (p PRF) Derive(secret []byte, label string, seed []byte, length int) ([]byte, error) {
	if err := checkLabel(label, length); err != nil {
		return nil, err
	}
	out := make([]byte, length)
	if err := cbridge.TLSPRF(cbridge.PRF(p), secret, label, seed, out); err != nil {
		return nil, err
	}
	return out, nil
}

// MaxKeyingMaterial is the most that [Conn.ExportKeyingMaterial] gives, in bytes.
const MaxKeyingMaterial = cbridge.MaxExportLen

// keyingMaterialError says which argument of an export TLS has no place for.
type keyingMaterialError string

func (e keyingMaterialError) Error() string { return "mbedtls: keying material: " + string(e) }

func checkLabel(label string, length int) error {
	switch {
	case strings.ContainsRune(label, 0):
		return keyingMaterialError(fmt.Sprintf("label %q holds a NUL byte", label))
	case length < 0:
		return keyingMaterialError(fmt.Sprintf("length %d is negative", length))
	}
	return nil
}

// reservedLabels are those of TLS 1.2 itself (RFC 5705 section 4).
var reservedLabels = map[string]bool{
	"client finished": true, "server finished": true, "master secret": true, "extended master secret": true,
	"key expansion": true,
}

// What TLS takes at most, in bytes.
const (
	maxLabelTLS13   = 249
	maxContextTLS12 = 1<<16 - 1
)

// ExportKeyingMaterial gives length bytes of keying material for a label, at most [MaxKeyingMaterial]: both ends get the
// same (RFC 5705, and RFC 8446 section 7.5). A nil context is none, which TLS 1.2 tells from an empty one. The label
// must not hold a NUL byte; TLS 1.3 takes one of at most 249 bytes, TLS 1.2 none of its own, such as "key expansion",
// and a context of at most 65535 bytes. It runs the handshake, if that is not complete; while a renegotiation goes on,
// it fails with ErrSSLBadInputData.
//
// Without the extended master secret in TLS 1.2 (see [ConnectionState].ExtendedMasterSecret), the result must not be
// taken as bound to this connection (RFC 7627 section 5.4). Unlike crypto/tls, this package leaves that to the caller
// (mbedtls_ssl_export_keying_material).
func (c *Conn) ExportKeyingMaterial(label string, exporterContext []byte, length int) ([]byte, error) {
	ssl, err := c.begin(context.Background())
	if err != nil {
		return nil, err
	}
	defer ssl.Release()
	return c.exportKeyingMaterial(label, exporterContext, length)
}

// exportKeyingMaterial is for a connection whose handshake is complete.
func (c *core) exportKeyingMaterial(label string, exporterContext []byte, length int) ([]byte, error) {
	if err := checkLabel(label, length); err != nil {
		return nil, err
	}
	if length > MaxKeyingMaterial {
		return nil, keyingMaterialError(fmt.Sprintf("length %d is more than %d", length, MaxKeyingMaterial))
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	ssl := c.ssl
	if ssl.Version() == VersionTLS12 {
		if reservedLabels[label] {
			return nil, keyingMaterialError(fmt.Sprintf("label %q is TLS's own", label))
		}
		if len(exporterContext) > maxContextTLS12 {
			return nil, keyingMaterialError(fmt.Sprintf("context of %d bytes is longer than %d", len(exporterContext), maxContextTLS12))
		}
	} else if len(label) > maxLabelTLS13 {
		return nil, keyingMaterialError(fmt.Sprintf("label of %d bytes is longer than %d", len(label), maxLabelTLS13))
	}
	if c.readErr != nil && c.readErr != io.EOF {
		return nil, c.readErr
	}
	out := make([]byte, length)
	if err := ssl.ExportKeyingMaterial(out, label, exporterContext); err != nil {
		return nil, err
	}
	return out, nil
}

func (c *Config) exportsSecrets() bool { return c.KeyLogWriter != nil || c.ExportSecret != nil }

// exportFunc is what the library calls for each secret; nil if nobody wants them.
func (c *Config) exportFunc() cbridge.ExportFunc {
	if !c.exportsSecrets() {
		return nil
	}
	return func(typ cbridge.SecretType, value, clientRandom, serverRandom []byte, prf cbridge.PRF) error {
		s := Secret{SecretType(typ), value, clientRandom, serverRandom, PRF(prf)}
		if c.KeyLogWriter != nil {
			if err := logSecret(c.KeyLogWriter, s); err != nil {
				return err
			}
		}
		if c.ExportSecret != nil {
			return c.ExportSecret(s)
		}
		return nil
	}
}

// keyLogMu is for writers that several Configs share.
var keyLogMu sync.Mutex

// logSecret writes one line of an NSS key log, with one call of Write.
func logSecret(w io.Writer, s Secret) error {
	line := append([]byte(s.Type.String()), ' ')
	line = append(hex.AppendEncode(line, s.ClientRandom), ' ')
	line = append(hex.AppendEncode(line, s.Value), '\n')
	defer clear(line)
	keyLogMu.Lock()
	defer keyLogMu.Unlock()
	_, err := w.Write(line)
	return err
}
