/* SPDX-License-Identifier: MIT */
#include "log.h"

#include "codec.h"

#include <steelmill/errors.h>

#include <stdlib.h>

#define MAGIC      0x31676f6c74666172u /* "raftlog1" */
#define HEAD_BYTES 24
#define SEAL_BYTES 8 /* a record's checksum, before its entry */
#define LOG_NAME   "log"
#define LOG_NEW    "log.new"
#define FILE_FLAGS (SM_FILE_READ | SM_FILE_WRITE | SM_FILE_CREATE)

/* Where the valid part ends, and the checksum that the next record continues. */
static int64_t end_of(const struct craft_log *log, size_t count)
{
    return count == 0 ? HEAD_BYTES : log->records[count - 1].end_offset;
}

static uint64_t seal_of(const struct craft_log *log, size_t count)
{
    return count == 0 ? MAGIC + log->first : log->records[count - 1].checksum;
}

static int add_record(struct craft_log *log, size_t size, uint64_t checksum, uint64_t term)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity ? 2 * log->capacity : 64;
        struct craft_record *records = realloc(log->records, capacity * sizeof(*records));
        if (!records)
            return -ENOMEM;
        log->records = records;
        log->capacity = capacity;
    }
    int64_t end = end_of(log, log->count) + (int64_t)size;
    log->records[log->count++] = (struct craft_record){end, checksum, term};
    return 0;
}

static void put_head(uint8_t *at, raft_index first)
{
    uint8_t *start = at;
    at = craft_put_u64(at, MAGIC);
    at = craft_put_u64(at, first);
    craft_put_u64(at, craft_hash(0, start, HEAD_BYTES - 8));
}

static bool get_head(struct craft_reader *reader, raft_index *first)
{
    const uint8_t *start = reader->at;
    uint64_t magic = craft_get_u64(reader);
    *first = craft_get_u64(reader);
    uint64_t checksum = craft_get_u64(reader);
    return !reader->bad && magic == MAGIC && checksum == craft_hash(0, start, HEAD_BYTES - 8);
}

/* Takes the next record if it is valid behind the ones before it. */
static int get_record(struct craft_log *log, struct craft_reader *reader)
{
    const uint8_t *start = reader->at;
    struct raft_entry entry;
    uint64_t checksum = craft_get_u64(reader);
    if (!craft_entry_get(reader, &entry))
        return -ENOENT;
    size_t size = (size_t)(reader->at - start);
    if (checksum != craft_hash(seal_of(log, log->count), start + SEAL_BYTES, size - SEAL_BYTES))
        return -ENOENT;
    return add_record(log, size, checksum, entry.term);
}

/* Reads the file as a whole. The caller gives it back with raft_free. */
static int read_file(struct sm_file *file, uint8_t **bytes, size_t *size)
{
    int64_t length = sm_file_size(file);
    *bytes = raft_malloc(length > 0 ? (size_t)length : 1);
    if (!*bytes)
        return -ENOMEM;
    int count = length > 0 ? sm_file_pread(file, *bytes, (size_t)length, 0) : 0;
    if (count < 0)
        raft_free(*bytes);
    else
        *size = (size_t)count;
    return count < 0 ? count : 0;
}

/* Makes a file that holds just the head, under another name until it is complete. */
static int make_file(struct craft_log *log, raft_index first)
{
    uint8_t head[HEAD_BYTES];
    struct sm_file *file;
    int error = sm_file_open(log->disk, &file, LOG_NEW, FILE_FLAGS | SM_FILE_TRUNC);
    if (error)
        return error;
    put_head(head, first);
    log->file = file;
    log->first = first;
    log->count = 0;
    return sm_file_pwrite(log->file, head, sizeof(head), 0);
}

static int publish_file(struct craft_log *log)
{
    int error = sm_file_fsync(log->file);
    if (!error)
        error = sm_disk_rename(log->disk, LOG_NEW, LOG_NAME);
    return error ? error : sm_disk_sync(log->disk);
}

static int scan(struct craft_log *log, const uint8_t *bytes, size_t size, bool *valid)
{
    struct craft_reader reader = {bytes, bytes + size, false};
    int error = 0;
    *valid = get_head(&reader, &log->first);
    while (*valid && !error)
        error = get_record(log, &reader);
    return error == -ENOENT ? 0 : error;
}

