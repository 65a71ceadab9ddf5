/*
 * Preloaded into the tool by tests/it/faults.rs: counts the calls that change files below a folder, and makes one of them the last,
 * or fail. For Linux with glibc.
 *
 *   FAULT_ROOT  the folder; calls on other files are neither counted nor touched
 *   FAULT_LOG   a file to which each call is written: its name and the path below the folder
 *   FAULT_AT    the number of the call, from 1, at which something happens; or
 *   FAULT_CALL  the call itself, as it would be logged: the first of them
 *   FAULT_HOW   before, after: the process is killed there; half: a write is cut in the middle, then the process is killed
 *               full: this call and all behind it that need space fail with ENOSPC
 *               denied, broken: this call fails with EACCES, EIO
 *               run: the command in FAULT_RUN is run before the call
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char paths[FILES][PATH_MAX];
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int count, found;

static const char *root(void) { return getenv("FAULT_ROOT"); }

/* The path of a file that is named from a folder's descriptor. */
static const char *whole(int dir, const char *path, char *buffer) {
    char link[64];
    ssize_t length = 0;
    if (path[0] == '/') return path;
    if (dir == AT_FDCWD) {
        if (!getcwd(buffer, PATH_MAX)) return path;
        length = strlen(buffer);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        length = readlink(link, buffer, PATH_MAX - 1);
        if (length < 0) return path;
    }
    snprintf(buffer + length, PATH_MAX - length, "/%s", path);
    return buffer;
}

/* The path below the folder; NULL for files elsewhere. */
static const char *below(const char *path) {
    const char *top = root();
    size_t length = top ? strlen(top) : 0;
    if (!top || strncmp(path, top, length) || (path[length] != '/' && path[length])) return NULL;
    return path[length] ? path + length + 1 : ".";
}

/* What is to be done about a call: 0 to make it, an error to fail with, -1 to be killed after it, -2 in the middle of it. */
static int fault(const char *call, const char *path, int needs_space) {
    const char *inside = below(path), *at = getenv("FAULT_AT"), *how = getenv("FAULT_HOW"), *log = getenv("FAULT_LOG");
    if (!inside) return 0;
    char line[PATH_MAX + 64], first[16];
    int length = snprintf(line, sizeof line, "%s %s\n", call, inside);
    const char *wanted = getenv("FAULT_CALL");
    pthread_mutex_lock(&guard);
    int number = ++count;
    if (wanted && !found && !strncmp(line, wanted, length - 1) && !wanted[length - 1]) found = number;
    if (found) snprintf(first, sizeof first, "%d", found);
    pthread_mutex_unlock(&guard);
    if (found) at = first;
    if (log) {
        int fd = NEXT(open)(log, O_WRONLY | O_CREAT | O_APPEND, 0666);
        if (fd >= 0) {
            if (NEXT(write)(fd, line, length) != length) abort();
            NEXT(close)(fd);
        }
    }
    if (!at || !how || number < atoi(at)) return 0;
    if (!strcmp(how, "full")) return needs_space ? ENOSPC : 0;
    if (number > atoi(at)) return 0;
    if (!strcmp(how, "before")) kill(getpid(), SIGKILL);
    if (!strcmp(how, "after")) return -1;
    if (!strcmp(how, "half")) return -2;
    if (!strcmp(how, "denied")) return EACCES;
    if (!strcmp(how, "broken")) return EIO;
    if (!strcmp(how, "run")) {
        const char *command = getenv("FAULT_RUN");
        unsetenv("LD_PRELOAD");
        if (!command || system(command) != 0) abort();
    }
    return 0;
}

static int end(int result, int what) {
    if (what == -1 || what == -2) kill(getpid(), SIGKILL);
    return result;
}

#define GUARDED(call, path, needs_space, real)             \
    do {                                                   \
        int what_ = fault(call, path, needs_space);        \
        if (what_ > 0) return errno = what_, -1;           \
        return end(real, what_);                           \
    } while (0)

static void remember(int fd, const char *path) {
    if (fd >= 0 && fd < FILES) snprintf(paths[fd], PATH_MAX, "%s", below(path) ? path : "");
}

static int opened(int dir, const char *path, int flags, mode_t mode) {
    char buffer[PATH_MAX];
    const char *name = whole(dir, path, buffer);
    int what = 0;
    /* What only opens a file changes nothing. */
    if (flags & (O_CREAT | O_TRUNC)) what = fault("open", name, 1);
    if (what > 0) return errno = what, -1;
    int fd = NEXT(openat)(dir, path, flags, mode);
    remember(fd, name);
    return end(fd, what);
}

#define MODE                                               \
    mode_t mode = 0;                                       \
    if (flags & (O_CREAT | O_TMPFILE)) {                   \
        va_list rest;                                      \
        va_start(rest, flags);                             \
        mode = va_arg(rest, mode_t);                       \
        va_end(rest);                                      \
    }

