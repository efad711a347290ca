#ifndef CCHECKSUM_H
#define CCHECKSUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Returns whether the processor has instructions for CRC-32C. */
bool evento_has_crc32c(void);

/* Continues a CRC-32C with some bytes, by the processor's instructions. Only if it has them.

   The state is the checksum with all bits inverted; that of no bytes is 0xFFFFFFFF. */
uint32_t evento_continue_crc32c(uint32_t state, const void *bytes, size_t count);

#endif
