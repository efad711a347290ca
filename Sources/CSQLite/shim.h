#ifndef CSQLITE_SHIM_H
#define CSQLITE_SHIM_H

#include <sqlite3.h>

/* SQLITE_TRANSIENT is a cast of -1 to a function pointer, which Swift does not import: https://sqlite.org/c3ref/c_static.html */
static inline sqlite3_destructor_type evento_sqlite_transient(void) { return SQLITE_TRANSIENT; }

/* Functions with variable arguments are not imported either. */
static inline void evento_sqlite_keep_log(sqlite3 *database) {
  sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

#endif
