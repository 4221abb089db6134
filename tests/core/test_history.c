/* SPDX-License-Identifier: MIT */
/* Histories: the judge accepts what some order explains, and nothing else. */
#include "core/random.h"
#include "sim/history.h"
#include "tests/core/suite.h"

#include <stdlib.h>
#include <string.h>

/* Builds a history by hand: positions are given by the order of the calls. */
#define LONG 100000

static struct sim_operation ops[LONG];
static struct sim_history history = {.operations = ops};

static void begin(void)
{
    history.count = history.position = 0;
}

static size_t invoke(int operation, uint64_t value, uint64_t expected)
{
    ops[history.count] = (struct sim_operation){.operation = (uint8_t)operation,
                                                .value = value,
                                                .expected = expected,
                                                .invoked = history.position++,
                                                .completed = UINT64_MAX,
                                                .outcome = SM_OUTCOME_UNKNOWN};
    return history.count++;
}

static void complete(size_t op, uint64_t result)
{
    ops[op].completed = history.position++;
    ops[op].outcome = SM_OUTCOME_OK;
    ops[op].result = result;
}

static enum sim_linearizable judge(void)
{
    char text[256] = "";
    const enum sim_linearizable verdict =
        sim_history_judge_register(&history, 10000000, text, sizeof text);

    ck_assert_int_eq(verdict == SIM_NOT_LINEARIZABLE, text[0] != '\0');
    return verdict;
}

/* A read after a write sees it, and one that sees the old value is refused. */
START_TEST(sequential)
{
    begin();
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    complete(invoke(SM_OPERATION_WRITE, 5, 0), 0);
    complete(invoke(SM_OPERATION_READ, 0, 0), 5);
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
}
END_TEST

/* Reads that overlap a write may see either value, but not the new one and then the old one. */
START_TEST(overlapping)
{
    begin();
    const size_t write = invoke(SM_OPERATION_WRITE, 1, 0);
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    complete(invoke(SM_OPERATION_READ, 0, 0), 1);
    complete(write, 0);
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    begin();
    const size_t other = invoke(SM_OPERATION_WRITE, 1, 0);
    complete(invoke(SM_OPERATION_READ, 0, 0), 1);
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    complete(other, 0);
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
}
END_TEST

/* A write of unknown outcome may take effect late or never, but not before it was asked for. */
START_TEST(unknown_outcome)
{
    begin();
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    invoke(SM_OPERATION_WRITE, 9, 0);
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    complete(invoke(SM_OPERATION_READ, 0, 0), 9);
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    complete(invoke(SM_OPERATION_READ, 0, 0), 0);
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
    begin();
    complete(invoke(SM_OPERATION_READ, 0, 0), 9);
    invoke(SM_OPERATION_WRITE, 9, 0);
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
}
END_TEST

/* Of two compare-and-sets from one value only one can have set it. */
START_TEST(compare_and_set)
{
    begin();
    const size_t a = invoke(SM_OPERATION_COMPARE_AND_SET, 1, 0);
    const size_t b = invoke(SM_OPERATION_COMPARE_AND_SET, 2, 0);
    complete(a, 1);
    complete(b, 0);
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    ops[b].result = 1;
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
}
END_TEST

/* Registers are judged apart: one bad register spoils the history, whatever the others hold. */
START_TEST(many_registers)
{
    begin();
    for (uint64_t key = 0; key < 50; key++) {
        const size_t write = invoke(SM_OPERATION_WRITE, key + 1, 0);
        ops[write].key = key;
        complete(write, 0);
    }
    for (uint64_t key = 0; key < 50; key++) {
        const size_t read = invoke(SM_OPERATION_READ, 0, 0);
        ops[read].key = key;
        complete(read, key + 1);
    }
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    ops[73].result = 1;
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
}
END_TEST

/*
 * Makes a history from a real register: each operation takes effect at a random moment of its life.
 *   lost_every: of so many answers to writes one is never heard
 */
static void generate(uint64_t seed, size_t clients, size_t count, uint64_t lost_every)
{
    uint64_t draws = 0, value = 0;
    size_t running[8];
    bool effective[8];
    uint64_t results[8];

    begin();
    memset(running, 0xff, sizeof running);
    while (history.count < count) {
        const uint64_t draw = sm__random_draw(seed, draws++);
        const size_t c = sm__random_scale(draw, clients); /* of the high bits */
        const uint64_t fresh = sm__random_draw(seed, draws++) % 5;
        if (running[c] == SIZE_MAX) {
            running[c] = invoke((int)(fresh % 3), draw % 7, fresh);
            effective[c] = false;
        } else if (!effective[c]) {
            const struct sim_operation *op = &ops[running[c]];
            effective[c] = true;
            results[c] =
                op->operation == SM_OPERATION_COMPARE_AND_SET ? value == op->expected : value;
            if (op->operation == SM_OPERATION_WRITE ||
                (op->operation == SM_OPERATION_COMPARE_AND_SET && value == op->expected))
                value = op->value;
        } else if (draw % lost_every == 0 && ops[running[c]].operation != SM_OPERATION_READ) {
            running[c] = SIZE_MAX; /* its client never hears of it */
        } else {
            complete(running[c], results[c]);
            running[c] = SIZE_MAX;
        }
    }
}

/* Histories of a real register with up to eight clients are accepted, whatever overlaps. */
START_TEST(real_ones_pass)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        generate(seed, 2 + seed % 7, 200, 5);
        ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    }
}
END_TEST

/* One read of a value that nobody ever wrote is found in every such history. */
START_TEST(spoiled_ones_fail)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        generate(seed, 2 + seed % 7, 200, 5);
        for (size_t i = 100; i < history.count; i++) {
            if (ops[i].operation == SM_OPERATION_READ && ops[i].outcome == SM_OUTCOME_OK) {
                ops[i].result = 77;
                break;
            }
        }
        ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
    }
}
END_TEST

/* A long history of one register takes time and memory in proportion, right or wrong. */
START_TEST(long_ones)
{
    generate(7, 8, LONG, 20000);
    ck_assert_int_eq(judge(), SIM_LINEARIZABLE);
    ops[LONG - 100].operation = SM_OPERATION_READ;
    ops[LONG - 100].result = 77;
    ck_assert_int_eq(judge(), SIM_NOT_LINEARIZABLE);
}
END_TEST

SUITE_MAIN("history", sequential, overlapping, unknown_outcome, compare_and_set, many_registers,
           real_ones_pass, spoiled_ones_fail, long_ones)
