/* SPDX-License-Identifier: MIT */
/* Each call that injects a fault in the middle of a body does what sim.h says, for many seeds. */
#include <steelmill/sim.h>
#include <steelmill/steelmill.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PORT 9

/* ---- a server that counts, in memory and on its disk ---- */

struct pong {
    struct sm_factory *factory;
    struct sm_datagram *socket;
    sm_time prepare_ns;
    uint64_t pings; /* in memory */
    struct {
        uint64_t boots, stops;
    } kept; /* on disk */
};

static int pong_construct(void *arg, struct sm_factory *factory)
{
    struct pong *self = arg;

    self->factory = factory;
    return sm_config_duration(factory, "prepare", 0, &self->prepare_ns);
}

static int keep(struct pong *self)
{
    struct sm_file *file;
    int error =
        sm_file_open(sm_disk_get(self->factory), &file, "kept", SM_FILE_WRITE | SM_FILE_CREATE);

    if (error)
        return error;
    error = sm_file_pwrite(file, &self->kept, sizeof self->kept, 0);
    if (!error)
        error = sm_file_fsync(file);
    sm_file_close(file);
    return error ? error : sm_disk_sync(sm_disk_get(self->factory));
}

static int pong_prepare(void *arg)
{
    struct pong *self = arg;
    struct sm_file *file;

    if (sm_file_open(sm_disk_get(self->factory), &file, "kept", SM_FILE_READ) == 0) {
        sm_file_pread(file, &self->kept, sizeof self->kept, 0);
        sm_file_close(file);
    }
    self->kept.boots++;
    const int error = keep(self);
    if (error || sm_sleep(self->prepare_ns))
        return error ? error : -ECANCELED;
    return sm_datagram_open(sm_net_get(self->factory), &self->socket, PORT);
}

static int pong_run(void *arg)
{
    struct pong *self = arg;
    struct sm_address from;
    char byte;
    int got;

    sm_role_set("server", true);
    while ((got = sm_datagram_receive(self->socket, &byte, 1, &from, SM_FOREVER)) >= 0) {
        self->pings++;
        sm_datagram_send(self->socket, &from, &byte, 1);
    }
    return got;
}

static int pong_stop(void *arg, sm_time deadline)
{
    struct pong *self = arg;

    (void)deadline;
    sm_datagram_close(self->socket);
    self->kept.stops++;
    return keep(self);
}

static const struct sm_daemon_type pong_daemon = {SM_DAEMON_HEAD(pong), .construct = pong_construct,
                                                  .prepare = pong_prepare, .run = pong_run,
                                                  .stop = pong_stop};

#define PONG(name_) name_, .daemons = {&pong_daemon}

/* ---- the body's side ---- */

static struct sm_datagram *socket_of_body(void)
{
    struct sm_datagram *socket;

    ck_assert_int_eq(sm_datagram_open(sm_net_get(sm_factory_self()), &socket, 0), 0);
    return socket;
}

static void send_to(struct sm_datagram *socket, const char *machine)
{
    struct sm_address to = {.port = PORT};

    ck_assert_int_eq(sm_net_resolve(sm_net_get(sm_factory_self()), machine, &to.ip, SM_FOREVER), 0);
    ck_assert_int_eq(sm_datagram_send(socket, &to, "x", 1), 0);
}

static bool answer_within(struct sm_datagram *socket, sm_time limit_ns)
{
    char byte;

    return sm_datagram_receive(socket, &byte, 1, NULL, sm_now() + limit_ns) == 1;
}

/* True if a machine answers a ping within a second. */
static bool answers(const char *machine)
{
    struct sm_datagram *socket = socket_of_body();

    send_to(socket, machine);
    const bool answered = answer_within(socket, SM_S);
    sm_datagram_close(socket);
    return answered;
}

static const struct pong *pong_on(struct sim_env *env, const char *machine)
{
    return sim_daemon(env, machine, &pong_daemon);
}

/* ---- machines ---- */

