/* SPDX-License-Identifier: MIT */
/*
 * Failures in words.
 *
 * A failure starts as words of a hook (sm_factory_fail), or as an error number alone. Whoever
 * called the hook puts the daemon and the hook in front, the factory its own kind and name, and a
 * parent, where it learns of it, its own: (port 7000) -> address in use (port 7000) -> daemon 'd':
 * prepare: address in use (port 7000)
 *     -> machine 'lock': daemon 'd': prepare: address in use (port 7000)
 */
#include "core/factory_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A daemon that fails again and again must not fill the memory with its words. */
#define DETAIL_LINES_MAX 64

/* The graph is taken. */
static void add_line(struct sm_factory *factory, const char *words)
{
    if (factory->detail_lines > DETAIL_LINES_MAX)
        return;
    if (factory->detail_lines == DETAIL_LINES_MAX)
        words = "further failures are not listed";
    const char *before = factory->detail ? factory->detail->text : "";
    const char *feed = factory->detail ? "\n" : "";
    char *all = NULL;
    int length = factory->name[0] ? asprintf(&all, "%s%s%s '%s': %s", before, feed, factory->kind,
                                             factory->name, words)
                                  : asprintf(&all, "%s%s%s", before, feed, words);
    struct sm__text *text = length < 0 ? NULL : sm__text_create(all);
    if (length >= 0)
        free(all);
    if (!text) {
        factory->detail_lost = true;
        return;
    }
    sm__text_drop(factory->detail);
    __atomic_store_n(&factory->detail, text, __ATOMIC_RELEASE);
    factory->detail_lines++;
}

static void add_words(struct sm_factory *factory, const char *format, va_list args)
{
    char *words = NULL;
    if (vasprintf(&words, format, args) < 0) {
        factory->detail_lost = true;
        return;
    }
    sm__graph_take();
    add_line(factory, words);
    sm__graph_give();
    free(words);
}

static const char *detail_of(const struct sm_factory *factory)
{
    const struct sm__text *text = __atomic_load_n(&factory->detail, __ATOMIC_ACQUIRE);
    return text ? text->text : "";
}

void sm__factory_report(struct sm_factory *factory, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add_words(factory, format, args);
    va_end(args);
}

void sm__factory_report_child(struct sm_factory *factory, const struct sm_factory *child)
{
    const char *line = detail_of(child);
    while (*line) {
        int length = (int)strcspn(line, "\n");
        sm__factory_report(factory, "%.*s", length, line);
        line += length;
        line += *line == '\n';
    }
}

/* ---- words that wait for their hook to return ---- */

void sm__words_clear(struct sm__daemon *daemon)
{
    free(daemon->words);
    daemon->words = NULL;
    daemon->words_error = 0;
}

const char *sm__words_for(const struct sm__daemon *daemon, int error)
{
    return daemon->words && daemon->words_error == error ? daemon->words : sm_strerror(error);
}

/*
 * The hook that will return the failure: a construct that is running, whatever factory the words
 * are for, or a task of the same factory. NULL: nobody will pick the words up.
 */
static struct sm__daemon *carrier(const struct sm_factory *factory)
{
    const struct sm__hook_frame *frame = sm__hook_top();
    if (frame)
        return frame->daemon;
    struct sm__daemon *daemon = sm__hook_daemon();
    return daemon && daemon->factory == factory ? daemon : NULL;
}

static void note(struct sm_factory *factory, int error, const char *format, va_list args)
{
    struct sm__daemon *daemon = carrier(factory);
    if (!daemon) {
        add_words(factory, format, args);
        return;
    }
    sm__words_clear(daemon);
    char *words = NULL;
    if (vasprintf(&words, format, args) < 0)
        return; /* the error's own text will do */
    if (daemon->factory != factory && factory->name[0]) {
        char *inner = words;
        if (asprintf(&words, "%s '%s': %s", factory->kind, factory->name, inner) < 0)
            words = NULL;
        free(inner);
    }
    daemon->words = words;
    daemon->words_error = error;
}

int sm__factory_note(struct sm_factory *factory, int error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(factory, error, format, args);
    va_end(args);
    return error;
}

int sm_factory_fail(struct sm_factory *factory, int error, const char *format, ...)
{
    char *words = NULL;
    va_list args;
    va_start(args, format);
    int length = vasprintf(&words, format, args);
    va_end(args);
    if (length < 0)
        return sm__factory_note(factory, error, "%s", sm_strerror(error));
    sm__factory_note(factory, error, "%s (%s)", sm_strerror(error), words);
    free(words);
    return error;
}

const char *sm_factory_detail(const struct sm_factory *factory)
{
    const struct sm__daemon *daemon = carrier(factory);
    if (daemon && daemon->words)
        return daemon->words;
    const char *detail = detail_of(factory);
    if (detail[0])
        return detail;
    return factory->detail_lost ? "out of memory for the words of a failure" : "";
}

/* ---- failures of hooks ---- */

void sm__daemon_failed(struct sm__daemon *daemon, const char *hook, int error)
{
    struct sm_factory *factory = daemon->factory;
    sm__factory_report(factory, "daemon '%s': %s: %s", daemon->type->name, hook,
                       sm__words_for(daemon, error));
    sm__words_clear(daemon);
    if (!factory->failed_daemon)
        factory->failed_daemon = daemon->type->name;
    if (sm__state(factory) >= SM__FACTORY_STOPPING && !factory->stop_error)
        factory->stop_error = error;
}

const char *sm__factory_failed_daemon(const struct sm_factory *factory)
{
    return factory->failed_daemon ? factory->failed_daemon : "";
}
