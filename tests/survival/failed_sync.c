/* A disk whose log cannot be flushed for a while, to be preloaded.
 *
 * While the file PANORA_SYNC_FAILS exists, `fsync` and `fdatasync` of a log of SQLite fail. Linux
 * then considers the data since the last flush written, although the disk does not have it: the next
 * flush succeeds and writes nothing. The file PANORA_SYNC_LOG records which bytes of the log the
 * disk has lost, and which it has after all:
 *
 *     lost <offset> <length>
 *     synced <offset> <length>
 *     truncated <length> 0
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Written since the last flush. */
static struct { long long offset, length; } ranges[1 << 16];
static int count;

static int is_log(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name);
    return length > 4 && memcmp(name + length - 4, "-wal", 4) == 0;
}

static void tell(const char *what, long long offset, long long length) {
    char line[128];
    int size = snprintf(line, sizeof line, "%s %lld %lld\n", what, offset, length);
    int fd = open(getenv("PANORA_SYNC_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    if (fd < 0 || real(fd, line, size) != size) abort();
    close(fd);
}

static void wrote(int fd, long long offset, long long length) {
    if (length <= 0 || !is_log(fd)) return;
    pthread_mutex_lock(&lock);
    if (count == 1 << 16) abort();
    ranges[count].offset = offset;
    ranges[count++].length = length;
    pthread_mutex_unlock(&lock);
}

static int sync_log(int fd, const char *name) {
    int (*real)(int) = dlsym(RTLD_NEXT, name);
    if (!is_log(fd)) return real(fd);
    pthread_mutex_lock(&lock);
    int fails = access(getenv("PANORA_SYNC_FAILS"), F_OK) == 0;
    for (int i = 0; i < count; i++) tell(fails ? "lost" : "synced", ranges[i].offset, ranges[i].length);
    count = 0;
    pthread_mutex_unlock(&lock);
    if (fails) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}

static int truncate_log(int fd, off_t length, const char *name) {
    int (*real)(int, off_t) = dlsym(RTLD_NEXT, name);
    if (is_log(fd)) {
        pthread_mutex_lock(&lock);
        tell("truncated", length, 0);
        pthread_mutex_unlock(&lock);
    }
    return real(fd, length);
}

int fsync(int fd) { return sync_log(fd, "fsync"); }
int fdatasync(int fd) { return sync_log(fd, "fdatasync"); }
int ftruncate(int fd, off_t length) { return truncate_log(fd, length, "ftruncate"); }
int ftruncate64(int fd, off_t length) { return truncate_log(fd, length, "ftruncate64"); }

ssize_t write(int fd, const void *data, size_t size) {
    ssize_t (*real)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    long long offset = lseek(fd, 0, SEEK_CUR);
    ssize_t written = real(fd, data, size);
    int error = errno;
    wrote(fd, offset, written);
    errno = error;
    return written;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    ssize_t written = real(fd, data, size, offset);
    wrote(fd, offset, written);
    return written;
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite64");
    ssize_t written = real(fd, data, size, offset);
    wrote(fd, offset, written);
    return written;
}
