/* SPDX-License-Identifier: MIT */
/*
 * Sends files, one after the other, each to the machine `to`, or to one of the machines to1 ...
 * toN. A connection that fails is no failure: the file is sent again, over another one.
 */
#include "conn.h"
#include "daemons.h"
#include "file.h"

#include <steelmill/steelmill.h>

#include <stdio.h>
#include <string.h>

#define MACHINE_NAME_BYTES 64
#define RETRY_NS           (500 * SM_MS)

struct file_sender {
    struct sm_log *log;
    struct sm_net *net;
    const char *to;
    int64_t to_count; /* 0: `to` is the name itself */
    int64_t file_count;
    int64_t bytes_max;
    sm_time gap_ns; /* between files, on average */
    sm_time patience_ns;
    bool drain; /* end a connection only when all bytes are acknowledged */
    int64_t sent_count;
    struct sm_random files; /* stream of draws */
};

static void note_progress(const struct file_sender *self)
{
    sm_eventually(self->sent_count == self->file_count, "every file has arrived");
}

/* ---- one attempt ---- */

static int send_body(const struct file_sender *self, struct conn *conn, const struct file *file)
{
    int error = 0;

    for (uint64_t offset = 0; offset < file->bytes && !error; offset += FILE_PIECE_BYTES) {
        unsigned char piece[FILE_PIECE_BYTES];
        const uint64_t left = file->bytes - offset;
        const size_t size = left < sizeof piece ? (size_t)left : sizeof piece;
        file_fill(file, offset, piece, size);
        error = conn_write_all(conn, piece, size, sm_now() + self->patience_ns);
    }
    return error;
}

/* Reads what the receiver says that it has, and the end. */
static int await_receipt(const struct file_sender *self, struct conn *conn, const struct file *file)
{
    unsigned char header[FILE_HEADER_BYTES];
    struct file arrived;

    const int error = conn_read_exact(conn, header, sizeof header, sm_now() + self->patience_ns);
    if (error)
        return error;
    sm_always(file_decode(&arrived, header) && arrived.key == file->key &&
                  arrived.bytes == file->bytes,
              "the receipt is for the file that was sent", sm_u64("bytes", file->bytes));
    return conn_read(conn, header, 1, sm_now() + self->patience_ns);
}

static int send_over(const struct file_sender *self, struct conn *conn, const ip_addr_t *to,
                     const struct file *file)
{
    unsigned char header[FILE_HEADER_BYTES];

    file_encode(file, header);
    int error = conn_connect(conn, to, FILE_PORT, sm_now() + self->patience_ns);
    if (!error)
        error = conn_write_all(conn, header, sizeof header, sm_now() + self->patience_ns);
    if (!error)
        error = send_body(self, conn, file);
    if (!error && self->drain)
        error = conn_drain(conn, sm_now() + self->patience_ns);
    if (!error)
        error = conn_shutdown(conn);
    if (!error)
        error = await_receipt(self, conn, file);
    return error;
}

static int attempt(struct file_sender *self, const ip_addr_t *to, uint64_t bytes)
{
    const struct file file = {.key = sm_random_u64(&self->files), .bytes = bytes};
    struct conn conn;

    conn_init(&conn);
    const int error = send_over(self, &conn, to, &file);
    if (error)
        conn_abort(&conn);
    else
        conn_close(&conn);
    sm_log_info(self->log, "file sent", sm_str("end", sm_strerror(error)), sm_u64("bytes", bytes));
    return error;
}

/* ---- all files ---- */

/* Draws a machine other than this one. */
static void choose_machine(struct file_sender *self, char *name, size_t size)
{
    if (self->to_count == 0) {
        snprintf(name, size, "%s", self->to);
        return;
    }
    const uint64_t drawn = sm_random_below(&self->files, (uint64_t)self->to_count);
    for (uint64_t i = 0; i < 2; i++) {
        snprintf(name, size, "%s%u", self->to,
                 (unsigned)((drawn + i) % (uint64_t)self->to_count) + 1);
        if (strcmp(name, sm_machine_name()))
            return;
    }
}

/* Sends a file until it has arrived. */
static int send_file(struct file_sender *self)
{
    const uint64_t bytes = (uint64_t)sm_random_range(&self->files, 0, self->bytes_max);
    char name[MACHINE_NAME_BYTES];
    ip_addr_t to;
    uint32_t ip;

    choose_machine(self, name, sizeof name);
    int error = sm_net_resolve(self->net, name, &ip, SM_FOREVER);
    if (error)
        return error;
    wire_address(ip, &to);
    while ((error = attempt(self, &to, bytes))) {
        if (sm_task_cancelled())
            return -ECANCELED;
        sm_reachable("a file is sent again");
        error = sm_sleep(RETRY_NS);
        if (error)
            return error;
    }
    self->sent_count++;
    note_progress(self);
    return 0;
}

static int file_sender_construct(void *arg, struct sm_factory *factory)
{
    struct file_sender *self = arg;
    struct wire *wire;

    self->log = sm_log_get(factory);
    self->net = sm_net_get(factory);
    self->to = sm_factory_config(factory, "to");
    sm_random_init(&self->files, "files");
    if (!self->to)
        return sm_factory_fail(factory, -SM_ECONFIG, "config 'to' is missing: whom to send to");
    int error = sm_config_i64(factory, "to_count", 0, &self->to_count);
    if (!error)
        error = sm_config_i64(factory, "files", 3, &self->file_count);
    if (!error)
        error = sm_config_bytes(factory, "bytes_max", 256 * 1024, &self->bytes_max);
    if (!error)
        error = sm_config_duration(factory, "gap", 1 * SM_S, &self->gap_ns);
    if (!error)
        error = sm_config_duration(factory, "patience", PATIENCE_NS, &self->patience_ns);
    if (!error)
        error = sm_config_bool(factory, "drain", true, &self->drain);
    return error ? error : wire_get(factory, &wire);
}

static int file_sender_run(void *arg)
{
    struct file_sender *self = arg;

    note_progress(self);
    while (self->sent_count < self->file_count) {
        int error = sm_sleep(sm_random_range(&self->files, 0, 2 * self->gap_ns));
        if (!error)
            error = send_file(self);
        if (error)
            return error;
    }
    return 0;
}

const struct sm_daemon_type file_sender_daemon = {
    SM_DAEMON_HEAD(file_sender),
    .about =
        "sends files over lwIP's TCP; config: to, to_count, files, bytes_max, gap, patience, drain",
    .construct = file_sender_construct,
    .run = file_sender_run,
};
