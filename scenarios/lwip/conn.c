/* SPDX-License-Identifier: MIT */
#include "conn.h"

#include <steelmill/errors.h>

#include <string.h>

#define WRITE_BYTES_MAX 0xffffu /* of one tcp_write */
#define POLL_INTERVAL   1       /* of lwIP's slow timer: 500 ms */

/* ---- callbacks of lwIP: none of them may drop the connection ---- */

static err_t on_connected(void *arg, struct tcp_pcb *pcb, err_t error)
{
    struct conn *conn = arg;

    (void)pcb, (void)error;
    conn->connected = true;
    sm_event_set(&conn->changed);
    return ERR_OK;
}

static err_t on_received(void *arg, struct tcp_pcb *pcb, struct pbuf *data, err_t error)
{
    struct conn *conn = arg;

    (void)pcb, (void)error;
    if (!data)
        conn->ended = true;
    else if (conn->unread)
        pbuf_cat(conn->unread, data);
    else
        conn->unread = data;
    sm_event_set(&conn->changed);
    return ERR_OK;
}

static err_t on_sent(void *arg, struct tcp_pcb *pcb, u16_t size)
{
    struct conn *conn = arg;

    (void)pcb, (void)size;
    sm_event_set(&conn->changed);
    return ERR_OK;
}

/* Now and then: what lwIP had no memory for can be tried again. */
static err_t on_poll(void *arg, struct tcp_pcb *pcb)
{
    return on_sent(arg, pcb, 0);
}

static void on_error(void *arg, err_t error)
{
    struct conn *conn = arg;

    conn->pcb = NULL;
    conn->error = -err_to_errno(error);
    sm_event_set(&conn->changed);
}

/* ---- opening and closing ---- */

void conn_init(struct conn *conn)
{
    *conn = (struct conn){.error = -ENOTCONN};
    sm_event_init(&conn->changed);
}

static void listen_to(struct conn *conn, struct tcp_pcb *pcb)
{
    conn->pcb = pcb;
    tcp_arg(pcb, conn);
    tcp_recv(pcb, on_received);
    tcp_sent(pcb, on_sent);
    tcp_poll(pcb, on_poll, POLL_INTERVAL);
    tcp_err(pcb, on_error);
}

void conn_accepted(struct conn *conn, struct tcp_pcb *pcb)
{
    listen_to(conn, pcb);
    conn->connected = true;
}

/* Waits for a callback. Returns 0; why the connection is gone; -ETIMEDOUT; -ECANCELED. */
static int wait_for_change(struct conn *conn, sm_time deadline)
{
    if (!conn->pcb)
        return conn->error;
    sm_event_clear(&conn->changed);
    return sm_event_wait(&conn->changed, deadline);
}

int conn_connect(struct conn *conn, const ip_addr_t *to, uint16_t port, sm_time deadline)
{
    struct tcp_pcb *pcb = tcp_new();
    int error = 0;

    if (!pcb)
        return -ENOMEM;
    listen_to(conn, pcb);
    const err_t refused = tcp_connect(pcb, to, port, on_connected);
    if (refused)
        return -err_to_errno(refused);
    while (!conn->connected && !error)
        error = wait_for_change(conn, deadline);
    return error;
}

int conn_shutdown(struct conn *conn)
{
    return conn->pcb ? -err_to_errno(tcp_shutdown(conn->pcb, 0, 1)) : conn->error;
}

/* Takes the connection from lwIP's callbacks. Returns what is to be closed; NULL: nothing. */
static struct tcp_pcb *let_go(struct conn *conn)
{
    struct tcp_pcb *pcb = conn->pcb;

    if (conn->unread)
        pbuf_free(conn->unread);
    conn->unread = NULL;
    conn->pcb = NULL;
    if (pcb) {
        tcp_arg(pcb, NULL);
        tcp_recv(pcb, NULL);
        tcp_sent(pcb, NULL);
        tcp_poll(pcb, NULL, 0);
        tcp_err(pcb, NULL);
    }
    sm_event_finish(&conn->changed);
    return pcb;
}

void conn_close(struct conn *conn)
{
    struct tcp_pcb *pcb = let_go(conn);

    if (pcb && tcp_close(pcb))
        tcp_abort(pcb);
}

void conn_abort(struct conn *conn)
{
    struct tcp_pcb *pcb = let_go(conn);

    if (pcb)
        tcp_abort(pcb);
}

/* ---- bytes ---- */

/* Gives lwIP as much as it has room for. Returns the count, 0 or more; -errno. */
static int write_some(struct conn *conn, const void *data, size_t size)
{
    const size_t room = conn->pcb ? tcp_sndbuf(conn->pcb) : 0;

    if (!conn->pcb)
        return conn->error;
    if (size > room)
        size = room;
    if (size > WRITE_BYTES_MAX)
        size = WRITE_BYTES_MAX;
    if (size == 0)
        return 0;
    const err_t error = tcp_write(conn->pcb, data, (u16_t)size, TCP_WRITE_FLAG_COPY);
    if (error == ERR_MEM) /* of this or of its queue's length: acknowledgements will help */
        return 0;
    if (error)
        return -err_to_errno(error);
    /* What it cannot send now its timers will. */
    (void)tcp_output(conn->pcb);
    return (int)size;
}

int conn_write_all(struct conn *conn, const void *data, size_t size, sm_time deadline)
{
    const char *bytes = data;

    while (size > 0) {
        const int count = write_some(conn, bytes, size);
        if (count < 0)
            return count;
        bytes += count;
        size -= (size_t)count;
        const int error = count == 0 ? wait_for_change(conn, deadline) : 0;
        if (error)
            return error;
    }
    return 0;
}

int conn_drain(struct conn *conn, sm_time deadline)
{
    int error = 0;

    while (!error && (!conn->pcb || tcp_sndqueuelen(conn->pcb) > 0))
        error = wait_for_change(conn, deadline);
    return error;
}

int conn_read(struct conn *conn, void *buffer, size_t capacity, sm_time deadline)
{
    while (!conn->unread) {
        if (conn->ended)
            return 0;
        const int error = wait_for_change(conn, deadline);
        if (error)
            return error;
    }
    if (capacity > conn->unread->tot_len)
        capacity = conn->unread->tot_len;
    pbuf_copy_partial(conn->unread, buffer, (u16_t)capacity, 0);
    conn->unread = pbuf_free_header(conn->unread, (u16_t)capacity);
    if (conn->pcb)
        tcp_recved(conn->pcb, (u16_t)capacity);
    return (int)capacity;
}

int conn_read_exact(struct conn *conn, void *buffer, size_t size, sm_time deadline)
{
    char *bytes = buffer;

    while (size > 0) {
        const int count = conn_read(conn, bytes, size, deadline);
        if (count <= 0)
            return count ? count : -EPIPE;
        bytes += count;
        size -= (size_t)count;
    }
    return 0;
}
