/* SPDX-License-Identifier: MIT */
/* What an operator asks for: another leader, another membership. */
#include "service.h"
#include "transport.h"

#include <steelmill/property.h>

static const char *address_of(const struct craft_service *service, raft_id id)
{
    if (id == service->raft->id)
        return service->raft->address;
    const struct craft_peer *peer = craft_transport_peer(service->transport, id);
    return peer ? peer->address : NULL;
}

static void changed(struct raft_change *change, int status)
{
    struct craft_request *request = (struct craft_request *)change;
    craft_request_called_back(request);
    craft_request_answer_status(request, status == 0 ? CRAFT_OK : CRAFT_UNKNOWN);
}

static void transferred(struct raft_transfer *transfer)
{
    struct craft_request *request = (struct craft_request *)transfer;
    const char *address;
    raft_id leader = 0;
    craft_request_called_back(request);
    if (request->service->raft->state == RAFT_FOLLOWER)
        raft_leader(request->service->raft, &leader, &address);
    bool done = leader != 0 && leader == transfer->id;
    if (done)
        sm_reachable("leadership was transferred");
    craft_request_answer_status(request, done ? CRAFT_OK : CRAFT_UNKNOWN);
}

static int ask(struct craft_request *request, const struct craft_command *command)
{
    struct raft *raft = request->service->raft;
    raft_id id = (raft_id)command->amount;
    switch (command->operation) {
    case CRAFT_TRANSFER:
        return raft_transfer(raft, &request->transfer, id, transferred);
    case CRAFT_JOIN:
        return raft_add(raft, &request->change, id, address_of(request->service, id), changed);
    case CRAFT_PROMOTE:
        return raft_assign(raft, &request->change, id, RAFT_VOTER, changed);
    default:
        return raft_remove(raft, &request->change, id, changed);
    }
}

/* An operator asks again when it has heard nothing: what is so already is done. */
static bool is_so_already(uint64_t operation, int error)
{
    return (operation == CRAFT_JOIN && error == RAFT_DUPLICATEID) ||
           (operation == CRAFT_PROMOTE && error == RAFT_BADROLE) ||
           (operation == CRAFT_REMOVE && error == RAFT_BADID);
}

void craft_change_begin(struct craft_request *request, const struct craft_command *command)
{
    if (!address_of(request->service, (raft_id)command->amount)) {
        craft_request_answer_status(request, CRAFT_REFUSED);
        return;
    }
    craft_request_begin(request);
    int error = ask(request, command);
    craft_request_end(request, error);
    if (error)
        craft_request_answer_status(
            request, is_so_already(command->operation, error) ? CRAFT_OK : CRAFT_REFUSED);
}
