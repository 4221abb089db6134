/* SPDX-License-Identifier: MIT */
/* The table of properties of a run. See world.h for what is read from it. */
#ifndef STEELMILL_SIM_PROPERTY_H
#define STEELMILL_SIM_PROPERTY_H

struct sim_properties;

struct sim_properties *sim_properties_create(void);
void sim_properties_destroy(struct sim_properties *properties);

#endif
