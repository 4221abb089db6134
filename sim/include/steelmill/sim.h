/* SPDX-License-Identifier: MIT */
/*
 * Simulations inside unit tests: a body that runs against a small cluster in virtual time, once for
 * each of many seeds, and injects faults by calls in the middle of it.
 *
 *   SIM_TEST(no_add_is_lost, .seeds = 200,
 *            .machines = {{"server", .daemons = {&counter_server_daemon}}})
 *   {
 *       ck_assert_int_eq(counter_add("server", 1), 0);
 *       sim_restart(env, "server");
 *       ck_assert_int_eq(counter_get("server"), 1);
 *   }
 *   SIM_MAIN(no_add_is_lost)
 *
 * One run, of one seed, in a forked child:
 *
 *   all machines start --> their daemons are prepared --> the body runs --> it returns -->
 *   `eventually` properties are judged --> all machines stop, and so their stop hooks are judged
 *
 * The body is a task on a machine of its own, called "test": every call of the contract works in it
 * (sm_sleep, sm_task_spawn, sm_random_range, the network by sm_net_get(sm_factory_self())). It must
 * not use threads, the host's clock, or sleep for real.
 *
 * What fails a test: ck_assert and its kin, in the body and in daemons; a violated property; a
 * signal; a daemon's error; a damaged heap; a body that waits for ever, or for longer than
 * time_limit_ns; two runs of one seed that differ. The first failing seed ends the test. Its report
 * goes to stderr, with one line that replays exactly this run.
 *
 * The environment:
 *   SIM_SEED=17      runs this seed only, once, with the log on stderr
 *   SIM_SEEDS=A..B   runs these seeds instead of the test's own
 *   SIM_TEST=NAME    skips all other simulations of the program
 *   SIM_LOG=LEVEL    error, warn, info, debug (as if not given), trace: what SIM_SEED logs
 *
 * In a debugger: with SIM_SEED and CK_FORK=no nothing is forked. Every failure but a signal passes
 * through sim_fail.
 *   SIM_TEST=no_add_is_lost SIM_SEED=17 CK_FORK=no gdb -ex 'b sim_fail' -ex r ./test_counter
 *
 * Linking: pkg-config --cflags --libs steelmill-sim. It makes the linker send Check's assertions
 * through here (--wrap); an undefined __real__ck_assert_failed says that this is missing. The
 * program gets an allocator that gives each machine a heap of its own.
 *
 * All machines share the program's global variables, and a crash does not reset them; each run has
 * them fresh. Daemons that keep state there belong in a plugin and a scenario.
 */
#ifndef STEELMILL_SIM_H
#define STEELMILL_SIM_H

#include <steelmill/base.h>
#include <steelmill/factory.h>
#include <steelmill/time.h>

#include <check.h>

SM_C_BEGIN

struct sim_env; /* one run, as its body sees it */

/* The body of a test. */
typedef void (*sim_body)(struct sim_env *env);

/* ---- what is tested ---- */

/*
 * What a link does to messages. Fields that are 0 leave things as they are: 1 to 5 ms of latency,
 * drawn for each message, and no harm.
 */
struct sim_link {
    sm_time latency_min_ns, latency_max_ns; /* max 0: the same as min */
    uint32_t loss_ppm;                      /* of a million messages; streams send again */
    uint32_t duplicate_ppm, reorder_ppm;
    int64_t bandwidth_bytes_per_s;
    int64_t queue_bytes;          /* that may wait for it: a datagram that finds more is lost */
    sm_time jitter_max_ns;        /* a second delay on top, of 1 ns to this */
    uint32_t mtu_bytes;           /* datagrams that need a larger packet vanish; 68 or more */
    uint32_t corrupt_ppm;         /* of datagrams: one byte is altered */
    uint32_t corrupt_streams_ppm; /* of what streams send, at once up to 64 KiB */
};

struct sim_config {
    const char *key, *value;
};

#define SIM_GROUPS_MAX   16
#define SIM_DAEMONS_MAX  8
#define SIM_CONFIG_MAX   16
#define SIM_NAMES_MAX    8
#define SIM_MACHINES_MAX 63 /* in all, without the one that runs the body */

/* One or several machines of one kind. The lists end at their first empty entry. */
struct sim_group {
    const char *name; /* a letter, then letters, digits, '_' or '-'; not "test" */
    uint32_t count;   /* 0: one machine, called `name`; else they are name1, name2, ... */
    const struct sm_daemon_type *daemons[SIM_DAEMONS_MAX];
    struct sim_config config[SIM_CONFIG_MAX];
};

/* Zero means the default everywhere. Lists end at their first empty entry. */
struct sim_test {
    const char *name; /* NULL: that of the running Check test */
    sim_body body;
    void *arg; /* for sim_arg */
    struct sim_group machines[SIM_GROUPS_MAX];
    struct sim_link network; /* of all links */

