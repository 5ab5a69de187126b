// main.c reads scripts, a key and its values on each line, and runs them. script_test.go writes them.
#include "driver.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void die(const char *what, int code)
{
    printf("died %s: -%04x\n", what, (unsigned) -code);
    fflush(stdout);
    exit(2);
}

void say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

// The words of a line.
static char *words[MAX_LIST + 2];
static int nwords;

static long number(int i)
{
    return i < nwords ? strtol(words[i], NULL, 0) : 0;
}

static const char *word(int i)
{
    return i < nwords ? words[i] : "";
}

static void hex(int i, bytes *b)
{
    const char *p = word(i);
    b->len = strlen(p) / 2;
    if (b->len > sizeof(b->p)) {
        die("a value is too long", 0);
    }
    for (size_t k = 0; k < b->len; k++) {
        char two[3] = { p[2 * k], p[2 * k + 1], 0 };
        b->p[k] = (unsigned char) strtol(two, NULL, 16);
    }
}

static int list16(uint16_t *to, int cap)
{
    int n = 0;
    for (int i = 1; i < nwords && n + 1 < cap; i++) {
        to[n++] = (uint16_t) number(i);
    }
    to[n] = 0;
    return n;
}

#define TEXT(to) snprintf(to, sizeof(to), "%s", word(1))

static void set(setup *s, const char *key)
{
    const struct {
        const char *key;
        int *to;
    } numbers[] = {
        { "fresh", &s->fresh }, { "min", &s->min }, { "max", &s->max }, { "auth", &s->auth },
        { "no-name", &s->no_name }, { "kex", &s->kex }, { "take-tickets", &s->take_tickets },
        { "tickets", &s->tickets },
        { "new-tickets", &s->new_tickets }, { "cache", &s->cache }, { "early", &s->early },
        { "renegotiate", &s->renegotiate }, { "grace", &s->grace }, { "legacy", &s->legacy }, { "mfl", &s->mfl },
        { "no-ems", &s->no_ems }, { "no-etm", &s->no_etm }, { "min-dh", &s->min_dh },
        { "client-order", &s->client_order }, { "no-ca-list", &s->no_ca_list }, { "mtu", &s->mtu },
        { "no-packing", &s->no_packing }, { "no-replay", &s->no_replay }, { "badmac", &s->badmac },
        { "cid-len", &s->cid_len }, { "fail-cid", &s->fail_cid }, { "accept-mki", &s->accept_mki },
        { "no-cookies", &s->no_cookies },
    };
    for (size_t i = 0; i < COUNT(numbers); i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            *numbers[i].to = (int) number(1);
            return;
        }
    }
    if (strcmp(key, "suites") == 0) {
        s->nsuites = 0;
        for (int i = 1; i < nwords && s->nsuites + 1 < MAX_LIST; i++) {
            s->suites[s->nsuites++] = (int) number(i);
        }
        s->suites[s->nsuites] = 0;
    } else if (strcmp(key, "groups") == 0) {
        s->ngroups = list16(s->groups, MAX_LIST);
    } else if (strcmp(key, "sig-algs") == 0) {
        s->nsig_algs = list16(s->sig_algs, MAX_LIST);
    } else if (strcmp(key, "srtp") == 0) {
        s->nsrtp = list16(s->srtp, COUNT(s->srtp));
    } else if (strcmp(key, "cert") == 0) {
        TEXT(s->cert[s->ncerts]);
        snprintf(s->key[s->ncerts], sizeof(s->key[0]), "%s", word(2));
        s->ncerts++;
    } else if (strcmp(key, "alpn") == 0) {
        TEXT(s->alpn[s->nalpn]);
        s->nalpn++;
    } else if (strcmp(key, "ca") == 0) {
        TEXT(s->ca);
    } else if (strcmp(key, "crl") == 0) {
        TEXT(s->crl);
    } else if (strcmp(key, "dh") == 0) {
        TEXT(s->dh);
    } else if (strcmp(key, "name") == 0) {
        TEXT(s->name);
    } else if (strcmp(key, "only-name") == 0) {
        TEXT(s->only_name);
    } else if (strcmp(key, "profile") == 0) {
        TEXT(s->profile);
    } else if (strcmp(key, "psk") == 0) {
        hex(1, &s->psk_id);
        hex(2, &s->psk);
    } else if (strcmp(key, "ecjpake") == 0) {
        hex(1, &s->ecjpake);
    } else if (strcmp(key, "cid") == 0) {
        hex(1, &s->cid);
    } else if (strcmp(key, "mki") == 0) {
        hex(1, &s->mki);
    } else if (strcmp(key, "period") == 0) {
        s->period = strtoull(word(1), NULL, 0);
    } else if (strcmp(key, "timeouts") == 0) {
        s->timeout_min = (uint32_t) number(1);
        s->timeout_max = (uint32_t) number(2);
    } else {
        die(key, 0);
    }
}

