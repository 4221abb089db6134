/* SPDX-License-Identifier: MIT */
/* The graph: types, construction, inheritance, configuration, and failures in words. */
#include "core/factory.h"
#include "tests/core/probe.h"
#include "tests/core/world.h"

#include <stdlib.h>

PROBE(a)
PROBE(b)
PROBE(c)
PROBE(d)

static void register_all(struct sm_factory *factory)
{
    ck_assert_int_eq(sm_factory_register(factory, &a_daemon), 0);
    ck_assert_int_eq(sm_factory_register(factory, &b_daemon), 0);
    ck_assert_int_eq(sm_factory_register(factory, &c_daemon), 0);
    ck_assert_int_eq(sm_factory_register(factory, &d_daemon), 0);
}

static struct sm_factory *make(struct sm_factory *parent, const char *name)
{
    struct sm_factory *factory;
    ck_assert_int_eq(sm_factory_create(&factory, parent, name), 0);
    if (!parent)
        register_all(factory);
    return factory;
}

/* Dependencies are constructed first, once, and everything is destroyed in the reverse order. */
START_TEST(construction_order)
{
    struct sm_factory *factory = make(NULL, "f");
    void *instance, *again;
    a_spec.needs = "b c";
    b_spec.needs = "d";
    c_spec.needs = "d";
    ck_assert_int_eq(sm_factory_get(factory, &a_daemon, &instance), 0);
    PROBE_TRACED("construct d, construct b, construct c, construct a");
    ck_assert_int_eq(sm_factory_get_by_name(factory, "a", &again), 0);
    ck_assert_ptr_eq(instance, again);
    ck_assert_ptr_eq(sm_factory_find(factory, "a"), instance);
    ck_assert_str_eq(sm_factory_detail(factory), "");
    sm_factory_destroy(factory);
    PROBE_TRACED("destroy a, destroy c, destroy b, destroy d");
}
END_TEST

/* A circle is named as a whole, and nothing of it is left behind. */
START_TEST(circle)
{
    struct sm_factory *factory = make(NULL, "f");
    void *instance = factory;
    a_spec.needs = "d b";
    b_spec.needs = "c";
    c_spec.needs = "a";
    ck_assert_int_eq(sm_factory_get(factory, &a_daemon, &instance), -SM_ECYCLE);
    ck_assert_ptr_null(instance);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "factory 'f': daemons depend on each other in a circle: a -> b -> c -> a");
    ck_assert_ptr_null(sm_factory_find(factory, "a"));
    ck_assert_ptr_null(sm_factory_find(factory, "b"));
    ck_assert_ptr_nonnull(sm_factory_find(factory, "d"));
    sm_factory_destroy(factory);
    PROBE_TRACED("construct d, destroy d");
}
END_TEST

/* The shortest circle: a daemon that asks for itself. */
START_TEST(circle_of_one)
{
    struct sm_factory *factory = make(NULL, "f");
    void *instance;
    a_spec.needs = "a";
    ck_assert_int_eq(sm_factory_get(factory, &a_daemon, &instance), -SM_ECYCLE);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "factory 'f': daemons depend on each other in a circle: a -> a");
    sm_factory_destroy(factory);
}
END_TEST

/* A constructor that fails leaves nothing; complete dependencies stay; a second try may succeed. */
START_TEST(construct_fails)
{
    struct sm_factory *factory = make(NULL, "f");
    void *instance;
    a_spec.needs = "b";
    b_spec.needs = "c";
    b_spec.construct_error = -EADDRINUSE;
    b_spec.words = "port 7000";
    ck_assert_int_eq(sm_factory_get(factory, &a_daemon, &instance), -EADDRINUSE);
    ck_assert_str_eq(sm_factory_detail(factory), "factory 'f': daemon 'a': construct: daemon 'b': "
                                                 "construct: address in use (port 7000)");
    ck_assert_str_eq(sm__factory_failed_daemon(factory), "a");
    ck_assert_ptr_null(sm_factory_find(factory, "b"));
    PROBE_TRACED("construct c, construct b");
    b_spec.construct_error = 0;
    ck_assert_int_eq(sm_factory_get(factory, &a_daemon, &instance), 0);
    PROBE_TRACED("construct b, construct a");
    sm_factory_destroy(factory);
    PROBE_TRACED("destroy a, destroy b, destroy c");
}
END_TEST

struct picky {
    int ignored;
};

static int picky_construct(void *self, struct sm_factory *factory)
{
    void *other;
    (void)self;
    ck_assert_int_eq(sm_factory_get_by_name(factory, "b", &other), -EIO);
    ck_assert_str_eq(sm_factory_detail(factory), "daemon 'b': construct: input/output error");
    return 0;
}

