#include "rows.h"

#include <stdio.h>
#include <stdlib.h>

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

catalog load_catalog(sqlite3 *database) {
  return (catalog){
    .key = load(database, "SELECT id, key FROM aggregate"),
    .lane_type = load(
      database, "SELECT lane.id, text.value FROM lane JOIN kind ON kind.id = lane.kind JOIN text ON text.id = type"),
    .lane_name = load(
      database, "SELECT lane.id, text.value FROM lane JOIN kind ON kind.id = lane.kind JOIN text ON text.id = name"),
  };
}

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

// Version, position, tag, FNV-1a of these, in base64url.
void put_cursor(output *o, uint64_t position, uint64_t tag) {
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

void put_event(output *o, sqlite3_stmt *row, const catalog *names) {
  PUT(o, "\"cursor\":");
  put_cursor(o, (uint64_t)sqlite3_column_int64(row, 0), (uint64_t)sqlite3_column_int64(row, 1));
  PUT(o, ",\"node\":{\"id\":\"");
  put_ulid(o, sqlite3_column_blob(row, 2));
  size_t aggregate = (size_t)sqlite3_column_int64(row, 3), lane = (size_t)sqlite3_column_int64(row, 5);
  PUT(o, "\",\"aggregator_type\":");
  put(o, names->lane_type.items[lane].start, names->lane_type.items[lane].length);
  PUT(o, ",\"aggregator_id\":");
  put(o, names->key.items[aggregate].start, names->key.items[aggregate].length);
  PUT(o, ",\"version\":");
  put_integer(o, (uint64_t)sqlite3_column_int64(row, 4));
  PUT(o, ",\"name\":");
  put(o, names->lane_name.items[lane].start, names->lane_name.items[lane].length);
  PUT(o, ",\"routing_key\":null,\"data\":");
  const void *data = sqlite3_column_blob(row, 9);
  put(o, data, (size_t)sqlite3_column_bytes(row, 9));
  PUT(o, ",\"metadata\":{}");
  uint64_t timestamp = (uint64_t)sqlite3_column_int64(row, 6);
  PUT(o, ",\"timestamp\":");
  put_integer(o, timestamp / 1000);
  PUT(o, ",\"timestamp_subsec\":");
  put_integer(o, timestamp % 1000);
  PUT(o, "}");
}
