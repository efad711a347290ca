/* Lowers SQLite's setting `synchronous` where a program sets it to FULL (LD_PRELOAD), to show that the tests notice it:
   https://sqlite.org/pragma.html#pragma_synchronous */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <string.h>

typedef int callback(void *, int, char **, char **);

int sqlite3_exec(void *database, const char *sql, callback *row, void *context, char **error) {
  int (*next)(void *, const char *, callback *, void *, char **) = dlsym(RTLD_NEXT, "sqlite3_exec");
  if (!strcmp(sql, "PRAGMA synchronous = FULL")) sql = "PRAGMA synchronous = NORMAL";
  return next(database, sql, row, context, error);
}
