/* SPDX-License-Identifier: MIT */
/*
 * The matrix of streams: every call, times every state of the connection, times every way in which
 * the other side can go on, stop or vanish.
 *
 * Where the two worlds may differ a case (a Y) says what else is right, and why stands above it.
 */
#include "tests/conformance/cases.h"

#define MUCH ((size_t)16 << 20)

static struct sm_stream *ours;
static struct sm_framed framed;
static char bytes[1 << 16];

/* ---- set-ups ---- */

/* Connected, and nothing has been said. */
static void idle(void)
{
    peer_up();
    ours = peer_connect();
    peer_do(PEER_ACCEPT);
    sm_framed_init(&framed, ours, sizeof bytes);
}

/* Connected, and the peer does not read: nothing more goes in. */
static void full(void)
{
    idle();
    while (sm_stream_write(ours, bytes, sizeof bytes, sm_now() + 2 * CASE_SHORT) > 0)
        continue;
}

/* Connected, and we have shut our direction down. */
static void shut(void)
{
    idle();
    ck_assert_int_eq(sm_stream_shutdown(ours), 0);
}

/* Connected, and we have written what the peer has not read. */
static void unread(void)
{
    idle();
    ck_assert_int_eq(sm_stream_write(ours, "abc", 3, case_soon()), 3);
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
}

static void tear_down(void)
{
    sm_stream_close(ours);
    ours = NULL;
}

/* ---- events ---- */

static void data(void)
{
    peer_do(PEER_WRITE);
}

static void half(void)
{
    peer_do(PEER_SHUTDOWN);
}

static void closed(void)
{
    peer_do(PEER_CLOSE);
}

static void reset(void)
{
    peer_do(PEER_ABORT);
}

static void killed(void)
{
    peer_killed();
}

static void rebooted(void)
{
    peer_rebooted();
}

static void stopped(void)
{
    peer_stopped();
}

static void drained(void)
{
    peer_do(PEER_SINK);
}

static void data_half(void)
{
    data();
    half();
}

static void data_closed(void)
{
    data();
    closed();
}

static void data_killed(void)
{
    data();
    killed();
}

/* What has arrived before a reset can still be read, where it is the first to be asked for. */
static void data_reset(void)
{
    data();
    ck_assert_int_eq(sm_sleep(CASE_SETTLE), 0);
    reset();
}

static void told_of_reset(void)
{
    reset();
    ck_assert_int_eq(sm_stream_read(ours, bytes, 1, case_soon()), -ECONNRESET);
}

/* ---- calls ---- */

static int read_some(sm_time deadline)
{
    return sm_stream_read(ours, bytes, 16, deadline);
}

/* What a reader is told at the end of all. */
static int read_to_end(sm_time deadline)
{
    int count;

    while ((count = read_some(deadline)) > 0)
        continue;
    return count;
}

static int read_exact(sm_time deadline)
{
    return sm_stream_read_exact(ours, bytes, 16, NULL, deadline);
}

static int read_frame(sm_time deadline)
{
    return sm_framed_read(&framed, bytes, sizeof bytes, deadline);
}

/* 1 stands for any count. */
static int write_some(sm_time deadline)
{
    const int count = sm_stream_write(ours, bytes, sizeof bytes, deadline);
    return count > 0 ? 1 : count;
}

/* The second write after an event: the first may have brought the answer. */
static int write_twice(sm_time deadline)
{
    (void)write_some(deadline);
    (void)sm_sleep(CASE_SETTLE);
    return write_some(deadline);
}

/* More than fits into all buffers. */
static int write_much(sm_time deadline)
{
    static const char much[MUCH];
    size_t done = MUCH + 1;
    const int error = sm_stream_write_all(ours, much, MUCH, &done, deadline);

    ck_assert(error ? done < MUCH : done == MUCH);
    return error;
}

static int write_frame(sm_time deadline)
{
    return sm_framed_write(&framed, bytes, sizeof bytes, deadline);
}