/* The body begins when all daemons are prepared, however long that takes. */
SIM_TEST(body_waits, .machines = {{PONG("a"), .config = {{"prepare", "3s"}}}})
{
    ck_assert_int_ge(sm_now(), 3 * SM_S);
    ck_assert(answers("a"));
}

/* A crash takes what is in memory, and leaves what is synced; no stop hook runs. */
SIM_TEST(crash_takes_memory, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    ck_assert(answers("a") && answers("a"));
    ck_assert_uint_eq(pong_on(env, "a")->pings, 2);
    sim_crash(env, "a");
    ck_assert(!sim_is_up(env, "a"));
    ck_assert_ptr_null(sim_daemon(env, "a", &pong_daemon));
    ck_assert(!answers("a"));
    ck_assert(answers("b1"));
    sim_start(env, "a");
    ck_assert(sim_is_up(env, "a"));
    ck_assert_uint_eq(pong_on(env, "a")->pings, 0);
    ck_assert_uint_eq(pong_on(env, "a")->kept.boots, 2);
    ck_assert_uint_eq(pong_on(env, "a")->kept.stops, 0);
    ck_assert(answers("a"));
}

/* What a socket with the machine for a peer is told when it asks. */
static int asks(const char *machine)
{
    struct sm_datagram *socket = socket_of_body();
    struct sm_address to = {.port = PORT};
    char byte = 'x';

    ck_assert_int_eq(sm_net_resolve(sm_net_get(sm_factory_self()), machine, &to.ip, SM_S), 0);
    ck_assert_int_eq(sm_datagram_connect(socket, &to), 0);
    ck_assert_int_eq(sm_datagram_send(socket, NULL, &byte, 1), 0);
    const int answer = sm_datagram_receive(socket, &byte, 1, NULL, sm_now() + SM_S);
    sm_datagram_close(socket);
    return answer;
}

/* A program that dies leaves a host that answers for it, a crash leaves silence. */
SIM_TEST(kill_leaves_the_host, .machines = {{PONG("a")}})
{
    ck_assert_int_gt(asks("a"), 0);
    sim_kill(env, "a");
    ck_assert(!sim_is_up(env, "a"));
    ck_assert_int_eq(asks("a"), -ECONNREFUSED);
    sim_start(env, "a");
    ck_assert_uint_eq(pong_on(env, "a")->kept.boots, 2);
    ck_assert_uint_eq(pong_on(env, "a")->kept.stops, 0);
    ck_assert_int_gt(asks("a"), 0);
    sim_crash(env, "a");
    ck_assert_int_eq(asks("a"), -ETIMEDOUT);
}

/* A start returns when the daemons are prepared again. */
SIM_TEST(start_waits, .machines = {{PONG("a"), .config = {{"prepare", "3s"}}}})
{
    const sm_time before = sm_now();

    sim_restart(env, "a");
    ck_assert_int_ge(sm_now(), before + 3 * SM_S);
    ck_assert(answers("a"));
}

/* A machine that crashes while it boots does not keep who waits for its start. */
static int crash_later(void *env)
{
    sm_sleep(SM_S);
    sim_crash(env, "a");
    return 0;
}

SIM_TEST(crash_in_boot, .machines = {{PONG("a"), .config = {{"prepare", "3s"}}}})
{
    ck_assert_int_eq(sm_task_spawn(NULL, "crash", crash_later, env), 0);
    sim_restart(env, "a");
    ck_assert(!sim_is_up(env, "a"));
}

/* A proper stop runs stop hooks, and returns when the machine is off. */
SIM_TEST(stop_runs_hooks, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sim_stop(env, "b");
    ck_assert(!sim_is_up(env, "b1") && !sim_is_up(env, "b2") && sim_is_up(env, "a"));
    sim_start(env, "b");
    ck_assert_uint_eq(pong_on(env, "b2")->kept.stops, 1);
    ck_assert_uint_eq(pong_on(env, "b2")->kept.boots, 2);
}

