// main.c reads the workload and the commands.
#include "driver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#if defined(BENCH_BUILT)
workload work;

void die(const char *what, int code)
{
    fprintf(stderr, "driver: %s: -0x%04x\n", what, (unsigned) -code);
    exit(1);
}

void must(int ret, const char *what)
{
    if (ret != 0) {
        die(what, ret);
    }
}

static double read_clock(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double) t.tv_sec + (double) t.tv_nsec * 1e-9;
}

double now(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double timer(void)
{
    return read_clock(strcmp(work.clock, "processor") == 0 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC);
}

static void set(const char *key, const char *value)
{
    const struct {
        const char *key;
        int *to;
    } numbers[] = {
        { "version", &work.version }, { "suite", &work.suite }, { "resumed", &work.resumed },
        { "mutual", &work.mutual }, { "psk", &work.psk }, { "conns", &work.conns }, { "size", &work.size },
    };
    const struct {
        const char *key;
        char *to;
        size_t cap;
    } texts[] = {
        { "kind", work.kind, sizeof(work.kind) }, { "transport", work.transport, sizeof(work.transport) },
        { "chain", work.chain, sizeof(work.chain) }, { "group", work.group, sizeof(work.group) },
        { "clock", work.clock, sizeof(work.clock) },
    };
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        if (strcmp(key, numbers[i].key) == 0) {
            *numbers[i].to = (int) strtol(value, NULL, 0);
            return;
        }
    }
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(key, texts[i].key) == 0) {
            snprintf(texts[i].to, texts[i].cap, "%s", value);
            return;
        }
    }
    die(key, 0);
}

static const runner runners[] = {
    { "handshake", 0, handshake_prepare, handshake_run },
    { "crypt", 0, crypt_prepare, crypt_run },
    { "bulk", 0, bulk_prepare, bulk_run },
    { "roundtrip", 0, roundtrip_prepare, roundtrip_run },
    { "idle", 0, idle_prepare, NULL },
    { "dtls-handshake", 1, handshake_prepare, handshake_run },
    { "dtls-roundtrip", 1, roundtrip_prepare, roundtrip_run },
    { "dtls-idle", 1, idle_prepare, NULL },
};

int main(int argc, char **argv)
{
    static char line[256];
    const runner *r = NULL;
    struct rlimit files;

    for (int i = 1; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (value == NULL) {
            die(argv[i], 0);
        }
        *value = 0;
        set(argv[i], value + 1);
    }
    for (size_t i = 0; i < sizeof(runners) / sizeof(runners[0]); i++) {
        if (strcmp(work.kind, runners[i].kind) == 0) {
            r = &runners[i];
        }
    }
    if (r == NULL) {
        die("no such kind of work", 0);
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    if (r->run == NULL) {
        must(idle_count_allocations(), "counting allocations");
    }
    set_up(r->datagram);
    r->prepare();
    while (fgets(line, sizeof(line), stdin) != NULL) {
        char *command = strtok(line, " \n");
        char *number = strtok(NULL, " \n");
        int n = number == NULL ? 0 : atoi(number);
        if (command == NULL) {
            continue;
        }
        if (r->run == NULL) {
            idle_command(command, n);
        } else {
            r->run(n / 1e3);
        }
        fflush(stdout);
    }
    return 0;
}
#else
int main(void)
{
    fprintf(stderr, "driver: profile %s is without what the driver needs\n", GOMBEDTLS_BUILD_PROFILE);
    return 3;
}
#endif
