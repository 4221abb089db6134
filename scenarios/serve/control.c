/* SPDX-License-Identifier: MIT */
#include "scenarios/serve/control.h"

#include "core/factory.h"
#include "core/os/graph.h"
#include "scenarios/worker/worker.h"

#include <steelmill/errors.h>
#include <steelmill/read.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define WORDS_MAX      3
#define REQUEST_BYTES  (PATH_MAX + 256)
#define CLIENT_WAIT_MS 2000 /* for the rest of a request: clients come one at a time */

struct serve_control {
    struct service *service;
    const char *path;
    pthread_t thread;
    int listen_fd, stop_fd;
    struct serve_command command; /* at most one is under way */
};

/* Returns false when the end has come before that, or the time is over. */
static bool await(const struct serve_control *control, int fd, int limit_ms)
{
    struct pollfd fds[] = {{fd, POLLIN, 0}, {control->stop_fd, POLLIN, 0}};
    int count;

    do {
        count = poll(fds, 2, limit_ms);
    } while (count < 0 && errno == EINTR);
    return count > 0 && fds[0].revents;
}

/* ---- factories: this thread is a reader ---- */

struct printing {
    FILE *out;
    int depth;
    bool first;
};

static void print_daemon(const char *name, void *arg)
{
    struct printing *printing = arg;

    fprintf(printing->out, "%s%s", printing->first ? ": " : ", ", name);
    printing->first = false;
}

static int print_factory(struct sm_factory *factory, void *arg)
{
    struct printing *printing = arg;

    fprintf(printing->out, "%*s%s %s, %s", 2 * printing->depth, "", sm__factory_kind(factory),
            sm_factory_name(factory), sm__factory_state_name(factory));
    if (sm__many_threads)
        fprintf(printing->out, ", worker %u", os_worker_of(sm__factory_home(factory))->number);
    printing->first = true;
    sm__factory_each_daemon(factory, print_daemon, printing);
    fputc('\n', printing->out);
    printing->depth++;
    (void)sm_factory_each_child(factory, print_factory, printing);
    printing->depth--;
    return 0;
}

static void print_factories(const struct service *service, FILE *out)
{
    struct printing printing = {.out = out};

    os_graph_online();
    sm_read_begin();
    struct sm_factory *root = __atomic_load_n(&service->factory, __ATOMIC_ACQUIRE);
    if (root)
        print_factory(root, &printing);
    sm_read_end();
    os_graph_offline();
}

/* ---- commands ---- */

/* "dir/lock.so" is plugin "lock". */
static bool name_plugin(char *name, const char *path)
{
    const char *base = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    const size_t length = strcspn(base, ".");

    if (length == 0 || length >= JOB_NAME_BYTES)
        return false;
    memcpy(name, base, length);
    name[length] = '\0';
    return true;
}

static int load(struct serve_command *command, const char *path)
{
    if (!name_plugin(command->name, path)) {
        snprintf(command->text, sizeof command->text, "'%s' is no name for a plugin", path);
        return -EINVAL;
    }
    return worker_plugin_load(path, &command->handle, &command->plugin, command->text);
}

/* Unloads what is left with the command: nobody is in it any more, after a grace period. */
static void unload(struct serve_command *command)
{
    if (!command->handle)
        return;
    os_graph_settle();
    dlclose(command->handle);
    command->handle = NULL;
}

/* Has a task of the worker do it. Returns false when the end has come meanwhile. */
static bool have_done(struct serve_control *control)
{
    uint64_t count;
    struct serve_command *command = &control->command;

    if (os_worker_post(control->service->worker, serve_command_begin, command)) {
        command->exit = SERVE_FAILED;
        return true;
    }
    if (!await(control, command->done_fd, -1))
        return false;
    (void)!read(command->done_fd, &count, sizeof count);
    unload(command);
    return true;
}

static void answer(int fd, int exit, const char *text)
{
    dprintf(fd, "%d%s%s%s", exit, exit ? "steelmill: " : "", text,
            text[0] && text[strlen(text) - 1] != '\n' ? "\n" : "");
}

static void answer_factories(const struct serve_control *control, int fd)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    if (out) {
        print_factories(control->service, out);
        fclose(out);
    }
    answer(fd, text ? 0 : SERVE_FAILED, text ? text : "out of memory");
    free(text);
}

static const char *const usage =
    "ctl: expected factories, plugin add FILE, plugin remove NAME, or stop NAME";

