/* SPDX-License-Identifier: MIT */
/*
 * Accepts files, checks each byte of them, and answers with a receipt. A task for each connection.
 */
#include "daemons.h"
#include "file.h"
#include "listener.h"

#include <steelmill/steelmill.h>

#include <stdlib.h>

#define SLOW_NS            (500 * SM_MS)
#define STALLS_PER_MILLION 200000

struct file_receiver {
    struct sm_log *log;
    struct listener listener;
    struct sm_random slowness;
    sm_time patience_ns;
    sm_time stall_ns; /* now and then it stops reading for so long, at most; 0: it does not */
};

struct reception {
    struct file_receiver *receiver;
    struct conn *conn;
    struct file file;
};

/* A program that does not read fast enough closes the window of the sender. */
static int be_slow(struct file_receiver *self)
{
    if (self->stall_ns > 0 && sm_random_chance(&self->slowness, STALLS_PER_MILLION))
        return sm_sleep(sm_random_range(&self->slowness, 0, self->stall_ns));
    if (sm_buggify("the receiver is slow"))
        return sm_sleep(sm_random_range(&self->slowness, 0, SLOW_NS));
    return 0;
}

/* Reads up to the end. Returns how many bytes came; -errno. */
static int64_t receive_body(struct reception *reception)
{
    const struct file *file = &reception->file;
    uint64_t offset = 0;

    for (;;) {
        unsigned char piece[FILE_PIECE_BYTES];
        int error = be_slow(reception->receiver);
        const int count = error ? error
                                : conn_read(reception->conn, piece, sizeof piece,
                                            sm_now() + reception->receiver->patience_ns);
        if (count <= 0)
            return count ? count : (int64_t)offset;
        const size_t right = file_check(file, offset, piece, (size_t)count);
        sm_always(right == (size_t)count, "every byte is the one that was sent",
                  sm_u64("offset", offset + right), sm_u64("bytes", file->bytes),
                  sm_hex("key", file->key));
        offset += (uint64_t)count;
    }
}

static int receive(struct reception *reception)
{
    unsigned char header[FILE_HEADER_BYTES];
    struct file *file = &reception->file;

    const int error = conn_read_exact(reception->conn, header, sizeof header,
                                      sm_now() + reception->receiver->patience_ns);
    if (error)
        return error;
    sm_always(file_decode(file, header), "a connection begins with the header of a file");
    const int64_t bytes = receive_body(reception);
    if (bytes < 0)
        return (int)bytes;
    sm_always((uint64_t)bytes == file->bytes, "the end comes after the last byte",
              sm_i64("came", bytes), sm_u64("bytes", file->bytes), sm_hex("key", file->key));
    file_encode(file, header);
    return conn_write_all(reception->conn, header, sizeof header,
                          sm_now() + reception->receiver->patience_ns);
}

static int reception_run(void *arg)
{
    struct reception *reception = arg;

    const int error = receive(reception);
    if (error)
        conn_abort(reception->conn);
    else
        conn_close(reception->conn);
    sm_log_info(reception->receiver->log, "reception", sm_str("end", sm_strerror(error)),
                sm_u64("bytes", reception->file.bytes));
    free(reception->conn);
    free(reception);
    return 0;
}

/* Starts a task for a connection. Returns 0; -errno: the connection is still the caller's. */
static int take(struct file_receiver *self, struct conn *conn)
{
    struct reception *reception = malloc(sizeof *reception);

    if (!reception)
        return -ENOMEM;
    *reception = (struct reception){.receiver = self, .conn = conn};
    const int error = sm_task_spawn(NULL, "reception", reception_run, reception);
    if (error)
        free(reception);
    return error;
}

static int file_receiver_construct(void *arg, struct sm_factory *factory)
{
    struct file_receiver *self = arg;
    struct wire *wire;

    int error = sm_config_duration(factory, "stall", 0, &self->stall_ns);
    if (!error)
        error = sm_config_duration(factory, "patience", PATIENCE_NS, &self->patience_ns);
    if (error)
        return error;
    self->log = sm_log_get(factory);
    sm_random_init(&self->slowness, "slowness");
    return wire_get(factory, &wire);
}

static int file_receiver_prepare(void *arg)
{
    struct file_receiver *self = arg;
    return listener_open(&self->listener, FILE_PORT);
}

static int file_receiver_run(void *arg)
{
    struct file_receiver *self = arg;

    for (;;) {
        struct conn *conn;
        const int error = listener_accept(&self->listener, &conn);
        if (error)
            return error;
        if (take(self, conn)) {
            conn_abort(conn);
            free(conn);
        }
    }
}

static int file_receiver_stop(void *arg, sm_time deadline)
{
    struct file_receiver *self = arg;

    (void)deadline;
    listener_close(&self->listener);
    return 0;
}

const struct sm_daemon_type file_receiver_daemon = {
    SM_DAEMON_HEAD(file_receiver),
    .about = "accepts files over lwIP's TCP and checks each byte; config: stall, patience",
    .construct = file_receiver_construct,
    .prepare = file_receiver_prepare,
    .run = file_receiver_run,
    .stop = file_receiver_stop,
};
