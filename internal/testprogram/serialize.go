package testprogram

import (
	"encoding/base64"
	"encoding/json"
	"os"

	"github.com/gombedtls/gombedtls/mbedtls"
)

// Move saves a connection, and goes on with it in a new one.
func (p *Program) Move(conn *mbedtls.Conn) (*mbedtls.Conn, error) {
	p.Output.Printf("  . Serializing live connection...")
	saved, err := conn.MarshalBinary()
	if err != nil {
		return nil, p.Output.Failed("mbedtls_ssl_context_save", err)
	}
	p.Output.Printf(" ok\n")
	if p.ContextFile != "" {
		if err := p.writeContext(saved); err != nil {
			return nil, err
		}
	}
	if p.Serialize == 1 {
		p.Output.Printf("  . Context has been reset... ok\n")
	} else {
		p.Output.Printf("  . Freeing and reinitializing context... ok\n")
	}
	p.Output.Printf("  . Deserializing connection...")
	p.Socket = p.Socket.Detach(false)
	conn.Close()
	next, err := mbedtls.ResumeDTLS(p.Socket, saved, p.Config)
	if err != nil {
		return nil, p.Output.Failed("mbedtls_ssl_context_load", err)
	}
	p.Output.Printf(" ok\n")
	return next, nil
}

// writeContext writes the library's own part of a saved connection, as ssl_context_info reads it.
func (p *Program) writeContext(saved []byte) error {
	p.Output.Printf("  . Save serialized context to a file... ")
	var library struct{ Context []byte }
	err := json.Unmarshal(saved, &library)
	if err == nil {
		err = os.WriteFile(p.ContextFile, []byte(base64.StdEncoding.EncodeToString(library.Context)), 0o600)
	}
	if err != nil {
		p.Output.Printf("failed\n  ! %v\n", err)
		return &ExitError{}
	}
	p.Output.Printf("ok\n")
	return nil
}
