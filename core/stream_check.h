/* SPDX-License-Identifier: MIT */
/* What both worlds refuse of the arguments of streams. */
#ifndef STEELMILL_CORE_STREAM_CHECK_H
#define STEELMILL_CORE_STREAM_CHECK_H

#include <steelmill/net.h>

static inline bool sm__patience_valid(sm_time ns)
{
    return ns >= 0 && ns <= SM_STREAM_PATIENCE_MAX;
}

static inline bool sm__keep_alive_valid(sm_time idle_ns, sm_time interval_ns, int probes)
{
    if (idle_ns == 0)
        return true;
    return sm__patience_valid(idle_ns) && sm__patience_valid(interval_ns) && interval_ns > 0 &&
           probes >= 1 && probes <= 127;
}

#endif
