#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

int client_connect(const char *host, const char *port) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
  int code = getaddrinfo(host, port, &hints, &found);
  if (code != 0) {
    fprintf(stderr, "%s:%s: %s\n", host, port, gai_strerror(code));
    return -1;
  }
  int descriptor = -1;
  for (struct addrinfo *address = found; address != NULL && descriptor < 0; address = address->ai_next) {
    descriptor = socket(address->ai_family, address->ai_socktype, 0);
    if (descriptor >= 0 && connect(descriptor, address->ai_addr, address->ai_addrlen) != 0) {
      close(descriptor);
      descriptor = -1;
    }
  }
  freeaddrinfo(found);
  if (descriptor < 0) {
    fprintf(stderr, "connect to %s:%s: %s\n", host, port, strerror(errno));
    return -1;
  }
  int on = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK);
  return descriptor;
}

bool client_send(client *c) {
  while (c->sent < c->sending.length) {
    ssize_t sent = send(c->descriptor, c->sending.bytes + c->sent, c->sending.length - c->sent, MSG_NOSIGNAL);
    if (sent < 0) return errno == EAGAIN || errno == EINTR;
    c->sent += (size_t)sent;
  }
  return true;
}

/// Reads what matters of a head. False where the answer has no length.
static bool read_head(client *c, const char *head, size_t length) {
  if (length < 12 || memcmp(head, "HTTP/1.1 ", 9) != 0) return false;
  c->status = atoi(head + 9);
  c->closes = false;
  bool has_length = c->status == 204 || c->status == 304;
  c->body_left = 0;
  const char *end = head + length;
  for (const char *line = head; line < end;) {
    const char *next = memchr(line, '\n', (size_t)(end - line));
    if (next == NULL) break;
    line = next + 1;
    // Few fields begin with a C, so most lines cost one comparison.
    if (line >= end || (*line | 0x20) != 'c') continue;
    if (strncasecmp(line, "content-length:", 15) == 0) {
      c->body_left = strtoul(line + 15, NULL, 10);
      has_length = true;
    } else if (strncasecmp(line, "connection: close", 17) == 0) {
      c->closes = true;
    }
  }
  return has_length;
}

client_state client_receive(client *c, char *buffer, size_t capacity) {
  for (;;) {
    ssize_t got = recv(c->descriptor, buffer, capacity, 0);
    if (got < 0) return errno == EAGAIN || errno == EINTR ? CLIENT_WAITS : CLIENT_FAILED;
    if (got == 0) return CLIENT_FAILED;
    const char *bytes = buffer;
    size_t count = (size_t)got;
    if (!c->in_body) {
      if (c->head_length > 0) {
        size_t room = HEAD_LIMIT - 1 - c->head_length;
        if (count > room) return CLIENT_FAILED;
        memcpy(c->head + c->head_length, bytes, count);
        count += c->head_length;
        bytes = c->head;
      }
      const char *end = memmem(bytes, count, "\r\n\r\n", 4);
      if (end == NULL) {
        if (count >= HEAD_LIMIT) return CLIENT_FAILED;
        if (bytes != c->head) memcpy(c->head, bytes, count);
        c->head_length = count;
        continue;
      }
      size_t head = (size_t)(end - bytes) + 4;
      if (!read_head(c, bytes, head)) return CLIENT_FAILED;
      c->head_length = 0;
      c->in_body = true;
      count -= head;
    }
    if (count > c->body_left) return CLIENT_FAILED;
    c->body_left -= count;
    if (c->body_left == 0) {
      c->in_body = false;
      return CLIENT_ANSWERED;
    }
  }
}