/* A wiped machine has an empty disk. */
SIM_TEST(wipe_empties_the_disk, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sim_wipe(env, "b1, b2");
    sim_start(env, "b1, b2");
    ck_assert_uint_eq(pong_on(env, "b1")->kept.boots, 1);
    ck_assert_uint_eq(pong_on(env, "b2")->kept.boots, 1);
}

/* A paused machine does nothing until it is resumed; then it does what has come meanwhile. */
SIM_TEST(pause_holds_tasks, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    struct sm_datagram *socket = socket_of_body();

    sim_pause(env, "a");
    send_to(socket, "a");
    ck_assert(!answer_within(socket, 10 * SM_S));
    ck_assert(answers("b1"));
    sim_resume(env, "a");
    ck_assert(answer_within(socket, SM_S));
    sm_datagram_close(socket);
}

/* Faults that have nothing to do do nothing. */
SIM_TEST(idle_faults, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sim_resume(env, "a");
    sim_start(env, "a");
    sim_crash(env, "a");
    sim_crash(env, "a");
    sim_pause(env, "a");
    sim_stop(env, "a");
    sim_start(env, "a");
    sim_heal(env);
    ck_assert(answers("a"));
}

/* Roles are seen as daemons publish them, and end with the machine. */
SIM_TEST(roles_are_seen, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sm_sleep(SM_MS); /* until all have run */
    ck_assert_str_eq(sim_role_holder(env, "server"), "a");
    sim_crash(env, "a");
    ck_assert_str_eq(sim_role_holder(env, "server"), "b1");
    sim_crash(env, "b");
    ck_assert_ptr_null(sim_role_holder(env, "server"));
    ck_assert(!sim_await(sim_role_holder(env, "server"), SM_S));
}

/* ---- the network ---- */

/* A partition cuts both ways between its sides, and nowhere else. */
SIM_TEST(partition_cuts, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sim_partition(env, "test, b2", "a b1");
    ck_assert(!answers("a") && !answers("b1") && answers("b2"));
    ck_assert_uint_eq(pong_on(env, "a")->pings, 0);
    sim_heal(env);
    ck_assert(answers("a") && answers("b1"));
}

/* Without a second side it isolates. */
SIM_TEST(partition_isolates, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    const uint32_t fault = sim_partition(env, "a", NULL);

    ck_assert(!answers("a") && answers("b1"));
    sim_end(env, fault);
    sim_end(env, fault);
    ck_assert(answers("a"));
}

/* A cut is one way only: the ping comes, the answer does not. */
SIM_TEST(cut_is_one_way, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sim_cut(env, "a", "test");
    ck_assert(!answers("a") && answers("b1"));
    ck_assert_uint_eq(pong_on(env, "a")->pings, 1);
}

/* Faults add up, and each is ended by its number. */
SIM_TEST(faults_add_up, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    const uint32_t one = sim_cut(env, "a", NULL), other = sim_cut(env, NULL, "a");

    sim_end(env, one);
    ck_assert(!answers("a"));
    ck_assert_uint_eq(pong_on(env, "a")->pings, 0);
    sim_end(env, other);
    ck_assert(answers("a"));
}

/* What is clogged comes when the fault ends. */
SIM_TEST(clog_holds, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    struct sm_datagram *socket = socket_of_body();
    const uint32_t fault = sim_clog(env, NULL, "a");

    send_to(socket, "a");
    ck_assert(!answer_within(socket, 10 * SM_S));
    sim_end(env, fault);
    ck_assert(answer_within(socket, SM_S));
    sm_datagram_close(socket);
}

/* A degraded link is as slow as it was told, one way; the test's network is so from the start. */
SIM_TEST(degrade_slows, .machines = {{PONG("a")}, {PONG("b"), .count = 2}},
         .network = {.latency_min_ns = 10 * SM_MS})
{
    struct sm_datagram *socket = socket_of_body();
    sm_time before = sm_now();

    send_to(socket, "a");
    ck_assert(answer_within(socket, SM_S));
    ck_assert_int_eq(sm_now(), before + 20 * SM_MS);
    sim_degrade(env, "test", "a", &(struct sim_link){.latency_min_ns = SM_S});
    before = sm_now();
    send_to(socket, "a");
    ck_assert(answer_within(socket, 2 * SM_S));
    ck_assert_int_eq(sm_now(), before + SM_S + 10 * SM_MS);
    sm_datagram_close(socket);
}