static const struct sm_daemon_type picky_daemon = {SM_DAEMON_HEAD(picky),
                                                   .construct = picky_construct};

/* A failure that a constructor has dealt with is no failure of the factory. */
START_TEST(optional_dependency)
{
    struct sm_factory *factory = make(NULL, "f");
    void *instance;
    b_spec.construct_error = -EIO;
    ck_assert_int_eq(sm_factory_get(factory, &picky_daemon, &instance), 0);
    ck_assert_str_eq(sm_factory_detail(factory), "");
    sm_factory_destroy(factory);
}
END_TEST

/* Children use their ancestors' daemons; what nobody has is theirs alone. */
START_TEST(inheritance)
{
    struct sm_factory *root = make(NULL, "root");
    struct sm_factory *child = make(root, "child");
    struct sm_factory *grandchild = make(child, "grandchild");
    void *of_root, *of_child, *instance;
    ck_assert_int_eq(sm_factory_get(root, &a_daemon, &of_root), 0);
    ck_assert_int_eq(sm_factory_get_by_name(child, "b", &of_child), 0);
    ck_assert_int_eq(sm_factory_get(grandchild, &a_daemon, &instance), 0);
    ck_assert_ptr_eq(instance, of_root);
    ck_assert_int_eq(sm_factory_get(grandchild, &b_daemon, &instance), 0);
    ck_assert_ptr_eq(instance, of_child);
    ck_assert_ptr_null(sm_factory_find(root, "b"));
    ck_assert_ptr_eq(sm_factory_parent(grandchild), child);
    ck_assert_str_eq(sm_factory_name(grandchild), "grandchild");
    sm_factory_destroy(root);
    PROBE_TRACED("construct a, construct b, destroy b, destroy a");
}
END_TEST

