// Inserts events as the gateway stores them, a number of them in each commit: eight to an aggregate, ids in the order
// of time. Nothing is checked, nothing is looked up again, nothing is answered.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "histogram.h"
#include "yardstick.h"

enum { EVENTS_PER_AGGREGATE = 8 };

static int64_t one(sqlite3 *database, const char *sql) {
  sqlite3_stmt *statement = prepare(database, sql);
  must(database, sqlite3_step(statement));
  int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  return value;
}

static void run(sqlite3 *database, sqlite3_stmt *statement) {
  must(database, sqlite3_step(statement));
  sqlite3_reset(statement);
}

static void put_big_endian(unsigned char *at, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; i--, value >>= 8) at[i] = (unsigned char)value;
}

int run_writes(const yardstick_options *o) {
  sqlite3 *database = open_database(o);
  execute(
    database,
    "BEGIN; INSERT OR IGNORE INTO text (value) VALUES ('bank/Account'), ('MoneyDeposited');"
    "INSERT OR IGNORE INTO kind (type, name) SELECT a.id, b.id FROM text a, text b"
    "  WHERE a.value = 'bank/Account' AND b.value = 'MoneyDeposited';"
    "INSERT OR IGNORE INTO lane (routing_key, kind) SELECT 0, id FROM kind; COMMIT");
  int64_t type = one(database, "SELECT id FROM text WHERE value = 'bank/Account'");
  int64_t kind = one(database, "SELECT max(id) FROM kind"), lane = one(database, "SELECT max(id) FROM lane");
  int64_t position = one(database, "SELECT coalesce(max(position), 0) FROM event"), aggregate = 0;
  sqlite3_stmt *begin = prepare(database, "BEGIN IMMEDIATE"), *commit = prepare(database, "COMMIT");
  sqlite3_stmt *add_aggregate = prepare(database, "INSERT INTO aggregate (type, key) VALUES (?1, ?2)");
  sqlite3_stmt *add_event = prepare(
    database,
    "INSERT INTO event (position, tag, id, aggregate, version, kind, lane, timestamp, is_json, metadata, data)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
  char *data = malloc(o->payload + 1);
  memset(data, 'x', o->payload);
  static histogram latencies;
  uint64_t tag = 0x9E3779B97F4A7C15u, written = 0, commits = 0;
  uint64_t start = now_nanoseconds(), now = start, end = start + (uint64_t)(o->seconds * 1e9);
  while (o->count > 0 ? commits < o->count : now < end) {
    uint64_t began = now;
    run(database, begin);
    tag = tag * 6364136223846793005u + 1442695040888963407u;
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    int64_t milliseconds = (int64_t)clock.tv_sec * 1000 + clock.tv_nsec / 1000000;
    for (unsigned i = 0; i < o->per_commit; i++, written++) {
      if (written % EVENTS_PER_AGGREGATE == 0) {
        char key[64];
        int length = snprintf(key, sizeof key, "raw%lld-000-%09llu", (long long)position, (unsigned long long)written);
        sqlite3_bind_int64(add_aggregate, 1, type);
        sqlite3_bind_text(add_aggregate, 2, key, length, SQLITE_STATIC);
        run(database, add_aggregate);
        aggregate = sqlite3_last_insert_rowid(database);
      }
      unsigned char id[16];
      put_big_endian(id, (uint64_t)milliseconds, 6);
      put_big_endian(id + 6, 0, 2);
      put_big_endian(id + 8, (uint64_t)position + 1, 8);
      sqlite3_bind_int64(add_event, 1, ++position);
      sqlite3_bind_int64(add_event, 2, (int64_t)(tag >> 16));
      sqlite3_bind_blob(add_event, 3, id, sizeof id, SQLITE_STATIC);
      sqlite3_bind_int64(add_event, 4, aggregate);
      sqlite3_bind_int64(add_event, 5, (int64_t)(written % EVENTS_PER_AGGREGATE) + 1);
      sqlite3_bind_int64(add_event, 6, kind);
      sqlite3_bind_int64(add_event, 7, lane);
      sqlite3_bind_int64(add_event, 8, milliseconds);
      sqlite3_bind_int64(add_event, 9, 1);
      sqlite3_bind_null(add_event, 10);
      sqlite3_bind_blob(add_event, 11, data, (int)o->payload, SQLITE_STATIC);
      run(database, add_event);
    }
    run(database, commit);
    commits++;
    now = now_nanoseconds();
    histogram_add(&latencies, now - began);
  }
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double seconds = (double)(now - start) / 1e9;
  double cpu = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
               (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  printf(
    "{\"mode\":\"sqlite-writes\",\"per_commit\":%u,\"rate\":%.2f,\"events_rate\":%.2f,\"p50_us\":%.1f,\"p99_us\":%.1f,"
    "\"cpu_us_per_event\":%.2f}\n",
    o->per_commit, (double)commits / seconds, (double)written / seconds,
    (double)histogram_quantile(&latencies, 0.5) / 1e3, (double)histogram_quantile(&latencies, 0.99) / 1e3,
    cpu * 1e6 / (double)written);
  sqlite3_close_v2(database);
  return 0;
}
