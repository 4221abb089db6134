/* SPDX-License-Identifier: MIT */
#include "core/os/metrics.h"

#include "core/counters.h"
#include "core/os/tally.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "steelmill_"

/* ---- adding up ---- */

struct attached {
    const struct sm__counters *counters; /* of the thread; NULL: not attached */
    struct attached *next;
};

static __thread struct attached own;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct attached *threads;
static struct sm__counters ended; /* of threads that have detached */

static void add(struct sm__counters *sum, const struct sm__counters *more)
{
#define ADD(field, name, labels, about) \
    sum->field += __atomic_load_n(&more->field, __ATOMIC_RELAXED);
    SM__COUNTER_LIST(ADD)
#undef ADD
}

void os_metrics_attach(void)
{
    if (own.counters)
        return;
    pthread_mutex_lock(&lock);
    own = (struct attached){&sm__counters, threads};
    threads = &own;
    pthread_mutex_unlock(&lock);
}

void os_metrics_detach(void)
{
    if (!own.counters)
        return;
    pthread_mutex_lock(&lock);
    struct attached **link = &threads;
    while (*link != &own)
        link = &(*link)->next;
    *link = own.next;
    add(&ended, own.counters);
    pthread_mutex_unlock(&lock);
    own.counters = NULL;
    sm__counters = (struct sm__counters){0}; /* it may attach again */
}

static struct sm__counters sum_up(void)
{
    pthread_mutex_lock(&lock);
    struct sm__counters sum = ended;
    for (const struct attached *thread = threads; thread; thread = thread->next)
        add(&sum, thread->counters);
    pthread_mutex_unlock(&lock);
    return sum;
}

/* ---- text ---- */

static void print_label(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            fputs("\\n", out);
        else if (*text == '"' || *text == '\\')
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void print_head(FILE *out, const char *name, const char *type, const char *about)
{
    fprintf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, about, name, type);
}

/* A row up to what is between its braces and behind the machine. */
static void begin_row(FILE *out, const char *name, const char *machine)
{
    fprintf(out, PREFIX "%s{machine=\"", name);
    print_label(out, machine);
    fputc('"', out);
}

static void print_counters(FILE *out, const char *machine)
{
    const struct sm__counters sum = sum_up();
    const char *last = "";

#define PRINT(field, name, labels, about)        \
    if (strcmp(last, name) != 0)                 \
        print_head(out, name, "counter", about); \
    last = name;                                 \
    begin_row(out, name, machine);               \
    fprintf(out, "%s%s} %" PRIu64 "\n", *labels ? "," : "", labels, sum.field);
    SM__COUNTER_LIST(PRINT)
#undef PRINT
}

struct printing {
    FILE *out;
    const char *machine;
};

static void print_named(const struct printing *printing, const char *metric, const char *label,
                        const char *name, uint64_t value)
{
    begin_row(printing->out, metric, printing->machine);
    fprintf(printing->out, ",%s=\"", label);
    print_label(printing->out, name);
    fprintf(printing->out, "\"} %" PRIu64 "\n", value);
}

static void print_violated(void *arg, const char *name, uint64_t count)
{
    print_named(arg, "property_violations_total", "property", name, count);
}

static void print_role(void *arg, const char *name, uint64_t held)
{
    print_named(arg, "role", "role", name, held);
}

char *os_metrics_text(const char *machine, size_t *size)
{
    char *text = NULL;
    struct printing printing = {.out = open_memstream(&text, size), .machine = machine};

    if (!printing.out)
        return NULL;
    print_counters(printing.out, machine);
    print_head(printing.out, "property_violations_total", "counter",
               "times that always did not hold, or unreachable was reached");
    os_tally_each(&os_tally_violated, print_violated, &printing);
    print_head(printing.out, "role", "gauge", "1 while the machine holds the role");
    os_tally_each(&os_tally_roles, print_role, &printing);
    return fclose(printing.out) == 0 ? text : NULL;
}
