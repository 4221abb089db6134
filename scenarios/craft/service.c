/* SPDX-License-Identifier: MIT */
#include "service.h"

#include "wire.h"

#include <steelmill/errors.h>
#include <steelmill/property.h>
#include <steelmill/task.h>

#include <stdlib.h>
#include <string.h>

#define BACKLOG       16
#define WRITE_TIMEOUT (5 * SM_S)

/* One client's connection. Its task waits while a request is under way. */
struct craft_session {
    struct craft_service *service;
    struct sm_stream *stream;
    struct craft_request *request; /* NULL: none is under way */
    struct craft_answer answer;
    struct sm_event answered;
};

/* ---- in the driver ---- */

void craft_request_begin(struct craft_request *request)
{
    craft_loop_enter(request->service->loop);
    request->inside = true;
    request->begun = true;
    request->service->under_way++;
}

void craft_request_end(struct craft_request *request, int error)
{
    request->inside = false;
    craft_loop_leave(request->service->loop);
    if (!error)
        return;
    request->begun = false;
    request->service->under_way--;
}

void craft_request_called_back(struct craft_request *request)
{
    sm_always(request->begun && !request->answered, "a callback fires once");
    sm_always(!request->inside, "a callback never fires inside of the call");
    request->service->under_way--;
}

/* Kept: libraft's pointer to it stays good, so that a second callback is seen for what it is. */
static void keep(struct craft_service *service, struct craft_request *request)
{
    request->answered = true;
    free(service->kept[service->kept_next]);
    service->kept[service->kept_next] = request;
    service->kept_next = (service->kept_next + 1) % CRAFT_REQUESTS_KEPT;
}

void craft_request_answer(struct craft_request *request, const struct craft_answer *answer)
{
    struct craft_session *session = request->session;
    if (session) {
        session->answer = *answer;
        session->request = NULL;
        sm_event_set(&session->answered);
    }
    keep(request->service, request);
}

void craft_request_answer_status(struct craft_request *request, enum craft_status status)
{
    struct craft_answer out = {.status = status};
    struct raft *raft = request->service->raft;
    const char *address;
    raft_id leader = 0;
    if (raft->state == RAFT_FOLLOWER)
        raft_leader(raft, &leader, &address);
    out.leader = leader;
    craft_request_answer(request, &out);
}

static void applied(struct raft_apply *apply, int status, void *result)
{
    struct craft_request *request = (struct craft_request *)apply;
    craft_request_called_back(request);
    if (status == 0)
        craft_request_answer(request, result);
    else
        craft_request_answer_status(request, CRAFT_UNKNOWN);
}

static void apply(struct craft_request *request)
{
    struct raft_buffer buffer = {.len = CRAFT_COMMAND_BYTES};
    buffer.base = raft_malloc(buffer.len);
    if (!buffer.base) {
        craft_request_answer_status(request, CRAFT_UNKNOWN);
        return;
    }
    memcpy(buffer.base, request->command, buffer.len);
    craft_request_begin(request);
    int error = raft_apply(request->service->raft, &request->apply, &buffer, 1, applied);
    craft_request_end(request, error);
    if (error) {
        raft_free(buffer.base);
        craft_request_answer_status(request, CRAFT_UNKNOWN);
    }
}

void craft_service_handle(struct craft_service *service, struct craft_request *request)
{
    struct craft_command command;
    if (!request->session || service->raft->state != RAFT_LEADER)
        craft_request_answer_status(request, CRAFT_NOT_LEADER);
    else if (!craft_command_decode(request->command, CRAFT_COMMAND_BYTES, &command))
        craft_request_answer_status(request, CRAFT_REFUSED);
    else if (command.operation > CRAFT_READ)
        craft_change_begin(request, &command);
    else
        apply(request);
}

void craft_service_drop(struct craft_request *request)
{
    if (request->session)
        request->session->request = NULL;
    free(request);
}

/* ---- sessions ---- */

static int serve_one(struct craft_session *session)
{
    struct craft_request *request = calloc(1, sizeof(*request));
    uint8_t bytes[CRAFT_ANSWER_BYTES];
    if (!request)
        return -ENOMEM;
    request->service = session->service;
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
    struct craft_session *session = arg;
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
    struct craft_session *session = calloc(1, sizeof(*session));
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
                        struct raft *raft, struct craft_transport *transport)
{
    *service =
        (struct craft_service){.net = net, .loop = loop, .raft = raft, .transport = transport};
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
    sm_always(service->under_way == 0, "every callback fires",
              sm_u64("missing", service->under_way));
    for (size_t i = 0; i < CRAFT_REQUESTS_KEPT; i++)
        free(service->kept[i]);
}
