// release.h holds every difference between Mbed TLS releases that the bridge knows of, and nothing else does.
#ifndef GOMBEDTLS_RELEASE_H
#define GOMBEDTLS_RELEASE_H

#include <mbedtls/build_info.h>

#if MBEDTLS_VERSION_NUMBER < 0x03060000 || MBEDTLS_VERSION_NUMBER >= 0x04000000
#error "gombedtls: this bridge is for Mbed TLS 3.6; see third_party/mbedtls/README.md"
#endif

// Setting no host name on a client fails the handshake with an error of its own since 3.6.3.
#if MBEDTLS_VERSION_NUMBER < 0x03060300
#error "gombedtls: Mbed TLS 3.6.3 or later is needed: earlier clients may skip the host name silently"
#endif

#if !defined(MBEDTLS_THREADING_C) || !defined(MBEDTLS_PLATFORM_MEMORY) || !defined(MBEDTLS_PLATFORM_TIME_ALT) || \
    !defined(MBEDTLS_PLATFORM_MS_TIME_ALT)
#error "gombedtls: the profile must include config/profiles/include/base"
#endif

#endif
