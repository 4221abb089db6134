/* SPDX-License-Identifier: MIT */
/* How streams end: in good order, by resets, by crashes and silence; and misuse. */
#include "tests/net/fixture.h"

static struct nf nf;
static char filler[1 << 20];

static int read_some(struct sm_stream *stream)
{
    char bytes[100];
    return sm_stream_read(stream, bytes, sizeof bytes, SM_FOREVER);
}

static int write_some(struct sm_stream *stream)
{
    return sm_stream_write(stream, "some", 4, SM_FOREVER);
}

/* ---- good order ---- */

static int half_closes(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    write_some(stream);
    ck_assert_int_eq(sm_stream_shutdown(stream), 0);
    ck_assert_int_eq(sm_stream_shutdown(stream), 0);
    ck_assert_int_eq(write_some(stream), -EPIPE);
    nf_say(f, "client %d", read_some(stream));
    nf_say(f, "client %d", read_some(stream));
    sm_stream_close(stream);
    return 0;
}

static int answers_late(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    nf_say(f, "server %d", read_some(stream));
    nf_say(f, "server %d", read_some(stream));
    sm_sleep(SM_S);
    ck_assert_int_eq(write_some(stream), 4);
    sm_stream_close(stream);
    return 0;
}

/* One direction ends, the other goes on for as long as it likes. */
START_TEST(half_close)
{
    nf_pair(&nf, half_closes, answers_late);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "3ms server 4, 3ms server 0, 1004ms client 4, 1004ms client 0");
    nf_finish(&nf);
}
END_TEST

static int writes_and_closes(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    ck_assert_int_eq(sm_stream_write(stream, filler, 200000, SM_FOREVER), 200000);
    sm_stream_close(stream);
    nf_say(f, "closed");
    return 0;
}

static int reads_all(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);
    static char bytes[200000];

    sm_sleep(SM_S);
    ck_assert_int_eq(sm_stream_read_exact(stream, bytes, sizeof bytes, NULL, SM_FOREVER), 0);
    nf_say(f, "%d", read_some(stream));
    sm_stream_close(stream);
    return 0;
}

/* What was written before a close is delivered in the background, even after losses. */
START_TEST(close_in_background)
{
    nf_pair(&nf, writes_and_closes, reads_all);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "2ms closed, 1003ms 0");
    nf_finish(&nf);

    const struct lo_options options = {.link_default = {.set = LO_LINK_LOSS, .loss_ppm = 400000}};
    nf_create_with(&nf, 2, NULL, &options);
    nf.bodies[0] = writes_and_closes;
    nf.bodies[1] = reads_all;
    nf_run(&nf, 600 * SM_S);
    nf_finish(&nf);
}
END_TEST

/* ---- resets ---- */

static int writes_to_closed(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    sm_sleep(10 * SM_MS);
    nf_say(f, "read %d", read_some(stream));
    nf_say(f, "write %d", write_some(stream));
    sm_sleep(10 * SM_MS);
    nf_say(f, "write %d", write_some(stream));
    nf_say(f, "write %d", write_some(stream));
    ck_assert_int_eq(sm_stream_shutdown(stream), -ENOTCONN);
    sm_stream_close(stream);
    return 0;
}

static int closes_at_once(struct nf *f, struct sm_net *net)
{
    (void)f;
    sm_stream_close(nf_accept(net));
    return 0;
}

/* The first write to a closed peer goes through; its answer is a reset, which later ones tell. */
START_TEST(write_after_close)
{
    nf_pair(&nf, writes_to_closed, closes_at_once);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "12ms read 0, 12ms write 4, 22ms write -104, 22ms write -104");
    nf_finish(&nf);
}
END_TEST

static int writes_then_reads(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    write_some(stream);
    nf_say(f, "%d", read_some(stream));
    sm_stream_close(stream);
    return 0;
}

static int closes_unread(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    (void)f;
    sm_sleep(10 * SM_MS);
    sm_stream_close(stream);
    return 0;
}

/* Closing with unread bytes resets: the writer learns that they were lost. */
START_TEST(close_unread)
{
    nf_pair(&nf, writes_then_reads, closes_unread);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "14ms -104");
    nf_finish(&nf);
}
END_TEST

