/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <string.h>

#define TASKS_MAX 16

static const char *const JOURNALS[] = {"delete", "truncate", "persist", "wal", NULL};
static const char *const SYNCHRONOUS[] = {"off", "normal", "full", "extra", NULL};
static const char *const ALLOWED[] = {"nothing", "last", "commits", "corruption", NULL};

/* Reads one of some words. */
static int read_word(struct sm_factory *factory, const char *key, const char *const *words,
                     int fallback, int *out)
{
    const char *text = sm_factory_config(factory, key);
    char list[64] = "";

    *out = fallback;
    if (!text)
        return 0;
    for (int i = 0; words[i]; i++) {
        if (strcmp(words[i], text) == 0) {
            *out = i;
            return 0;
        }
        strcat(strcat(list, i > 0 ? ", " : ""), words[i]);
    }
    return sm_factory_fail(factory, -SM_ECONFIG, "config '%s': '%s' is none of %s", key, text,
                           list);
}

static int read_i64(struct sm_factory *factory, const char *key, int64_t fallback, int64_t max,
                    int64_t *out)
{
    const int error = sm_config_i64(factory, key, fallback, out);
    if (!error && (*out < 0 || *out > max))
        return sm_factory_fail(factory, -SM_ECONFIG, "config '%s' must be 0 to %lld", key,
                               (long long)max);
    return error;
}

static int read_words(struct sm_factory *factory, struct config *config)
{
    int journal, synchronous, allowed;
    int error = read_word(factory, "journal", JOURNALS, 0, &journal);
    if (!error)
        error = read_word(factory, "synchronous", SYNCHRONOUS, 2, &synchronous);
    if (!error)
        error = read_word(factory, "allowed", ALLOWED, ALLOWED_NOTHING, &allowed);
    if (error)
        return error;
    config->journal = JOURNALS[journal];
    config->synchronous = SYNCHRONOUS[synchronous];
    config->allowed = (enum allowed)allowed;
    return 0;
}

static int read_tasks(struct sm_factory *factory, struct config *config)
{
    int error = read_i64(factory, "writers", 1, TASKS_MAX, &config->writers);
    if (!error)
        error = read_i64(factory, "readers", 0, TASKS_MAX, &config->readers);
    if (!error)
        error = read_i64(factory, "checkpointers", 0, TASKS_MAX, &config->checkpointers);
    return error;
}

static int read_sizes(struct sm_factory *factory, struct config *config)
{
    int error = sm_config_bytes(factory, "page", 1024, &config->page_bytes);
    if (!error)
        error = sm_config_bytes(factory, "map", 0, &config->map_bytes);
    if (!error)
        error = read_i64(factory, "cache_pages", 12, INT32_MAX, &config->cache_pages);
    if (!error)
        error = read_i64(factory, "checkpoint_pages", 40, INT32_MAX, &config->checkpoint_pages);
    if (!error && (config->page_bytes < 512 || config->page_bytes > 65536 ||
                   (config->page_bytes & (config->page_bytes - 1)) != 0))
        error = sm_factory_fail(factory, -SM_ECONFIG,
                                "config 'page' must be a power of two from 512 to 64KiB");
    return error;
}

int config_read(struct sm_factory *factory, struct config *config)
{
    int error = read_words(factory, config);
    if (!error)
        error = read_tasks(factory, config);
    if (!error)
        error = read_sizes(factory, config);
    if (!error)
        error = sm_config_bool(factory, "disk_fails", false, &config->disk_fails);
    if (!error)
        error = sm_config_duration(factory, "think", 0, &config->think_ns);
    if (!error)
        error = sm_config_duration(factory, "pause", 0, &config->pause_ns);
    if (!error)
        error = read_i64(factory, "cut_calls", 0, INT32_MAX, &config->cut_calls);
    const char *judge = sm_factory_config(factory, "judge");
    config->judge = judge ? judge : "judge";
    return error;
}
