package upstream

import (
	"bytes"
	"crypto/hmac"
	_ "crypto/md5" // for cbridge.MDType.CryptoHash
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/binary"
	"hash"

	"github.com/gombedtls/gombedtls/cbridge"
	"github.com/gombedtls/gombedtls/internal/suites"
)

// Records with wrong paddings and MACs. Upstream gives them to the internal function that decrypts; here they come to a
// connection over datagrams, whose keys are known.
func init() {
	register("ssl_decrypt", functions{
		"ssl_decrypt_null":        decryptNull,
		"ssl_decrypt_non_etm_cbc": decryptCBC,
	}, nil)
}

// maker makes records of a client.
type maker struct {
	t      *suites.T
	server *endpoint
	mac    hash.Hash
	cipher *cbridge.Cipher // nil: none
	number uint64
}

// dtlsHeaderLen is that of a record: the type, the version, the number and the length.
const dtlsHeaderLen = 13

// withMaker runs f after a handshake with a suite that has this cipher, and this hash for its MAC.
func withMaker(t *suites.T, cipherType cbridge.CipherType, md cbridge.MDType, f func(*maker)) {
	o := ofVersion(cbridge.TLS12)
	o.dtls = true
	suite := findSuite(t, cipherType, md, false, cbridge.TLS12)
	withSuite(t, o, suite, false, func(client, server *endpoint) {
		info, _ := cipherType.Info()
		newHash := md.CryptoHash().New
		macLen, keyLen := newHash().Size(), info.KeyBits/8
		block := make([]byte, 2*macLen+2*keyLen)
		export := func(_ cbridge.SecretType, master, clientRandom, serverRandom []byte, prf cbridge.PRF) error {
			return cbridge.TLSPRF(prf, master, "key expansion", append(bytes.Clone(serverRandom), clientRandom...), block)
		}
		client.must("SetExportKeys", client.ssl.SetExportKeys(export))
		client.mustMove(stateOver, server)
		server.mustMove(stateOver, client)
		m := &maker{t: t, server: server, mac: hmac.New(newHash, block[:macLen]), number: 1 << 48} // of the first epoch
		if keyLen > 0 {
			var err error
			m.cipher, err = cbridge.NewCipher(cipherType)
			expect(t, "NewCipher", err, 0)
			defer m.cipher.Close()
			expect(t, "SetKey", m.cipher.SetKey(block[2*macLen:][:keyLen], cbridge.Encrypt), 0)
			expect(t, "SetPaddingMode", m.cipher.SetPaddingMode(cbridge.PaddingNone), 0)
		}
		f(m)
	})
}

// header is that of the next record.
func (m *maker) header(n int) []byte {
	const dtls12 = 0xfefd
	header := binary.BigEndian.AppendUint16([]byte{recordData}, dtls12)
	header = binary.BigEndian.AppendUint64(header, m.number)
	return binary.BigEndian.AppendUint16(header, uint16(n))
}

// plain is data with its MAC.
func (m *maker) plain(data []byte) []byte {
	m.number++
	h := m.header(len(data))
	m.mac.Reset()
	for _, part := range [][]byte{h[3:11], h[:3], h[11:], data} {
		m.mac.Write(part)
	}
	return m.mac.Sum(bytes.Clone(data))
}

// check gives the server the record of what plain returned, perhaps changed and padded.
func (m *maker) check(what string, plain []byte, want int) {
	body := plain
	if m.cipher != nil {
		iv := bytes.Repeat([]byte{0x55}, blockSize)
		body = make([]byte, blockSize+len(plain)+blockSize) // the library may need a block more
		n, err := m.cipher.Crypt(iv, body[copy(body, iv):], plain)
		expect(m.t, "Crypt", err, 0)
		body = body[:blockSize+n]
	}
	_, err := m.server.ssl.CheckRecord(append(m.header(len(body)), body...))
	expect(m.t, what, err, want)
}

// blockSize is that of AES, ARIA and Camellia.
const blockSize = 16

const invalidMAC = int(cbridge.ErrSSLInvalidMAC)

// decryptNull leaves out a record of nothing, which the library takes for no record.
func decryptNull(t *suites.T, md cbridge.MDType) {
	const null = 1
	withMaker(t, null, md, func(m *maker) {
		good := m.plain([]byte("ABC"))
		m.check("a good record", good, 0)
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			m.check("a bad byte", bad, invalidMAC)
		}
		for n := 1; n < len(good); n++ {
			m.check("too short a record", good[:n], invalidMAC)
		}
	})
}

// decryptCBC chooses the data by a length: -1 none, and the least padding, -2 none, and the most padding; others are the
// number of bytes that pad as little data as may be, without the last one.
func decryptCBC(t *suites.T, cipherType cbridge.CipherType, md cbridge.MDType, truncated, length int) {
	const maxPadding = 255
	if truncated != 0 {
		t.Skip("no truncated HMAC in this release")
	}
	withMaker(t, cipherType, md, func(m *maker) {
		macLen := m.mac.Size()
		padding, dataLen := length, 0
		if length < 0 {
			padding = blockSize - (macLen+1)%blockSize
			if length == -2 {
				padding += blockSize * ((maxPadding - padding) / blockSize)
			}
		} else {
			dataLen = blockSize - (padding+macLen+1)%blockSize
		}
		plain := m.plain(bytes.Repeat([]byte{42}, dataLen))
		pad := func(with int) []byte {
			return append(bytes.Clone(plain), bytes.Repeat([]byte{byte(with)}, padding+1)...)
		}
		good := pad(padding)
		m.check("a good record", good, 0)
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 1
			m.check("a bad byte", bad, invalidMAC)
		}
		m.check("the good record again", good, 0)
		for with := padding + 1; with <= maxPadding; with++ {
			m.check("a bad padding", pad(with), invalidMAC)
		}
	})
}
