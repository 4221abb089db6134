/* SPDX-License-Identifier: MIT */
#include "fsm.h"

#include "bytes.h"

#include <steelmill/property.h>

#include <stdlib.h>

#define STATE_HEAD    16u
#define SESSION_BYTES 24u

static struct craft_session_state *find_session(struct craft_fsm *fsm, uint64_t session)
{
    for (size_t i = 0; i < fsm->session_count; i++)
        if (fsm->sessions[i].session == session)
            return &fsm->sessions[i];
    return NULL;
}

static struct craft_session_state *add_session(struct craft_fsm *fsm, uint64_t session)
{
    if (fsm->session_count == fsm->session_capacity) {
        size_t capacity = fsm->session_capacity ? 2 * fsm->session_capacity : 8;
        struct craft_session_state *sessions = realloc(fsm->sessions, capacity * sizeof(*sessions));
        if (!sessions)
            return NULL;
        fsm->sessions = sessions;
        fsm->session_capacity = capacity;
    }
    struct craft_session_state *state = &fsm->sessions[fsm->session_count++];
    *state = (struct craft_session_state){.session = session};
    return state;
}

/* A client goes on only after an answer, so a gap in the numbers is an answered operation, lost. */
static void execute(struct craft_fsm *fsm, struct craft_session_state *state,
                    const struct craft_command *command)
{
    sm_always(command->number <= state->number + 1, "no answered operation is missing",
              sm_u64("number", command->number), sm_u64("applied", state->number),
              sm_u64("index", fsm->last_index));
    if (command->number <= state->number) {
        sm_reachable("an operation was in the log twice");
        return;
    }
    state->number = command->number;
    state->total += command->amount;
    fsm->value += command->amount;
}

static int apply(struct raft_fsm *raft_fsm, const struct raft_buffer *buf, void **result)
{
    struct craft_fsm *fsm = (struct craft_fsm *)raft_fsm;
    struct craft_command command;
    raft_index index = fsm->raft->last_applied + 1;
    sm_always(index > fsm->last_index, "entries are applied in order", sm_u64("index", index),
              sm_u64("last", fsm->last_index));
    fsm->last_index = index;
    if (!craft_command_decode(buf->base, buf->len, &command) || command.operation > CRAFT_READ)
        return RAFT_MALFORMED;
    struct craft_session_state *state = find_session(fsm, command.session);
    if (!state)
        state = add_session(fsm, command.session);
    if (!state)
        return RAFT_NOMEM;
    execute(fsm, state, &command);
    fsm->answer = (struct craft_answer){.status = CRAFT_OK,
                                        .leader = fsm->raft->id,
                                        .number = state->number,
                                        .total = state->total,
                                        .value = fsm->value};
    *result = &fsm->answer;
    return 0;
}

static uint8_t *put_state(const struct craft_fsm *fsm, uint8_t *at)
{
    at = craft_put_u64(at, (uint64_t)fsm->value);
    at = craft_put_u64(at, fsm->session_count);
    for (size_t i = 0; i < fsm->session_count; i++) {
        at = craft_put_u64(at, fsm->sessions[i].session);
        at = craft_put_u64(at, fsm->sessions[i].number);
        at = craft_put_u64(at, (uint64_t)fsm->sessions[i].total);
    }
    return at;
}

static int snapshot(struct raft_fsm *raft_fsm, struct raft_buffer *bufs[], unsigned *n_bufs)
{
    struct craft_fsm *fsm = (struct craft_fsm *)raft_fsm;
    *bufs = raft_malloc(sizeof(**bufs));
    if (!*bufs)
        return RAFT_NOMEM;
    (*bufs)->len = STATE_HEAD + fsm->session_count * SESSION_BYTES;
    (*bufs)->base = raft_malloc((*bufs)->len);
    if (!(*bufs)->base) {
        raft_free(*bufs);
        return RAFT_NOMEM;
    }
    put_state(fsm, (*bufs)->base);
    *n_bufs = 1;
    sm_reachable("a snapshot was taken");
    return 0;
}

/* libraft gives the buffer away, unless this fails. */
static int restore(struct raft_fsm *raft_fsm, struct raft_buffer *buf)
{
    struct craft_fsm *fsm = (struct craft_fsm *)raft_fsm;
    struct craft_reader reader = {buf->base, (uint8_t *)buf->base + buf->len, false};
    fsm->value = (int64_t)craft_get_u64(&reader);
    fsm->session_count = 0;
    for (uint64_t left = craft_get_u64(&reader); left > 0 && !reader.bad; left--) {
        struct craft_session_state *state = add_session(fsm, craft_get_u64(&reader));
        if (!state)
            return RAFT_NOMEM;
        state->number = craft_get_u64(&reader);
        state->total = (int64_t)craft_get_u64(&reader);
    }
    if (reader.bad)
        return RAFT_CORRUPT;
    raft_free(buf->base);
    sm_reachable("a snapshot was restored");
    return 0;
}

void craft_fsm_init(struct craft_fsm *fsm, const struct raft *raft)
{
    *fsm = (struct craft_fsm){
        .raft_fsm = {.version = 1, .apply = apply, .snapshot = snapshot, .restore = restore},
        .raft = raft,
    };
}

void craft_fsm_finish(struct craft_fsm *fsm)
{
    free(fsm->sessions);
    fsm->sessions = NULL;
}
