// build_key.c holds the build's key as data. Go links again only when the bytes of a package change, and it does not
// look into the archives: without this, archives built from the same headers with other flags would not be linked in.
#if __has_include(<gombedtls_build.h>)
#include <gombedtls_build.h>

extern const char gm_build_key[];
const char gm_build_key[] = GOMBEDTLS_BUILD_KEY;
#endif
