/* SPDX-License-Identifier: MIT */
/*
 * The files that are sent: each byte follows from the file's key and the byte's offset, so that the
 * receiver knows it, and a byte of another file, or from another place, is noticed.
 *
 *   sender --header, the bytes, end--> receiver
 *   sender <--receipt, end-- receiver
 */
#ifndef LWIP_FILE_H
#define LWIP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FILE_PORT         7000
#define FILE_HEADER_BYTES 24
#define FILE_PIECE_BYTES  2048 /* so much is written and checked at a time */

struct file {
    uint64_t key; /* a new one for each attempt to send it */
    uint64_t bytes;
};

/* The bytes from `offset` on. */
void file_fill(const struct file *file, uint64_t offset, void *buffer, size_t size);
/* Returns how many of the bytes are the file's: `size` if all are. */
size_t file_check(const struct file *file, uint64_t offset, const void *data, size_t size);

/* The header and the receipt: what is sent, or has come, in FILE_HEADER_BYTES. */
void file_encode(const struct file *file, unsigned char *header);
/* Returns false if it is none. */
bool file_decode(struct file *file, const unsigned char *header);

#endif
