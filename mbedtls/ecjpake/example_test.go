package ecjpake_test

import (
	"bytes"
	"crypto"
	"fmt"
	"log"

	"github.com/gombedtls/gombedtls/mbedtls/ecjpake"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
)

// Two sides with the same password agree on a secret.
func Example() {
	exchange := func(password string) bool {
		var sides [2]*ecjpake.Context
		for role := range sides {
			c, err := ecjpake.New(ecjpake.Role(role), crypto.SHA256, ecp.Secp256r1, []byte(password))
			if err != nil {
				log.Fatal(err)
			}
			defer c.Close()
			sides[role] = c
		}
		for _, send := range []func(from, to *ecjpake.Context) error{
			func(from, to *ecjpake.Context) error {
				message, err := from.WriteRoundOne(nil)
				if err != nil {
					return err
				}
				return to.ReadRoundOne(message)
			},
			func(from, to *ecjpake.Context) error {
				message, err := from.WriteRoundTwo(nil)
				if err != nil {
					return err
				}
				return to.ReadRoundTwo(message)
			},
		} {
			if err := send(sides[0], sides[1]); err != nil {
				log.Fatal(err)
			}
			if err := send(sides[1], sides[0]); err != nil {
				log.Fatal(err)
			}
		}
		var secrets [2][]byte
		for i, c := range sides {
			secret, err := c.DeriveSecret(nil)
			if err != nil {
				log.Fatal(err)
			}
			secrets[i] = secret
		}
		return bytes.Equal(secrets[0], secrets[1])
	}
	fmt.Println(exchange("correct horse battery staple"))
	// Output: true
}
