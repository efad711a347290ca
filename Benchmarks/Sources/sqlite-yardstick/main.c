// What SQLite gives a program in C that does no more than it must, on a database that the gateway made.
#include "yardstick.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
  "sqlite-yardstick writes --database FILE [--per-commit N] [--seconds S] [--payload BYTES] [--autocheckpoint PAGES]\n"
  "sqlite-yardstick pages  --database FILE --by log|aggregate [--seconds S] [--print PLACE]\n"
  "sqlite-yardstick lines  --database FILE --port PORT\n"
  "  --count N in place of --seconds: so many commits or pages\n";

void must(sqlite3 *database, int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  fprintf(stderr, "sqlite: %s\n", sqlite3_errmsg(database));
  exit(1);
}

sqlite3_stmt *prepare(sqlite3 *database, const char *sql) {
  sqlite3_stmt *statement = NULL;
  must(database, sqlite3_prepare_v3(database, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL));
  return statement;
}

void execute(sqlite3 *database, const char *sql) { must(database, sqlite3_exec(database, sql, NULL, NULL, NULL)); }

sqlite3 *open_database(const yardstick_options *options) {
  sqlite3 *database = NULL;
  must(database, sqlite3_open_v2(options->database, &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL));
  char pragmas[128];
  snprintf(
    pragmas, sizeof pragmas, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = %u",
    options->autocheckpoint);
  execute(database, pragmas);
  return database;
}

int main(int count, char **arguments) {
  yardstick_options o = {
    .by = "log", .seconds = 3, .per_commit = 1, .payload = 200, .autocheckpoint = 4000, .print = UINT64_MAX};
  static const struct option names[] = {
    {"database", 1, 0, 'd'}, {"by", 1, 0, 'y'},     {"seconds", 1, 0, 's'}, {"per-commit", 1, 0, 'c'},
    {"payload", 1, 0, 'b'},  {"count", 1, 0, 'n'},  {"print", 1, 0, 'p'},   {"autocheckpoint", 1, 0, 'a'},
    {"port", 1, 0, 'l'},     {0},
  };
  for (int option; (option = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (option) {
      case 'd': o.database = optarg; break;
      case 'y': o.by = optarg; break;
      case 's': o.seconds = atof(optarg); break;
      case 'c': o.per_commit = (unsigned)atoi(optarg); break;
      case 'b': o.payload = (unsigned)atoi(optarg); break;
      case 'n': o.count = strtoull(optarg, NULL, 10); break;
      case 'p': o.print = strtoull(optarg, NULL, 10); break;
      case 'a': o.autocheckpoint = (unsigned)atoi(optarg); break;
      case 'l': o.port = (uint16_t)atoi(optarg); break;
      default: fputs(usage, stderr); return 2;
    }
  }
  if (optind == count - 1 && o.database != NULL && o.per_commit > 0) {
    if (strcmp(arguments[optind], "writes") == 0) return run_writes(&o);
    if (strcmp(arguments[optind], "pages") == 0) return run_pages(&o);
    if (strcmp(arguments[optind], "lines") == 0 && o.port > 0) return run_lines(&o);
  }
  fputs(usage, stderr);
  return 2;
}