    uint64_t first_seed; /* 0: 1 */
    uint32_t seeds;      /* how many; 0: 100 */
    /*
     * The first seed is run twice, and both runs must have the same digest. With `verify` every
     * seed is, and once more with other addresses and other bytes in fresh memory.
     */
    bool verify;
    bool buggify; /* sm_buggify fires */

    /* Virtual time, from the start of the machines to the end of the body. 0: 60 s. */
    sm_time time_limit_ns;
    /* Real time of one run. 0: 20 s. Check itself limits a test, to 4 s if nothing else is said:
     * see tcase_set_timeout. */
    sm_time wall_limit_ns;

    /* Properties that must hold at the end, and have been evaluated. Others only if they were. */
    const char *eventually[SIM_NAMES_MAX];
    /* Properties that must hold at least once in one of the seeds. */
    const char *sometimes[SIM_NAMES_MAX];
    /* "register": the recorded history (history.h) must be that of registers. NULL: not judged. */
    const char *linearizable;
};

/*
 * Runs a simulation, for each seed in turn, and fails the running Check test if one fails.
 *   sim_check(&(const struct sim_test){.body = body, .machines = {{"a", .daemons = {&a_daemon}}}});
 *   test: of the caller's memory, not kept
 * Context: a Check test, outside of any simulation.
 * Blocks? for as long as the runs take.
 * Randomness: that of the seeds alone.
 * Returns: if none has failed.
 */
#define sim_check(...) sim_check_at(__FILE__, __LINE__, __VA_ARGS__)
SM_API void sim_check_at(const char *file, int line, const struct sim_test *test);

/*
 * Defines a Check test that is one simulation: its name, fields of struct sim_test, then the body,
 * in which `env` is the run.
 */
