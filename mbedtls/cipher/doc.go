// Package cipher has the symmetric ciphers of Mbed TLS.
//
// Most of it implements the interfaces of crypto/cipher: a [Block] is a cipher.Block, a [CBC] a cipher.BlockMode, a
// [Stream] a cipher.Stream (CTR, CFB, OFB, ChaCha20) and an [AEAD] a cipher.AEAD (GCM, CCM, ChaCha20-Poly1305). Methods of
// these interfaces that can return no error panic where crypto/cipher's do, and after Close; beside each there is one that
// returns an error.
//
// A [Multipart] is an AEAD for messages that do not fit into memory. [XTS] encrypts the sectors of a disk, [KeyWrap] wraps
// keys as NIST SP 800-38F has it, a [Poly1305] is a MAC for one message, and a [Cipher] is the library's generic layer,
// which has all of the modes, and paddings.
//
// Close wipes keys; without, that happens when an object is garbage.
//
// Errors are *mbedtls.Error with the library's code, and *mbedtls.NotBuiltError where the linked library lacks an option.
package cipher
