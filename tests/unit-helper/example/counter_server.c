/* SPDX-License-Identifier: MIT */
/*
 * The server: one request at a time, on a connection of its own; 8 bytes in, 8 bytes out.
 */
#include "counter.h"

#define PORT       7000
#define BACKLOG    16
#define REQUEST_NS (1 * SM_S) /* for a client that says nothing */

struct counter_server {
    struct sm_factory *factory;
    struct sm_log *log;
    struct sm_file *file;
    struct sm_listener *listener;
    bool careless;
    uint64_t sum;
};

static int counter_server_construct(void *arg, struct sm_factory *factory)
{
    struct counter_server *self = arg;

    self->factory = factory;
    self->log = sm_log_get(factory);
    return sm_config_bool(factory, "careless", false, &self->careless);
}

static int counter_server_prepare(void *arg)
{
    struct counter_server *self = arg;
    const uint32_t flags = SM_FILE_READ | SM_FILE_WRITE | SM_FILE_CREATE;

    int error = sm_file_open(sm_disk_get(self->factory), &self->file, "sum", flags);
    if (error)
        return sm_factory_fail(self->factory, error, "cannot open the file 'sum'");
    error = sm_disk_sync_dir(sm_disk_get(self->factory), "."); /* its name is durable, too */
    if (error)
        return sm_factory_fail(self->factory, error, "cannot sync the data directory");
    const int size = sm_file_pread(self->file, &self->sum, sizeof self->sum, 0);
    if (size != 0 && size != (int)sizeof self->sum)
        return sm_factory_fail(self->factory, -EIO, "the file 'sum' is damaged");
    error = sm_listener_open(sm_net_get(self->factory), &self->listener, PORT, BACKLOG);
    return error ? sm_factory_fail(self->factory, error, "port %d", PORT) : 0;
}

static int save(struct counter_server *self)
{
    const int error = sm_file_pwrite(self->file, &self->sum, sizeof self->sum, 0);

    return error ? error : sm_file_fsync(self->file);
}

static int answer(struct counter_server *self, struct sm_stream *stream)
{
    return sm_stream_write_all(stream, &self->sum, sizeof self->sum, NULL, sm_now() + REQUEST_NS);
}

static int serve(struct counter_server *self, struct sm_stream *stream)
{
    uint64_t amount;
    int error = sm_stream_read_exact(stream, &amount, sizeof amount, NULL, sm_now() + REQUEST_NS);

    if (error || amount == 0)
        return error ? error : answer(self, stream);
    self->sum += amount;
    sm_log_info(self->log, "add", sm_u64("amount", amount), sm_u64("sum", self->sum));
    if (self->careless) {
        error = answer(self, stream);
        return error ? error : save(self);
    }
    error = save(self);
    return error ? error : answer(self, stream);
}

static int counter_server_run(void *arg)
{
    struct counter_server *self = arg;

    for (;;) {
        struct sm_stream *stream;
        const int error = sm_listener_accept(self->listener, &stream, NULL, SM_FOREVER);
        if (error)
            return error;
        serve(self, stream); /* a client that fails tries again */
        sm_stream_close(stream);
    }
}

static int counter_server_stop(void *arg, sm_time deadline)
{
    struct counter_server *self = arg;

    (void)deadline;
    if (self->listener)
        sm_listener_close(self->listener);
    if (self->file)
        sm_file_close(self->file);
    return 0;
}

const struct sm_daemon_type counter_server_daemon = {
    SM_DAEMON_HEAD(counter_server),
    .about = "keeps a sum on its disk; config: careless (answers before it is there)",
    .construct = counter_server_construct,
    .prepare = counter_server_prepare,
    .run = counter_server_run,
    .stop = counter_server_stop,
};
