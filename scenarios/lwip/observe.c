/* SPDX-License-Identifier: MIT */
#include "observe.h"

#include <steelmill/property.h>

#include <lwip/priv/tcp_priv.h>

void observe_connections(void)
{
    for (const struct tcp_pcb *pcb = tcp_active_pcbs; pcb; pcb = pcb->next) {
        sm_sometimes(pcb->nrtx > 0, "a segment is sent again after a time-out");
        sm_sometimes(pcb->flags & TF_INFR, "a segment is sent again after equal acknowledgements");
        sm_sometimes(pcb->ooseq, "segments are kept that came too early");
        sm_sometimes(pcb->persist_backoff > 0, "a closed window is probed");
    }
}