/* Which command it is; -1: none. */
static int parse(const char *const words[], size_t count)
{
    if (count == 2 && strcmp(words[0], "stop") == 0)
        return SERVE_STOP;
    if (count != 3 || strcmp(words[0], "plugin") != 0)
        return -1;
    if (strcmp(words[1], "add") == 0)
        return SERVE_PLUGIN_ADD;
    return strcmp(words[1], "remove") == 0 ? SERVE_PLUGIN_REMOVE : -1;
}

static void carry_out(struct serve_control *control, int fd, const char *const words[],
                      size_t count)
{
    struct serve_command *command = &control->command;
    const int kind = parse(words, count);

    if (count == 1 && strcmp(words[0], "factories") == 0) {
        answer_factories(control, fd);
        return;
    }
    if (kind < 0) {
        answer(fd, SERVE_USAGE, usage);
        return;
    }
    *command = (struct serve_command){.kind = (enum serve_command_kind)kind,
                                      .service = control->service,
                                      .done_fd = command->done_fd};
    const char *name = words[count - 1];
    if (command->kind != SERVE_PLUGIN_ADD)
        snprintf(command->name, sizeof command->name, "%s", name);
    else if (load(command, name)) {
        answer(fd, SERVE_USAGE, command->text);
        return;
    }
    if (have_done(control))
        answer(fd, command->exit, command->text);
}

/* ---- clients ---- */

static void serve_client(struct serve_control *control, int fd)
{
    char request[REQUEST_BYTES];
    const char *words[WORDS_MAX + 1];
    size_t used = 0, count = 0;
    ssize_t got = 1;

    while (got > 0 && used < sizeof request - 1) {
        if (!await(control, fd, CLIENT_WAIT_MS))
            return;
        got = recv(fd, request + used, sizeof request - 1 - used, 0);
        used += got > 0 ? (size_t)got : 0;
    }
    request[used] = '\0';
    for (char *rest = request, *word; count <= WORDS_MAX && (word = strsep(&rest, "\n"));)
        if (word[0])
            words[count++] = word;
    carry_out(control, fd, words, count);
}

static void *run(void *arg)
{
    struct serve_control *control = arg;

    os_graph_join();
    os_graph_offline();
    while (await(control, control->listen_fd, -1)) {
        const int fd = accept4(control->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd < 0)
            continue;
        serve_client(control, fd);
        close(fd);
    }
    os_graph_online();
    os_graph_leave();
    return NULL;
}

/* ---- its life ---- */

static bool answers(const struct sockaddr_un *address)
{
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool connected =
        fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;

    if (fd >= 0)
        close(fd);
    return connected;
}

/* Takes a socket away that a process has left which was killed. */
static void clear_path(const struct sockaddr_un *address)
{
    struct stat found;

    if (lstat(address->sun_path, &found) == 0 && S_ISSOCK(found.st_mode) && !answers(address))
        unlink(address->sun_path);
}

static int open_socket(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    if (strlen(path) >= sizeof address.sun_path)
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    clear_path(&address);
    const mode_t before = umask(0177); /* there is one thread yet */
    const int bound = bind(fd, (const struct sockaddr *)&address, sizeof address);
    const int error = errno;
    umask(before);
    if (bound == 0 && listen(fd, 8) == 0)
        return fd;
    close(fd);
    return bound ? -error : -errno;
}

int serve_control_start(struct serve_control **out, const char *path, struct service *service)
{
    struct serve_control *control = calloc(1, sizeof *control);

    *out = NULL;
    if (!control)
        return -ENOMEM;
    control->service = service;
    control->path = path;
    control->stop_fd = eventfd(0, EFD_CLOEXEC);
    control->command.done_fd = eventfd(0, EFD_CLOEXEC);
    control->listen_fd = open_socket(path);
    int error = control->listen_fd < 0 ? control->listen_fd : 0;
    if (!error && (control->stop_fd < 0 || control->command.done_fd < 0))
        error = -EMFILE;
    if (!error)
        error = -pthread_create(&control->thread, NULL, run, control);
    if (!error) {
        *out = control;
        return 0;
    }
    if (control->listen_fd >= 0)
        unlink(path);
    free(control); /* the process ends: its descriptors go with it */
    serve_error("--control '%s': %s", path, sm_strerror(error));
    return error;
}

void serve_control_stop(struct serve_control *control)
{
    const uint64_t one = 1;

    if (!control)
        return;
    unlink(control->path);
    (void)!write(control->stop_fd, &one, sizeof one);
    pthread_join(control->thread, NULL);
    close(control->listen_fd);
    close(control->stop_fd);
    close(control->command.done_fd);
    free(control);
}
