/* SPDX-License-Identifier: MIT */
#include "record.h"

#include "bytes.h"

/* The numbers and their checksum, little-endian. */
#define RECORD_BYTES(count) (((count) + 1) * 8)
#define RECORD_BYTES_MAX    RECORD_BYTES(RECORD_NUMBERS_MAX)

/* FNV-1a. */
static uint64_t checksum(const uint8_t *bytes, size_t size)
{
    uint64_t sum = 0xcbf29ce484222325u;

    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * 0x100000001b3u;
    return sum;
}

int record_open(struct record *record, struct sm_disk *disk, const char *path)
{
    int error =
        sm_file_open(disk, &record->file, path, SM_FILE_READ | SM_FILE_WRITE | SM_FILE_CREATE);

    if (error)
        return error;
    error = sm_disk_sync_dir(disk, "."); /* a record is of no use in a file without a name */
    if (error)
        record_close(record);
    return error;
}

/* A crash may have kept the size of the first save, and not its bytes. */
static bool all_zeros(const uint8_t *bytes, size_t size)
{
    while (size > 0 && bytes[size - 1] == 0)
        size--;
    return size == 0;
}

int record_load(struct record *record, uint64_t *numbers, size_t count)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    const uint8_t *at = bytes, *sum = bytes + 8 * count;
    const int size = sm_file_pread(record->file, bytes, sizeof bytes, 0);

    if (size <= 0)
        return size;
    if (all_zeros(bytes, (size_t)size))
        return 0;
    if ((size_t)size != RECORD_BYTES(count) || bytes_get(&sum, 8) != checksum(bytes, 8 * count))
        return -EIO;
    for (size_t i = 0; i < count; i++)
        numbers[i] = bytes_get(&at, 8);
    return 1;
}

int record_save(struct record *record, const uint64_t *numbers, size_t count)
{
    uint8_t bytes[RECORD_BYTES_MAX];
    uint8_t *at = bytes;

    for (size_t i = 0; i < count; i++)
        at = bytes_put(at, numbers[i], 8);
    bytes_put(at, checksum(bytes, 8 * count), 8);
    const int error = sm_file_pwrite(record->file, bytes, RECORD_BYTES(count), 0);
    return error ? error : sm_file_fsync(record->file);
}

void record_close(struct record *record)
{
    sm_file_close(record->file);
    record->file = NULL;
}