static int writes_and_aborts(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    (void)f;
    write_some(stream);
    sm_sleep(10 * SM_MS);
    sm_stream_abort(stream);
    return 0;
}

static int reads_after_abort(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    sm_sleep(50 * SM_MS);
    nf_say(f, "%d", read_some(stream));
    nf_say(f, "%d", read_some(stream));
    nf_say(f, "%d", write_some(stream));
    sm_stream_close(stream);
    return 0;
}

/* After a reset what had arrived can still be read, then every call tells. */
START_TEST(aborted)
{
    nf_pair(&nf, reads_after_abort, writes_and_aborts);
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "52ms 4, 52ms -104, 52ms -104");
    nf_finish(&nf);
}
END_TEST

static int reads_task(void *arg)
{
    nf_say(&nf, "read %d", read_some(arg));
    return 0;
}

static int writes_task(void *arg)
{
    size_t done = 0;
    const int error = sm_stream_write_all(arg, filler, sizeof filler, &done, SM_FOREVER);
    nf_say(&nf, "write %d %zu", error, done);
    return 0;
}

static int waits_in_two_tasks(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    struct sm_wait wait = {.object = sm_stream_waitable(stream), .interest = SM_READ | SM_WRITE};
    struct sm_task *reader, *writer;

    sm_task_spawn(&writer, NULL, writes_task, stream);
    sm_sleep(SM_MS);
    sm_task_spawn(&reader, NULL, reads_task, stream);
    sm_sleep(9 * SM_MS);
    ck_assert_int_eq(sm_wait_any(&wait, 1, SM_FOREVER), 0);
    ck_assert_uint_eq(wait.ready, SM_READ | SM_WRITE);
    sm_task_join(reader, NULL, SM_FOREVER);
    sm_task_join(writer, NULL, SM_FOREVER);
    nf_say(f, "both");
    sm_stream_close(stream);
    return 0;
}

static int aborts_later(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    (void)f;
    sm_sleep(SM_S);
    sm_stream_abort(stream);
    return 0;
}

/* A reset wakes all who wait: readers, writers, and those who wait for any. */
START_TEST(reset_wakes_all)
{
    nf_pair(&nf, waits_in_two_tasks, aborts_later);
    nf_run(&nf, 60 * SM_S);
    ck_assert_ptr_nonnull(strstr(nf.trace, "1004ms read -104"));
    ck_assert_ptr_nonnull(strstr(nf.trace, "1004ms write -104 524288")); /* two buffers full */
    ck_assert_ptr_nonnull(strstr(nf.trace, "1004ms both"));
    nf_finish(&nf);
}
END_TEST

/* ---- crashes and silence ---- */

static int writes_each_second(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    int error;

    do {
        error = write_some(stream);
        if (error != 4)
            nf_say(f, "write %d", error);
        sm_sleep(SM_S);
    } while (error == 4);
    sm_stream_close(stream);
    return 0;
}

static int reads_for_ever(struct nf *f, struct sm_net *net)
{
    if (f->incarnation > 1)
        return 0;
    struct sm_stream *stream = nf_accept(net);
    while (read_some(stream) > 0)
        continue;
    sm_stream_close(stream);
    return 0;
}

/* A crashed peer is silent; once it is up again, it answers what it does not know with a reset. */
START_TEST(peer_reboots)
{
    nf_pair(&nf, writes_each_second, reads_for_ever);
    nf_at(&nf, 2500 * SM_MS, nf_crash, 2);
    nf_at(&nf, 5 * SM_S, nf_start, 2);
    nf_run(&nf, 600 * SM_S);
    /* Lost at 3, 3.2, 3.6, 4 and 4.4 s; what is written at 5 s brings the reset. */
    nf_said(&nf, "6002ms write -104");
    nf_finish(&nf);
}
END_TEST

