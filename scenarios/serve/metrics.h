/* SPDX-License-Identifier: MIT */
/*
 * `serve --metrics PORT`: answers GET /metrics on 127.0.0.1, from a thread of its own, so that it
 * does so even while a daemon keeps the worker to itself.
 */
#ifndef STEELMILL_SCENARIOS_SERVE_METRICS_H
#define STEELMILL_SCENARIOS_SERVE_METRICS_H

#include <stdint.h>

struct serve_metrics;

/* Listens and answers, until stopped. `machine` must outlive it. Returns 0, -EADDRINUSE, -errno. */
int serve_metrics_start(struct serve_metrics **out, uint16_t port, const char *machine);
/* NULL allowed. */
void serve_metrics_stop(struct serve_metrics *metrics);

#endif