int open(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return opened(AT_FDCWD, path, flags | O_LARGEFILE, mode); }
int openat(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags, mode); }
int openat64(int dir, const char *path, int flags, ...) { MODE return opened(dir, path, flags | O_LARGEFILE, mode); }
int creat(const char *path, mode_t mode) { return opened(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd) {
    if (fd >= 0 && fd < FILES) paths[fd][0] = 0;
    return NEXT(close)(fd);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    if (fd < 0 || fd >= FILES || !paths[fd][0]) return NEXT(write)(fd, bytes, length);
    int what = fault("write", paths[fd], 1);
    if (what > 0) return errno = what, -1;
    ssize_t written = NEXT(write)(fd, bytes, what == -2 ? length / 2 : length);
    end(0, what);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    if (fd < 0 || fd >= FILES || !paths[fd][0]) return NEXT(pwrite64)(fd, bytes, length, at);
    int what = fault("write", paths[fd], 1);
    if (what > 0) return errno = what, -1;
    ssize_t written = NEXT(pwrite64)(fd, bytes, what == -2 ? length / 2 : length, at);
    end(0, what);
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) { return pwrite64(fd, bytes, length, at); }

ssize_t writev(int fd, const struct iovec *parts, int number) {
    if (fd < 0 || fd >= FILES || !paths[fd][0]) return NEXT(writev)(fd, parts, number);
    return number > 0 ? write(fd, parts[0].iov_base, parts[0].iov_len) : 0;
}

/* Copies in the kernel are made with reads and writes instead, which are counted. */
ssize_t copy_file_range(int from, off64_t *at, int to, off64_t *where, size_t length, unsigned flags) {
    (void)from, (void)at, (void)to, (void)where, (void)length, (void)flags;
    return errno = ENOSYS, -1;
}

static int on_file(const char *call, int fd, int needs_space, int (*real)(int)) {
    const char *path = fd >= 0 && fd < FILES ? paths[fd] : "";
    GUARDED(call, path, needs_space, real(fd));
}

int fsync(int fd) { return on_file("fsync", fd, 1, NEXT(fsync)); }
int fdatasync(int fd) { return on_file("fsync", fd, 1, NEXT(fdatasync)); }

int ftruncate64(int fd, off64_t length) {
    const char *path = fd >= 0 && fd < FILES ? paths[fd] : "";
    GUARDED("truncate", path, 0, NEXT(ftruncate64)(fd, length));
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
    char buffer[PATH_MAX];
    GUARDED("rename", whole(AT_FDCWD, to, buffer), 0, NEXT(rename)(from, to));
}

int renameat(int old, const char *from, int new, const char *to) {
    char buffer[PATH_MAX];
    GUARDED("rename", whole(new, to, buffer), 0, NEXT(renameat)(old, from, new, to));
}

int unlink(const char *path) {
    char buffer[PATH_MAX];
    GUARDED("unlink", whole(AT_FDCWD, path, buffer), 0, NEXT(unlink)(path));
}

int unlinkat(int dir, const char *path, int flags) {
    char buffer[PATH_MAX];
    GUARDED(flags & AT_REMOVEDIR ? "rmdir" : "unlink", whole(dir, path, buffer), 0, NEXT(unlinkat)(dir, path, flags));
}

int rmdir(const char *path) {
    char buffer[PATH_MAX];
    GUARDED("rmdir", whole(AT_FDCWD, path, buffer), 0, NEXT(rmdir)(path));
}

int link(const char *from, const char *to) {
    char buffer[PATH_MAX];
    GUARDED("link", whole(AT_FDCWD, to, buffer), 1, NEXT(link)(from, to));
}

int linkat(int old, const char *from, int new, const char *to, int flags) {
    char buffer[PATH_MAX];
    GUARDED("link", whole(new, to, buffer), 1, NEXT(linkat)(old, from, new, to, flags));
}

int symlink(const char *target, const char *path) {
    char buffer[PATH_MAX];
    GUARDED("link", whole(AT_FDCWD, path, buffer), 1, NEXT(symlink)(target, path));
}

int mkdir(const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    GUARDED("mkdir", whole(AT_FDCWD, path, buffer), 1, NEXT(mkdir)(path, mode));
}

int chmod(const char *path, mode_t mode) {
    char buffer[PATH_MAX];
    GUARDED("chmod", whole(AT_FDCWD, path, buffer), 0, NEXT(chmod)(path, mode));
}

int fchmod(int fd, mode_t mode) {
    const char *path = fd >= 0 && fd < FILES ? paths[fd] : "";
    GUARDED("chmod", path, 0, NEXT(fchmod)(fd, mode));
}
