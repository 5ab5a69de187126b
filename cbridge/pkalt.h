// pkalt.h is what pkalt.c and pkalt.go share.
#ifndef GOMBEDTLS_PKALT_H
#define GOMBEDTLS_PKALT_H

#include "bridge.h"
#if defined(GOMBEDTLS_FOUND)

int gm_pk_alt_new(size_t len, void *handle, mbedtls_pk_context **out);

#endif
#endif
