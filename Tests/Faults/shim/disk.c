/* Stands between a program and the kernel, for calls on the files of one folder (LD_PRELOAD,
   https://man7.org/linux/man-pages/man8/ld.so.8.html). It records what is written and synced, so that ../faults/disk.py
   can make the files as they are after a power failure, and it makes calls fail when the control file says so.

   A write is recorded before it is done, and a sync after: whatever happens in between, the record never claims that
   more is on disk than the program may rely on. Nothing is synced for real, because the record is the disk. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The kinds of records. The numbers are those of disk.py. */
enum { OPENED = 1, WRITTEN, CUT, SYNCING, SYNCED, LOST, UNLINKED, RENAMED, LINKED };
enum { CREATED = 1, EMPTIED = 2, FOLDER = 4 };

struct header {
  uint32_t kind, thread;
  uint64_t inode, offset, data_length;
  uint32_t names_length, padding;
};

/* What fails, and how: bits of calls and of files, as in shims.py. */
enum { OPEN = 1, WRITE = 2, SYNC = 4, TRUNCATE = 8, MAP = 16 };
enum { DATABASE = 1, LOG = 2, SHARED_MEMORY = 4, A_FOLDER = 8, OTHER = 16 };
enum { FAIL, SHORT, STALL, LIE };

struct control {
  atomic_uint calls, files, effect, error;
  /* The first call that is hit, then every n-th one, so many in all. */
  atomic_uint first, every, limit;
  atomic_uint seen, hits;
  atomic_uint stall_ms;
  /* How long each sync takes, so that a kill can fall into it. */
  atomic_uint sync_us;
};

static const char *folder;
static int journal = -1;
static struct control *control;

/* What each file descriptor leads to; `class` is 0 for files that do not matter. */
static struct { uint64_t inode; unsigned class; } descriptors[1 << 16];

