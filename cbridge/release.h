// release.h finds the Mbed TLS that is built against, and says what is wrong with it in one error. It holds every
// difference between releases that the bridge knows of, and nothing else does.
#ifndef GOMBEDTLS_RELEASE_H
#define GOMBEDTLS_RELEASE_H

// With GOMBEDTLS_FOUND, the headers are there and fit, and the rest of the bridge follows: else one error would be hundreds.
#if defined(GOMBEDTLS_NO_BUILD) || !defined(__linux__)
#error "gombedtls: there is no build for this target: GOOS must be linux, and GOARCH 386, amd64, arm, arm64, riscv64 or s390x (others: -tags mbedtls_system)"
#elif !defined(GOMBEDTLS_SYSTEM) && !__has_include(<gombedtls_build.h>)
#error "gombedtls: Mbed TLS is not built yet for this target: run ./build.sh lib in a clone, or in a module of yours: go run github.com/gombedtls/gombedtls/cmd/mbedtls-build@VERSION env"
#elif !__has_include(<mbedtls/build_info.h>)
#error "gombedtls: pkg-config finds no Mbed TLS 3.6: install its headers and archives, or name their .pc files in PKG_CONFIG_PATH"
#elif !__has_include(<ssl_misc.h>) || (defined(GOMBEDTLS_SYSTEM) && !__has_include(<gombedtls_internal.h>))
#error "gombedtls: this Mbed TLS has no internal headers beside it: run go run github.com/gombedtls/gombedtls/cmd/mbedtls-build@VERSION env --system, and build with what it prints"
#else

#include <mbedtls/build_info.h>
#if __has_include(<gombedtls_internal.h>)
#include <gombedtls_internal.h>
#endif

#if MBEDTLS_VERSION_NUMBER < 0x03060000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
#error "gombedtls: this bridge is for Mbed TLS 3.6; see third_party/mbedtls/README.md"
// Setting no host name on a client fails the handshake with an error of its own since 3.6.3.
#elif MBEDTLS_VERSION_NUMBER < 0x03060300
#error "gombedtls: Mbed TLS 3.6.3 or later is needed: earlier clients may skip the host name silently"
#elif defined(GOMBEDTLS_INTERNAL_VERSION) && GOMBEDTLS_INTERNAL_VERSION != MBEDTLS_VERSION_NUMBER
#error "gombedtls: the internal headers are of another release than the Mbed TLS beside them: run go run github.com/gombedtls/gombedtls/cmd/mbedtls-build@VERSION env --system again, and build with what it prints"

// What the bridge cannot do without. Our profiles have it all from config/profiles/include/base.
#elif !defined(MBEDTLS_THREADING_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_THREADING_C, which Go's threads need: add it to the configuration"
#elif !defined(MBEDTLS_HAVE_TIME) || !defined(MBEDTLS_HAVE_TIME_DATE)
#error "gombedtls: Mbed TLS is built without MBEDTLS_HAVE_TIME or MBEDTLS_HAVE_TIME_DATE, and would take certificates that have expired: add them to the configuration"
#elif !defined(MBEDTLS_PLATFORM_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_PLATFORM_C: add it to the configuration"
#elif !defined(MBEDTLS_VERSION_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_VERSION_C: add it to the configuration"
#elif !defined(MBEDTLS_ERROR_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_ERROR_C: add it to the configuration"
#elif !defined(MBEDTLS_ENTROPY_C) || !defined(MBEDTLS_CTR_DRBG_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_ENTROPY_C or MBEDTLS_CTR_DRBG_C: add them to the configuration"
#elif !defined(MBEDTLS_PSA_CRYPTO_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_PSA_CRYPTO_C: add it to the configuration"
#elif !defined(MBEDTLS_MD_C) || !defined(MBEDTLS_BIGNUM_C) || !defined(MBEDTLS_ECP_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_MD_C, MBEDTLS_BIGNUM_C or MBEDTLS_ECP_C: add them to the configuration"
#elif !defined(MBEDTLS_PK_PARSE_C) || !defined(MBEDTLS_X509_CRT_PARSE_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_PK_PARSE_C or MBEDTLS_X509_CRT_PARSE_C: add them to the configuration"
#elif !defined(MBEDTLS_SSL_TLS_C)
#error "gombedtls: Mbed TLS is built without MBEDTLS_SSL_TLS_C: add it to the configuration"
#else

#define GOMBEDTLS_FOUND

// mbedtls_cipher_finish_padded
#if MBEDTLS_VERSION_NUMBER >= 0x03060500
#define GOMBEDTLS_FINISH_PADDED
#endif

// psa_random_reseed and its like.
#if MBEDTLS_VERSION_NUMBER >= 0x03060600
#define GOMBEDTLS_PSA_RANDOM_RESEED
#endif

#if __has_include(<gombedtls_build.h>)
#include <gombedtls_build.h>
#else
#define GOMBEDTLS_BUILD_PROFILE "system"
#define GOMBEDTLS_BUILD_RELEASE MBEDTLS_VERSION_STRING
#endif

#endif
#endif
#endif
