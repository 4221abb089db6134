/* SPDX-License-Identifier: MIT */
/* What faults and properties did in a run, or in many, as tables for people. */
#ifndef STEELMILL_SCENARIOS_CLI_TABLES_H
#define STEELMILL_SCENARIOS_CLI_TABLES_H

#include <stdio.h>

#include "scenarios/file/scenario.h"
#include "scenarios/job.h"

/* "always", "sometimes", ... of an enum sm_site_kind. */
const char *cli_property_kind(uint32_t kind);

/* The name of fault `index` of the scenario. */
const char *cli_fault_name(const struct scn *scn, uint32_t index);

/* True for a fault that was planned and changed nothing for anybody. */
bool cli_fault_never_bit(const struct job_fault *fault);

void cli_table_faults(FILE *file, const struct scn *scn, const struct job_fault *faults,
                      uint32_t count);
/* Properties of one run, by kind. */
void cli_table_properties(FILE *file, const struct job_property *properties, uint32_t count);

#endif
