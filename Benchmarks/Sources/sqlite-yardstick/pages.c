// Reads pages of 100 events and writes the JSON that the gateway answers, byte for byte (`--print` shows it), into one
// buffer that is used again: texts of types, names and aggregates come from arrays.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "histogram.h"
#include "yardstick.h"

enum { PAGE = 100 };

typedef struct {
  char *start;
  size_t length;
} text;

typedef struct {
  text *items;
  size_t count;
} texts;

/// Texts by their id, as JSON strings.
static texts load(sqlite3 *database, const char *sql) {
  texts all = {0};
  sqlite3_stmt *statement = prepare(database, sql);
  while (sqlite3_step(statement) == SQLITE_ROW) {
    size_t id = (size_t)sqlite3_column_int64(statement, 0);
    if (id >= all.count) {
      size_t count = id * 2 + 16;
      all.items = realloc(all.items, count * sizeof *all.items);
      memset(all.items + all.count, 0, (count - all.count) * sizeof *all.items);
      all.count = count;
    }
    size_t length = (size_t)sqlite3_column_bytes(statement, 1);
    char *bytes = malloc(length + 2);
    bytes[0] = bytes[length + 1] = '"';
    memcpy(bytes + 1, sqlite3_column_text(statement, 1), length);
    all.items[id] = (text){bytes, length + 2};
  }
  sqlite3_finalize(statement);
  return all;
}

typedef struct {
  char *bytes;
  size_t length;
} output;

static inline void put(output *o, const void *bytes, size_t length) {
  memcpy(o->bytes + o->length, bytes, length);
  o->length += length;
}

#define PUT(o, literal) put(o, literal, sizeof(literal) - 1)

static void put_integer(output *o, uint64_t value) {
  char digits[20];
  int at = 20;
  do digits[--at] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  put(o, digits + at, (size_t)(20 - at));
}

static void put_ulid(output *o, const unsigned char *blob) {
  static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  uint64_t high = 0, low = 0;
  for (int i = 0; i < 8; i++) high = high << 8 | blob[i], low = low << 8 | blob[i + 8];
  char *at = o->bytes + o->length;
  for (int i = 25; i >= 0; i--) {
    at[i] = alphabet[low & 31];
    low = low >> 5 | (high & 31) << 59;
    high >>= 5;
  }
  o->length += 26;
}

/// A cursor: version, position, tag, FNV-1a of these, in base64url.
static void put_cursor(output *o, uint64_t position, uint64_t tag) {
  static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  unsigned char bytes[21] = {1};
  for (int i = 0; i < 8; i++) bytes[1 + i] = (unsigned char)(position >> (56 - 8 * i));
  for (int i = 0; i < 6; i++) bytes[9 + i] = (unsigned char)(tag >> (40 - 8 * i));
  uint32_t check = 2166136261u;
  for (int i = 0; i < 15; i++) check = (check ^ bytes[i]) * 16777619u;
  for (int i = 0; i < 4; i++) bytes[15 + i] = (unsigned char)(check >> (24 - 8 * i));
  PUT(o, "\"");
  char *at = o->bytes + o->length;
  for (int i = 0; i < 19; i += 3) {
    uint32_t three = (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
    for (int shift = 18; shift >= 0; shift -= 6) *at++ = alphabet[three >> shift & 63];
  }
  o->length += 26;  // of 28: 19 bytes are 26 characters without padding
  PUT(o, "\"");
}

typedef struct {
  texts text, key, lane_type, lane_name;
} catalog;

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
    PUT(o, "{\"cursor\":");
    put_cursor(o, last[0], last[1]);
    PUT(o, ",\"node\":{\"id\":\"");
    put_ulid(o, sqlite3_column_blob(rows, 2));
    size_t aggregate = (size_t)sqlite3_column_int64(rows, 3), lane = (size_t)sqlite3_column_int64(rows, 5);
    PUT(o, "\",\"aggregator_type\":");
    put(o, names->lane_type.items[lane].start, names->lane_type.items[lane].length);
    PUT(o, ",\"aggregator_id\":");
    put(o, names->key.items[aggregate].start, names->key.items[aggregate].length);
    PUT(o, ",\"version\":");
    put_integer(o, (uint64_t)sqlite3_column_int64(rows, 4));
    PUT(o, ",\"name\":");
    put(o, names->lane_name.items[lane].start, names->lane_name.items[lane].length);
    PUT(o, ",\"routing_key\":null,\"data\":");
    const void *data = sqlite3_column_blob(rows, 9);
    put(o, data, (size_t)sqlite3_column_bytes(rows, 9));
    PUT(o, ",\"metadata\":{}");
    uint64_t timestamp = (uint64_t)sqlite3_column_int64(rows, 6);
    PUT(o, ",\"timestamp\":");
    put_integer(o, timestamp / 1000);
    PUT(o, ",\"timestamp_subsec\":");
    put_integer(o, timestamp % 1000);
    PUT(o, "}}");
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

#define COLUMNS "position, tag, id, aggregate, version, lane, timestamp, is_json, metadata, data"

int run_pages(const yardstick_options *options) {
  sqlite3 *database = open_database(options);
  bool by_aggregate = strcmp(options->by, "aggregate") == 0;
  sqlite3_stmt *rows = prepare(
    database, by_aggregate
                ? "SELECT " COLUMNS " FROM event WHERE aggregate = ?1 AND position > 0 ORDER BY position LIMIT 101"
                : "SELECT " COLUMNS " FROM event WHERE position > ?1 ORDER BY position LIMIT 101");
  sqlite3_stmt *begin = prepare(database, "BEGIN"), *commit = prepare(database, "COMMIT");
  catalog names = {
    .key = load(database, "SELECT id, key FROM aggregate"),
    .lane_type = load(
      database, "SELECT lane.id, text.value FROM lane JOIN kind ON kind.id = lane.kind JOIN text ON text.id = type"),
    .lane_name = load(
      database, "SELECT lane.id, text.value FROM lane JOIN kind ON kind.id = lane.kind JOIN text ON text.id = name"),
  };
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
