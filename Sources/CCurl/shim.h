#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>
#include <stdbool.h>

/* curl_easy_setopt, curl_easy_getinfo and curl_multi_setopt are variadic, which Swift does not import. One function for
   each type that they take; the parentheses step around curl's type-checking macros of the same names. */

typedef size_t (*evento_curl_receive)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode evento_curl_set_long(CURL *handle, CURLoption option, long value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_set_size(CURL *handle, CURLoption option, curl_off_t value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_set_string(CURL *handle, CURLoption option, const char *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_set_bytes(CURL *handle, CURLoption option, const void *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_set_pointer(CURL *handle, CURLoption option, void *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_set_receive(CURL *handle, CURLoption option, evento_curl_receive value) {
  return (curl_easy_setopt)(handle, option, value);
}

static inline CURLcode evento_curl_get_long(CURL *handle, CURLINFO info, long *value) {
  return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode evento_curl_get_size(CURL *handle, CURLINFO info, curl_off_t *value) {
  return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLcode evento_curl_get_string(CURL *handle, CURLINFO info, const char **value) {
  return (curl_easy_getinfo)(handle, info, value);
}

static inline CURLMcode evento_curl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return (curl_multi_setopt)(multi, option, value);
}

/* CURLPROTO_… became text in 7.85.0, and the older option is deprecated since: https://curl.se/libcurl/c/CURLOPT_PROTOCOLS_STR.html */
static inline CURLcode evento_curl_allow_http_and_https(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075500
  return (curl_easy_setopt)(handle, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  return (curl_easy_setopt)(handle, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

/* Lets a transfer end while its name is still being looked up, instead of waiting for that thread; since 7.87.0:
   https://curl.se/libcurl/c/CURLOPT_QUICK_EXIT.html */
static inline CURLcode evento_curl_do_not_wait_for_lookups(CURL *handle) {
#if LIBCURL_VERSION_NUM >= 0x075700
  return (curl_easy_setopt)(handle, CURLOPT_QUICK_EXIT, 1L);
#else
  (void)handle;
  return CURLE_OK;
#endif
}

/* A union's member, and macros, that Swift does not import. */
static inline CURLcode evento_curl_result(const CURLMsg *message) { return message->data.result; }
static inline CURLcode evento_curl_start(void) { return curl_global_init(CURL_GLOBAL_DEFAULT); }
static inline bool evento_curl_can_decompress(void) {
  return (curl_version_info(CURLVERSION_NOW)->features & CURL_VERSION_LIBZ) != 0;
}

#endif
