/* SPDX-License-Identifier: MIT */
/*
 * libc as a machine sees it. These files define libc's own names in the program, as malloc.c does,
 * so that a plugin and the libraries it uses are answered by the machine whose task calls: its
 * time, its randomness, its name, its environment, its output. What libc is called for outside of a
 * machine's tasks goes on to libc itself.
 *
 *   state.c     what a machine's libc remembers; made at the first call, gone when the machine ends
 *   time.c      clocks                            random.c   random numbers
 *   identity.c  names and numbers                 env.c      the environment
 *   calendar.c  time zone, locale, static texts   output.c   lines, syslog
 *   standard.c  stdin, stdout, stderr
 *   files.c     open files                        paths.c    what a machine has in /etc and /dev
 *   descriptor.c  libc's calls on files and streams
 *   names.c     names of hosts                    netdb.c    the older calls for names
 *   map.c       anonymous memory                  zones.c    time zones by name
 *   users.c     users and groups
 *   mutex.c     pthread mutexes and conditions    lock.c     its other locks
 *   thread.c    once, the calling thread
 *   refuse.c    what ends the run: threads, processes, sockets, signals, other files
 *
 * What is a task's in both worlds (sleeping, keys, C11's names) is in core/libc.
 *
 * "Inside" is where a machine's context is entered (sim/context.h): host code that runs in a
 * machine's task on the way (logging, a failure) leaves it first.
 */
#ifndef STEELMILL_SIM_LIBC_LIBC_H
#define STEELMILL_SIM_LIBC_LIBC_H

/* Else the headers give libc's functions on files other names than they have. */
#undef _FILE_OFFSET_BITS

#include "core/libc/libc.h"
#include "sim/heap.h"
#include "sim/world.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SIM_LIBC_FILES_MAX  64
#define SIM_LIBC_FILE_FIRST 3 /* the first descriptor: after stdin, stdout and stderr */
#define SIM_LIBC_LINE_BYTES 4096
#define SIM_LIBC_TEXT_BYTES 256
#define SIM_LIBC_USER       1000 /* who daemons run as, and its group */

struct sim_libc_source;
struct sim_libc_map;
struct sim_libc_queue;

struct sim_libc_file {
    const struct sim_libc_source *source; /* NULL: closed */
    FILE *stream;                         /* NULL: opened by its number */
    int64_t offset;
};

struct sim_libc_line {
    size_t used;
    char text[SIM_LIBC_LINE_BYTES];
};

/* A machine's. Its memory is the host's; pointers of the daemon's in it die with the heap. */
struct sim_libc {
    struct sim_machine *machine;
    struct sm_random stream;        /* "libc": getrandom and its kin */
    unsigned char start_random[16]; /* what the kernel gives a process at its start */
    struct random_data random;
    char random_state[128];
    struct drand48_data drand48;
    struct sim_libc_line output[2]; /* stdout's and stderr's open lines */
    int stream_flags[SIM_LIBC_FILE_FIRST];
    char unread[8]; /* by ungetc, of stdin */
    size_t unread_count;
    struct sim_libc_file files[SIM_LIBC_FILES_MAX];
    char **environment;          /* ended by NULL; NULL: untouched */
    struct sim_libc_text *texts; /* what setenv has made */
    struct sim_libc_queue *queues;
    struct sim_libc_map *maps;
    struct sm__libc_keys keys;
    struct tm calendar;
    bool zone_warned;
    char calendar_text[32], error_text[SIM_LIBC_TEXT_BYTES];
    char *strtok_rest;
    char log_ident[64];
    bool log_has_pid;
    int log_left_out; /* of the mask */
    struct hostent host;
    struct servent service;
    char host_data[SIM_LIBC_TEXT_BYTES];
};