static void add_op(script *s, int which)
{
    op *o = &s->ops[which][s->nops[which]++];
    if (s->nops[which] > MAX_OPS) {
        die("too many ops", 0);
    }
    snprintf(o->name, sizeof(o->name), "%s", word(1));
    o->a = number(2);
    o->b = number(3);
}

static void add_rule(script *s)
{
    rule *r = &s->rules[s->nrules++];
    if (s->nrules > MAX_RULES) {
        die("too many rules", 0);
    }
    r->from = strcmp(word(1), "client") == 0 ? CLIENT : SERVER;
    r->index = (unsigned) number(2);
    snprintf(r->what, sizeof(r->what), "%s", word(3));
    if (strcmp(r->what, "before") == 0 || strcmp(r->what, "after") == 0) {
        hex(4, &r->data);
    } else {
        r->a = number(4);
        r->b = number(5);
    }
}

static int runnable(const end *e)
{
    return !e->done && (!e->started || e->in->head != NULL || (e->in->eof && !e->script->datagram));
}

// run_connection runs first the client, then the server, and so on, each until it waits for the other. If both do, time
// passes until the earlier timer.
static void run_connection(const script *s)
{
    static lane lanes[2];
    static end ends[2];
    int i;

    lane_init(&lanes[CLIENT], s, CLIENT);
    lane_init(&lanes[SERVER], s, SERVER);
    for (i = 0; i < 2; i++) {
        end_init(&ends[i], s, i, &lanes[!i], &lanes[i]);
    }
    for (;;) {
        int ran = 0, next = -1;
        for (i = 0; i < 2; i++) {
            if (runnable(&ends[i])) {
                end_run(&ends[i]);
                ran = 1;
            }
        }
        if (ran) {
            continue;
        }
        for (i = 0; i < 2; i++) {
            if (!ends[i].done && ends[i].final != 0 && (next < 0 || ends[i].final < ends[next].final)) {
                next = i;
            }
        }
        if (next < 0) {
            break;
        }
        if (w.now < ends[next].final) {
            w.now = ends[next].final;
        }
        end_run(&ends[next]);
    }
    for (i = 0; i < 2; i++) {
        if (!ends[i].done) {
            say("%s %s stuck", i == CLIENT ? "client" : "server", s->ops[i][ends[i].op].name);
        }
    }
    for (i = 0; i < 2; i++) {
        end_free(&ends[i]);
        lane_free(&lanes[i]);
    }
}

static void command(script *s, const char *key)
{
    if (strcmp(key, "session") == 0) {
        world_begin(word(1));
        say("session %s", word(1));
    } else if (strcmp(key, "tickets") == 0) {
        world_tickets((int) number(1), (int) number(2), (unsigned) number(3));
    } else if (strcmp(key, "cookies") == 0) {
        world_cookies();
    } else if (strcmp(key, "cache") == 0) {
        world_cache();
    } else if (strcmp(key, "connection") == 0) {
        memset(s, 0, sizeof(*s));
        s->ends[CLIENT].cid_len = s->ends[SERVER].cid_len = -1;
        s->datagram = (int) number(1);
        s->resume = (int) number(2);
        say("connection");
    } else if (strncmp(key, "client.", 7) == 0) {
        set(&s->ends[CLIENT], key + 7);
    } else if (strncmp(key, "server.", 7) == 0) {
        set(&s->ends[SERVER], key + 7);
    } else if (strcmp(key, "client") == 0) {
        add_op(s, CLIENT);
    } else if (strcmp(key, "server") == 0) {
        add_op(s, SERVER);
    } else if (strcmp(key, "rule") == 0) {
        add_rule(s);
    } else if (strcmp(key, "run") == 0) {
        run_connection(s);
    } else if (strcmp(key, "end") == 0) {
        world_end();
        say("end");
        fflush(stdout);
    } else {
        die(key, 0);
    }
}

int main(void)
{
    static char line[3 * MAX_VALUE];
    static script s;

    say("driver %s %s", GOMBEDTLS_BUILD_RELEASE, GOMBEDTLS_BUILD_PROFILE);
    while (fgets(line, sizeof(line), stdin) != NULL) {
        nwords = 0;
        for (char *p = strtok(line, " \n"); p != NULL && nwords < (int) COUNT(words); p = strtok(NULL, " \n")) {
            words[nwords++] = p;
        }
        if (nwords > 0) {
            command(&s, words[0]);
        }
    }
    return 0;
}
