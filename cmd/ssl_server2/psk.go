package main

import (
	"encoding/hex"
	"strings"

	"github.com/gombedtls/gombedtls/internal/testprogram"
	"github.com/gombedtls/gombedtls/mbedtls"
)

// setPSKs makes the keys of psk_list be found by their identities.
func (s *server) setPSKs() error {
	if s.PSKList == "" {
		return nil
	}
	keys := map[string]*mbedtls.PSK{}
	items := strings.Split(s.PSKList, ",")
	for ; len(items) >= 2; items = items[2:] {
		key, err := hex.DecodeString(items[1])
		if err != nil {
			return testprogram.Exit("psk_list is not identity,key[,...]")
		}
		psk := &mbedtls.PSK{Identity: items[0], Key: key}
		if s.PSKListOpaque {
			if err := s.ImportPSK(psk); err != nil {
				return err
			}
		}
		keys[psk.Identity] = psk
	}
	if len(items) > 0 {
		return testprogram.Exit("psk_list is not identity,key[,...]")
	}
	s.Config.GetPSK = func(identity string) (*mbedtls.PSK, error) { return keys[identity], nil }
	return nil
}