#define SIM_TEST(name_, ...)                                                    \
    static void name_##_body(struct sim_env *env);                              \
    START_TEST(name_)                                                           \
    {                                                                           \
        sim_check(&(const struct sim_test){.body = name_##_body, __VA_ARGS__}); \
    }                                                                           \
    END_TEST                                                                    \
    static void name_##_body(struct sim_env *env __attribute__((unused)))

/*
 * Defines a main function that runs these Check tests, and prints TAP. For programs that need no
 * more than that: SIM_TEST's are added to any suite with tcase_add_test, and mix with other tests.
 */
#define SIM_MAIN(...)                                               \
    int main(void)                                                  \
    {                                                               \
        return sim_main((const TTest *const[]){__VA_ARGS__, NULL}); \
    }
/* tests: ended by NULL. Returns the exit code: 1 if one has failed. Each may take an hour. */
SM_API int sim_main(const TTest *const *tests);

/* ---- faults ----
 *
 * `machines`, and each side of a network fault, names machines: one ("client2"), all of a group
 * ("client"), or several ("lock, client1"). A name that nobody has fails the test.
 * Context: the body, or a task that it has spawned. Once the body has returned, nothing happens.
 * Blocks? until it has happened: no time passes, but other tasks may run. Some wait for longer, and
 * say so.
 * Randomness: none. To inject at a random moment, draw it:
 *   sm_sleep(sm_random_range(NULL, 0, 100 * SM_MS));
 */

/* They lose power: tasks and memory are gone, no hook runs, the disk may lose what is not synced.
 * Nothing happens to one that is off. The body's own machine is spared this and what follows. */
SM_API void sim_crash(struct sim_env *env, const char *machines);
/* Their programs die, as by SIGKILL, and their hosts go on: sockets are closed as a kernel closes
 * them, what was written to files stays, though it is not synced. */
SM_API void sim_kill(struct sim_env *env, const char *machines);
/* They boot. Blocks until their daemons are prepared. Nothing happens to one that runs. */
SM_API void sim_start(struct sim_env *env, const char *machines);
/* sim_crash, then sim_start. */
SM_API void sim_restart(struct sim_env *env, const char *machines);
/* They shut down properly. Blocks until they are off; stop hooks have 30 s of virtual time. */
SM_API void sim_stop(struct sim_env *env, const char *machines);
/* sim_crash, and their disks are empty. */
SM_API void sim_wipe(struct sim_env *env, const char *machines);
/* Their tasks do not run until they are resumed, or crash; time and the network go on. */
SM_API void sim_pause(struct sim_env *env, const char *machines);
SM_API void sim_resume(struct sim_env *env, const char *machines);

/*
 * Cuts the network between a and b, both ways. Messages vanish; streams send again when it is over.
 *   b: NULL for all machines that are not in a, the body's ("test") included
 * Returns the fault's number, for sim_end.
 */
SM_API uint32_t sim_partition(struct sim_env *env, const char *a, const char *b);
/* One way only: what `from` sends to `to` vanishes. NULL: all machines. Here, and below. */
SM_API uint32_t sim_cut(struct sim_env *env, const char *from, const char *to);
/* What `from` sends to `to` is held back until the fault ends, and then goes on in its order. */
SM_API uint32_t sim_clog(struct sim_env *env, const char *from, const char *to);
/* Fields of `link` that are not 0 replace those of the links from `from` to `to`. */
SM_API uint32_t sim_degrade(struct sim_env *env, const char *from, const char *to,
                            const struct sim_link *link);
/* The links between a and b go down, for at most down_max_ns, and up, for at most up_max_ns, in
 * turn, beginning with down. Randomness: the fault's own stream, one draw for each change. */
SM_API uint32_t sim_flap(struct sim_env *env, const char *a, const char *b, sm_time down_max_ns,
                         sm_time up_max_ns);
/* Clogs all links of each machine, one after the other in random order, within the first half of
 * lasts_ns (2 or more), and releases them in another order within the second half. NULL: all
 * machines. Randomness: the fault's own stream, two draws for each machine. */
SM_API uint32_t sim_swizzle(struct sim_env *env, const char *machines, sm_time lasts_ns);
/* Each of the machines sees its two neighbours of a ring only, which is in the order of the test's
 * `machines`, and those that are not in it. */
SM_API uint32_t sim_ring(struct sim_env *env, const char *machines);

/* `to` refuses connections of `from`, as if nobody listened. */
SM_API uint32_t sim_refuse(struct sim_env *env, const char *from, const char *to);
/* `to` does not answer connections of `from`, as where the listener's backlog is full. */
SM_API uint32_t sim_backlog_full(struct sim_env *env, const char *from, const char *to);
/* What the connections that are open now send vanishes, both ways; new ones are well. */
SM_API uint32_t sim_black_hole(struct sim_env *env, const char *a, const char *b);
/* `to` reads at most bytes_per_s (1 or more) of each stream of `from`. */
SM_API uint32_t sim_slow_reader(struct sim_env *env, const char *from, const char *to,
                                int64_t bytes_per_s);
/* `from` does not find `to` by its name; or by_ns (1 or more) later. */
SM_API uint32_t sim_no_name(struct sim_env *env, const char *from, const char *to);
SM_API uint32_t sim_late_name(struct sim_env *env, const char *from, const char *to, sm_time by_ns);

/* Resets the connections that are open between a and b; both ends are told. Returns how many. */
SM_API uint32_t sim_reset(struct sim_env *env, const char *a, const char *b);
/* The ends at `from` of connections with `to` are gone: their calls return -ECONNRESET, and `to`
 * hears of it when it next sends. Returns how many. */
SM_API uint32_t sim_half_open(struct sim_env *env, const char *from, const char *to);

/* How many messages, attempts, reads or look-ups a network fault has affected until now, or until
 * it ended. Blocks? never. */
SM_API uint64_t sim_affected(struct sim_env *env, uint32_t fault);
/* Ends one network fault. Nothing happens if it has ended. */
SM_API void sim_end(struct sim_env *env, uint32_t fault);
/* Ends all network faults. Machines that are off or paused stay so. */
SM_API void sim_heal(struct sim_env *env);

/* ---- looking ----
 *
 * `machine` names exactly one. Context: the body, or a task that it has spawned. Blocks? never.
 */

/* True from its start until it crashes or is stopped. */
SM_API bool sim_is_up(struct sim_env *env, const char *machine);
/* The name of the first machine that holds a role (sm_role_set); NULL: nobody does. */
SM_API const char *sim_role_holder(struct sim_env *env, const char *role);
/*
 * The instance of a daemon on a machine, to look at: it belongs to that machine, and calls that
 * allocate or block must not be made on it from here. NULL: the machine is off, or has none. Valid
 * until the caller blocks, which is when the machine can go.
 */
SM_API void *sim_daemon(struct sim_env *env, const char *machine,
                        const struct sm_daemon_type *type);
SM_API void *sim_arg(struct sim_env *env);
SM_API uint64_t sim_seed(struct sim_env *env);

/*
 * Waits until a condition holds, looking each virtual millisecond, for at most limit_ns:
 *   ck_assert(sim_await(sim_role_holder(env, "leader"), 10 * SM_S));
 * Returns whether it holds.
 */
#define sim_await(condition, limit_ns)                                       \
    __extension__({                                                          \
        const sm_time sim_until_ = sm_now() + (limit_ns);                    \
        bool sim_holds_ = (condition);                                       \
        while (!sim_holds_ && sm_now() < sim_until_ && sm_sleep(SM_MS) == 0) \
            sim_holds_ = (condition);                                        \
        sim_holds_;                                                          \
    })

SM_C_END
#endif