/* A sealed factory still hands out what it has and inherits, but makes nothing new. */
START_TEST(sealing)
{
    struct sm_factory *factory = make(NULL, "f");
    struct sm_factory *child = make(factory, "child");
    void *instance;
    ck_assert_int_eq(sm_factory_get(factory, &a_daemon, &instance), 0);
    sm_factory_seal(factory);
    sm_factory_seal(factory);
    sm_factory_seal(child);
    ck_assert_int_eq(sm_factory_get(child, &a_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_get(child, &b_daemon, &instance), -SM_ESEALED);
    ck_assert_str_eq(sm_factory_detail(child),
                     "factory 'child': daemon 'b': the factory is sealed: no daemon can be added");
    ck_assert_int_eq(sm_factory_inject(factory, &c_daemon, &instance), -SM_ESEALED);
    sm_factory_destroy(factory);
}
END_TEST

/* An injected instance takes a daemon's place, none of its hooks is called, and children see it. */
START_TEST(injection)
{
    struct sm_factory *factory = make(NULL, "f");
    struct sm_factory *child = make(factory, "child");
    int fake;
    void *instance;
    b_spec.needs = "a";
    ck_assert_int_eq(sm_factory_inject(factory, &a_daemon, &fake), 0);
    ck_assert_int_eq(sm_factory_inject(factory, &a_daemon, &fake), -EEXIST);
    ck_assert_int_eq(sm_factory_get(child, &b_daemon, &instance), 0);
    ck_assert_int_eq(sm_factory_get_by_name(child, "a", &instance), 0);
    ck_assert_ptr_eq(instance, &fake);
    sm_factory_destroy(factory);
    PROBE_TRACED("construct b, destroy b");
}
END_TEST

/* An unknown name is told, with the nearest known one. Types are refused if they are malformed. */
START_TEST(types_by_name)
{
    struct sm_factory *factory = make(NULL, "f");
    struct sm_factory *child = make(factory, "child");
    struct sm_daemon_type odd = {SM_DAEMON_HEAD(picky)};
    void *instance;
    ck_assert_int_eq(sm_factory_register(factory, &a_daemon), -EEXIST);
    ck_assert_int_eq(sm_factory_register(child, &picky_daemon), 0);
    ck_assert_int_eq(sm_factory_get_by_name(child, "pikcy", &instance), -SM_ENODAEMON);
    ck_assert_str_eq(sm_factory_detail(child), "factory 'child': no daemon type 'pikcy' is known "
                                               "here (did you mean 'picky'?)");
    ck_assert_int_eq(sm_factory_get_by_name(factory, "pikcy", &instance), -SM_ENODAEMON);
    ck_assert(strstr(sm_factory_detail(factory), "no daemon type 'pikcy' is known here"));
    ck_assert_ptr_null(strstr(sm_factory_detail(factory), "did you mean"));
    odd.name = "two words";
    ck_assert_int_eq(sm_factory_register(factory, &odd), -EINVAL);
    odd.name = "odd";
    odd.size_bytes = 8;
    ck_assert_int_eq(sm_factory_register(factory, &odd), -EINVAL);
    sm_factory_destroy(factory);
}
END_TEST

static int positive_construct(void *self, struct sm_factory *factory)
{
    (void)self, (void)factory;
    return 3;
}

/* A hook that returns no error number is not taken for a success. */
START_TEST(positive_result)
{
    static const struct sm_daemon_type type = {SM_DAEMON_HEAD(picky),
                                               .construct = positive_construct};
    struct sm_factory *factory = make(NULL, "f");
    void *instance;
    ck_assert_int_eq(sm_factory_get(factory, &type, &instance), -SM_EDAEMON);
    ck_assert_str_eq(sm_factory_detail(factory),
                     "factory 'f': daemon 'picky': construct: a daemon failed (it returned 3, "
                     "which is no error number)");
    sm_factory_destroy(factory);
}
END_TEST

/* ---- children ---- */

static int count_child(struct sm_factory *child, void *arg)
{
    int *count = arg;
    char expected[24];
    snprintf(expected, sizeof expected, "child%d", *count);
    if (strcmp(sm_factory_name(child), expected) != 0)
        return -1;
    ++*count;
    return 0;
}

/* Names are unique among living siblings, and enumeration keeps the order of creation. */
START_TEST(many_children)
{
    enum { COUNT = 2000 };
    static struct sm_factory *children[COUNT];
    struct sm_factory *root = make(NULL, "root"), *refused;
    char name[24];
    for (int i = 0; i < COUNT; i++) {
        snprintf(name, sizeof name, "child%d", i);
        children[i] = make(root, name);
    }
    int count = 0;
    ck_assert_int_eq(sm_factory_each_child(root, count_child, &count), 0);
    ck_assert_int_eq(count, COUNT);
    for (int stride = 1; stride <= 9; stride++) { /* holes, and what grows in them */
        for (int i = 0; i < COUNT; i += stride)
            sm_factory_destroy(children[i]);
        for (int i = 0; i < COUNT; i++) {
            snprintf(name, sizeof name, "child%d", i);
            int expected = i % stride == 0 ? 0 : -EEXIST;
            ck_assert_int_eq(sm_factory_create(&refused, root, name), expected);
            if (expected)
                ck_assert_ptr_null(refused);
            else
                children[i] = refused;
        }
    }
    sm_factory_destroy(root);
}
END_TEST

/* An abandoned factory is forgotten by its parent, without any hook. */
START_TEST(abandoned)
{
    static struct sm_factory *crashed; /* reachable, so that no leak is reported */
    struct sm_factory *root = make(NULL, "root"), *child;
    void *instance;
    ck_assert_int_eq(sm__factory_create_as(&crashed, root, "machine", "lock", NULL), 0);
    ck_assert_int_eq(sm_factory_get(crashed, &a_daemon, &instance), 0);
    sm__factory_abandon(crashed);
    int count = 0;
    ck_assert_int_eq(sm_factory_each_child(root, count_child, &count), 0);
    ck_assert_int_eq(sm__factory_create_as(&child, root, "machine", "lock", NULL), 0);
    sm_factory_destroy(root);
    PROBE_TRACED("construct a");
}
END_TEST

/* A capability is the nearest ancestor's. */
START_TEST(capabilities)
{
    struct sm_factory *root = make(NULL, "root");
    struct sm_factory *child = make(root, "child");
    int net_of_root, net_of_child;
    ck_assert_ptr_null(sm__factory_capability(child, SM__CAPABILITY_NET));
    sm__factory_capability_set(root, SM__CAPABILITY_NET, &net_of_root);
    ck_assert_ptr_eq(sm__factory_capability(child, SM__CAPABILITY_NET), &net_of_root);
    sm__factory_capability_set(child, SM__CAPABILITY_NET, &net_of_child);
    ck_assert_ptr_eq(sm__factory_capability(child, SM__CAPABILITY_NET), &net_of_child);
    ck_assert_ptr_null(sm__factory_capability(child, SM__CAPABILITY_DISK));
    sm_factory_destroy(root);
}
END_TEST

/* ---- configuration ---- */

/* Values are inherited, replaced, and read as what they are; a wrong one leaves the fallback. */
START_TEST(configuration)
{
    struct sm_factory *root = make(NULL, "root");
    struct sm_factory *child = make(root, "child");
    bool flag;
    int64_t number;
    sm_time duration;
    sm_factory_config_set(root, "retries", "3");
    sm_factory_config_set(root, "retries", "5");
    sm_factory_config_set(child, "timeout", "1.5s");
    sm_factory_config_set(child, "cache", "64KiB");
    sm_factory_config_set(child, "check", "yes");
    ck_assert_str_eq(sm_factory_config(child, "retries"), "5");
    ck_assert_ptr_null(sm_factory_config(root, "timeout"));
    ck_assert_int_eq(sm_config_i64(child, "retries", 1, &number), 0);
    ck_assert_int_eq(number, 5);
    ck_assert_int_eq(sm_config_i64(child, "absent", 7, &number), 0);
    ck_assert_int_eq(number, 7);
    ck_assert_int_eq(sm_config_duration(child, "timeout", 0, &duration), 0);
    ck_assert_int_eq(duration, 1500 * SM_MS);
    ck_assert_int_eq(sm_config_bytes(child, "cache", 0, &number), 0);
    ck_assert_int_eq(number, 65536);
    ck_assert_int_eq(sm_config_bool(child, "check", false, &flag), 0);
    ck_assert(flag);
    sm_factory_config_set(child, "retries", "many");
    ck_assert_int_eq(sm_config_i64(child, "retries", 1, &number), -SM_ECONFIG);
    ck_assert_int_eq(number, 1);
    ck_assert_str_eq(sm_factory_detail(child),
                     "factory 'child': config 'retries': 'many' is not a whole number");
    sm_factory_destroy(root);
}
END_TEST

static int list_unread(const char *key, const char *suggestion, void *arg)
{
    char *text = arg;
    strcat(strcat(strcat(text, key), "/"), suggestion ? suggestion : "-");
    strcat(text, " ");
    return 0;
}

/* Keys that nobody read are listed, with the key that was perhaps meant. */
START_TEST(unread_keys)
{
    struct sm_factory *root = make(NULL, "root");
    struct sm_factory *child = make(root, "child");
    char text[128] = "";
    int64_t number;
    sm_factory_config_set(root, "used", "1");
    sm_factory_config_set(root, "retires", "2");
    sm_factory_config_set(root, "colour", "red");
    ck_assert_int_eq(sm_config_i64(child, "used", 0, &number), 0);
    ck_assert_int_eq(sm_config_i64(child, "retries", 0, &number), 0);
    ck_assert_int_eq(sm__factory_config_unread(root, list_unread, text), 0);
    ck_assert_str_eq(text, "retires/retries colour/- ");
    sm_factory_destroy(root);
}
END_TEST

static int bad_config_construct(void *self, struct sm_factory *factory)
{
    int64_t number;
    (void)self;
    return sm_config_i64(factory, "retries", 0, &number);
}

/* A wrong value that ends a constructor is told with the daemon that wanted it. */
START_TEST(config_in_construct)
{
    static const struct sm_daemon_type type = {SM_DAEMON_HEAD(picky),
                                               .construct = bad_config_construct};
    struct sm_factory *machine;
    void *instance;
    ck_assert_int_eq(sm__factory_create_as(&machine, NULL, "machine", "lock", NULL), 0);
    sm_factory_config_set(machine, "retries", "9999999999999999999");
    ck_assert_int_eq(sm_factory_get(machine, &type, &instance), -SM_ECONFIG);
    ck_assert_str_eq(sm_factory_detail(machine),
                     "machine 'lock': daemon 'picky': construct: config "
                     "'retries': '9999999999999999999' does not fit");
    sm_factory_destroy(machine);
}
END_TEST

/* Failures are listed in the order in which they happened, up to a limit. */
START_TEST(many_failures)
{
    struct sm_factory *factory = make(NULL, "f");
    void *instance;
    for (int i = 0; i < 100; i++)
        sm_factory_get_by_name(factory, i == 0 ? "first_one" : "another", &instance);
    const char *detail = sm_factory_detail(factory);
    ck_assert(strncmp(detail, "factory 'f': no daemon type 'first_one'", 39) == 0);
    ck_assert(strstr(detail, "\nfactory 'f': no daemon type 'another'"));
    ck_assert(strstr(detail, "\nfactory 'f': further failures are not listed"));
    ck_assert_uint_lt(strlen(detail), 5000);
    sm_factory_destroy(factory);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        construction_order,  circle,        circle_of_one, construct_fails, optional_dependency,
        inheritance,         sealing,       injection,     types_by_name,   positive_result,
        many_children,       abandoned,     capabilities,  configuration,   unread_keys,
        config_in_construct, many_failures,
    };
    return probe_main("factory", tests, sizeof tests / sizeof tests[0]);
}