static int look_read(sm_time deadline)
{
    struct sm_wait wait = {sm_stream_waitable(ours), SM_READ, 0};
    const int index = sm_wait_any(&wait, 1, deadline);

    ck_assert(index < 0 || wait.ready == SM_READ);
    return index;
}

static int look_write(sm_time deadline)
{
    struct sm_wait wait = {sm_stream_waitable(ours), SM_WRITE, 0};
    const int index = sm_wait_any(&wait, 1, deadline);

    ck_assert(index < 0 || wait.ready == SM_WRITE);
    return index;
}

static int shut_down(sm_time deadline)
{
    (void)deadline;
    return sm_stream_shutdown(ours);
}

static int linger(sm_time deadline)
{
    struct sm_stream *stream = ours;

    ours = NULL;
    return sm_stream_linger(stream, deadline);
}

static int keep_alive(sm_time deadline)
{
    (void)deadline;
    return sm_stream_keep_alive(ours, SM_S, SM_S, 3);
}

static int user_timeout(sm_time deadline)
{
    (void)deadline;
    return sm_stream_user_timeout(ours, SM_S);
}

/* Waits for a connection to be given up whose peer does not read. */
static int read_with_user_timeout(sm_time deadline)
{
    ck_assert_int_eq(sm_stream_user_timeout(ours, 200 * SM_MS), 0);
    return sm_stream_read(ours, bytes, 16, deadline + 20 * SM_S);
}

/* ---- the cases ---- */

/* What a reader is told: the bytes, then how the peer has ended, and it stays so. */
#define READING(X, Y)                                    \
    X(idle, until, nothing, read_some, -ETIMEDOUT)       \
    X(idle, after, data, read_some, 5)                   \
    X(idle, after, half, read_some, 0)                   \
    X(idle, after, closed, read_some, 0)                 \
    X(idle, after, reset, read_some, -ECONNRESET)        \
    X(idle, after, killed, read_some, 0)                 \
    X(idle, after, rebooted, read_some, 0)               \
    X(idle, after, stopped, read_some, 0)                \
    X(idle, after, data_half, read_some, 5)              \
    X(idle, after, data_reset, read_some, 5)             \
    X(idle, after, data_half, read_to_end, 0)            \
    X(idle, after, data_closed, read_to_end, 0)          \
    X(idle, after, data_killed, read_to_end, 0)          \
    X(idle, after, data_reset, read_to_end, -ECONNRESET) \
    X(unread, after, closed, read_some, -ECONNRESET)     \
    X(unread, after, killed, read_some, -ECONNRESET)     \
    X(unread, after, rebooted, read_some, -ECONNRESET)   \
    X(unread, after, stopped, read_some, -ECONNRESET)    \
    X(unread, after, half, read_some, 0)                 \
    X(shut, until, nothing, read_some, -ETIMEDOUT)       \
    X(shut, after, data, read_some, 5)                   \
    X(shut, after, closed, read_some, 0)                 \
    X(shut, after, reset, read_some, -ECONNRESET)        \
    X(shut, after, drained, read_some, 0)                \
    X(idle, during, data, read_some, 5)                  \
    X(idle, during, half, read_some, 0)                  \
    X(idle, during, closed, read_some, 0)                \
    X(idle, during, reset, read_some, -ECONNRESET)       \
    X(idle, during, killed, read_some, 0)                \
    X(idle, during, stopped, read_some, 0)               \
    X(unread, during, closed, read_some, -ECONNRESET)    \
    X(unread, during, killed, read_some, -ECONNRESET)    \
    X(unread, during, stopped, read_some, -ECONNRESET)   \
    X(idle, cancelled, nothing, read_some, -ECANCELED)   \
    X(idle, stopping, nothing, read_some, -ECANCELED)    \
    X(full, until, nothing, read_some, -ETIMEDOUT)       \
    X(full, after, nothing, read_with_user_timeout, -ECONNABORTED)

