// link.c carries records, or datagrams, from one end to the other, prints them, and does to them what the script's
// rules say. link_test.go is the same in Go.
#include "driver.h"

#include <stdlib.h>
#include <string.h>

void lane_init(lane *l, const script *s, int from)
{
    memset(l, 0, sizeof(*l));
    l->script = s;
    l->from = from;
}

static void free_units(unit *u)
{
    while (u != NULL) {
        unit *next = u->next;
        free(u);
        u = next;
    }
}

void lane_free(lane *l)
{
    free_units(l->head);
    free_units(l->held);
}

static void append(unit **list, unit *u)
{
    while (*list != NULL) {
        list = &(*list)->next;
    }
    *list = u;
}

static void queue(lane *l, unit **list, const unsigned char *p, size_t len, long hold)
{
    unit *u;
    if (l->eof || len == 0) {
        return;
    }
    u = calloc(1, sizeof(*u) + len);
    if (u == NULL) {
        die("calloc", 0);
    }
    u->len = len;
    u->hold = hold;
    memcpy(u->p, p, len);
    append(list, u);
}

// release lets go of what has been held back for long enough.
static void release(lane *l)
{
    unit **at = &l->held;
    while (*at != NULL) {
        unit *u = *at;
        if (u->hold-- > 0) {
            at = &u->next;
            continue;
        }
        *at = u->next;
        u->next = NULL;
        append(&l->head, u);
    }
}

static void emit(lane *l, const unsigned char *p, size_t len)
{
    static unsigned char changed[1 << 17];
    unsigned index = l->emitted++;
    int gone = 0, copies = 1, eof = 0, i;
    long hold = -1;
    const rule *after = NULL;

    printf("%s ", l->from == CLIENT ? "c>s" : "s>c");
    for (size_t k = 0; k < len; k++) {
        printf("%02x", p[k]);
    }
    printf("\n");
    memcpy(changed, p, len);
    for (i = 0; i < l->script->nrules; i++) {
        const rule *r = &l->script->rules[i];
        size_t at;
        if (r->from != l->from || r->index != index) {
            continue;
        }
        at = (size_t) (r->a < 0 ? (long) len + r->a : r->a);
        if (strcmp(r->what, "drop") == 0) {
            gone = 1;
        } else if (strcmp(r->what, "dup") == 0) {
            copies = 2;
        } else if (strcmp(r->what, "flip") == 0) {
            if (at < len) {
                changed[at] ^= (unsigned char) r->b;
            }
        } else if (strcmp(r->what, "cut") == 0) {
            len = at < len ? at : len;
        } else if (strcmp(r->what, "hold") == 0) {
            hold = r->a;
        } else if (strcmp(r->what, "eof") == 0) {
            eof = 1;
        } else if (strcmp(r->what, "before") == 0) {
            queue(l, &l->head, r->data.p, r->data.len, 0);
        } else if (strcmp(r->what, "after") == 0) {
            after = r;
        } else {
            die(r->what, 0);
        }
    }
    for (; !gone && copies > 0; copies--) {
        queue(l, hold >= 0 ? &l->held : &l->head, changed, len, hold);
    }
    if (after != NULL) {
        queue(l, &l->head, after->data.p, after->data.len, 0);
    }
    release(l);
    l->eof |= eof;
}

// lane_send takes what the library sends: a datagram, or any piece of a stream of records.
void lane_send(lane *l, const unsigned char *p, size_t len)
{
    if (l->muted) {
        return;
    }
    if (l->script->datagram) {
        emit(l, p, len);
        return;
    }
    if (len > sizeof(l->part) - l->partial) {
        die("a record is too long", 0);
    }
    memcpy(l->part + l->partial, p, len);
    l->partial += len;
    while (l->partial >= 5) {
        size_t record = 5 + ((size_t) l->part[3] << 8 | l->part[4]);
        if (l->partial < record) {
            return;
        }
        emit(l, l->part, record);
        l->partial -= record;
        memmove(l->part, l->part + record, l->partial);
    }
}

// lane_recv gives a datagram, or some of the stream; 0 if there is none.
int lane_recv(lane *l, unsigned char *p, size_t len, int datagram)
{
    unit *u = l->head;
    if (u == NULL) {
        return 0;
    }
    if (len > u->len - u->at) {
        len = u->len - u->at;
    }
    memcpy(p, u->p + u->at, len);
    u->at += len;
    if (datagram || u->at == u->len) {
        l->head = u->next;
        free(u);
    }
    return (int) len;
}
