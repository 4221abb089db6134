/* SPDX-License-Identifier: MIT */
/* The locks of the VFS: what connections to one database may hold at a time. */
#include "node.h"
#include "tests/suite.h"

#include <check.h>
#include <stdlib.h>

struct fixture {
    struct vfs_locks locks;
    struct vfs_hold a, b, c;
};

static bool take(struct fixture *f, struct vfs_hold *hold, bool write)
{
    return vfs_locks_take(&f->locks, hold, 2, 1, write);
}

/* Any number of connections read, and none writes meanwhile. */
START_TEST(readers_share)
{
    struct fixture f = {0};
    ck_assert(take(&f, &f.a, false));
    ck_assert(take(&f, &f.b, false));
    ck_assert(!take(&f, &f.c, true));
    vfs_locks_drop(&f.locks, &f.a, 2, 1);
    ck_assert(!take(&f, &f.c, true));
    vfs_locks_drop(&f.locks, &f.b, 2, 1);
    ck_assert(take(&f, &f.c, true));
}
END_TEST

/* One connection writes, alone. */
START_TEST(writers_exclude)
{
    struct fixture f = {0};
    ck_assert(take(&f, &f.a, true));
    ck_assert(!take(&f, &f.b, true));
    ck_assert(!take(&f, &f.b, false));
    vfs_locks_drop(&f.locks, &f.a, 2, 1);
    ck_assert(take(&f, &f.b, false));
}
END_TEST

/* The only reader may go on to write; one of two may not, and goes on reading. */
START_TEST(the_only_reader_becomes_a_writer)
{
    struct fixture f = {0};
    ck_assert(take(&f, &f.a, false));
    ck_assert(take(&f, &f.b, false));
    ck_assert(!take(&f, &f.a, true));
    vfs_locks_drop(&f.locks, &f.b, 2, 1);
    ck_assert(!take(&f, &f.c, true)); /* a still reads */
    ck_assert(take(&f, &f.a, true));
    ck_assert(!take(&f, &f.b, false));
}
END_TEST

/* A writer that goes back to reading lets others read, but none write. */
START_TEST(a_writer_becomes_a_reader)
{
    struct fixture f = {0};
    ck_assert(take(&f, &f.a, true));
    vfs_locks_weaken(&f.locks, &f.a, 2);
    ck_assert(take(&f, &f.b, false));
    ck_assert(!take(&f, &f.c, true));
    vfs_locks_drop(&f.locks, &f.a, 2, 1);
    vfs_locks_drop(&f.locks, &f.b, 2, 1);
    ck_assert(take(&f, &f.c, true));
}
END_TEST

/* Several locks are taken together or not at all. */
START_TEST(a_row_is_taken_as_a_whole)
{
    struct fixture f = {0};
    ck_assert(vfs_locks_take(&f.locks, &f.a, 5, 1, false));
    ck_assert(!vfs_locks_take(&f.locks, &f.b, 3, 5, true));
    ck_assert(vfs_locks_take(&f.locks, &f.c, 3, 2, true));
    ck_assert(vfs_locks_take(&f.locks, &f.c, 6, 2, true));
}
END_TEST

/* What is taken twice is held once; giving back what one has not got takes no one's lock away. */
START_TEST(locks_are_not_counted_per_connection)
{
    struct fixture f = {0};
    ck_assert(take(&f, &f.a, false));
    ck_assert(take(&f, &f.a, false));
    vfs_locks_drop(&f.locks, &f.b, 2, 1);
    ck_assert(!take(&f, &f.b, true));
    vfs_locks_drop(&f.locks, &f.a, 2, 1);
    ck_assert(take(&f, &f.b, true));
    vfs_locks_drop(&f.locks, &f.a, 2, 1);
    ck_assert(!take(&f, &f.c, false));
}
END_TEST

/* Connections share a node by its path, until it is deleted: then the name is another file's. */
START_TEST(a_deleted_file_keeps_its_node_to_itself)
{
    struct vfs_node *nodes = NULL;
    struct vfs_node *first = vfs_node_open(&nodes, "db");
    ck_assert_ptr_eq(vfs_node_open(&nodes, "db"), first);
    vfs_node_forget(nodes, "db");
    struct vfs_node *second = vfs_node_open(&nodes, "db");
    ck_assert_ptr_ne(second, first);
    vfs_node_close(&nodes, first);
    vfs_node_close(&nodes, first);
    ck_assert_ptr_eq(nodes, second);
    vfs_node_close(&nodes, second);
    ck_assert_ptr_null(nodes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sqlite locks");
    TCase *c = tcase_create("locks");
    tcase_add_test(c, readers_share);
    tcase_add_test(c, writers_exclude);
    tcase_add_test(c, the_only_reader_becomes_a_writer);
    tcase_add_test(c, a_writer_becomes_a_reader);
    tcase_add_test(c, a_row_is_taken_as_a_whole);
    tcase_add_test(c, locks_are_not_counted_per_connection);
    tcase_add_test(c, a_deleted_file_keeps_its_node_to_itself);
    suite_add_tcase(suite, c);
    return suite_run(suite);
}
