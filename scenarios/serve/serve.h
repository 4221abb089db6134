/* SPDX-License-Identifier: MIT */
/*
 * steelmill-serve: one machine of a scenario, for real. `steelmill serve` reads the scenario, and
 * becomes this program, which gets it as a worker does (scenarios/job.h):
 *
 *   steelmill-serve --scenario FD --machine NAME [--daemon NAME]... --data FOLDER [...]
 *
 *   options.c   the command line
 *   machine.c   which machine it is, its daemons, where all machines are, its folder
 *   service.c   the factory's life, in tasks of the first worker
 *   control.c   what `steelmill ctl` asks for, on a thread of its own
 *   plugins.c   plugins that come and go meanwhile, in tasks of the worker
 *   notify.c    telling systemd
 *   metrics.c   what it has done, for Prometheus
 *   main.c      puts it together; watches over the workers from another thread, so that a daemon
 *               that never gives way cannot keep the process from ending
 *
 * Exit codes: 0 it has served and stopped; 1 a daemon failed, did not stop, or a property was
 * violated; 2 it could not begin: usage, scenario, port, address, folder.
 */
#ifndef STEELMILL_SCENARIOS_SERVE_SERVE_H
#define STEELMILL_SCENARIOS_SERVE_SERVE_H

#include "core/os/net.h"
#include "core/os/team.h"
#include "scenarios/file/scenario.h"
#include "scenarios/job.h"

#include <steelmill/plugin.h>

#include <limits.h>

/* As in simulation: machine i is at 127.1.0.0 + i, from 1. */
#define SERVE_IP_BASE      0x7f010000u
#define SERVE_MACHINES_MAX 65535u

enum serve_exit { SERVE_OK = 0, SERVE_FAILED = 1, SERVE_USAGE = 2, SERVE_NOT_JUDGED = 125 };

struct serve_options {
    int scenario_fd;
    const char *machine;
    const char **daemons; /* NULL-ended; none: those of the file */
    size_t daemon_count;
    const char *data;      /* the machine's folder is below it */
    uint32_t ip_base;      /* machine i is at ip_base + i; 0: where the file says, or the default */
    uint16_t metrics_port; /* 0: none */
    sm_time stop_limit_ns;
    const char *history; /* NULL: none */
    const char *control; /* NULL: none */
    int log_level;
    bool log_json;
};

/* Prints "steelmill: ..." and a line feed to stderr. */
void serve_error(const char *format, ...) SM_PRINTF(1, 2);

/* ---- main.c ---- */
/* The program, alone or with sm_main. Returns its exit code. */
int serve_main(int argc, char **argv);

/* ---- options.c ---- */
/* Returns 0, -EINVAL after a message. */
int serve_options_parse(struct serve_options *options, int argc, char **argv);

/* ---- machine.c ---- */
struct serve_machine {
    struct scn_arena *arena; /* what scn lies in */
    const struct scn *scn;
    const struct scn_group *group;
    const struct sm_plugin *plugin;
    const char *const *daemons;
    size_t daemon_count;
    struct os_pin *pins; /* as many as the scenario has */
    uint32_t index;      /* from 1 */
    char name[JOB_NAME_BYTES];
    uint32_t ip;
    struct os_name *names;  /* of all machines */
    char folder[PATH_MAX];  /* of its disk */
    bool folder_made;       /* by us: taken away again if it cannot begin */
    bool folder_above_made; /* the same for --data's */
};

/* Each returns 0, or -EINVAL after one clear message. */
int serve_machine_find(struct serve_machine *machine, const struct serve_options *options);
int serve_machine_make_folder(struct serve_machine *machine, const struct serve_options *options);
/* It could not begin: takes away what make_folder has made, where it is empty. */
void serve_machine_remove_folder(const struct serve_machine *machine,
                                 const struct serve_options *options);
void serve_machine_finish(struct serve_machine *machine);

/* ---- service.c ---- */
struct serve_plugin;
struct service {
    const struct serve_machine *machine;
    sm_time stop_limit_ns;
    struct os_team *team;
    struct os_worker *worker; /* the first: its tasks are the service's */
    struct sm_net *net;
    struct sm_disk *disk;
    struct sm_factory *factory; /* of its tasks; atomic: readers look at it, and it may be NULL */
    /* Of its tasks alone. */
    struct serve_plugin *plugins;
    struct sm_event wake; /* the runner has ended, or a stop is asked for */
    bool stop_wanted, runner_ended, started;
    int runner_error;
    /* When its main task has ended. */
    int exit;
    int over_fd; /* an eventfd, which hears of that */
};
/* The body of the service's main task; arg: struct service. */
int service_main(void *arg);
/* Posted to the worker: ends the service. */
void service_stop(void *service);
/* Says which daemons keep a thread to themselves, having watched for a moment. Any thread. */
void service_tell_stuck(const struct service *service);

/* ---- notify.c ---- */
/* Tells the service manager ("READY=1"), where there is one that listens. */
void serve_notify(const char *state);

#endif