__attribute__((constructor)) static void begin(void) {
  const char *path = getenv("FAULTS_CONTROL");
  folder = getenv("FAULTS_FOLDER");
  if (!path || !folder || !getenv("FAULTS_JOURNAL")) return;
  int file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  void *memory = (void *)syscall(SYS_mmap, 0, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  syscall(SYS_close, file);
  journal = syscall(SYS_openat, AT_FDCWD, getenv("FAULTS_JOURNAL"), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (memory == MAP_FAILED || journal < 0) abort();
  control = memory;
}

static void record(uint32_t kind, uint64_t inode, uint64_t offset, const char *names, size_t names_length,
                   const void *data, size_t length) {
  int error = errno;
  struct header header = {kind, (uint32_t)syscall(SYS_gettid), inode, offset, length, (uint32_t)names_length, 0};
  struct iovec parts[] = {{&header, sizeof header}, {(void *)names, names_length}, {(void *)data, length}};
  if (syscall(SYS_writev, journal, parts, 3) != (long)(sizeof header + names_length + length)) abort();
  errno = error;
}

/* 1 if the next call of this kind is to be hit. */
static int is_hit(unsigned call, unsigned class) {
  if (!control || !(control->calls & call) || !(control->files & class)) return 0;
  unsigned number = atomic_fetch_add(&control->seen, 1) + 1, first = control->first, every = control->every;
  if (number < first || (every ? (number - first) % every : number > first)) return 0;
  return atomic_fetch_add(&control->hits, 1) < control->limit;
}

static int fail(void) {
  errno = (int)control->error;
  return -1;
}

static void pause_for(uint64_t microseconds) {
  struct timespec rest = {microseconds / 1000000, microseconds % 1000000 * 1000};
  while (syscall(SYS_nanosleep, &rest, &rest) != 0 && errno == EINTR) {}
}

/* The path without links to folders; 0 if it is not below the folder. */
static int resolve(int base, const char *path, char *result) {
  if (!control) return 0;
  char from[PATH_MAX];
  if (path[0] == '/') {
    if (strlen(path) >= PATH_MAX) return 0;
    strcpy(result, path);
  } else {
    if (base == AT_FDCWD) {
      if (syscall(SYS_getcwd, from, sizeof from) < 0) return 0;
    } else {
      char link[64] = "/proc/self/fd/", digits[16];
      int count = 0, number = base;
      do { digits[count++] = (char)('0' + number % 10); number /= 10; } while (number);
      char *end = link + strlen(link);
      while (count) *end++ = digits[--count];
      *end = 0;
      long length = syscall(SYS_readlinkat, AT_FDCWD, link, from, sizeof from - 1);
      if (length < 0) return 0;
      from[length] = 0;
    }
    if (strlen(from) + strlen(path) + 2 > PATH_MAX) return 0;
    strcpy(result, from);
    if (strcmp(path, ".") != 0) strcat(strcat(result, "/"), path);
  }
  size_t length = strlen(folder);
  return strncmp(result, folder, length) == 0 && (result[length] == 0 || result[length] == '/');
}

static int ends_with(const char *path, const char *end) {
  size_t length = strlen(path), size = strlen(end);
  return length >= size && strcmp(path + length - size, end) == 0;
}

static unsigned class_of(const char *path) {
  struct stat status;
  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return A_FOLDER;
  return ends_with(path, "-wal") ? LOG
    : ends_with(path, "-shm") ? SHARED_MEMORY
    : ends_with(path, ".sqlite") ? DATABASE : OTHER;
}

static unsigned class_of_descriptor(int file) {
  return file >= 0 && file < 1 << 16 ? descriptors[file].class : 0;
}

static int open_at(int base, const char *path, int flags, mode_t mode) {
  char full[PATH_MAX];
  if (!resolve(base, path, full)) return (int)syscall(SYS_openat, base, path, flags, mode);
  struct stat status;
  int is_new = flags & O_CREAT && stat(full, &status) != 0;
  unsigned class = class_of(full);
  if (is_hit(OPEN, class)) return fail();
  int file = (int)syscall(SYS_openat, base, path, flags, mode);
  if (file < 0 || file >= 1 << 16 || fstat(file, &status) != 0) return file;
  descriptors[file].inode = status.st_ino;
  descriptors[file].class = class;
  int how = (is_new ? CREATED : 0) | (flags & O_TRUNC ? EMPTIED : 0) | (class == A_FOLDER ? FOLDER : 0);
  record(OPENED, status.st_ino, (uint64_t)how, full, strlen(full), NULL, 0);
  return file;
}

#define MODE(flags) \
  mode_t mode = 0; \
  if ((flags) & (O_CREAT | __O_TMPFILE)) { \
    va_list list; \
    va_start(list, flags); \
    mode = va_arg(list, mode_t); \
    va_end(list); \
  }

int open(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE(flags) return open_at(AT_FDCWD, path, flags, mode); }
int openat(int base, const char *path, int flags, ...) { MODE(flags) return open_at(base, path, flags, mode); }
int openat64(int base, const char *path, int flags, ...) { MODE(flags) return open_at(base, path, flags, mode); }

int close(int file) {
  if (file >= 0 && file < 1 << 16) descriptors[file].class = 0;
  return (int)syscall(SYS_close, file);
}

static ssize_t write_at(int file, const void *data, size_t length, off_t offset) {
  if (is_hit(WRITE, class_of_descriptor(file))) {
    if (control->effect == FAIL) return fail();
    if (control->effect == SHORT && length > 1) length /= 2;
    if (control->effect == STALL) pause_for(control->stall_ms * 1000ull);
  }
  record(WRITTEN, descriptors[file].inode, (uint64_t)offset, NULL, 0, data, length);
  return syscall(SYS_pwrite64, file, data, length, offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) {
  return class_of_descriptor(file) ? write_at(file, data, length, offset)
                                   : syscall(SYS_pwrite64, file, data, length, offset);
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
  return pwrite(file, data, length, offset);
}

ssize_t pwritev(int file, const struct iovec *parts, int count, off_t offset) {
  if (!class_of_descriptor(file)) return syscall(SYS_pwritev, file, parts, count, offset, 0L);
  ssize_t total = 0;
  for (int part = 0; part < count; part++) {
    ssize_t written = write_at(file, parts[part].iov_base, parts[part].iov_len, offset + total);
    if (written < 0) return total ? total : written;
    total += written;
    if ((size_t)written < parts[part].iov_len) break;
  }
  return total;
}

ssize_t pwritev64(int file, const struct iovec *parts, int count, off64_t offset) {
  return pwritev(file, parts, count, offset);
}

ssize_t write(int file, const void *data, size_t length) {
  if (!class_of_descriptor(file)) return syscall(SYS_write, file, data, length);
  off_t offset = lseek(file, 0, SEEK_CUR);
  ssize_t written = write_at(file, data, length, offset);
  if (written > 0) lseek(file, written, SEEK_CUR);
  return written;
}

int ftruncate(int file, off_t length) {
  unsigned class = class_of_descriptor(file);
  if (is_hit(TRUNCATE, class)) return fail();
  if (class) record(CUT, descriptors[file].inode, (uint64_t)length, NULL, 0, NULL, 0);
  return (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate64(int file, off64_t length) { return ftruncate(file, length); }

static int sync_file(int file, long call) {
  unsigned class = class_of_descriptor(file);
  if (!class) return (int)syscall(call, file);
  uint64_t inode = descriptors[file].inode;
  record(SYNCING, inode, 0, NULL, 0, NULL, 0);
  pause_for(control->sync_us);
  if (is_hit(SYNC, class)) {
    if (control->effect == LIE) return 0;
    if (control->effect == FAIL) {
      /* The kernel takes the pages for clean after a failed sync (https://wiki.postgresql.org/wiki/Fsync_Errors). A sync
         that a signal interrupted has lost nothing. */
      if (control->error != EINTR) record(LOST, inode, 0, NULL, 0, NULL, 0);
      return fail();
    }
    pause_for(control->stall_ms * 1000ull);
  }
  record(SYNCED, inode, 0, NULL, 0, NULL, 0);
  return 0;
}

int fsync(int file) { return sync_file(file, SYS_fsync); }
int fdatasync(int file) { return sync_file(file, SYS_fdatasync); }

void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  if (is_hit(MAP, class_of_descriptor(file))) {
    fail();
    return MAP_FAILED;
  }
  return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
  return mmap(address, length, protection, flags, file, offset);
}

int unlinkat(int base, const char *path, int flags) {
  char full[PATH_MAX];
  if (resolve(base, path, full)) record(UNLINKED, 0, 0, full, strlen(full), NULL, 0);
  return (int)syscall(SYS_unlinkat, base, path, flags);
}

int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }

/* Records two names, with a zero byte between them. */
static void record_names(uint32_t kind, int from_base, const char *from, int to_base, const char *to) {
  char names[2 * PATH_MAX], second[PATH_MAX];
  if (!resolve(from_base, from, names) || !resolve(to_base, to, second)) return;
  size_t first = strlen(names) + 1;
  strcpy(names + first, second);
  record(kind, 0, 0, names, first + strlen(second), NULL, 0);
}

int renameat(int from_base, const char *from, int to_base, const char *to) {
  record_names(RENAMED, from_base, from, to_base, to);
  return (int)syscall(SYS_renameat2, from_base, from, to_base, to, 0);
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int linkat(int from_base, const char *from, int to_base, const char *to, int flags) {
  int status = (int)syscall(SYS_linkat, from_base, from, to_base, to, flags);
  if (status == 0) record_names(LINKED, from_base, from, to_base, to);
  return status;
}

int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
