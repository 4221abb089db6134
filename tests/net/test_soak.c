/* SPDX-License-Identifier: MIT */
/*
 * Everything at once, for many seeds (soak.h). Whatever happens: every byte of a stream is what was
 * written, in its place; an end comes after all that was written; once the network has healed every
 * connection ends within its deadline, and those that begin then end well; nothing is left behind,
 * neither at the healed machines nor after they have stopped.
 *
 * Environment: SOAK_SEEDS (25), SOAK_FIRST (1).
 */
#include "tests/net/soak.h"

#include <stdio.h>

static struct soak soak;

static void all_stop(struct nf *nf, uint64_t number)
{
    (void)number;
    ck_assert_msg(lo_net_live_objects(nf->net) == (size_t)2 * SOAK_MACHINES,
                  "seed %llu: %zu objects live, not the %d sockets and listeners",
                  (unsigned long long)soak.seed, lo_net_live_objects(nf->net), 2 * SOAK_MACHINES);
    for (uint64_t i = 1; i <= SOAK_MACHINES; i++)
        nf_stop(nf, i);
}

static void check_alterations(void)
{
    const struct lo_counters *counters = lo_net_counters(soak.nf.net);

    ck_assert_uint_le(soak.altered, counters->corrupted_streams);
    ck_assert_uint_le(soak.garbled, counters->corrupted);
    soak_totals.altered += soak.altered;
    soak_totals.garbled += soak.garbled;
    soak_totals.runs++;
}

/* One run; its digest. Every fifth seed has faults that alter streams. */
static uint64_t run(uint64_t seed)
{
    const struct sim_options world = {
        .seed = seed, .policy = (enum sim_policy)(seed % 3), .slack_ns = seed % 2 ? SM_MS : 0};
    const struct lo_options options = {.stream_buffer_bytes = seed % 4 == 3 ? 4096 : 0};

    soak.seed = seed;
    soak.alters = seed % 5 == 0;
    soak.flow_count = 0;
    soak.altered = soak.garbled = 0;
    nf_create_with(&soak.nf, SOAK_MACHINES, &world, &options);
    for (int i = 0; i < SOAK_MACHINES; i++)
        soak.nf.bodies[i] = soak_program;
    soak_plan_faults(&soak);
    nf_at(&soak.nf, SOAK_GONE_NS, all_stop, 0);
    ck_assert_msg(nf_run(&soak.nf, SOAK_GONE_NS + 10000 * SM_S) == SIM_IDLE,
                  "seed %llu does not come to rest", (unsigned long long)seed);
    check_alterations();
    const uint64_t digest = sim_world_digest(soak.nf.tw.world);
    nf_finish(&soak.nf);
    return digest;
}

static uint64_t number_of(const char *name, uint64_t fallback)
{
    return getenv(name) ? strtoull(getenv(name), NULL, 10) : fallback;
}

static void print_totals(void)
{
    const struct soak_totals *t = &soak_totals;

    printf("# %llu runs, %llu connections, %llu that did not come about\n",
           (unsigned long long)t->runs, (unsigned long long)t->connections,
           (unsigned long long)t->refused);
    printf("# directions: %llu ended well, %llu broke, %llu were quit, %llu unknown\n",
           (unsigned long long)t->ended_well, (unsigned long long)t->broken,
           (unsigned long long)t->quit, (unsigned long long)t->unknown);
    printf("# %llu bytes of streams checked, %llu altered; %llu datagrams checked, %llu garbled\n",
           (unsigned long long)t->bytes_checked, (unsigned long long)t->altered,
           (unsigned long long)t->datagrams_checked, (unsigned long long)t->garbled);
}

/* All that the head of this file promises; and each kind of fault has fired and was observed. */
START_TEST(soaked)
{
    const uint64_t first = number_of("SOAK_FIRST", 1), count = number_of("SOAK_SEEDS", 25);

    for (uint64_t seed = first; seed < first + count; seed++)
        run(seed);
    print_totals();
    soak_judge_faults();
    ck_assert_uint_gt(soak_totals.ended_well, soak_totals.broken);
}
END_TEST

/* A run is repeated to the bit. */
START_TEST(repeatable)
{
    ck_assert_uint_eq(run(5), run(5));
}
END_TEST

SUITE_MAIN("soak", soaked, repeatable)
