// random.c is the randomness of connections whose Config has none of its own: several CTR_DRBGs, since each has a lock, for
// which all the handshakes of a process would queue. A thread has one of them, most of the time.
#include "bridge.h"
#include "_cgo_export.h"

#include <string.h>

#define SHARDS 32

typedef struct {
    _Alignas(64) atomic_int busy;  // somebody draws from it, or seeds it
    atomic_int seeded;
    mbedtls_ctr_drbg_context drbg;
} shard;

static shard shards[SHARDS];
static mbedtls_ctr_drbg_context *first;   // is seeded from the start
static mbedtls_entropy_context *entropy;  // of all
static atomic_int only_first;

// gm_random_init says where randomness comes from. It is for the start of the process.
void gm_random_init(mbedtls_ctr_drbg_context *drbg, mbedtls_entropy_context *e)
{
    first = drbg;
    entropy = e;
    for (size_t i = 0; i < SHARDS; i++) {
        mbedtls_ctr_drbg_init(&shards[i].drbg);
    }
}

// gm_random_only_first makes all draw from one generator, in the order in which they come.
void gm_random_only_first(int on)
{
    atomic_store(&only_first, on);
}

void gm_random_free(void)
{
    for (size_t i = 0; i < SHARDS; i++) {
        mbedtls_ctr_drbg_free(&shards[i].drbg);
        atomic_store(&shards[i].seeded, 0);
    }
}

// seed is called by the one who made s busy.
static int seed(shard *s)
{
    unsigned char personalization[] = "gombedtls \0";
    if (atomic_load(&s->seeded)) {
        return 0;
    }
    personalization[sizeof(personalization) - 2] = (unsigned char) (s - shards);
    if (mbedtls_ctr_drbg_seed(&s->drbg, mbedtls_entropy_func, entropy, personalization, sizeof(personalization) - 1) != 0) {
        return -1;
    }
    atomic_store(&s->seeded, 1);
    return 0;
}

// gm_random is reached from whatever needs randomness. It waits for nobody, unless more threads want some than there are
// generators.
int gm_random(void *ctx, unsigned char *buf, size_t len)
{
    unsigned own = gm_thread_slot();
    (void) ctx;
    for (unsigned i = 0; i < SHARDS && !atomic_load(&only_first); i++) {
        shard *s = &shards[(own + i) % SHARDS];
        int ret;
        if (atomic_exchange(&s->busy, 1)) {
            continue;
        }
        if (seed(s) != 0) {
            atomic_store(&s->busy, 0);
            break;  // the first one knows why
        }
        ret = mbedtls_ctr_drbg_random(&s->drbg, buf, len);
        atomic_store(&s->busy, 0);
        return ret;
    }
    return mbedtls_ctr_drbg_random(first, buf, len);
}

// gm_draw is the f_rng of calls that somebody brings randomness for; see drawing in rng.go. NULL is as for connections.
int gm_draw(void *reader, unsigned char *buf, size_t len)
{
    int ret = 0;
    if (reader != NULL) {
        return gombReader(reader, buf, len);
    }
    while (len > 0 && ret == 0) {  // a generator makes so much at a time
        size_t n = len < MBEDTLS_CTR_DRBG_MAX_REQUEST ? len : MBEDTLS_CTR_DRBG_MAX_REQUEST;
        ret = gm_random(NULL, buf, n);
        buf += n;
        len -= n;
    }
    return ret;
}
