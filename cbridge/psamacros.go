package cbridge

// #include "psa.h"
import "C"

// psaMacros are the numbers of the macros that gm_psa_eval knows.
var psaMacros = func() map[string]C.gm_psa_macro {
	macros := map[string]C.gm_psa_macro{}
	for i := C.gm_psa_macro(0); ; i++ {
		name := C.gm_psa_macro_name(i)
		if name == nil {
			return macros
		}
		macros[C.GoString(name)] = i
	}
}()

// PSAMacro is the value of a macro of the PSA headers, such as PSA_ALG_IS_HASH, for up to three arguments. A name that is
// none panics. It needs no initialization.
func PSAMacro(name string, args ...uint) uint {
	macro, ok := psaMacros[name]
	if !ok {
		panic("cbridge: no PSA macro " + name)
	}
	var a [3]C.size_t
	for i, arg := range args {
		a[i] = C.size_t(arg)
	}
	return uint(C.gm_psa_eval(macro, a[0], a[1], a[2]))
}

// What a buffer must hold in any case, in this build; in bytes unless it is said.
const (
	PSAHashMaxSize            = C.PSA_HASH_MAX_SIZE
	PSAMACMaxSize             = C.PSA_MAC_MAX_SIZE
	PSASignatureMaxSize       = C.PSA_SIGNATURE_MAX_SIZE
	PSAExportKeyPairMaxSize   = C.PSA_EXPORT_KEY_PAIR_MAX_SIZE
	PSAExportPublicKeyMaxSize = C.PSA_EXPORT_PUBLIC_KEY_MAX_SIZE
	PSAAgreementMaxSize       = C.PSA_RAW_KEY_AGREEMENT_OUTPUT_MAX_SIZE
	PSACipherIVMaxSize        = C.PSA_CIPHER_IV_MAX_SIZE
	PSAAEADNonceMaxSize       = C.PSA_AEAD_NONCE_MAX_SIZE
	PSAAEADTagMaxSize         = C.PSA_AEAD_TAG_MAX_SIZE
	PSABlockMaxSize           = C.PSA_BLOCK_CIPHER_BLOCK_MAX_SIZE
	PSAPAKEOutputMaxSize      = C.PSA_PAKE_OUTPUT_MAX_SIZE
	PSAKeySlots               = C.MBEDTLS_PSA_KEY_SLOT_COUNT // persistent keys in memory at once
)