/* ---- state.c ---- */
/* True in a machine's task, outside of the host's code. */
SIM_CONTEXT_BARE static inline bool sim_libc_inside(void)
{
    return SM_UNLIKELY(sim_heap_current != NULL);
}
/* The running machine's; inside only. */
struct sim_libc *sim_libc_here(void);
/* For a process that does nothing but simulate: gives its environment up for that of machines. */
void sim_libc_env_forget(void);
/* Before a world's first machine starts: takes the process's stdio over. */
void sim_libc_attach(struct sim_world *world);
/* Gives them back, for a process that goes on after its world. */
void sim_libc_detach(void);
/* Hands out what machines have printed without ending the line. */
void sim_libc_flush(struct sim_world *world);
/* From now on libc's own variables are the running machine's. */
void sim_libc_follow(struct sim_libc *libc);
/* Ends the run: the simulation has no answer to `call`. `advice` is what to use instead, or NULL.
 */
_Noreturn void sim_libc_refuse(const char *call, const char *advice);

/* ---- env.c ---- */
/* NULL: the machine has no such variable. */
char *sim_libc_env_get(const struct sim_libc *libc, const char *name);
/* Before a step of a machine's, NULL: of the world's. */
void sim_libc_env_follow(struct sim_machine *machine);
void sim_libc_env_detach(void);
void sim_libc_env_finish(struct sim_libc *libc);

/* ---- calendar.c ---- */
/* Makes the machine's time zone libc's. */
void sim_libc_zone_set(struct sim_libc *libc);

/* ---- zones.c ---- */
/* The last one's rule is NULL. */
extern const struct sim_libc_zone {
    const char *rule, *names; /* names: each between spaces */
} sim_libc_zones[];

/* ---- output.c ---- */
void sim_libc_output_take(struct sim_libc *libc, int stream, const char *text, size_t size);
void sim_libc_output_flush(struct sim_libc *libc);

/* ---- standard.c ---- */
void sim_libc_streams_attach(void);
void sim_libc_streams_detach(void);
/* Before a step of a machine's, NULL: of the world's. */
void sim_libc_streams_follow(struct sim_machine *machine);
void sim_libc_streams_finish(const struct sim_machine *machine);
/* 0, 1 or 2 for stdin, stdout and stderr; else -1. */
int sim_libc_standard(const FILE *stream);
/* Takes the streams that lie in a machine's heap out of libc's list of all. */
void sim_libc_streams_forget(const struct sim_heap *heap);

/* ---- files.c, paths.c ---- */
enum sim_libc_source_kind { SIM_LIBC_RANDOM, SIM_LIBC_NULL, SIM_LIBC_ZERO, SIM_LIBC_TEXT };
struct sim_libc_source {
    const char *path;
    enum sim_libc_source_kind kind;
    /* SIM_LIBC_TEXT: the contents. */
    void (*print)(const struct sim_machine *machine, char *text, size_t size);
};
const struct sim_libc_source *sim_libc_source_find(const char *path);
/* A descriptor, or -1 with errno. */
int sim_libc_file_open(const char *call, const char *path, int flags);
struct sim_libc_file *sim_libc_file_at(int fd);
ssize_t sim_libc_file_read(int fd, void *buffer, size_t size);
int64_t sim_libc_file_seek(int fd, int64_t offset, int whence);
int sim_libc_file_close(int fd);
struct stat;
int sim_libc_file_stat(int fd, struct stat *out);
int sim_libc_path_stat(const char *path, struct stat *out);
/* Also stdout and stderr. */
ssize_t sim_libc_file_write(int fd, const void *data, size_t size);

/* ---- names.c ---- */
/* Of a name, or of what a call means without one. 0, or EAI_... */
int sim_libc_host_address(const char *node, int flags, uint32_t *ip);
/* NULL: no machine has that address. */
const char *sim_libc_host_name(uint32_t ip);

/* ---- netdb.c ---- */
/* protocol: "tcp", "udp", or NULL, any. */
bool sim_libc_service_port(const char *name, const char *protocol, uint16_t *port);
const char *sim_libc_service_name(uint16_t port, const char *protocol);

/* ---- map.c ---- */
/* Takes protection off; the memory goes with the heap. */
void sim_libc_maps_finish(struct sim_libc *libc);

/* ---- mutex.c ---- */
/* Parks the task until somebody wakes `address`. Cancellation does not reach it. 0, -ETIMEDOUT. */
int sim_libc_queue_wait(const void *address, sm_time deadline);
void sim_libc_queue_wake(const void *address, bool all);
void sim_libc_queue_finish(struct sim_libc *libc);

#endif
