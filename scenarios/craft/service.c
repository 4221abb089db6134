/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "wire.h"

#include <steelmill/errors.h>
#include <steelmill/task.h>

#include <stdlib.h>
#include <string.h>

#define BACKLOG       16
#define WRITE_TIMEOUT (5 * SM_S)

/* One client's connection. Its task waits while a request is under way. */
struct session {
    struct craft_service *service;
    struct sm_stream *stream;
    struct craft_request *request; /* NULL: none is under way */
    struct craft_answer answer;
    struct sm_event answered;
};

/* A request outlives its session if that is cancelled first. */
struct craft_request {
    struct raft_apply apply; /* first */
    struct raft *raft;
    struct session *session; /* NULL: nobody waits any more */
    uint8_t command[CRAFT_COMMAND_BYTES];
};

/* ---- in the driver ---- */

static void answer(struct craft_request *request, const struct craft_answer *answer)
{
    struct session *session = request->session;
    if (session) {
        session->answer = *answer;
        session->request = NULL;
        sm_event_set(&session->answered);
    }
    free(request);
}

static void answer_status(struct craft_request *request, enum craft_status status)
{
    struct craft_answer out = {.status = status};
    const char *address;
    raft_id leader = 0;
    if (request->raft->state == RAFT_FOLLOWER)
        raft_leader(request->raft, &leader, &address);
    out.leader = leader;
    answer(request, &out);
}

static void applied(struct raft_apply *apply, int status, void *result)
{
    struct craft_request *request = (struct craft_request *)apply;
    if (status == 0)
        answer(request, result);
    else
        answer_status(request, CRAFT_UNKNOWN);
}

void craft_service_handle(struct craft_service *service, struct craft_request *request)
{
    struct raft_buffer buffer = {.len = CRAFT_COMMAND_BYTES};
    if (!request->session || service->raft->state != RAFT_LEADER) {
        answer_status(request, CRAFT_NOT_LEADER);
        return;
    }
    buffer.base = raft_malloc(buffer.len);
    if (!buffer.base) {
        answer_status(request, CRAFT_UNKNOWN);
        return;
    }
    memcpy(buffer.base, request->command, buffer.len);
    craft_loop_enter(service->loop);
    int error = raft_apply(service->raft, &request->apply, &buffer, 1, applied);
    craft_loop_leave(service->loop);
    if (error) {
        raft_free(buffer.base);
        answer_status(request, CRAFT_UNKNOWN);
    }
}

void craft_service_drop(struct craft_request *request)
{
    if (request->session)
        request->session->request = NULL;
    free(request);
}

/* ---- sessions ---- */

static int serve_one(struct session *session)
{
    struct craft_request *request = calloc(1, sizeof(*request));
    uint8_t bytes[CRAFT_ANSWER_BYTES];
    if (!request)
        return -ENOMEM;
    request->raft = session->service->raft;
    int error =
        craft_frame_read_into(session->stream, request->command, CRAFT_COMMAND_BYTES, SM_FOREVER);
    const struct craft_work work = {.kind = CRAFT_WORK_REQUEST, .object = request};
    sm_event_clear(&session->answered);
    request->session = session;
    session->request = request;
    if (!error)
        error = craft_loop_post(session->service->loop, &work);
    if (error) {
        craft_service_drop(request);
        return error;
    }
    error = sm_event_wait(&session->answered, SM_FOREVER);
    if (error)
        return error;
    craft_answer_encode(&session->answer, bytes);
    return craft_frame_write(session->stream, bytes, sizeof(bytes), sm_now() + WRITE_TIMEOUT);
}

static int serve(void *arg)
{
    struct session *session = arg;
    sm_event_init(&session->answered);
    while (serve_one(session) == 0)
        ;
    if (session->request)
        session->request->session = NULL;
    sm_event_finish(&session->answered);
    sm_stream_abort(session->stream);
    free(session);
    return 0;
}

static int start_session(struct craft_service *service, struct sm_stream *stream)
{
    struct session *session = calloc(1, sizeof(*session));
    if (!session)
        return -ENOMEM;
    session->service = service;
    session->stream = stream;
    int error = sm_task_spawn(NULL, "session", serve, session);
    if (error)
        free(session);
    return error;
}

static int accept_clients(void *arg)
{
    struct craft_service *service = arg;
    struct sm_stream *stream;
    int error = 0;
    while (!error) {
        error = sm_listener_accept(service->listener, &stream, NULL, SM_FOREVER);
        if (!error && start_session(service, stream))
            sm_stream_abort(stream);
    }
    return error == -ECANCELED ? 0 : error;
}

/* ---- life ---- */

void craft_service_init(struct craft_service *service, struct sm_net *net, struct craft_loop *loop,
                        struct raft *raft)
{
    *service = (struct craft_service){.net = net, .loop = loop, .raft = raft};
}

int craft_service_listen(struct craft_service *service)
{
    return sm_listener_open(service->net, &service->listener, CRAFT_PORT_CLIENT, BACKLOG);
}

int craft_service_start(struct craft_service *service)
{
    return sm_task_spawn(NULL, "accept-clients", accept_clients, service);
}

void craft_service_finish(struct craft_service *service)
{
    if (service->listener)
        sm_listener_close(service->listener);
    service->listener = NULL;
}
