package mbedtls

import (
	"bytes"

	"github.com/gombedtls/gombedtls/cbridge"
)

// setTrustedCAs comes after the lists that the closure takes the place of.
func (c *Config) setTrustedCAs(cc *cbridge.Config, server bool) error {
	if c.GetTrustedCAs == nil {
		return nil
	}
	pool, name := c.RootCAs, "RootCAs"
	if server {
		pool, name = c.ClientCAs, "ClientCAs"
	}
	if pool != nil {
		return badField(name, pool, "must be nil, since GetTrustedCAs takes its place")
	}
	if len(c.CRLs) > 0 {
		return badField("CRLs", len(c.CRLs), "must be nil: the library has no revocation lists with GetTrustedCAs")
	}
	get := c.GetTrustedCAs
	return field("GetTrustedCAs", "set", cc.SetTrustedCAs(func(child []byte) (ders [][]byte, err error) {
		candidates, err := get(parseCertificate(bytes.Clone(child)))
		for _, cert := range candidates {
			ders = append(ders, cert.Raw)
		}
		return ders, err
	}))
}
