/* SPDX-License-Identifier: MIT */
/*
 * Event records: what the digest covers and what traces and stories are made from.
 *
 * Layout version 1: 64 bytes, little-endian, no padding. The digest is XXH3-64 over blocks of 64
 * records (4 KiB), each seeded with the digest so far; the last block is as long as it is.
 */
#ifndef STEELMILL_SIM_RECORD_H
#define STEELMILL_SIM_RECORD_H

#include <stdint.h>

#define SIM_RECORD_VERSION 1

/* X(name, value, text): values are part of the digest and never change. */
#define SIM_KIND_LIST(X)                                           \
    X(TASK_RUN, 1, "run")                                          \
    X(TIMER, 2, "timer")                                           \
    X(DATAGRAM, 3, "datagram")                                     \
    X(SEGMENT, 4, "segment")                                       \
    X(CONTROL, 5, "control") /* connection set-up and tear-down */ \
    X(LOST, 6, "lost")                                             \
    X(MACHINE_START, 10, "start")                                  \
    X(MACHINE_CRASH, 11, "crash")                                  \
    X(MACHINE_PAUSE, 12, "pause")                                  \
    X(MACHINE_RESUME, 13, "resume")                                \
    X(MACHINE_STOP, 14, "stop")                                    \
    X(FAULT_BEGIN, 20, "fault")                                    \
    X(FAULT_END, 21, "fault-end")                                  \
    X(HEAL, 22, "heal")                                            \
    X(DISK, 30, "disk")                                            \
    X(DISK_FAULT, 31, "disk-fault")                                \
    X(CALLBACK, 40, "callback")                                    \
    X(END, 63, "end")

#define SIM_KIND_ENUM_(name, value, text) SIM_##name = value,
enum sim_kind { SIM_KIND_LIST(SIM_KIND_ENUM_) SIM_KIND_END_ = 64 };
#undef SIM_KIND_ENUM_

struct sim_record {
    int64_t time_ns;
    uint64_t seq;     /* number of the event, from 1 */
    uint64_t cause;   /* seq of the event that caused it; 0: the plan or the start of the world */
    uint64_t object;  /* message, connection or fault number */
    uint64_t hash;    /* XXH3-64 of the payload; 0 where there is none */
    uint32_t machine; /* from 1; 0: the world */
    uint32_t task;    /* 0: none */
    uint16_t kind;    /* enum sim_kind */
    uint16_t flags;
    uint32_t peer; /* the other machine, where there is one */
    uint64_t size; /* bytes of payload, or a kind's own number */
};
_Static_assert(sizeof(struct sim_record) == 64, "the record's layout is a part of the digest");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "records are written as they lie in memory");

const char *sim_kind_text(uint16_t kind);

#endif