/* A link that loses everything. */
SIM_TEST(degrade_loses, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    sim_degrade(env, "a", "test", &(struct sim_link){.loss_ppm = 1000000});
    ck_assert(!answers("a"));
    sim_heal(env);
    ck_assert(answers("a"));
}

/* ---- seeds ---- */

#define SEEDS 5u

/* What the children tell the parent: it is shared memory. */
struct notes {
    uint32_t runs;
    uint64_t seeds[64], draws[64];
};

static void take_notes(struct sim_env *env)
{
    struct notes *notes = sim_arg(env);

    notes->seeds[notes->runs] = sim_seed(env);
    notes->draws[notes->runs++] = sm_random_u64(NULL);
}

static struct notes *share_notes(void)
{
    struct notes *notes =
        mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    ck_assert_ptr_ne(notes, MAP_FAILED);
    return notes;
}

/* Each seed is run once, but the first one twice; equal seeds draw alike, others differ. */
START_TEST(each_seed_once)
{
    struct notes *notes = share_notes();

    sim_check(&(const struct sim_test){
        .body = take_notes, .arg = notes, .first_seed = 7, .seeds = SEEDS});
    ck_assert_uint_eq(notes->runs, SEEDS + 1);
    ck_assert_uint_eq(notes->draws[0], notes->draws[1]);
    for (uint32_t i = 1; i <= SEEDS; i++) {
        ck_assert_uint_eq(notes->seeds[i], 7 + i - 1);
        for (uint32_t k = i + 1; k <= SEEDS; k++)
            ck_assert_uint_ne(notes->draws[i], notes->draws[k]);
    }
}
END_TEST

/* With `verify` each seed is run three times. */
START_TEST(verify_runs_thrice)
{
    struct notes *notes = share_notes();

    sim_check(
        &(const struct sim_test){.body = take_notes, .arg = notes, .seeds = SEEDS, .verify = true});
    ck_assert_uint_eq(notes->runs, 3 * SEEDS);
    for (uint32_t i = 0; i < 3 * SEEDS; i++)
        ck_assert_uint_eq(notes->draws[i], notes->draws[i / 3 * 3]);
}
END_TEST

/* ---- the program ---- */

/* Names that the library has inside, too: a user's function is not taken for it. */
int finding_arm(void);
int finding_arm(void)
{
    return 42;
}
int worker_run;

/* The library's own functions are out of the way of the user's. */
SIM_TEST(names_are_free, .seeds = 1, .machines = {{PONG("a")}, {PONG("b"), .count = 2}})
{
    ck_assert_int_eq(finding_arm() + worker_run, 42);
    ck_assert(answers("a"));
}

/* Prints first of all: a buffer that is made now would be made on its machine's heap. */
static int chatter_run(void *self)
{
    (void)self;
    printf("a line of %s\n", sm_machine_name());
    return 0;
}

static const struct sm_daemon_type chatter_daemon = {
    .size_bytes = sizeof chatter_daemon, .name = "chatter", .run = chatter_run};

/* What daemons print outlives their machine's heap, and stays out of the results. */
SIM_TEST(output_survives, .seeds = 1, .machines = {{"a", .daemons = {&chatter_daemon}}})
{
    sm_sleep(SM_MS);
    sim_crash(env, "a");
    memset(malloc(100000), 0xff, 100000);
    printf("a line of the body\n");
}

SIM_MAIN(body_waits, crash_takes_memory, kill_leaves_the_host, start_waits, crash_in_boot,
         stop_runs_hooks, wipe_empties_the_disk, pause_holds_tasks, idle_faults, roles_are_seen,
         partition_cuts, partition_isolates, cut_is_one_way, faults_add_up, clog_holds,
         degrade_slows, degrade_loses, each_seed_once, verify_runs_thrice, names_are_free,
         output_survives)
