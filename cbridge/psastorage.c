// psastorage.c keeps persistent keys in a directory that is chosen at run time. Upstream's files are in the working
// directory, or below a prefix that is compiled in. The linker puts these functions before upstream's (--wrap), which are
// called until there is a directory. The files have upstream's names and format, so that C programs can share them.
//
// Beyond what upstream does, a file is on the disk before it gets its name, a process waits for another one that writes to
// the directory, files that cannot be read are not taken for missing, and what a file says of its size must be true.
#define MBEDTLS_ALLOW_PRIVATE_ACCESS
#include "psa.h"
#if defined(GOMBEDTLS_FOUND)

#if defined(MBEDTLS_PSA_CRYPTO_STORAGE_C) && defined(MBEDTLS_PSA_ITS_FILE_C)

#include <errno.h>
#include <fcntl.h>
#include <psa_crypto_its.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY "tempfile.psa_its"
#define MAGIC "PSA\0ITS"  // with the zero at its end

typedef struct {
    char magic[8];
    uint8_t size[4], flags[4];  // little-endian
} header;

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;  // who writes to the directory, or changes it, is alone
static int directory = -1;

psa_status_t __real_psa_its_set(psa_storage_uid_t uid, uint32_t len, const void *data, psa_storage_create_flags_t flags);
psa_status_t __real_psa_its_get(psa_storage_uid_t uid, uint32_t offset, uint32_t len, void *data, size_t *got);
psa_status_t __real_psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *info);
psa_status_t __real_psa_its_remove(psa_storage_uid_t uid);
psa_status_t __wrap_psa_its_set(psa_storage_uid_t uid, uint32_t len, const void *data, psa_storage_create_flags_t flags);
psa_status_t __wrap_psa_its_get(psa_storage_uid_t uid, uint32_t offset, uint32_t len, void *data, size_t *got);
psa_status_t __wrap_psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *info);
psa_status_t __wrap_psa_its_remove(psa_storage_uid_t uid);

typedef struct {
    char text[16 + sizeof(".psa_its")];
} name;

static name name_of(psa_storage_uid_t uid)
{
    name n;
    (void) snprintf(n.text, sizeof(n.text), "%016llx.psa_its", (unsigned long long) uid);
    return n;
}

static uint32_t get32(const uint8_t *p)
{
    return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | (uint32_t) p[3] << 24;
}

static void put32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) {
        p[i] = (uint8_t) (v >> 8 * i);
    }
}

// read_at reads exactly len bytes.
static psa_status_t read_at(int fd, void *p, size_t len, off_t at)
{
    for (size_t done = 0; done < len;) {
        ssize_t n = pread(fd, (char *) p + done, len - done, at + (off_t) done);
        if (n == 0) {
            return PSA_ERROR_DATA_CORRUPT;
        }
        if (n > 0) {
            done += (size_t) n;
        } else if (errno != EINTR) {
            return PSA_ERROR_STORAGE_FAILURE;
        }
    }
    return PSA_SUCCESS;
}

// open_entry opens the file of uid behind its header.
static psa_status_t open_entry(psa_storage_uid_t uid, struct psa_storage_info_t *info, int *fd)
{
    name n = name_of(uid);
    header h;
    struct stat st;
    psa_status_t status;

    *fd = openat(directory, n.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (*fd < 0) {
        return errno == ENOENT ? PSA_ERROR_DOES_NOT_EXIST : PSA_ERROR_STORAGE_FAILURE;
    }
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return PSA_ERROR_STORAGE_FAILURE;
    }
    if ((status = read_at(*fd, &h, sizeof(h), 0)) != PSA_SUCCESS) {
        return status;
    }
    info->size = get32(h.size);
    info->flags = get32(h.flags);
    if (memcmp(h.magic, MAGIC, sizeof(h.magic)) != 0 || (uint64_t) st.st_size - sizeof(h) < info->size) {
        return PSA_ERROR_DATA_CORRUPT;
    }
    return PSA_SUCCESS;
}

psa_status_t __wrap_psa_its_get_info(psa_storage_uid_t uid, struct psa_storage_info_t *info)
{
    psa_status_t status;
    int fd = -1;

    pthread_rwlock_rdlock(&lock);
    status = directory < 0 ? __real_psa_its_get_info(uid, info) : open_entry(uid, info, &fd);
    pthread_rwlock_unlock(&lock);
    if (fd >= 0) {
        (void) close(fd);
    }
    return status;
}

static psa_status_t get(psa_storage_uid_t uid, uint32_t offset, uint32_t len, void *data, size_t *got)
{
    struct psa_storage_info_t info;
    int fd;
    psa_status_t status = open_entry(uid, &info, &fd);

    if (status == PSA_SUCCESS && (offset > info.size || len > info.size - offset)) {
        status = PSA_ERROR_INVALID_ARGUMENT;
    }
    if (status == PSA_SUCCESS) {
        status = read_at(fd, data, len, (off_t) sizeof(header) + offset);
    }
    if (status == PSA_SUCCESS && got != NULL) {
        *got = len;
    }
    if (fd >= 0) {
        (void) close(fd);
    }
    return status;
}

psa_status_t __wrap_psa_its_get(psa_storage_uid_t uid, uint32_t offset, uint32_t len, void *data, size_t *got)
{
    psa_status_t status;
    pthread_rwlock_rdlock(&lock);
    status = directory < 0 ? __real_psa_its_get(uid, offset, len, data, got) : get(uid, offset, len, data, got);
    pthread_rwlock_unlock(&lock);
    return status;
}

