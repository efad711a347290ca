#ifndef YARDSTICK_H
#define YARDSTICK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *database;
  const char *by;          // of pages: log or aggregate
  double seconds;
  unsigned per_commit;
  unsigned payload;
  unsigned autocheckpoint;
  uint64_t count;          // of commits or pages, in place of a time; 0: none
  uint16_t port;           // of lines: where to listen
  uint64_t print;          // of pages: write the page behind this place, or of this aggregate, to stdout
} yardstick_options;

int run_writes(const yardstick_options *options);
int run_pages(const yardstick_options *options);
int run_lines(const yardstick_options *options);

/// Ends the program where SQLite did not do what it was asked to.
void must(sqlite3 *database, int code);
sqlite3_stmt *prepare(sqlite3 *database, const char *sql);
void execute(sqlite3 *database, const char *sql);
sqlite3 *open_database(const yardstick_options *options);

#endif
