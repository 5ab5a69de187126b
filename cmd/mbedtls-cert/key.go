package main

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gombedtls/gombedtls/mbedtls"
	"github.com/gombedtls/gombedtls/mbedtls/ecp"
	"github.com/gombedtls/gombedtls/mbedtls/oid"
	"github.com/gombedtls/gombedtls/mbedtls/pk"
	"github.com/gombedtls/gombedtls/mbedtls/psa"
	"github.com/gombedtls/gombedtls/mbedtls/x509"
)

type keyOptions struct {
	keyType    string
	onlyPublic bool
}

func unhex(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.ReplaceAll(s, ":", ""))
	if err != nil {
		return nil, fmt.Errorf("%q is not hex: %w", s, err)
	}
	return b, nil
}

// privateKey reads one, and opens it with the password of a file, if there is one.
func (c *command) privateKey(file, passwordFile string) (*pk.PrivateKey, error) {
	data, err := c.read(file)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	var password []byte
	if passwordFile != "" {
		text, err := c.read(passwordFile)
		if err != nil {
			return nil, err
		}
		defer clear(text)
		password, _, _ = bytes.Cut(text, []byte("\n"))
		password = bytes.TrimSuffix(password, []byte("\r"))
	}
	key, err := pk.ParsePrivateKey(data, password)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return key, nil
}

// curve is a kind of EC key.
type curve struct {
	family psa.ECCFamily
	bits   int
}

var curves = map[string]curve{
	"secp192r1": {psa.SECPR1, 192}, "secp224r1": {psa.SECPR1, 224}, "secp256r1": {psa.SECPR1, 256},
	"secp384r1": {psa.SECPR1, 384}, "secp521r1": {psa.SECPR1, 521}, "secp192k1": {psa.SECPK1, 192}, "secp256k1": {psa.SECPK1, 256},
	"brainpoolP256r1": {psa.BrainpoolPR1, 256}, "brainpoolP384r1": {psa.BrainpoolPR1, 384},
	"brainpoolP512r1": {psa.BrainpoolPR1, 512}, "x25519": {psa.Montgomery, 255}, "x448": {psa.Montgomery, 448},
}

func (c *command) generateFlags(flags *flag.FlagSet) {
	flags.StringVar(&c.keyType, "type", "secp256r1", "`type`: rsa:BITS, secp256r1, secp384r1, secp521r1, secp256k1, "+
		"brainpoolP256r1, brainpoolP384r1, brainpoolP512r1, x25519, x448, or another that the build has")
	c.outputFlags(flags)
}

func (c *command) generateKey([]string) (bool, error) {
	key, err := generate(c.keyType)
	if err != nil {
		return false, fmt.Errorf("key of type %s: %w", c.keyType, err)
	}
	defer key.Close()
	return true, c.writeKey(key)
}

// generate has PSA make the key, and takes it out of the store.
func generate(kind string) (*pk.PrivateKey, error) {
	bits, isRSA := strings.CutPrefix(kind, "rsa:")
	if isRSA {
		n, err := strconv.Atoi(bits)
		if err != nil {
			return nil, err
		}
		der, err := exported(psa.TypeRSAKeyPair, n)
		if err != nil {
			return nil, err
		}
		defer clear(der)
		return pk.ParsePrivateKey(der, nil)
	}
	e, ok := curves[kind]
	if !ok {
		return nil, errors.New("unknown")
	}
	d, err := exported(psa.ECCKeyPair(e.family), e.bits)
	if err != nil {
		return nil, err
	}
	defer clear(d)
	return pk.NewEC(pk.ECKey, e.family.Group(e.bits), d)
}

func exported(t psa.KeyType, bits int) ([]byte, error) {
	key, err := psa.Generate(psa.Attributes{Type: t, Bits: bits, Usage: psa.UsageExport})
	if err != nil {
		return nil, err
	}
	secret, err := key.Export()
	return secret, errors.Join(err, key.Destroy())
}

func (c *command) convertFlags(flags *flag.FlagSet) {
	flags.BoolVar(&c.onlyPublic, "public", false, "write the public half")
	c.outputFlags(flags)
	c.passwordFlag(flags)
}

func (c *command) convertKey(args []string) (bool, error) {
	key, err := c.privateKey(args[0], c.password)
	if err != nil {
		data, readErr := c.read(args[0])
		if readErr != nil || !c.onlyPublic {
			return false, err
		}
		public, publicErr := pk.ParsePublicKey(data)
		if publicErr != nil {
			return false, err
		}
		defer public.Close()
		return true, c.writePublic(public)
	}
	defer key.Close()
	if !c.onlyPublic {
		return true, c.writeKey(key)
	}
	public, err := key.PublicKey()
	if err != nil {
		return false, err
	}
	defer public.Close()
	return true, c.writePublic(public)
}