static int write_all(int fd, const void *p, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, p, len);
        if (n >= 0) {
            p = (const char *) p + n;
            len -= (size_t) n;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

// set has the whole of a file on the disk before the file has its name: after a crash there is the old one or the new one.
static psa_status_t set(psa_storage_uid_t uid, uint32_t len, const void *data, psa_storage_create_flags_t flags)
{
    name n = name_of(uid);
    header h = {.magic = MAGIC};
    psa_status_t status;
    int fd;

    put32(h.size, len);
    put32(h.flags, flags);
    (void) unlinkat(directory, TEMPORARY, 0);  // of somebody who was interrupted
    fd = openat(directory, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        return errno == ENOSPC || errno == EDQUOT ? PSA_ERROR_INSUFFICIENT_STORAGE : PSA_ERROR_STORAGE_FAILURE;
    }
    status = write_all(fd, &h, sizeof(h)) == 0 && write_all(fd, data, len) == 0 && fsync(fd) == 0 ?
        PSA_SUCCESS : PSA_ERROR_INSUFFICIENT_STORAGE;
    (void) close(fd);
    if (status == PSA_SUCCESS && (renameat(directory, TEMPORARY, directory, n.text) != 0 || fsync(directory) != 0)) {
        status = PSA_ERROR_STORAGE_FAILURE;
    }
    if (status != PSA_SUCCESS) {
        (void) unlinkat(directory, TEMPORARY, 0);
    }
    return status;
}

// locked_set keeps other processes away from the temporary file.
static psa_status_t locked_set(psa_storage_uid_t uid, uint32_t len, const void *data, psa_storage_create_flags_t flags)
{
    psa_status_t status;
    int ret;

    do {
        ret = flock(directory, LOCK_EX);
    } while (ret != 0 && errno == EINTR);
    if (ret != 0) {
        return PSA_ERROR_STORAGE_FAILURE;
    }
    status = set(uid, len, data, flags);
    (void) flock(directory, LOCK_UN);
    return status;
}

psa_status_t __wrap_psa_its_set(psa_storage_uid_t uid, uint32_t len, const void *data, psa_storage_create_flags_t flags)
{
    psa_status_t status;
    pthread_rwlock_wrlock(&lock);
    if (directory < 0) {
        status = __real_psa_its_set(uid, len, data, flags);
    } else {
        status = uid == 0 ? PSA_ERROR_INVALID_HANDLE : locked_set(uid, len, data, flags);
    }
    pthread_rwlock_unlock(&lock);
    return status;
}

static psa_status_t remove_entry(psa_storage_uid_t uid)
{
    name n = name_of(uid);
    if (unlinkat(directory, n.text, 0) != 0) {
        return errno == ENOENT ? PSA_ERROR_DOES_NOT_EXIST : PSA_ERROR_STORAGE_FAILURE;
    }
    return fsync(directory) == 0 ? PSA_SUCCESS : PSA_ERROR_STORAGE_FAILURE;
}

psa_status_t __wrap_psa_its_remove(psa_storage_uid_t uid)
{
    psa_status_t status;
    pthread_rwlock_wrlock(&lock);
    status = directory < 0 ? __real_psa_its_remove(uid) : remove_entry(uid);
    pthread_rwlock_unlock(&lock);
    return status;
}

// drop_loaded forgets the persistent keys that are in memory: they are of the other directory. It fails if one is in use.
static int drop_loaded(void)
{
    mbedtls_psa_stats_t stats;
    size_t left;

    mbedtls_psa_get_stats(&stats);
    while ((left = stats.persistent_slots) > 0) {
        (void) psa_purge_key(mbedtls_svc_key_id_make(0, stats.max_open_internal_key_id));
        mbedtls_psa_get_stats(&stats);
        if (stats.persistent_slots >= left) {
            return PSA_ERROR_BAD_STATE;
        }
    }
    return PSA_SUCCESS;
}

// gm_its_directory takes fd over, if it succeeds; -1 is for upstream's functions.
int gm_its_directory(int fd)
{
    int ret = drop_loaded(), old;
    if (ret != PSA_SUCCESS) {
        return ret;
    }
    pthread_rwlock_wrlock(&lock);
    old = directory;
    directory = fd;
    pthread_rwlock_unlock(&lock);
    if (old >= 0) {
        (void) close(old);
    }
    return PSA_SUCCESS;
}

#define IF_STORAGE(call) (call)
#else
#define IF_STORAGE(call) GM_NOT_BUILT

int gm_its_directory(int fd)
{
    (void) fd;
    return GM_NOT_BUILT;
}
#endif

int gm_its_set(uint64_t uid, uint32_t len, const void *data, uint32_t flags)
{
    (void) uid, (void) len, (void) data, (void) flags;
    return IF_STORAGE(psa_its_set(uid, len, data, flags));
}

int gm_its_get(uint64_t uid, uint32_t offset, uint32_t len, void *data, size_t *got)
{
    (void) uid, (void) offset, (void) len, (void) data, (void) got;
    return IF_STORAGE(psa_its_get(uid, offset, len, data, got));
}

int gm_its_get_info(uint64_t uid, uint32_t *size, uint32_t *flags)
{
#if defined(MBEDTLS_PSA_CRYPTO_STORAGE_C) && defined(MBEDTLS_PSA_ITS_FILE_C)
    struct psa_storage_info_t info = {0};
    int ret = psa_its_get_info(uid, &info);
    *size = info.size;
    *flags = info.flags;
    return ret;
#else
    (void) uid, (void) size, (void) flags;
    return GM_NOT_BUILT;
#endif
}

int gm_its_remove(uint64_t uid)
{
    (void) uid;
    return IF_STORAGE(psa_its_remove(uid));
}

#endif
