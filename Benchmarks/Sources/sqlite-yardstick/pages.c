// Reads pages of 100 events and writes the JSON that the gateway answers, byte for byte (`--print` shows it), into one
// buffer that is used again.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "histogram.h"
#include "rows.h"

enum { PAGE = 100 };

/// - Returns: how many events the page has.
static int put_page(output *o, sqlite3 *database, sqlite3_stmt *rows, const catalog *names) {
  o->length = 0;
  int events = 0, has_more = 0;
  uint64_t first[2] = {0}, last[2] = {0};
  PUT(o, "{\"edges\":[");
  while (sqlite3_step(rows) == SQLITE_ROW) {
    if (events == PAGE) {
      has_more = 1;
      break;
    }
    last[0] = (uint64_t)sqlite3_column_int64(rows, 0);
    last[1] = (uint64_t)sqlite3_column_int64(rows, 1);
    if (events == 0) memcpy(first, last, sizeof first);
    if (events++ > 0) PUT(o, ",");
    PUT(o, "{");
    put_event(o, rows, names);
    PUT(o, "}");
  }
  must(database, sqlite3_reset(rows));
  PUT(o, "],\"page_info\":{\"has_previous_page\":false,\"has_next_page\":");
  if (has_more) PUT(o, "true");
  else PUT(o, "false");
  PUT(o, ",\"start_cursor\":");
  put_cursor(o, first[0], first[1]);
  PUT(o, ",\"end_cursor\":");
  put_cursor(o, last[0], last[1]);
  PUT(o, "}}");
  return events;
}

int run_pages(const yardstick_options *options) {
  sqlite3 *database = open_database(options);
  bool by_aggregate = strcmp(options->by, "aggregate") == 0;
  sqlite3_stmt *rows = prepare(
    database, by_aggregate
                ? "SELECT " COLUMNS " FROM event WHERE aggregate = ?1 AND position > 0 ORDER BY position LIMIT 101"
                : "SELECT " COLUMNS " FROM event WHERE position > ?1 ORDER BY position LIMIT 101");
  sqlite3_stmt *begin = prepare(database, "BEGIN"), *commit = prepare(database, "COMMIT");
  catalog names = load_catalog(database);
  sqlite3_stmt *size = prepare(
    database, by_aggregate ? "SELECT max(id) FROM aggregate" : "SELECT max(position) - 100 FROM event");
  must(database, sqlite3_step(size));
  uint64_t places = (uint64_t)sqlite3_column_int64(size, 0);
  sqlite3_finalize(size);
  output page = {malloc(1 << 22), 0};
  if (options->print != UINT64_MAX) {
    sqlite3_bind_int64(rows, 1, (int64_t)options->print);
    put_page(&page, database, rows, &names);
    fwrite(page.bytes, 1, page.length, stdout);
    return 0;
  }
  uint32_t random = 2463534242u;
  uint64_t pages = 0, events = 0, bytes = 0;
  uint64_t start = now_nanoseconds(), now = start, end = start + (uint64_t)(options->seconds * 1e9);
  while (options->count > 0 ? pages < options->count : now < end) {
    random ^= random << 13, random ^= random >> 17, random ^= random << 5;
    uint64_t place = random % places + (by_aggregate ? 1 : 0);
    must(database, sqlite3_step(begin));
    sqlite3_reset(begin);
    sqlite3_bind_int64(rows, 1, (int64_t)place);
    events += (uint64_t)put_page(&page, database, rows, &names);
    must(database, sqlite3_step(commit));
    sqlite3_reset(commit);
    bytes += page.length;
    pages++;
    now = now_nanoseconds();
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double seconds = (double)(now - start) / 1e9;
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf(
    "{\"mode\":\"sqlite-pages\",\"by\":\"%s\",\"rate\":%.2f,\"events_rate\":%.2f,\"bytes_per_page\":%llu,"
    "\"cpu_us_per_page\":%.2f}\n",
    options->by, (double)pages / seconds, (double)events / seconds, (unsigned long long)(bytes / pages),
    cpu * 1e6 / (double)pages);
  sqlite3_close_v2(database);
  return 0;
}