/* A peer that stays away is given up after a quarter of an hour. */
START_TEST(peer_stays_away)
{
    nf_pair(&nf, writes_each_second, reads_for_ever);
    nf_at(&nf, 2500 * SM_MS, nf_crash, 2);
    nf_run(&nf, 3600 * SM_S);
    nf_said(&nf, "928002ms write -103"); /* 924.6 s after the first loss at 3 s */
    nf_finish(&nf);
}
END_TEST

/* A partition that lasts does the same, to both sides that have something to say. */
START_TEST(partitioned_for_ever)
{
    nf_pair(&nf, writes_each_second, reads_for_ever);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 2500 * SM_MS, nf_add_rule, 0);
    nf_run(&nf, 3600 * SM_S);
    nf_said(&nf, "928002ms write -103");
    nf_crash(&nf, 2); /* its reader would wait for ever */
    nf_finish(&nf);
}
END_TEST

static int reads_with_patience(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    char byte;

    nf_say(f, "%d", sm_stream_read(stream, &byte, 1, 30 * SM_S));
    sm_stream_close(stream);
    return 0;
}

/* Who only reads from a crashed peer is told nothing: only the deadline ends it. */
START_TEST(half_open)
{
    nf_pair(&nf, reads_with_patience, reads_for_ever);
    nf_at(&nf, 100 * SM_MS, nf_crash, 2);
    nf_at(&nf, 200 * SM_MS, nf_start, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "30000ms -110");
    nf_finish(&nf);
}
END_TEST

static int fills_window(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    size_t done;

    nf_say(f, "%d", sm_stream_write_all(stream, filler, sizeof filler, &done, SM_FOREVER));
    sm_stream_close(stream);
    return 0;
}

static int never_reads(struct nf *f, struct sm_net *net)
{
    if (f->incarnation == 1) {
        nf_accept(net);
        sm_sleep(SM_FOREVER);
    }
    return 0;
}

/* A writer whose window is shut finds out, too, that the peer has crashed. */
START_TEST(crash_behind_shut_window)
{
    nf_pair(&nf, fills_window, never_reads);
    nf_at(&nf, 10 * SM_S, nf_crash, 2);
    nf_at(&nf, 11 * SM_S, nf_start, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "11404ms -104"); /* asked at 10.2, 10.6 and 11.4 s */
    nf_finish(&nf);
}
END_TEST

static int reads_until_end(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    sm_stream_write(stream, "x", 1, SM_FOREVER);
    nf_say(f, "%d", read_some(stream));
    sm_stream_close(stream);
    return 0;
}

static int serves_until_stopped(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    (void)f;
    while (read_some(stream) > 0)
        continue;
    return 0; /* and leaves the stream open */
}

/* A machine that stops properly closes what its daemons have left open: the peer reads an end. */
START_TEST(machine_stops)
{
    nf_pair(&nf, reads_until_end, serves_until_stopped);
    nf_at(&nf, SM_S, nf_stop, 2);
    nf_run(&nf, 3600 * SM_S);
    nf_said(&nf, "1001ms 0");
    ck_assert_uint_eq(lo_net_leaked(nf.tw.world->machines[1]), 1);
    nf_finish(&nf);
}
END_TEST

static int reads_and_says(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    nf_say(f, "%d", read_some(stream));
    nf_say(f, "%d", read_some(stream));
    sm_stream_close(stream);
    return 0;
}

static int writes_and_waits(struct nf *f, struct sm_net *net)
{
    if (f->incarnation > 1)
        return 0;
    write_some(nf_accept(net));
    return sm_sleep(SM_FOREVER);
}

/* A program that dies, on a host that goes on, leaves its streams to the host's kernel: what it has
 * written is delivered, also what was lost on the way, and then there is an end. */
START_TEST(process_dies)
{
    nf_pair(&nf, reads_and_says, writes_and_waits);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 2500 * SM_US, nf_add_rule, 0); /* loses the bytes, and the end */
    nf_at(&nf, 50 * SM_MS, nf_kill, 2);
    nf_at(&nf, 60 * SM_MS, nf_start, 2);
    nf_at(&nf, 100 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "204ms 4, 204ms 0");
    nf_finish(&nf);
}
END_TEST

