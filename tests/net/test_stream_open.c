/* SPDX-License-Identifier: MIT */
/* Connecting, listening, accepting. */
#include "tests/net/fixture.h"

static struct nf nf;
/* ---- clients and servers that say what happens ---- */

static int connects_once(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream;
    const int error = sm_stream_dial(net, &stream, "m2", NF_PORT, SM_FOREVER);

    nf_say(f, "client %d", error);
    ck_assert(!!error == !stream);
    sm_stream_close(stream);
    return 0;
}

static int connects_patiently(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream;
    const int error = sm_stream_dial(net, &stream, "m2", NF_PORT, sm_now() + 10 * SM_S);

    nf_say(f, "client %d", error);
    sm_stream_close(stream);
    return 0;
}

static int serves_for_a_minute(struct nf *f, struct sm_net *net)
{
    struct sm_listener *listener;
    struct sm_stream *stream;

    ck_assert_int_eq(sm_listener_open(net, &listener, NF_PORT, 2), 0);
    while (sm_listener_accept(listener, &stream, NULL, sm_now() + 60 * SM_S) == 0) {
        nf_say(f, "server");
        sm_stream_close(stream);
    }
    sm_listener_close(listener);
    return 0;
}

/* Connecting takes a round trip, accepting half of one more. */
START_TEST(round_trips)
{
    nf_pair(&nf, connects_once, serves_for_a_minute);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "2ms client 0, 3ms server");
    ck_assert_uint_eq(lo_net_counters(nf.net)->connections, 1);
    nf_finish(&nf);
}
END_TEST

static int talks_to_itself(struct nf *f, struct sm_net *net)
{
    const struct sm_address by_number[] = {{.ip = 0x7f000001, .port = NF_PORT},
                                           nf_address(1, NF_PORT)};
    struct sm_address local, peer, client;
    struct sm_listener *listener;
    struct sm_stream *out, *in;
    char text[8];

    (void)f;
    sm_listener_open(net, &listener, NF_PORT, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(sm_stream_connect(net, &out, &by_number[i], SM_FOREVER), 0);
        ck_assert_int_eq(sm_listener_accept(listener, &in, &client, SM_FOREVER), 0);
        sm_stream_address(out, &local, &peer);
        ck_assert_uint_eq(local.ip, 0x7f010001);
        ck_assert_uint_eq(peer.ip, 0x7f010001);
        ck_assert_uint_eq(peer.port, NF_PORT);
        ck_assert_uint_eq(client.port, local.port);
        ck_assert_uint_eq(client.ip, local.ip);
        ck_assert(local.port >= 32768 && local.port <= 60999);
        ck_assert_int_eq(sm_stream_write(out, "hi", 2, SM_FOREVER), 2);
        ck_assert_int_eq(sm_stream_read(in, text, sizeof text, SM_FOREVER), 2);
        sm_stream_close(in);
        sm_stream_close(out);
    }
    ck_assert(sm_now() < SM_MS);
    sm_listener_close(listener);
    return 0;
}

/* A machine connects to itself, as localhost or by its address, in microseconds. */
START_TEST(itself)
{
    nf_create(&nf, 1, NULL);
    nf.bodies[0] = talks_to_itself;
    nf_run(&nf, 60 * SM_S);
    nf_finish(&nf);
}
END_TEST

static int connects_to_nobody(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream;
    const struct sm_address nobody = {.ip = 0x7f0a0000, .port = NF_PORT};

    nf_say(f, "%d", sm_stream_dial(net, &stream, "m9", NF_PORT, SM_FOREVER));
    nf_say(f, "%d", sm_stream_dial(net, &stream, "m2", NF_PORT, SM_FOREVER));
    nf_say(f, "%d", sm_stream_connect(net, &stream, &nobody, SM_FOREVER));
    nf_say(f, "%d", sm_stream_connect(net, &stream, &nobody, sm_now() + 1));
    return 0;
}