func (c *command) writeKey(key *pk.PrivateKey) error {
	marshal := key.MarshalPEM
	if c.der {
		marshal = key.MarshalDER
	}
	data, err := marshal()
	if err != nil {
		return err
	}
	defer clear(data)
	return c.writeRaw(data, private)
}

func (c *command) writePublic(key *pk.PublicKey) error {
	marshal := key.MarshalPEM
	if c.der {
		marshal = key.MarshalDER
	}
	data, err := marshal()
	if err != nil {
		return err
	}
	return c.writeRaw(data, public)
}

// keyInfo is what --json prints of a key.
type keyInfo struct {
	Type      string `json:"type"`
	Bits      int    `json:"bits"`
	Private   bool   `json:"private"`
	Group     string `json:"group,omitempty"`
	PublicKey string `json:"public_key"` // SubjectPublicKeyInfo in hex
}

func (c *command) keyInspectFlags(flags *flag.FlagSet) {
	c.inspectFlags(flags)
	c.passwordFlag(flags)
}

func (c *command) inspectKey(args []string) (bool, error) {
	public, isPrivate, err := c.anyKey(args[0])
	if err != nil {
		return false, err
	}
	defer public.Close()
	der, err := public.MarshalDER()
	if err != nil {
		return false, err
	}
	i := keyInfo{Type: public.Type(), Bits: public.Bits(), Private: isPrivate, PublicKey: hex.EncodeToString(der)}
	if group, _, err := public.EC(); err == nil {
		i.Group = oid.Group(group).String()
	}
	if c.json {
		return true, c.writeJSON(i)
	}
	half := "public"
	if i.Private {
		half = "private"
	}
	fmt.Fprintf(c.stdout, "%s: a %s %s key of %d bits %s\n  public key: %s\n",
		args[0], half, i.Type, i.Bits, i.Group, i.PublicKey)
	return true, nil
}

// anyKey reads a private or a public key, or a certificate, and has its public half; the caller closes it.
func (c *command) anyKey(file string) (public *pk.PublicKey, isPrivate bool, err error) {
	data, err := c.read(file)
	if err != nil {
		return nil, false, err
	}
	defer clear(data)
	if public, err := pk.ParsePublicKey(data); err == nil {
		return public, false, nil
	}
	if certs, err := x509.ParseCertificates(data); err == nil {
		public, err := certs[0].Key()
		return public, false, err
	}
	key, err := c.privateKey(file, c.password)
	if err != nil {
		return nil, false, err
	}
	defer key.Close()
	public, err = key.PublicKey()
	return public, true, err
}

func (c *command) checkKey(args []string) (bool, error) {
	key, err := c.privateKey(args[0], c.password)
	if err != nil {
		return false, err
	}
	defer key.Close()
	public, _, err := c.anyKey(args[1])
	if err != nil {
		return false, err
	}
	defer public.Close()
	switch mismatch, err := verdict(key, public.CheckPair(key)); {
	case err != nil:
		return false, err
	case mismatch != nil:
		fmt.Fprintln(c.stdout, "not of this key:", mismatch)
		return false, nil
	}
	fmt.Fprintln(c.stdout, "of this key")
	return true, nil
}

// mismatches are the codes of mbedtls_pk_check_pair for keys that do not belong together: for kinds that differ, for RSA,
// and for EC as the library computes it and as PSA does. Any other code is of a check that has not come to an end.
var mismatches = []mbedtls.Code{
	mbedtls.ErrPKTypeMismatch, mbedtls.ErrRSAKeyCheckFailed, mbedtls.ErrECPBadInputData, mbedtls.ErrPKBadInputData,
}

// verdict tells what a check of a private key found from what kept it from finding anything.
func verdict(key *pk.PrivateKey, checked error) (mismatch, err error) {
	if checked == nil {
		return nil, nil
	}
	var coded *mbedtls.Error
	if !errors.As(checked, &coded) || !slices.Contains(mismatches, coded.Code) || coded.Cause != nil {
		return nil, fmt.Errorf("the keys cannot be compared: %w", checked)
	}
	if coded.Code == mbedtls.ErrPKBadInputData {
		// With PSA, the code is also that of a curve which PSA does not have, or whose numbers the library hands it the wrong
		// way round.
		if group, d, err := key.EC(); err == nil {
			clear(d)
			switch id := ecp.ID(group); id {
			case ecp.Secp224k1, ecp.Curve25519, ecp.Curve448:
				return nil, fmt.Errorf("the keys cannot be compared: not by PSA on %v: %w", id, checked)
			}
		}
	}
	return checked, nil
}
