/* SPDX-License-Identifier: MIT */
/*
 * A shared object's file: what it needs, whether it has data of its own, and copies of it that the
 * loader takes for other objects.
 *
 * A copy has other names of the same length in its SONAME and NEEDED entries, and no entries for
 * constructors and destructors: whoever loads it calls the constructors himself. With
 * AddressSanitizer it registers its variables by sim/asan.h.
 */
#ifndef STEELMILL_SIM_OBJECT_H
#define STEELMILL_SIM_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_OBJECT_NEEDED_MAX 64

struct sim_object {
    const char *path;          /* the caller's */
    int fd;                    /* of the file, open for as long as the object */
    const unsigned char *file; /* mapped */
    size_t file_bytes;
    size_t load_bytes;  /* so much of the file is loaded: debug information lies behind */
    bool has_data;      /* writable, apart from what steelmill and the compiler keep there */
    const char *soname; /* NULL: none */
    size_t needed_count;
    const char *needed[SIM_OBJECT_NEEDED_MAX];
    /* Addresses in the object; 0: none. */
    uint64_t init, init_array;
    size_t init_array_bytes;
};

/* Returns 0; -errno (unreadable), -ENOEXEC (not a shared object of this machine). */
int sim_object_open(struct sim_object *object, const char *path);
void sim_object_close(struct sim_object *object);

/*
 * Writes a copy. rename: gives the first bytes of `name` another form in place (it is a name of
 * this object's, or of one that it needs), or leaves them.
 *   whole: with sections and debug information
 * Returns a descriptor; -errno.
 */
int sim_object_copy(const struct sim_object *object, bool whole,
                    void (*rename)(void *arg, char *name), void *arg);

/* The parts of a loaded object that it can write to: called for each, in ascending order. `zeros`
 * bytes follow that were none of the file's. */
void sim_object_each_data(const struct sim_object *object, uintptr_t base,
                          void (*visit)(void *arg, char *data, size_t bytes, size_t zeros),
                          void *arg);
/*
 * Gives the code of a copy that is loaded at `base` the pages of the object's own file, and those
 * of the copy's file `fd` back.
 */
void sim_object_share_code(const struct sim_object *object, uintptr_t base, int fd);
/* The initial values of its thread-local variables. Returns false if it has none. */
bool sim_object_tls(const struct sim_object *object, uintptr_t base, const char **image,
                    size_t *image_bytes, size_t *bytes);

#endif
