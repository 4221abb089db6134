/* SPDX-License-Identifier: MIT */
/*
 * pthread's keys: those that a task makes have a value per task, and their destructors run at the
 * end of the task. A task that is dropped with its machine runs none.
 *
 * They are numbered far above libc's (PTHREAD_KEYS_MAX, 1024), so that a key from outside of tasks,
 * such as a sanitizer's own, keeps its value per thread while a task runs.
 */
#include "core/libc/libc.h"

#include "core/task.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#define EXPORT    SM__LIBC_EXPORT
#define FIRST_KEY 1048576u

/* A task's: none of a key that is not the one it was set for. */
struct values {
    struct sm__libc_keys *keys;
    struct value {
        void *value;
        uint32_t number;
    } values[SM__LIBC_KEYS_MAX];
};

static uint32_t number_of(const struct sm__libc_keys *keys, pthread_key_t key)
{
    return __atomic_load_n(&keys->keys[key].number, __ATOMIC_ACQUIRE);
}

/* Makes another number of it, if it is `from` still. */
static bool renumber(struct sm__libc_keys *keys, pthread_key_t key, uint32_t from)
{
    return __atomic_compare_exchange_n(&keys->keys[key].number, &from, from + 1, false,
                                       __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* True if a destructor was called, which may have set other values. */
static bool destroy_values(struct values *values)
{
    bool called = false;

    for (pthread_key_t key = 0; key < SM__LIBC_KEYS_MAX; key++) {
        const struct value old = values->values[key];
        if (!old.value || old.number != number_of(values->keys, key))
            continue;
        values->values[key].value = NULL;
        void (*destructor)(void *) = values->keys->keys[key].destructor;
        if (!destructor)
            continue;
        destructor(old.value);
        called = true;
    }
    return called;
}

static void leave_task(struct sm_task *task, bool ends)
{
    struct values *values = task->locals;

    for (int i = 0; ends && i < PTHREAD_DESTRUCTOR_ITERATIONS && destroy_values(values); i++)
        ;
    task->locals = NULL;
    sm__libc_free(values);
}

static struct values *values_here(void)
{
    struct sm_task *task = sm__current;

    if (!task->locals) {
        struct values *values = sm__libc_alloc(sizeof *values);
        values->keys = sm__libc_keys();
        task->locals = values;
        task->leave = leave_task;
    }
    return task->locals;
}

EXPORT int pthread_key_create(pthread_key_t *key, void (*destructor)(void *))
{
    if (!sm__libc_inside())
        return SM__LIBC_REAL(pthread_key_create)(key, destructor);
    struct sm__libc_keys *keys = sm__libc_keys();
    for (pthread_key_t i = 0; i < SM__LIBC_KEYS_MAX; i++) {
        const uint32_t number = number_of(keys, i);
        if (number % 2 == 1 || !renumber(keys, i, number))
            continue;
        keys->keys[i].destructor = destructor;
        *key = FIRST_KEY + i;
        return 0;
    }
    return EAGAIN;
}

/* Whether it is a key of tasks, and the caller's. */
static bool is_key(pthread_key_t key)
{
    return key - FIRST_KEY < SM__LIBC_KEYS_MAX && number_of(sm__libc_keys(), key - FIRST_KEY) % 2;
}

EXPORT int pthread_key_delete(pthread_key_t key)
{
    if (key < FIRST_KEY || !sm__libc_inside())
        return SM__LIBC_REAL(pthread_key_delete)(key);
    if (!is_key(key))
        return EINVAL;
    struct sm__libc_keys *keys = sm__libc_keys();
    return renumber(keys, key - FIRST_KEY, number_of(keys, key - FIRST_KEY)) ? 0 : EINVAL;
}

EXPORT void *pthread_getspecific(pthread_key_t key)
{
    if (key < FIRST_KEY || !sm__libc_inside())
        return SM__LIBC_REAL(pthread_getspecific)(key);
    const struct values *values = sm__current->locals;
    if (!values || !is_key(key))
        return NULL;
    const struct value *slot = &values->values[key - FIRST_KEY];
    return slot->number == number_of(values->keys, key - FIRST_KEY) ? slot->value : NULL;
}

EXPORT int pthread_setspecific(pthread_key_t key, const void *value)
{
    if (key < FIRST_KEY || !sm__libc_inside())
        return SM__LIBC_REAL(pthread_setspecific)(key, value);
    if (!is_key(key))
        return EINVAL;
    struct values *values = values_here();
    values->values[key - FIRST_KEY] =
        (struct value){(void *)(uintptr_t)value, number_of(values->keys, key - FIRST_KEY)};
    return 0;
}
