package testprogram

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Secrets are the master secret of TLS 1.2 and what else keys are derived from.
type Secrets struct {
	mu      sync.Mutex
	master  []byte
	randoms []byte // of the client, of the server
	prf     mbedtls.PRF
}

// setSecrets has the Config tell the secrets, if the options want to know.
func (p *Program) setSecrets() {
	if !p.EAPTLS && !p.NSSKeylog && !p.UseSRTP {
		return
	}
	p.Secrets = new(Secrets)
	p.Config.ExportSecret = func(s mbedtls.Secret) error {
		if s.Type != mbedtls.MasterSecret {
			return nil
		}
		p.Secrets.mu.Lock()
		defer p.Secrets.mu.Unlock()
		p.Secrets.master, p.Secrets.prf = bytes.Clone(s.Value), s.PRF
		p.Secrets.randoms = slices.Concat(s.ClientRandom, s.ServerRandom)
		if p.NSSKeylog {
			return p.logSecret(s)
		}
		return nil
	}
}

func (p *Program) logSecret(s mbedtls.Secret) error {
	line := fmt.Sprintf("CLIENT_RANDOM %x %x\n", s.ClientRandom, s.Value)
	p.Output.Printf("\n---------------- NSS KEYLOG -----------------\n%s---------------------------------------------\n", line)
	if p.NSSKeylogFile == "" {
		return nil
	}
	f, err := os.OpenFile(p.NSSKeylogFile, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteString(line)
	return err
}

// derive gives key material by the PRF of the connection.
func (s *Secrets) derive(fromMaster bool, label string, length int) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	secret := s.master
	if !fromMaster {
		secret = nil
	}
	return s.prf.Derive(secret, label, s.randoms, length)
}

// ReportSecrets prints the key material that the options ask for, once the handshake is complete.
func (p *Program) ReportSecrets(conn *mbedtls.Conn) error {
	switch {
	case p.EAPTLS:
		return p.reportEAPTLS()
	case p.UseSRTP:
		return p.reportSRTP(conn)
	}
	return nil
}

// reportEAPTLS is RFC 5216 section 2.3.
func (p *Program) reportEAPTLS() error {
	const label = "client EAP encryption"
	key, err := p.Secrets.derive(true, label, 16)
	if err != nil {
		return err
	}
	iv, err := p.Secrets.derive(false, label, 8)
	if err != nil {
		return err
	}
	p.Output.Printf("    EAP-TLS key material is:%s\n    EAP-TLS IV is:%s\n", columns(key), columns(iv))
	return nil
}

// srtpMaterial is two keys and two salts of AES-128.
const srtpMaterial = 60

// reportSRTP is RFC 5764 section 4.2.
func (p *Program) reportSRTP(conn *mbedtls.Conn) error {
	st := conn.ConnectionState()
	if st.SRTPProfile == 0 {
		p.Output.Printf("    Unable to negotiate the use of DTLS-SRTP\n")
		return nil
	}
	material, err := p.Secrets.derive(true, "EXTRACTOR-dtls_srtp", srtpMaterial)
	if err != nil {
		return err
	}
	mki := "no mki value negotiated"
	if len(st.SRTPMKI) > 0 {
		mki = fmt.Sprintf("mki value: %X", st.SRTPMKI)
	}
	p.Output.Printf("    DTLS-SRTP key material is:%s\n    Keying material: %X\n    DTLS-SRTP %s\n", columns(material), material, mki)
	return nil
}

// columns prints eight bytes a line.
func columns(b []byte) string {
	var s []byte
	for line := range slices.Chunk(b, 8) {
		s = fmt.Appendf(s, "\n    % x ", line)
	}
	return string(s)
}

// ReportExport prints keying material for the label of the options.
func (p *Program) ReportExport(conn *mbedtls.Conn) error {
	if p.ExpLabel == nil || p.ExpLen <= 0 {
		return nil
	}
	material, err := conn.ExportKeyingMaterial(*p.ExpLabel, nil, p.ExpLen)
	if err != nil {
		return err
	}
	p.Output.Printf("Exporting key of length %d with label \"%s\": 0x%X\n\n", p.ExpLen, *p.ExpLabel, material)
	return nil
}