/* Nobody listens: refused after a round trip. No such name or address: told at once. */
START_TEST(refused)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = connects_to_nobody;
    nf_run(&nf, 60 * SM_S);
    nf_said(&nf, "0ms -2, 2ms -111, 2ms -111, 2ms -110");
    nf_finish(&nf);
}
END_TEST

/* ---- lost handshakes ---- */

/* An attempt that is lost is repeated after 1, 2, 4 seconds. */
START_TEST(attempt_lost)
{
    nf_pair(&nf, connects_once, serves_for_a_minute);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK};
    nf_add_rule(&nf, 0);
    nf_at(&nf, 3500 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "7002ms client 0, 7003ms server");
    ck_assert_uint_eq(lo_net_counters(nf.net)->control_lost, 3);
    nf_finish(&nf);
}
END_TEST

/* The server's answer is lost: the client tries again. The client's last word is lost: the server
 * repeats its answer. */
START_TEST(answer_lost)
{
    uint64_t only;

    nf_pair(&nf, connects_once, serves_for_a_minute);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK, .from = nf_only(&only, 2)};
    nf_add_rule(&nf, 0);
    nf_at(&nf, 500 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "1003ms client 0, 1004ms server");
    nf_finish(&nf);

    nf_pair(&nf, connects_patiently, serves_for_a_minute);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_BLOCK, .from = nf_only(&only, 1)};
    nf_at(&nf, 1500 * SM_US, nf_add_rule, 0);
    nf_at(&nf, 500 * SM_MS, nf_remove_rule, 1);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf,
            "2ms client 0, 603ms server"); /* by the end of the stream, which is repeated, too */
    nf_finish(&nf);
}
END_TEST

/* A clog keeps the handshake and lets it go on where it was. */
START_TEST(handshake_clogged)
{
    nf_pair(&nf, connects_once, serves_for_a_minute);
    nf.rule = (struct lo_rule){.effect = LO_EFFECT_HOLD};
    nf_add_rule(&nf, 0);
    nf_at(&nf, 30 * SM_MS, nf_remove_rule, 1);
    nf_at(&nf, 30500 * SM_US, nf_add_rule, 0); /* holds the answer */
    nf_at(&nf, 60 * SM_MS, nf_remove_rule, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "61ms client 0, 62ms server");
    nf_finish(&nf);
}
END_TEST

static void start_server(struct nf *f, uint64_t number)
{
    f->bodies[1] = serves_for_a_minute;
    nf_start(f, number);
}

/* A machine that is off says nothing: only the deadline ends it, or the machine comes up. */
START_TEST(machine_off)
{
    nf_create(&nf, 2, NULL);
    nf.bodies[0] = connects_patiently;
    nf_at(&nf, 0, nf_crash, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "10000ms client -110");
    nf_finish(&nf);

    nf_create(&nf, 2, NULL);
    nf.bodies[0] = connects_once;
    nf_at(&nf, 0, nf_crash, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "127007ms client -110"); /* seven attempts, each a millisecond under way */
    nf_finish(&nf);

    nf_create(&nf, 2, NULL);
    nf.bodies[0] = connects_patiently;
    nf_at(&nf, 0, nf_crash, 2);
    nf_at(&nf, 2 * SM_S, start_server, 2);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "3004ms client 0, 3005ms server");
    nf_finish(&nf);
}
END_TEST

/* ---- giving up ---- */

static int connect_task(void *arg)
{
    connects_once(&nf, arg);
    return 0;
}

static int connects_and_cancels(struct nf *f, struct sm_net *net)
{
    struct sm_task *task;

    (void)f;
    sm_task_spawn(&task, NULL, connect_task, net);
    sm_sleep(1500 * SM_US);
    sm_task_cancel(task);
    return sm_task_join(task, NULL, SM_FOREVER);
}

/* A cancelled attempt leaves nothing behind: the server's half is reset when its answer arrives. */
START_TEST(cancelled)
{
    nf_pair(&nf, connects_and_cancels, serves_for_a_minute);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "1ms client -125");
    ck_assert_uint_eq(lo_net_counters(nf.net)->connections, 0);
    nf_finish(&nf);
}
END_TEST