/* What a reader of 16 bytes, or of a whole message, is told where that does not come. */
#define READING_WHOLE(X, Y)                                  \
    X(idle, until, nothing, read_exact, -ETIMEDOUT)          \
    X(idle, until, data, read_exact, -ETIMEDOUT)             \
    X(idle, after, half, read_exact, -EPIPE)                 \
    X(idle, after, data_half, read_exact, -EPIPE)            \
    X(idle, after, data_closed, read_exact, -EPIPE)          \
    X(idle, after, data_killed, read_exact, -EPIPE)          \
    X(idle, after, data_reset, read_exact, -ECONNRESET)      \
    X(idle, after, stopped, read_exact, -EPIPE)              \
    X(idle, during, data_closed, read_exact, -EPIPE)         \
    X(idle, during, data_reset, read_exact, -ECONNRESET)     \
    X(idle, cancelled, data, read_exact, -ECANCELED)         \
    X(idle, stopping, data, read_exact, -ECANCELED)          \
    X(idle, until, data, read_frame, -ETIMEDOUT)             \
    X(idle, after, half, read_frame, -EPIPE)                 \
    X(idle, after, closed, read_frame, -EPIPE)               \
    X(idle, after, killed, read_frame, -EPIPE)               \
    X(idle, after, reset, read_frame, -ECONNRESET)           \
    X(idle, after, data_half, read_frame, -SM_ETRUNCATED)    \
    X(idle, after, data_killed, read_frame, -SM_ETRUNCATED)  \
    X(idle, during, data_closed, read_frame, -SM_ETRUNCATED) \
    X(idle, during, stopped, read_frame, -EPIPE)             \
    X(idle, cancelled, data, read_frame, -ECANCELED)

/* What a writer is told: the first write after an end goes through, and brings the reset. A machine
 * that was stopped is off in simulation, and says nothing; in production its host answers. */
#define WRITING(X, Y)                                    \
    X(idle, after, nothing, write_some, 1)               \
    X(idle, after, half, write_some, 1)                  \
    X(idle, after, closed, write_some, 1)                \
    X(idle, after, reset, write_some, -ECONNRESET)       \
    X(idle, after, killed, write_some, 1)                \
    X(idle, after, rebooted, write_some, 1)              \
    X(idle, after, stopped, write_some, 1)               \
    X(idle, after, half, write_twice, 1)                 \
    X(idle, after, closed, write_twice, -ECONNRESET)     \
    X(idle, after, killed, write_twice, -ECONNRESET)     \
    X(idle, after, rebooted, write_twice, -ECONNRESET)   \
    Y(idle, after, stopped, write_twice, -ECONNRESET, 1) \
    X(unread, after, closed, write_some, -ECONNRESET)    \
    X(unread, after, killed, write_some, -ECONNRESET)    \
    X(unread, after, rebooted, write_some, -ECONNRESET)  \
    X(shut, after, nothing, write_some, -EPIPE)          \
    X(shut, after, reset, write_some, -EPIPE)            \
    X(full, until, nothing, write_some, -ETIMEDOUT)      \
    X(full, until, half, write_some, -ETIMEDOUT)         \
    X(full, during, drained, write_some, 1)              \
    X(full, during, closed, write_some, -ECONNRESET)     \
    X(full, during, reset, write_some, -ECONNRESET)      \
    X(full, during, killed, write_some, -ECONNRESET)     \
    X(full, during, stopped, write_some, -ECONNRESET)    \
    X(full, cancelled, nothing, write_some, -ECANCELED)  \
    X(full, stopping, nothing, write_some, -ECANCELED)   \
    X(idle, until, nothing, write_much, -ETIMEDOUT)      \
    X(idle, after, drained, write_much, 0)               \
    X(idle, during, drained, write_much, 0)              \
    X(idle, during, closed, write_much, -ECONNRESET)     \
    X(idle, during, killed, write_much, -ECONNRESET)     \
    X(idle, during, reset, write_much, -ECONNRESET)      \
    X(idle, cancelled, nothing, write_much, -ECANCELED)  \
    X(idle, after, nothing, write_frame, 0)              \
    X(idle, after, reset, write_frame, -ECONNRESET)      \
    X(shut, after, nothing, write_frame, -EPIPE)         \
    X(full, until, nothing, write_frame, -ETIMEDOUT)     \
    X(full, during, drained, write_frame, 0)             \
    X(full, during, killed, write_frame, -ECONNRESET)

