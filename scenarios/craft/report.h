/* SPDX-License-Identifier: MIT */
/*
 * What nodes tell the judge: who leads in a term, what their logs hold, and which entries
 * they have applied. Reports are
 * numbered and sent until they are acknowledged, so a fault may delay them, but only a crash of the
 * node loses some. What it had applied, it then applies, and reports, again.
 */
#ifndef CRAFT_REPORT_H
#define CRAFT_REPORT_H

#include <steelmill/net.h>

#define CRAFT_REPORT_BYTES 40u
#define CRAFT_REPORT_HEAD  32u /* node, incarnation, number of the first report, count */
#define CRAFT_ACK_BYTES    8u  /* the number that is expected next */

enum craft_report_kind {
    CRAFT_REPORT_LEADS =
        1,                /* in term `a`, node `b` leads: the node itself, or one that follows it */
    CRAFT_REPORT_YIELDS,  /* the node leads no more, since term `a` */
    CRAFT_REPORT_APPLIED, /* at index `a`, in term `d`, the entry of term `b` whose hash is `c` */
    CRAFT_REPORT_LOG,     /* from here on the log ends at index `b`, and what is up to `a` is a
                             snapshot; what follows are entries behind `b` */
    CRAFT_REPORT_STORED,  /* the next entry of the log: index `a`, term `b`; `c` is the hash of it
                             and  of the term of its predecessor; 0: that one is not known any more
                           */
};

struct craft_report {
    uint64_t kind, a, b, c, d;
};

struct craft_reporter {
    struct sm_net *net;
    const char *judge; /* the machine's name */
    uint64_t node, incarnation;
    sm_time interval_ns; /* reports wait so long for company */
    uint64_t first;      /* the number of reports[0] */
    size_t count, capacity;
    struct craft_report *reports;
    struct sm_event urgent; /* send now */
    struct sm_event ready;  /* there are reports */
};

void craft_reporter_init(struct craft_reporter *reporter, struct sm_net *net, const char *judge,
                         uint64_t node, sm_time interval_ns);
void craft_reporter_finish(struct craft_reporter *reporter);
/* Adds a report. Never blocks; silently without memory, as everything else then fails, too. */
void craft_report(struct craft_reporter *reporter, struct craft_report report, bool urgent);
/* The body of the task that sends; arg is struct craft_reporter. */
int craft_reporter_run(void *arg);

uint8_t *craft_report_put(uint8_t *at, const struct craft_report *report);

#endif
