// build_key.c holds the build's key as data. Go links again only when the bytes of a package change, and it does not
// look into the archives: without this, archives built from the same headers with other flags would not be linked in.
// The key that cmd/mbedtls-build puts into CGO_CFLAGS comes first: Go compiles again when those change.
#if defined(GOMBEDTLS_BUILD)
#define TEXT_OF(key) #key
#define KEY(key) TEXT_OF(key)
#elif __has_include(<gombedtls_build.h>)
#include <gombedtls_build.h>
#define GOMBEDTLS_BUILD
#define KEY(key) GOMBEDTLS_BUILD_KEY
#endif

#if defined(GOMBEDTLS_BUILD)
extern const char gm_build_key[];
const char gm_build_key[] = KEY(GOMBEDTLS_BUILD);
#endif
