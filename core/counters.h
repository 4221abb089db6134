/* SPDX-License-Identifier: MIT */
/*
 * What a thread has done. Production adds it up over its threads (core/os/metrics.h): whoever
 * counts writes no memory that another thread writes.
 */
#ifndef STEELMILL_CORE_COUNTERS_H
#define STEELMILL_CORE_COUNTERS_H

#include <stdint.h>

/* X(field, metric's name without its prefix, labels, what it counts). Rows of one name are one
 * metric. */
#define SM__COUNTER_LIST(X)                                                               \
    X(tasks_started, "tasks_started_total", "", "tasks that were spawned")                \
    X(tasks_ended, "tasks_ended_total", "", "tasks that have returned, or were dropped")  \
    X(lookups, "factory_lookups_total", "", "daemons that were looked up in a factory")   \
    X(accepted, "connections_opened_total", "direction=\"in\"", "streams that were made") \
    X(connected, "connections_opened_total", "direction=\"out\"", "")                     \
    X(closed, "connections_closed_total", "", "streams that were closed")                 \
    X(stream_in, "stream_bytes_total", "direction=\"in\"", "bytes of streams")            \
    X(stream_out, "stream_bytes_total", "direction=\"out\"", "")                          \
    X(datagrams_in, "datagrams_total", "direction=\"in\"", "datagrams")                   \
    X(datagrams_out, "datagrams_total", "direction=\"out\"", "")                          \
    X(datagram_in, "datagram_bytes_total", "direction=\"in\"", "bytes of datagrams")      \
    X(datagram_out, "datagram_bytes_total", "direction=\"out\"", "")                      \
    X(properties, "property_checks_total", "", "properties that were evaluated")

#define SM__COUNTER_FIELD_(field, name, labels, about) uint64_t field;
struct sm__counters {
    SM__COUNTER_LIST(SM__COUNTER_FIELD_)
};

extern __thread struct sm__counters sm__counters __attribute__((tls_model("initial-exec")));

/* Others may read meanwhile. */
#define SM__COUNT(field, by) \
    __atomic_store_n(&sm__counters.field, sm__counters.field + (uint64_t)(by), __ATOMIC_RELAXED)

#endif
