/* SPDX-License-Identifier: MIT */
/* From a file to a scenario: read, parse, apply --set, bind. */
#include "scenarios/file/bind.h"
#include "scenarios/file/reader.h"

#include "core/address_map.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The folder of a path: "." where none is named. */
static const char *folder_of(struct bind *b, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return bind_text_copy(b, ".");
    size_t length = slash == path ? 1 : (size_t)(slash - path);
    const char *folder = scn_tree_text(b->tree, path, length);
    return folder ? bind_text_copy(b, folder) : NULL;
}

static int bind_document(struct bind *b, const struct scn_node *root, const char *path)
{
    struct scn *scn = b->scn;
    scn->file = bind_text_copy(b, path);
    scn->folder = folder_of(b, path);
    b->empty = bind_text_copy(b, ""); /* in the arena, as all that workers read */
    if (!scn->file || !scn->folder || !b->empty)
        return -E2BIG;
    scn->name = scn->about = scn->plugin = scn->plugin_path = scn->linearizable = b->empty;
    scn->link_default.from = scn->link_default.to = (struct scn_end){SCN_NONE, SCN_NONE, b->empty};
    return bind_map(b, &bind_scenario, root, (char *)scn);
}

static int create_arena(struct scn_tree *tree, struct scn_arena **arena)
{
    int error = scn_arena_create(arena);
    if (error)
        scn_tree_fail(tree, (struct scn_place){0}, "no memory for the scenario at %p: %s",
                      (void *)SM__MAP_SCENARIO, strerror(-error));
    return error;
}

static int read_source(const struct scn_source *source, const char *const *sets, size_t set_count,
                       struct scn_arena **arena, struct scn_error *error)
{
    struct scn_tree tree;
    struct scn_node *root = NULL;
    scn_tree_init(&tree, source, error);
    int code = scn_tree_parse(&tree, source->text, source->size, NULL, &root);
    for (size_t i = 0; i < set_count && !code; i++)
        code = scn_tree_set(&tree, root, sets[i]);
    if (!code)
        code = create_arena(&tree, arena);
    if (!code) {
        struct bind b = {.tree = &tree, .arena = *arena, .scn = scn_arena_root(*arena)};
        code = bind_document(&b, root, source->name);
        free(b.by_name);
        if (code)
            scn_arena_destroy(*arena);
    }
    scn_tree_finish(&tree);
    return code;
}

static int read_checked(struct scn_source *source, const char *const *sets, size_t set_count,
                        struct scn_arena **arena, struct scn **out, struct scn_error *error)
{
    int code = scn_source_check(source, error);
    if (!code)
        code = read_source(source, sets, set_count, arena, error);
    *out = code ? NULL : scn_arena_root(*arena);
    if (code)
        *arena = NULL;
    return code;
}

int scn_read_text(const char *path, const char *text, size_t size, const char *const *sets,
                  size_t set_count, struct scn_arena **arena, struct scn **out,
                  struct scn_error *error)
{
    struct scn_source source = {.name = path, .text = malloc(size + 1), .size = size};
    *arena = NULL;
    *out = NULL;
    if (!source.text) {
        scn_source_fail(&source, (struct scn_place){0}, error, "out of memory");
        return -ENOMEM;
    }
    memcpy(source.text, text, size);
    source.text[size] = '\0';
    int code = read_checked(&source, sets, set_count, arena, out, error);
    free(source.text);
    return code;
}

int scn_read(const char *path, const char *const *sets, size_t set_count, struct scn_arena **arena,
             struct scn **out, struct scn_error *error)
{
    struct scn_source source;
    *arena = NULL;
    *out = NULL;
    int code = scn_source_read(&source, path, error);
    if (!code)
        code = read_checked(&source, sets, set_count, arena, out, error);
    free(source.text);
    return code;
}