static int dies_at_connecting(struct nf *f, struct sm_net *net)
{
    return f->incarnation == 1 ? connects_once(f, net) : 0;
}

/* The client crashes while it connects: the server's half ends, by silence or by a reset. */
START_TEST(client_crashes)
{
    for (int restarts = 0; restarts < 2; restarts++) {
        nf_create(&nf, 2, NULL);
        nf.bodies[0] = dies_at_connecting;
        nf.bodies[1] = serves_for_a_minute;
        nf_at(&nf, 1500 * SM_US, nf_crash, 1);
        if (restarts)
            nf_at(&nf, 1700 * SM_US, nf_start, 1);
        nf_run(&nf, 600 * SM_S);
        nf_said(&nf, "");
        nf_finish(&nf);
    }
}
END_TEST

/* ---- the backlog ---- */

static int connects_four(struct nf *f, struct sm_net *net)
{
    struct sm_task *tasks[4];

    (void)f;
    for (int i = 0; i < 4; i++)
        sm_task_spawn(&tasks[i], NULL, connect_task, net);
    for (int i = 0; i < 4; i++)
        sm_task_join(tasks[i], NULL, SM_FOREVER);
    return 0;
}

static int serves_late(struct nf *f, struct sm_net *net)
{
    struct sm_listener *listener;
    struct sm_stream *stream;

    sm_listener_open(net, &listener, NF_PORT, 2);
    sm_sleep(1500 * SM_MS);
    for (int i = 0; i < 4; i++) {
        sm_listener_accept(listener, &stream, NULL, SM_FOREVER);
        nf_say(f, "server");
        sm_stream_close(stream);
    }
    sm_listener_close(listener);
    return 0;
}

/* A full backlog drops attempts; they are repeated and get in when there is room. */
START_TEST(backlog)
{
    nf_pair(&nf, connects_four, serves_late);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "2ms client 0, 2ms client 0, 1500ms server, 1500ms server, 3004ms client 0, "
                 "3004ms client 0, 3005ms server, 3005ms server");
    nf_finish(&nf);
}
END_TEST

static int connects_and_reads(struct nf *f, struct sm_net *net)
{
    struct sm_stream *stream;
    char byte;

    sm_stream_dial(net, &stream, "m2", NF_PORT, SM_FOREVER);
    nf_say(f, "%d", sm_stream_read(stream, &byte, 1, SM_FOREVER));
    nf_say(f, "%d", sm_stream_read(stream, &byte, 1, SM_FOREVER));
    sm_stream_close(stream);
    return 0;
}

static int closes_listener(struct nf *f, struct sm_net *net)
{
    struct sm_listener *listener;

    (void)f;
    sm_listener_open(net, &listener, NF_PORT, 2);
    sm_sleep(10 * SM_MS);
    sm_listener_close(listener);
    return 0;
}

/* A listener that is closed resets what nobody has accepted. */
START_TEST(listener_closed)
{
    nf_pair(&nf, connects_and_reads, closes_listener);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "11ms -104, 11ms -104");
    nf_finish(&nf);
}
END_TEST

static int accepts_in_vain(struct nf *f, struct sm_net *net)
{
    struct sm_listener *listener;
    struct sm_stream *stream = (void *)net;
    struct sm_wait wait = {.interest = SM_READ};

    sm_listener_open(net, &listener, NF_PORT, 2);
    wait.object = sm_listener_waitable(listener);
    ck_assert_int_eq(sm_wait_any(&wait, 1, 0), -ETIMEDOUT);
    nf_say(f, "%d", sm_listener_accept(listener, &stream, NULL, sm_now() + SM_MS));
    ck_assert_ptr_null(stream);
    ck_assert_int_eq(sm_wait_any(&wait, 1, SM_FOREVER), 0);
    nf_say(f, "ready");
    ck_assert_int_eq(sm_listener_accept(listener, &stream, NULL, 0), 0);
    sm_stream_close(stream);
    sm_listener_close(listener);
    return 0;
}

