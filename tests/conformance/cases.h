/* SPDX-License-Identifier: MIT */
/*
 * Cases of a matrix: a set-up, when, an event, a call, and what the call returns.
 *
 * A list of cases is a macro of X(set_up, when, event, call, expected) and, where the two worlds
 * may differ, Y(set_up, when, event, call, expected, otherwise). CASES_DEFINE_ and CASES_DEFINE_OR_
 * make a test of each, CASES_NAME_ and CASES_NAME_OR_ its name; `tear_down` is the file's.
 */
#ifndef STEELMILL_TESTS_CONFORMANCE_CASES_H
#define STEELMILL_TESTS_CONFORMANCE_CASES_H

#include "tests/conformance/peer.h"

#define CASE_SETTLE (5 * SM_MS)  /* news arrives within that */
#define CASE_SHORT  (30 * SM_MS) /* nothing came, if not by then */

struct net_case {
    void (*set_up)(void);
    void (*event)(void);
    int (*call)(sm_time deadline);
    int expected, otherwise;
    void (*tear_down)(void);
};

/* The event has happened, and the news has arrived, before the call. */
void after(const struct net_case *c);
/* The same, where nothing comes any more: the deadline ends the call, not sooner. */
void until(const struct net_case *c);
/* The event happens while the call waits. */
void during(const struct net_case *c);
/* The task is cancelled while the call waits; the event was before. */
void cancelled(const struct net_case *c);
/* The factory is stopped while the call waits; the event was before. */
void stopping(const struct net_case *c);

/* An event for those cases that have none. */
void nothing(void);

static inline sm_time case_soon(void)
{
    return sm_now() + 5 * SM_S;
}

#define CASES_DEFINE_OR_(set_up_, when_, event_, call_, expected_, otherwise_)                     \
    CONFORMS(set_up_##_##when_##_##event_##_##call_)                                               \
    {                                                                                              \
        when_(&(const struct net_case){set_up_, event_, call_, expected_, otherwise_, tear_down}); \
    }
#define CASES_DEFINE_(set_up_, when_, event_, call_, expected_) \
    CASES_DEFINE_OR_(set_up_, when_, event_, call_, expected_, expected_)
#define CASES_NAME_OR_(set_up_, when_, event_, call_, expected_, otherwise_) \
    set_up_##_##when_##_##event_##_##call_,
#define CASES_NAME_(set_up_, when_, event_, call_, expected_) \
    set_up_##_##when_##_##event_##_##call_,

#endif
