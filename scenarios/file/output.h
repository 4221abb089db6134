/* SPDX-License-Identifier: MIT */
/* A sink for text, and how values are written. Needs no YAML library. */
#ifndef STEELMILL_SCENARIOS_FILE_OUTPUT_H
#define STEELMILL_SCENARIOS_FILE_OUTPUT_H

#include "scenarios/file/scenario.h"

#include <steelmill/base.h>

struct scn_output {
    int (*write)(void *arg, const char *text,
                 size_t size); /* 0, or an error that ends the output */
    void *arg;
    int error;             /* the first one */
    const struct scn *scn; /* what is printed; names of machines need it */
    uint32_t indent;       /* depth of nested maps */
};

void scn_output_bytes(struct scn_output *out, const char *text, size_t size);
void scn_output_text(struct scn_output *out, const char *text);
/* For short things: at most 500 bytes. */
void scn_outputf(struct scn_output *out, const char *format, ...) SM_PRINTF(2, 3);

/* How scenarios write values; each returns the length as snprintf does. */
#define SCN_VALUE_BYTES 96
int scn_format_range(char *text, size_t size, const struct scn_range *range);
int scn_format_share(char *text, size_t size, uint32_t ppm);
int scn_format_ppb(char *text, size_t size, int64_t ppb); /* a drift: up to 4 * 10^9 */
int scn_format_bytes(char *text, size_t size, int64_t bytes);
int scn_format_latency(char *text, size_t size, const struct scn_latency *latency);
/* What a link does, for people: "latency 2ms, loss 0.1%". */
int scn_format_link(char *text, size_t size, const struct scn_link *link);
/* "client", "client2", "any" */
int scn_format_target(char *text, size_t size, const struct scn *scn, uint32_t group,
                      uint32_t index);

#endif