/* Accepting keeps its deadline, and a listener can be waited for. */
START_TEST(accept_waits)
{
    nf_pair(&nf, connects_once, accepts_in_vain);
    nf_run(&nf, 600 * SM_S);
    nf_said(&nf, "1ms -110, 2ms client 0, 3ms ready");
    nf_finish(&nf);
}
END_TEST

/* ---- ports ---- */

static int takes_all_ports(struct nf *f, struct sm_net *net)
{
    enum { NF_PORTS = 60999 - 32768 + 1 };
    static struct sm_stream *out[NF_PORTS], *in[NF_PORTS], *extra;
    struct sm_listener *listener;

    (void)f;
    sm_listener_open(net, &listener, NF_PORT, 2);
    for (int i = 0; i < NF_PORTS; i++) {
        ck_assert_int_eq(sm_stream_dial(net, &out[i], "localhost", NF_PORT, SM_FOREVER), 0);
        ck_assert_int_eq(sm_listener_accept(listener, &in[i], NULL, SM_FOREVER), 0);
    }
    ck_assert_int_eq(sm_stream_dial(net, &extra, "localhost", NF_PORT, SM_FOREVER), -EADDRNOTAVAIL);
    sm_stream_close(out[77]);
    sm_stream_close(in[77]);
    sm_sleep(SM_MS);
    ck_assert_int_eq(sm_stream_dial(net, &out[77], "localhost", NF_PORT, SM_FOREVER), 0);
    ck_assert_int_eq(sm_listener_accept(listener, &in[77], NULL, SM_FOREVER), 0);
    for (int i = 0; i < NF_PORTS; i++) {
        sm_stream_close(out[i]);
        sm_stream_close(in[i]);
    }
    sm_listener_close(listener);
    return 0;
}

/* Each connection that a machine opens takes a port; when all are taken, it says so. */
START_TEST(out_of_ports)
{
    nf_create(&nf, 1, NULL);
    nf.bodies[0] = takes_all_ports;
    nf_run(&nf, 600 * SM_S);
    nf_finish(&nf);
}
END_TEST

static int wants_any_port(struct nf *f, struct sm_net *net)
{
    static struct sm_listener *listeners[60999 - 32768 + 1];
    static struct sm_datagram *sockets[60999 - 32768 + 1];
    const size_t count = sizeof sockets / sizeof *sockets;
    struct sm_listener *listener;
    struct sm_datagram *socket;

    (void)f;
    for (size_t i = 0; i < count; i++) {
        ck_assert_int_eq(sm_listener_open(net, &listeners[i], 0, 1), 0);
        ck_assert_int_eq(sm_datagram_open(net, &sockets[i], 0), 0);
    }
    ck_assert_int_eq(sm_listener_open(net, &listener, 0, 1), -EADDRINUSE);
    ck_assert_int_eq(sm_datagram_open(net, &socket, 0), -EADDRINUSE);
    ck_assert_ptr_null(listener);
    ck_assert_ptr_null(socket);
    ck_assert_int_eq(sm_listener_open(net, &listener, 80, 1), 0); /* one that is asked for */
    sm_listener_close(listener);
    sm_listener_close(listeners[5]);
    sm_datagram_close(sockets[7]);
    ck_assert_int_eq(sm_listener_open(net, &listeners[5], 0, 1), 0);
    ck_assert_int_eq(sm_datagram_open(net, &sockets[7], 0), 0);
    for (size_t i = 0; i < count; i++) {
        sm_listener_close(listeners[i]);
        sm_datagram_close(sockets[i]);
    }
    return 0;
}

/* Listeners and datagram sockets that want any port get the last one, and are told when none is
 * left. */
START_TEST(no_port_left)
{
    nf_create(&nf, 1, NULL);
    nf.bodies[0] = wants_any_port;
    nf_run(&nf, 600 * SM_S);
    nf_finish(&nf);
}
END_TEST

SUITE_MAIN("stream-open", round_trips, itself, refused, attempt_lost, answer_lost,
           handshake_clogged, machine_off, cancelled, client_crashes, backlog, listener_closed,
           accept_waits, out_of_ports, no_port_left)