/* What a task that waits for any is told: that a call would not wait, whatever it would say. */
#define LOOKING(X, Y)                                  \
    X(idle, until, nothing, look_read, -ETIMEDOUT)     \
    X(idle, after, data, look_read, 0)                 \
    X(idle, after, half, look_read, 0)                 \
    X(idle, after, reset, look_read, 0)                \
    X(idle, after, rebooted, look_read, 0)             \
    X(idle, during, data, look_read, 0)                \
    X(idle, during, closed, look_read, 0)              \
    X(idle, during, reset, look_read, 0)               \
    X(idle, during, killed, look_read, 0)              \
    X(idle, during, stopped, look_read, 0)             \
    X(idle, cancelled, nothing, look_read, -ECANCELED) \
    X(idle, after, nothing, look_write, 0)             \
    X(idle, after, reset, look_write, 0)               \
    X(shut, after, nothing, look_write, 0)             \
    X(full, until, nothing, look_write, -ETIMEDOUT)    \
    X(full, until, half, look_write, -ETIMEDOUT)       \
    X(full, during, drained, look_write, 0)            \
    X(full, during, reset, look_write, 0)              \
    X(full, during, killed, look_write, 0)             \
    X(full, stopping, nothing, look_write, -ECANCELED)

/* How a stream is ended, whatever state it is in. Lingering after a stop: in simulation the machine
 * is off and does not acknowledge. */
#define ENDING(X, Y)                                     \
    X(idle, after, nothing, shut_down, 0)                \
    X(shut, after, nothing, shut_down, 0)                \
    X(idle, after, half, shut_down, 0)                   \
    X(idle, after, closed, shut_down, 0)                 \
    X(idle, after, killed, shut_down, 0)                 \
    X(idle, after, reset, shut_down, -ENOTCONN)          \
    X(unread, after, killed, shut_down, -ENOTCONN)       \
    X(full, after, nothing, shut_down, 0)                \
    X(idle, after, nothing, linger, 0)                   \
    X(shut, after, nothing, linger, 0)                   \
    X(unread, after, nothing, linger, 0)                 \
    X(idle, after, half, linger, 0)                      \
    X(idle, after, closed, linger, 0)                    \
    X(idle, after, killed, linger, 0)                    \
    Y(idle, after, stopped, linger, 0, -ETIMEDOUT)       \
    X(idle, after, data, linger, -ECONNRESET)            \
    X(idle, after, reset, linger, -ECONNRESET)           \
    X(idle, after, told_of_reset, linger, -ECONNRESET)   \
    X(unread, after, killed, linger, -ECONNRESET)        \
    X(full, until, nothing, linger, -ETIMEDOUT)          \
    X(full, during, drained, linger, 0)                  \
    X(full, during, reset, linger, -ECONNRESET)          \
    X(full, during, killed, linger, -ECONNRESET)         \
    X(full, cancelled, nothing, linger, -ECANCELED)      \
    X(full, stopping, nothing, linger, -ECANCELED)       \
    X(idle, after, nothing, keep_alive, 0)               \
    X(idle, after, told_of_reset, keep_alive, -ENOTCONN) \
    X(idle, after, nothing, user_timeout, 0)             \
    X(idle, after, told_of_reset, user_timeout, -ENOTCONN)

#define CASES(X, Y) READING(X, Y) READING_WHOLE(X, Y) WRITING(X, Y) LOOKING(X, Y) ENDING(X, Y)

CASES(CASES_DEFINE_, CASES_DEFINE_OR_)

CONFORMANCE_TESTS(net_stream, CASES(CASES_NAME_, CASES_NAME_OR_))