int craft_log_open(struct craft_log *log, struct sm_disk *disk)
{
    uint8_t *bytes;
    size_t size;
    bool valid;
    log->disk = disk;
    int error = sm_file_open(disk, &log->file, LOG_NAME, FILE_FLAGS);
    if (!error)
        error = read_file(log->file, &bytes, &size);
    if (error)
        return error;
    error = scan(log, bytes, size, &valid);
    raft_free(bytes);
    if (error)
        return error;
    if (valid)
        return sm_file_truncate(log->file, end_of(log, log->count));
    sm_file_close(log->file);
    log->file = NULL;
    error = make_file(log, 1);
    return error ? error : publish_file(log);
}

void craft_log_close(struct craft_log *log)
{
    sm_file_close(log->file);
    free(log->records);
    log->file = NULL;
    log->records = NULL;
    log->count = log->capacity = 0;
}

raft_index craft_log_next(const struct craft_log *log)
{
    return log->first + log->count;
}

raft_term craft_log_term(const struct craft_log *log, raft_index index)
{
    if (index < log->first || index >= craft_log_next(log))
        return 0;
    return log->records[index - log->first].term;
}

/* Writes one record behind the others and takes it in; on failure the log is as before. */
static uint8_t *put_record(struct craft_log *log, uint8_t *at, const struct raft_entry *entry)
{
    size_t size = craft_entry_size(entry);
    craft_entry_put(at + SEAL_BYTES, entry);
    uint64_t checksum = craft_hash(seal_of(log, log->count), at + SEAL_BYTES, size);
    craft_put_u64(at, checksum);
    return add_record(log, SEAL_BYTES + size, checksum, entry->term) ? NULL
                                                                     : at + SEAL_BYTES + size;
}

int craft_log_append(struct craft_log *log, const struct raft_entry entries[], unsigned n)
{
    size_t size = 0, count = log->count;
    int64_t offset = end_of(log, count);
    for (unsigned i = 0; i < n; i++)
        size += SEAL_BYTES + craft_entry_size(&entries[i]);
    uint8_t *bytes = malloc(size), *at = bytes;
    for (unsigned i = 0; i < n && at; i++)
        at = put_record(log, at, &entries[i]);
    int error = at ? sm_file_pwrite(log->file, bytes, size, offset) : -ENOMEM;
    free(bytes);
    if (error)
        log->count = count;
    return error;
}

int craft_log_sync(struct craft_log *log)
{
    return sm_file_fsync(log->file);
}

int craft_log_truncate(struct craft_log *log, raft_index index)
{
    if (index >= craft_log_next(log))
        return 0;
    log->count = index <= log->first ? 0 : index - log->first;
    return sm_file_truncate(log->file, end_of(log, log->count));
}

/* Appends the kept entries to the new file, whose checksums begin anew. */
static int copy_from(struct craft_log *log, const struct raft_entry *entries, size_t n,
                     raft_index first)
{
    int error = make_file(log, first);
    if (!error && n > 0)
        error = craft_log_append(log, entries, (unsigned)n);
    return error ? error : publish_file(log);
}

int craft_log_keep(struct craft_log *log, raft_index first)
{
    struct raft_entry *entries;
    struct sm_file *old = log->file;
    size_t n, skip;
    raft_index old_first = log->first;
    int error = craft_log_load(log, &entries, &n);
    if (error)
        return error == RAFT_NOMEM ? -ENOMEM : -EIO;
    skip = first < old_first || first > old_first + n ? n : first - old_first;
    error = copy_from(log, entries ? entries + skip : NULL, n - skip, first);
    if (log->file != old)
        sm_file_close(old);
    if (entries)
        raft_free(entries[0].batch);
    raft_free(entries);
    return error;
}

int craft_log_load(struct craft_log *log, struct raft_entry **entries, size_t *n)
{
    uint8_t *bytes;
    size_t size;
    *entries = NULL;
    *n = log->count;
    if (log->count == 0)
        return 0;
    int error = read_file(log->file, &bytes, &size);
    if (error)
        return error == -ENOMEM ? RAFT_NOMEM : RAFT_IOERR;
    *entries = raft_malloc(log->count * sizeof(**entries));
    struct craft_reader reader = {bytes, bytes + size, *entries == NULL};
    craft_take(&reader, HEAD_BYTES);
    for (size_t i = 0; i < log->count && !reader.bad; i++) {
        craft_take(&reader, SEAL_BYTES);
        craft_entry_get(&reader, &(*entries)[i]);
        (*entries)[i].batch = bytes;
    }
    if (!reader.bad)
        return 0;
    error = *entries ? RAFT_IOERR : RAFT_NOMEM;
    raft_free(bytes);
    raft_free(*entries);
    *entries = NULL;
    return error;
}
