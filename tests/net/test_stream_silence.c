/* SPDX-License-Identifier: MIT */
/* Peers that fall silent: keep-alive, user timeout, attempts without an answer; and lingering. */
#include "tests/net/fixture.h"

static struct nf nf;
static char filler[1 << 20];

static int read_some(struct sm_stream *stream)
{
    char bytes[100];
    return sm_stream_read(stream, bytes, sizeof bytes, SM_FOREVER);
}

static int holds_it(struct nf *f, struct sm_net *net)
{
    if (f->incarnation == 1)
        nf_accept(net);
    return sm_sleep(SM_FOREVER);
}

static void end_both(void)
{
    nf_crash(&nf, 1);
    nf_crash(&nf, 2);
    nf_finish(&nf);
}

/* ---- keep-alive ---- */

static int reads_with_keep_alive(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    ck_assert_int_eq(sm_stream_keep_alive(stream, 10 * SM_S, SM_S, 3), 0);
    nf_say(f, "%d", read_some(stream));
    ck_assert_int_eq(sm_stream_keep_alive(stream, 10 * SM_S, SM_S, 3), -ENOTCONN);
    sm_stream_close(stream);
    return 0;
}

/* A reader with keep-alive gives up a crashed peer after the idle time and three questions. */
START_TEST(keep_alive_crash)
{
    nf_pair(&nf, reads_with_keep_alive, holds_it);
    nf_at(&nf, 5 * SM_S, nf_crash, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "13002ms -103");
    nf_finish(&nf);
}
END_TEST

/* A peer that has rebooted answers the first question with a reset. */
START_TEST(keep_alive_reboot)
{
    nf_pair(&nf, reads_with_keep_alive, holds_it);
    nf_at(&nf, 5 * SM_S, nf_crash, 2);
    nf_at(&nf, 6 * SM_S, nf_start, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "10004ms -104");
    end_both();
}
END_TEST

/* A peer that is there answers, for ever; an interruption shorter than all questions does not
 * matter. */
START_TEST(keep_alive_answered)
{
    nf_pair(&nf, reads_with_keep_alive, holds_it);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 95 * SM_S, nf_add_rule, 0);
    nf_at(&nf, 101500 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "");
    ck_assert_uint_ge(lo_net_counters(nf.net)->control_lost, 1);
    ck_assert_uint_le(lo_net_counters(nf.net)->control_lost, 2);
    end_both();
}
END_TEST

static int reads_for_a_minute(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    char byte;

    ck_assert_int_eq(sm_stream_keep_alive(stream, 10 * SM_S, SM_S, 3), 0);
    ck_assert_int_eq(sm_stream_keep_alive(stream, 0, 0, 0), 0);
    nf_say(f, "%d", sm_stream_read(stream, &byte, 1, 60 * SM_S));
    ck_assert_int_eq(sm_stream_keep_alive(stream, SM_S, 0, 3), -EINVAL);
    ck_assert_int_eq(sm_stream_keep_alive(stream, SM_S, SM_S, 0), -EINVAL);
    ck_assert_int_eq(sm_stream_keep_alive(stream, SM_S, SM_S, 128), -EINVAL);
    ck_assert_int_eq(sm_stream_keep_alive(stream, -1, SM_S, 1), -EINVAL);
    ck_assert_int_eq(sm_stream_user_timeout(stream, SM_STREAM_PATIENCE_MAX + 1), -EINVAL);
    sm_stream_close(stream);
    return 0;
}

/* Without keep-alive, or with it turned off again, nobody asks. */
START_TEST(keep_alive_off)
{
    nf_pair(&nf, reads_for_a_minute, holds_it);
    nf_at(&nf, 5 * SM_S, nf_crash, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "60000ms -110");
    end_both();
}
END_TEST

/* ---- user timeout ---- */

static int writes_with_user_timeout(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    ck_assert_int_eq(sm_stream_user_timeout(stream, 5 * SM_S), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(sm_stream_write(stream, "x", 1, SM_FOREVER), 1);
        sm_sleep(4 * SM_S); /* acknowledged long ago: quiet is not silence */
    }
    nf_say(f, "wrote");
    ck_assert_int_eq(sm_stream_write(stream, "x", 1, SM_FOREVER), 1);
    nf_say(f, "%d", read_some(stream));
    nf_say(f, "%d", sm_stream_write(stream, "x", 1, SM_FOREVER));
    sm_stream_close(stream);
    return 0;
}

