#include "bridge.h"
#include "_cgo_export.h"

#include <mbedtls/platform_util.h>

#if defined(MBEDTLS_SSL_CACHE_C)

mbedtls_ssl_cache_context *gm_cache_new(void)
{
    mbedtls_ssl_cache_context *cache = mbedtls_calloc(1, sizeof(*cache));
    if (cache != NULL) {
        mbedtls_ssl_cache_init(cache);
    }
    return cache;
}

void gm_cache_delete(mbedtls_ssl_cache_context *cache)
{
    mbedtls_ssl_cache_free(cache);
    mbedtls_free(cache);
}

int gm_cache_limits(mbedtls_ssl_cache_context *cache, int max_entries, int timeout)
{
    mbedtls_ssl_cache_set_max_entries(cache, max_entries);
    mbedtls_ssl_cache_set_timeout(cache, timeout);
    return 0;
}

int gm_cache_timeout(mbedtls_ssl_cache_context *cache)
{
    return mbedtls_ssl_cache_get_timeout(cache);
}

// A cache is shared among configs: its entries age by the clock of the process, not by that of the config whose
// connection happens to come by.
int gm_cache_get(mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len, mbedtls_ssl_session *s)
{
    gm_ssl *inside = gm_current;
    int ret;
    gm_current = NULL;
    ret = mbedtls_ssl_cache_get(cache, id, len, s);
    gm_current = inside;
    return ret;
}

int gm_cache_set(mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len, const mbedtls_ssl_session *s)
{
    gm_ssl *inside = gm_current;
    int ret;
    gm_current = NULL;
    ret = mbedtls_ssl_cache_set(cache, id, len, s);
    gm_current = inside;
    return ret;
}

int gm_cache_remove(mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len)
{
    return mbedtls_ssl_cache_remove(cache, id, len);
}

#else

mbedtls_ssl_cache_context *gm_cache_new(void)
{
    return NULL;
}

int gm_cache_timeout(mbedtls_ssl_cache_context *cache)
{
    (void) cache;
    return 0;
}

void gm_cache_delete(mbedtls_ssl_cache_context *cache)
{
    (void) cache;
}

int gm_cache_limits(mbedtls_ssl_cache_context *cache, int max_entries, int timeout)
{
    (void) cache;
    (void) max_entries;
    (void) timeout;
    return GM_NOT_BUILT;
}

int gm_cache_get(mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len, mbedtls_ssl_session *s)
{
    (void) cache;
    (void) id;
    (void) len;
    (void) s;
    return GM_NOT_BUILT;
}

int gm_cache_set(mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len, const mbedtls_ssl_session *s)
{
    (void) cache;
    (void) id;
    (void) len;
    (void) s;
    return GM_NOT_BUILT;
}

int gm_cache_remove(mbedtls_ssl_cache_context *cache, const unsigned char *id, size_t len)
{
    (void) cache;
    (void) id;
    (void) len;
    return GM_NOT_BUILT;
}

#endif

#if defined(MBEDTLS_SSL_SRV_C)

// judge turns down a session that the config would not have made.
static int judge(gm_config *c, mbedtls_ssl_session *s)
{
    if (gm_session_acceptable(c, s)) {
        return 0;
    }
    mbedtls_ssl_session_free(s);
    return MBEDTLS_ERR_SSL_CACHE_ENTRY_NOT_FOUND;
}

// Reached from a server's handshake, where a TLS 1.2 client asks for a session by its id.
static int builtin_get(void *ctx, const unsigned char *id, size_t len, mbedtls_ssl_session *s)
{
    int ret = gm_cache_get(((gm_config *) ctx)->cache, id, len, s);
    return ret != 0 ? ret : judge(ctx, s);
}

// Reached from the last step of a server's TLS 1.2 handshake that made a session.
static int builtin_set(void *ctx, const unsigned char *id, size_t len, const mbedtls_ssl_session *s)
{
    return gm_cache_set(((gm_config *) ctx)->cache, id, len, s);
}

// Reached as builtin_get is. It may block, and then pins its thread.
static int closure_get(void *ctx, const unsigned char *id, size_t len, mbedtls_ssl_session *s)
{
    int unknown = 0;
    int ret = gombCacheGet(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL,
                           (unsigned char *) id, len, s, &unknown);
    if (ret != 0) {
        gm_ssl_fail(ret);
        return ret;
    }
    return unknown ? MBEDTLS_ERR_SSL_CACHE_ENTRY_NOT_FOUND : judge(ctx, s);
}

// Reached as builtin_set is. It may block, and then pins its thread.
static int closure_set(void *ctx, const unsigned char *id, size_t len, const mbedtls_ssl_session *s)
{
    size_t need = 0;
    unsigned char *state;
    int ret = mbedtls_ssl_session_save(s, NULL, 0, &need);

    if (ret != MBEDTLS_ERR_SSL_BUFFER_TOO_SMALL) {
        return ret;
    }
    state = mbedtls_calloc(1, need);
    if (state == NULL) {
        return MBEDTLS_ERR_SSL_ALLOC_FAILED;
    }
    ret = mbedtls_ssl_session_save(s, state, need, &need);
    if (ret == 0) {
        ret = gombCacheSet(((gm_config *) ctx)->handle, gm_current != NULL ? gm_current->handle : NULL,
                           (unsigned char *) id, len, state, need);
    }
    mbedtls_platform_zeroize(state, need);
    mbedtls_free(state);
    if (ret != 0) {
        gm_ssl_fail(ret);
    }
    return ret;
}

#endif

int gm_conf_cache(gm_config *c, mbedtls_ssl_cache_context *cache)
{
#if defined(MBEDTLS_SSL_CACHE_C) && defined(MBEDTLS_SSL_SRV_C)
    c->cache = cache;
    mbedtls_ssl_conf_session_cache(&c->conf, c, builtin_get, builtin_set);
    return 0;
#else
    (void) c;
    (void) cache;
    return GM_NOT_BUILT;
#endif
}

int gm_conf_cache_closures(gm_config *c)
{
#if defined(MBEDTLS_SSL_SRV_C)
    mbedtls_ssl_conf_session_cache(&c->conf, c, closure_get, closure_set);
    return 0;
#else
    (void) c;
    return GM_NOT_BUILT;
#endif
}