static int writes_then_reads_late(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    write_some(stream);
    sm_sleep(100 * SM_MS);
    nf_say(f, "%d", read_some(stream));
    sm_stream_close(stream);
    nf_say(f, "%d", sm_stream_dial(net, &stream, "m2", NF_PORT, SM_FOREVER));
    return 0;
}

/* What such a program has not read is a reset, and nobody listens there any more. */
START_TEST(process_dies_unread)
{
    nf_pair(&nf, writes_then_reads_late, never_reads);
    nf_at(&nf, 50 * SM_MS, nf_kill, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "102ms -104, 104ms -111");
    nf_finish(&nf);
}
END_TEST

/* The client crashes: its bytes under way still arrive, then there is silence. */
START_TEST(client_crashes)
{
    nf_pair(&nf, writes_then_reads, reads_for_ever);
    nf_at(&nf, 2500 * SM_US, nf_crash, 1);
    nf_run(&nf, 600 * SM_S);
    ck_assert_uint_eq(lo_net_counters(nf.net)->delivered, 1);
    nf_crash(&nf, 2);
    nf_finish(&nf);
}
END_TEST

/* ---- misuse ---- */

static struct sm_stream *connected(struct sim_machine *machine)
{
    struct sm_net *net = lo_net_capability(machine);
    struct sm_listener *listener;
    struct sm_stream *stream;

    sm_listener_open(net, &listener, NF_PORT, 1);
    ck_assert_int_eq(sm_stream_dial(net, &stream, "localhost", NF_PORT, SM_FOREVER), 0);
    return stream;
}

static int reads_closed(void *arg, struct sim_machine *machine)
{
    struct sm_stream *stream = connected(machine);

    (void)arg;
    sm_stream_close(stream);
    return read_some(stream);
}

static int closes_twice(void *arg, struct sim_machine *machine)
{
    struct sm_stream *stream = connected(machine);

    (void)arg;
    sm_stream_abort(stream);
    sm_sleep(SM_S);
    sm_stream_close(stream);
    return 0;
}

static int closes_under_reader(void *arg, struct sim_machine *machine)
{
    struct sm_stream *stream = connected(machine);

    (void)arg;
    sm_task_spawn(NULL, NULL, reads_task, stream);
    sm_sleep(SM_S);
    sm_stream_close(stream);
    return 0;
}

static int reads_nothing(void *arg, struct sim_machine *machine)
{
    char byte;

    (void)arg;
    return sm_stream_read(connected(machine), &byte, 0, SM_FOREVER);
}

static struct sm_stream *shared;

static int reads_others(void *arg, struct sim_machine *machine)
{
    (void)arg;
    if (machine->index == 1)
        shared = connected(machine);
    sm_sleep(SM_S);
    return machine->index == 2 ? read_some(shared) : 0;
}

static void expect_bug(tw_body body, const char *words)
{
    static struct tw tw;
    struct lo_net *net;

    tw_create(&tw, 2, NULL, body, NULL);
    ck_assert_int_eq(lo_net_create(&net, tw.world, NULL), 0);
    ck_assert_int_eq(tw_run(&tw, 10 * SM_S), SIM_FAILED);
    ck_assert_msg(strstr(tw.failure.text, words), "'%s' lacks '%s'", tw.failure.text, words);
    tw_destroy(&tw);
    lo_net_destroy(net);
}

/* Wrong uses of streams are found, and the words say what was wrong. */
START_TEST(misuse)
{
    expect_bug(reads_closed, "sm_stream_read: this stream was closed before");
    expect_bug(closes_twice, "sm_stream_close: this stream was closed before");
    expect_bug(closes_under_reader, "sm_stream_close: a task still waits on the stream");
    expect_bug(reads_nothing, "capacity is not 1 to 2^30");
    expect_bug(reads_others, "this stream belongs to machine 'm1', the caller runs on 'm2'");
}
END_TEST

SUITE_MAIN("stream-end", half_close, close_in_background, write_after_close, close_unread, aborted,
           reset_wakes_all, peer_reboots, peer_stays_away, partitioned_for_ever, half_open,
           crash_behind_shut_window, machine_stops, process_dies, process_dies_unread,
           client_crashes, misuse)