static int reads_for_ever(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    (void)f;
    while (read_some(stream) > 0)
        continue;
    sm_stream_close(stream);
    return 0;
}

/* What is not acknowledged within the user timeout ends the connection, for all calls. */
START_TEST(user_timeout_partition)
{
    nf_pair(&nf, writes_with_user_timeout, reads_for_ever);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 12 * SM_S, nf_add_rule, 0);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "12002ms wrote, 17002ms -103, 17002ms -103");
    end_both();
}
END_TEST

/* A partition that heals in time is survived. */
START_TEST(user_timeout_heals)
{
    nf_pair(&nf, writes_with_user_timeout, reads_for_ever);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 12 * SM_S, nf_add_rule, 0);
    nf_at(&nf, 15 * SM_S, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "12002ms wrote");
    end_both();
}
END_TEST

static int fills_with_user_timeout(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);
    size_t done;

    ck_assert_int_eq(sm_stream_user_timeout(stream, 5 * SM_S), 0);
    nf_say(f, "%d", sm_stream_write_all(stream, filler, sizeof filler, &done, SM_FOREVER));
    sm_stream_close(stream);
    return 0;
}

/* A peer that is there but does not read is given up, too, and is told by a reset. */
START_TEST(user_timeout_shut_window)
{
    nf_pair(&nf, fills_with_user_timeout, holds_it);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "5004ms -103");
    end_both();
}
END_TEST

/* ---- connecting ---- */

static int connects_without_deadline(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream;

    nf_say(f, "%d", sm_stream_dial(net, &stream, "m2", NF_PORT, SM_FOREVER));
    return 0;
}

/* An attempt that nobody answers is given up by itself after 127 s: 1 + 2 + 4 + ... + 64. */
START_TEST(connect_times_out)
{
    nf_pair(&nf, connects_without_deadline, NULL);
    nf_crash(&nf, 2);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_add_rule(&nf, 0);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "127000ms -110");
    nf_finish(&nf);
}
END_TEST

/* ---- lingering ---- */

static int lingers(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    sm_stream_write_all(stream, filler, 100000, NULL, SM_FOREVER);
    nf_say(f, "%d", sm_stream_linger(stream, sm_now() + 10 * SM_S));
    return 0;
}

/* Lingering waits until all has arrived, in spite of losses; then the stream is closed. */
START_TEST(linger_delivers)
{
    nf_pair(&nf, lingers, reads_for_ever);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 2500 * SM_US, nf_add_rule, 0); /* loses the acknowledgements */
    nf_at(&nf, 100 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "205ms 0");
    nf_finish(&nf);
}
END_TEST

/* At the deadline it waits no more, and what is left goes on in the background. */
START_TEST(linger_times_out)
{
    nf_pair(&nf, lingers, reads_for_ever);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_at(&nf, 1999 * SM_US, nf_add_rule, 0);
    nf_at(&nf, 20 * SM_S, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "10002ms -110");
    ck_assert_uint_eq(lo_net_counters(nf.net)->delivered_bytes, 100000);
    nf_finish(&nf);
}
END_TEST

static int aborts_soon(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_accept(net);

    (void)f;
    sm_sleep(100 * SM_MS);
    sm_stream_abort(stream);
    return 0;
}

static int lingers_full(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream = nf_dial(net);

    ck_assert_int_gt(sm_stream_write(stream, filler, sizeof filler, SM_FOREVER), 0);
    ck_assert_int_gt(sm_stream_write(stream, filler, sizeof filler, SM_FOREVER), 0);
    nf_say(f, "%d", sm_stream_linger(stream, SM_FOREVER));
    return 0;
}

/* A reset while bytes wait for room is told. */
START_TEST(linger_reset)
{
    nf_pair(&nf, lingers_full, aborts_soon);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "104ms -104");
    nf_finish(&nf);
}
END_TEST

/* A crash of the machine in the middle leaves nothing behind. */
START_TEST(linger_crash)
{
    nf_pair(&nf, lingers_full, holds_it);
    nf_at(&nf, SM_S, nf_crash, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "");
    nf_crash(&nf, 2);
    nf_finish(&nf);
}
END_TEST

SUITE_MAIN("stream-silence", keep_alive_crash, keep_alive_reboot, keep_alive_answered,
           keep_alive_off, user_timeout_partition, user_timeout_heals, user_timeout_shut_window,
           connect_times_out, linger_delivers, linger_times_out, linger_reset, linger_crash)
