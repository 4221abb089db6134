/* SPDX-License-Identifier: MIT */
#include "scenarios/cli/outcome.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TERMINATE(array) ((array)[sizeof(array) - 1] = '\0')

void cli_outcome_not_judged(struct cli_outcome *outcome, uint64_t seed, const char *why)
{
    memset(&outcome->result, 0, sizeof outcome->result);
    outcome->exit = CLI_NOT_JUDGED;
    outcome->seed = seed;
    outcome->complete = false;
    snprintf(outcome->text, sizeof outcome->text, "%s", why);
}

/* The host ran out of something: not the scenario's fault. */
static bool host_is_short_of(int status)
{
    return status == -ENOMEM || status == -EAGAIN || status == -EMFILE || status == -ENFILE ||
           status == -EINTR;
}

static void explain(struct cli_outcome *outcome, const struct job_reply *reply)
{
    const char *why = reply->text[0] != '\0' ? reply->text : strerror(-reply->status);
    snprintf(outcome->text, sizeof outcome->text, "%s", why);
}

bool cli_outcome_of_start(struct cli_outcome *outcome, const struct cli_worker *worker)
{
    if (worker->reply.status == 0)
        return true;
    cli_outcome_not_judged(outcome, worker->seed, "");
    outcome->exit = host_is_short_of(worker->reply.status) ? CLI_NOT_JUDGED : CLI_USAGE;
    explain(outcome, &worker->reply);
    return false;
}

/* Another process wrote this, perhaps while it was falling apart. */
static bool sound(const struct job_result *result, uint64_t seed)
{
    return result->version == JOB_VERSION && result->seed == seed &&
           result->verdict <= JOB_UNUSABLE && result->finding <= JOB_FINDING_TRAP &&
           result->fault_count <= JOB_FAULTS_MAX && result->property_count <= JOB_PROPERTIES_MAX &&
           result->frame_count <= JOB_FRAMES_MAX && result->module_count <= JOB_MODULES_MAX &&
           result->last_event_count <= JOB_EVENTS_LAST;
}

/* The worker could not begin the run, and says why. */
static bool never_began(const struct job_result *result)
{
    return result->version == 0 && result->verdict == JOB_NOT_JUDGED && result->text[0] != '\0';
}

static void terminate_texts(struct job_result *result)
{
    TERMINATE(result->text);
    TERMINATE(result->subject);
    TERMINATE(result->machine);
    TERMINATE(result->task);
    TERMINATE(result->daemon);
    TERMINATE(result->context);
    TERMINATE(result->output);
    TERMINATE(result->note);
    for (uint32_t i = 0; i < result->property_count; i++)
        TERMINATE(result->properties[i].name);
    for (uint32_t i = 0; i < result->module_count; i++)
        TERMINATE(result->modules[i].path);
}

void cli_outcome_of_run(struct cli_outcome *outcome, const struct cli_worker *worker)
{
    cli_outcome_not_judged(outcome, worker->seed, "");
    if (worker->reply.status != 0) {
        explain(outcome, &worker->reply);
        return;
    }
    outcome->result = *worker->result;
    if (never_began(&outcome->result)) {
        TERMINATE(outcome->result.text);
        snprintf(outcome->text, sizeof outcome->text, "%s", outcome->result.text);
        return;
    }
    if (!sound(&outcome->result, worker->seed)) {
        cli_outcome_not_judged(outcome, worker->seed, "the worker's result is damaged");
        return;
    }
    terminate_texts(&outcome->result);
    outcome->complete = true;
    switch (outcome->result.verdict) {
    case JOB_PASSED:
        outcome->exit = CLI_PASSED;
        break;
    case JOB_FINDING:
        outcome->exit = CLI_FINDING;
        break;
    case JOB_UNUSABLE:
        outcome->exit = CLI_USAGE;
        break;
    default:
        outcome->exit = CLI_NOT_JUDGED;
    }
    if (outcome->exit == CLI_USAGE || outcome->exit == CLI_NOT_JUDGED)
        snprintf(outcome->text, sizeof outcome->text, "%s", outcome->result.text);
}
