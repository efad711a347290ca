// Sends the whole log to each connection, one connection after the other, as the gateway's NDJSON, byte for byte: one
// statement that is stepped to its end, and a chunk of a response for each 64 KiB of lines.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "rows.h"

enum { CHUNK = 64 << 10, LARGEST_EVENT = 16 << 20 };

/// - Returns: false if the reader is gone.
static bool send_all(int descriptor, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t sent = send(descriptor, bytes, length, MSG_NOSIGNAL);
    if (sent < 0) return false;
    bytes += sent;
    length -= (size_t)sent;
  }
  return true;
}

static bool send_chunk(int descriptor, const output *lines) {
  char size[32];
  int length = snprintf(size, sizeof size, "%zx\r\n", lines->length);
  struct iovec parts[] = {{size, (size_t)length}, {lines->bytes, lines->length}, {"\r\n", 2}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = 3};
  size_t total = (size_t)length + lines->length + 2;
  ssize_t sent = sendmsg(descriptor, &message, MSG_NOSIGNAL);
  if (sent < 0) return false;
  if ((size_t)sent == total) return true;
  // A blocking socket takes all, unless a signal comes between.
  return false;
}

static void send_log(int descriptor, sqlite3 *database, sqlite3_stmt *rows, const catalog *names, output *lines) {
  static const char head[] =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";
  char request[4096];
  if (recv(descriptor, request, sizeof request, 0) <= 0) return;
  bool is_open = send_all(descriptor, head, sizeof head - 1);
  lines->length = 0;
  int code = SQLITE_DONE;
  while (is_open && (code = sqlite3_step(rows)) == SQLITE_ROW) {
    PUT(lines, "{\"type\":\"event\",");
    put_event(lines, rows, names);
    PUT(lines, "}\n");
    if (lines->length < CHUNK) continue;
    is_open = send_chunk(descriptor, lines);
    lines->length = 0;
  }
  must(database, code);
  must(database, sqlite3_reset(rows));
  if (is_open && lines->length > 0) is_open = send_chunk(descriptor, lines);
  if (is_open) send_all(descriptor, "0\r\n\r\n", 5);
}

int run_lines(const yardstick_options *options) {
  sqlite3 *database = open_database(options);
  sqlite3_stmt *rows = prepare(database, "SELECT " COLUMNS " FROM event ORDER BY position");
  catalog names = load_catalog(database);
  output lines = {malloc(CHUNK + LARGEST_EVENT), 0};
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_port = htons(options->port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 16) != 0) {
    perror("listen");
    return 1;
  }
  // Until it is stopped by a signal.
  for (;;) {
    int descriptor = accept(listener, NULL, NULL);
    if (descriptor < 0) continue;
    send_log(descriptor, database, rows, &names, &lines);
    close(descriptor);
  }
}
