#include "CChecksum.h"

#include <string.h>

/* The instructions are not part of the processors that a compiler generates code for by default, so a program looks for
   them when it runs. Swift has no way to use them. */

#if defined(__x86_64__)

#include <cpuid.h>
#include <nmmintrin.h>

bool evento_has_crc32c(void) {
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & bit_SSE4_2);
}

#define INSTRUCTIONS __attribute__((target("sse4.2")))
#define ADD_8_BYTES(state, word) (uint32_t) _mm_crc32_u64(state, word)
#define ADD_BYTE(state, byte) _mm_crc32_u8(state, byte)

#elif defined(__aarch64__)

#if defined(__linux__)
#include <sys/auxv.h>
/* HWCAP_CRC32 of asm/hwcap.h */
bool evento_has_crc32c(void) { return getauxval(AT_HWCAP) & 1 << 7; }
#else
/* All of Apple's have them. */
bool evento_has_crc32c(void) { return true; }
#endif

#define INSTRUCTIONS __attribute__((target("crc")))
#define ADD_8_BYTES(state, word) __builtin_arm_crc32cd(state, word)
#define ADD_BYTE(state, byte) __builtin_arm_crc32cb(state, byte)

#endif

#if defined(INSTRUCTIONS)

INSTRUCTIONS uint32_t evento_continue_crc32c(uint32_t state, const void *bytes, size_t count) {
  const unsigned char *next = bytes;
  for (; count >= 8; count -= 8, next += 8) {
    uint64_t word;
    memcpy(&word, next, 8);
    state = ADD_8_BYTES(state, word);
  }
  for (; count > 0; count--, next++) state = ADD_BYTE(state, *next);
  return state;
}

#else

bool evento_has_crc32c(void) { return false; }

uint32_t evento_continue_crc32c(uint32_t state, const void *bytes, size_t count) {
  (void)bytes, (void)count;
  return state;
}

#endif
