/* SPDX-License-Identifier: MIT */
/* Randomness, names and numbers, the environment, the files that libc offers. */
#include "asks.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

/* A fresh process's first numbers: each machine starts there. */
static void seeded_random(void)
{
    unsigned short x[3] = {1, 2, 3};
    char state[64];

    expect(rand() == 1804289383);
    expect(random() == 846930886);
    srand(1);
    expect(rand() == 1804289383);
    srandom(1);
    expect(random() == 1804289383);
    char *old = initstate(7, state, sizeof state);
    const long first = random();
    expect(setstate(old) == state);
    expect(random() == 846930886);
    expect(setstate(state) != NULL && random() != first);
    srand48(1);
    expect(lrand48() == 89400484);
    expect(mrand48() != 0 && drand48() < 1);
    expect(nrand48(x) >= 0 && erand48(x) < 1);
    (void)jrand48(x);
}

/* Alike in every run of a seed; the test compares what is printed. */
static void kernel_random(void)
{
    unsigned char bytes[16], more[16], read_bytes[16];
    const int fd = open("/dev/urandom", O_RDONLY);

    expect(getrandom(bytes, sizeof bytes, 0) == sizeof bytes);
    expect(getentropy(more, sizeof more) == 0 && memcmp(bytes, more, sizeof more) != 0);
    expect(fd >= 3 && read(fd, read_bytes, sizeof read_bytes) == sizeof read_bytes);
    expect(close(fd) == 0 && close(fd) == -1 && errno == EBADF);
    expect(arc4random_uniform(10) < 10);
    arc4random_buf(more, sizeof more);
    FILE *stream = fopen("/dev/random", "rb");
    expect(stream && fread(more, 1, sizeof more, stream) == sizeof more);
    expect(fclose(stream) == 0);
    printf("random");
    for (size_t i = 0; i < sizeof bytes; i++)
        printf(" %02x%02x%02x", bytes[i], read_bytes[i], more[i]);
    printf(" %08x\n", arc4random());
}

static void identity(void)
{
    struct utsname name;
    char host[256], link[32] = "";

    expect(gethostname(host, sizeof host) == 0 && uname(&name) == 0);
    expect(strcmp(host, name.nodename) == 0);
    expect_machine(strcmp(host, sm_machine_name()) == 0);
    expect_machine(gethostname(host, 2) == -1 && errno == ENAMETOOLONG);
    expect(getpid() > 0 && getppid() > 0 && gettid() > 0);
    expect_machine(getpid() == 1001 && getppid() == 1);
    expect_process(readlink("/proc/self", link, sizeof link - 1) > 0 && atoi(link) == getpid());
    expect(getuid() == geteuid() && getgid() == getegid());
    expect_machine(getuid() == 1000 && getgid() == 1000);
    expect(sysconf(_SC_NPROCESSORS_ONLN) >= 1 && sysconf(_SC_PAGESIZE) == 4096);
    expect_machine(sysconf(_SC_NPROCESSORS_ONLN) == 1);
    expect(getcwd(host, sizeof host) == host && host[0] == '/');
    expect_machine(strcmp(host, "/") == 0 && isatty(STDOUT_FILENO) == 0 && gethostid() > 0);
}

static void users(void)
{
    struct passwd user, *found = getpwuid(0);
    struct group group, *found_group;
    char buffer[1024];

    expect(found && strcmp(found->pw_name, "root") == 0 && getpwnam("root")->pw_uid == 0);
    expect(!getpwnam("no such user") && !getgrnam("no such group"));
    expect(getpwnam_r("root", &user, buffer, sizeof buffer, &found) == 0 && found == &user);
    expect(user.pw_uid == 0 && strcmp(user.pw_dir, "/root") == 0);
    expect(getgrgid_r(0, &group, buffer, sizeof buffer, &found_group) == 0 &&
           found_group == &group);
    expect(strcmp(group.gr_name, "root") == 0);
    expect_machine(strcmp(getpwuid(getuid())->pw_name, "steelmill") == 0);
    expect_machine(getgrnam("steelmill")->gr_gid == getgid());
}

/* Both machines ask this: none sees what the other has set. */
static void environment(void)
{
    static char pair[] = "PAIR=put";
    char value[64];

    snprintf(value, sizeof value, "of %s", sm_machine_name());
    expect_machine(!getenv("USER") && strcmp(getenv("LANG"), "C") == 0);
    expect_process(getenv("PATH") != NULL);
    expect(setenv("OWN", value, 0) == 0 && setenv("OWN", "other", 0) == 0);
    expect(putenv(pair) == 0 && strcmp(getenv("PAIR"), "put") == 0);
    sm_sleep(SM_S);
    expect(strcmp(getenv("OWN"), value) == 0 && strcmp(secure_getenv("OWN"), value) == 0);
    expect(environ[0] != NULL);
    size_t found = 0;
    for (char **variable = environ; *variable; variable++)
        found += strncmp(*variable, "OWN=of ", 7) == 0 && strcmp(*variable + 4, value) == 0;
    expect(found == 1);
    expect(unsetenv("OWN") == 0 && !getenv("OWN"));
    expect(setenv("A=B", "c", 1) == -1 && errno == EINVAL);
    expect(clearenv() == 0 && !getenv("LANG"));
}

static void machine_files(void)
{
    char text[64] = "", expected[64];
    struct stat status;

    snprintf(expected, sizeof expected, "%s\n", sm_machine_name());
    FILE *stream = fopen("/etc/hostname", "r");
    expect(stream && fgets(text, sizeof text, stream) && strcmp(text, expected) == 0);
    expect(fileno(stream) >= 3 && fclose(stream) == 0);
    const int fd = openat(AT_FDCWD, "/etc/hostname", O_RDONLY);
    expect(fstat(fd, &status) == 0 && status.st_size == (off_t)strlen(expected));
    expect(lseek(fd, 1, SEEK_SET) == 1 && read(fd, text, sizeof text) == status.st_size - 1);
    expect(write(fd, "x", 1) == -1 && close(fd) == 0);
    expect(open("/etc/shadow", O_RDONLY) == -1 && errno == ENOENT);
    expect(!fopen("/proc/self/maps", "r") && errno == ENOENT);
    expect(access("/tmp", R_OK) == -1);
    expect(stat("/etc/localtime", &status) == -1 && errno == ENOENT);
}

static void files(void)
{
    char byte = 1, text[128];
    struct stat status;
    FILE *stream;

    if (is_simulated)
        machine_files();
    expect_process(access("/proc/self/maps", R_OK) == 0);
    const int null = open("/dev/null", O_RDWR), zero = open("/dev/zero", O_RDONLY);
    expect(null >= 0 && write(null, "x", 1) == 1 && read(null, &byte, 1) == 0);
    expect(zero >= 0 && read(zero, &byte, 1) == 1 && byte == 0);
    expect(fstat(null, &status) == 0 && S_ISCHR(status.st_mode));
    expect(close(null) == 0 && close(zero) == 0 && close(zero) == -1 && errno == EBADF);
    expect(open("/no/such/file", O_RDONLY) == -1 && errno == ENOENT);
    expect(access("/etc/hosts", R_OK) == 0 && access("/etc/group", R_OK) == 0);
    expect((stream = fopen("/etc/passwd", "r")) != NULL && fgets(text, sizeof text, stream));
    expect(strncmp(text, "root:", 5) == 0 && fclose(stream) == 0);
    stream = fopen("/etc/hosts", "r"); /* left open: it is gone with the machine */
    expect(stream && fgetc(stream) != EOF);
}

/* Each task has its errno; a machine has its own of libc's texts. */
static int fail_with(void *arg)
{
    errno = *(const int *)arg;
    for (int i = 0; i < 10; i++) {
        sm_sleep(SM_MS);
        expect(errno == *(const int *)arg);
    }
    return 0;
}

static void errors(void)
{
    static const int numbers[] = {EPERM, ENOENT};
    struct sm_task *tasks[2];
    char words[] = "alpha beta";

    for (int i = 0; i < 2; i++)
        expect(sm_task_spawn(&tasks[i], "fails", fail_with, (void *)&numbers[i]) == 0);
    for (int i = 0; i < 2; i++)
        expect(sm_task_join(tasks[i], NULL, SM_FOREVER) == 0);
    expect(strcmp(strerror(ENOENT), "No such file or directory") == 0);
    expect(strcmp(strerror(9999), "Unknown error 9999") == 0);
    expect(strcmp(strsignal(11), "Segmentation fault") == 0);
    expect(strcmp(strtok(words, " "), "alpha") == 0);
    sm_sleep(SM_MS);
    expect(strcmp(strtok(NULL, " "), "beta") == 0);
}

static uint32_t ip_of(const struct addrinfo *info)
{
    return ntohl(((const struct sockaddr_in *)(const void *)info->ai_addr)->sin_addr.s_addr);
}

/* The names of hosts are the machines'. */
static void names(void)
{
    const struct addrinfo stream = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    const struct addrinfo passive = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_DGRAM};
    const struct addrinfo numeric = {.ai_flags = AI_NUMERICHOST};
    struct addrinfo *list;
    char host[64], port[8];

    expect(getaddrinfo(is_simulated ? "two" : "127.0.0.2", "80", &stream, &list) == 0);
    expect(list->ai_family == AF_INET && list->ai_socktype == SOCK_STREAM && !list->ai_next);
    expect(ip_of(list) >> 24 == 127 && ip_of(list) != INADDR_LOOPBACK);
    expect(getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, port, sizeof port,
                       NI_NUMERICHOST | NI_NUMERICSERV) == 0);
    expect(strncmp(host, "127.", 4) == 0 && strcmp(port, "80") == 0);
    freeaddrinfo(list);
    expect(getaddrinfo("127.0.0.1", NULL, NULL, &list) == 0 && list->ai_next->ai_next);
    expect(ip_of(list) == INADDR_LOOPBACK);
    freeaddrinfo(list);
    expect(getaddrinfo(NULL, "7000", &passive, &list) == 0 && ip_of(list) == INADDR_ANY);
    freeaddrinfo(list);
    expect_machine(getaddrinfo("two", "http", NULL, &list) == 0 && !list->ai_next);
    if (is_simulated) {
        expect(getnameinfo(list->ai_addr, list->ai_addrlen, host, sizeof host, port, sizeof port,
                           0) == 0);
        expect(strcmp(host, "two") == 0 && strcmp(port, "http") == 0);
        expect(getnameinfo(list->ai_addr, list->ai_addrlen, host, 2, NULL, 0, 0) == EAI_OVERFLOW);
        freeaddrinfo(list);
    }
    expect_machine(getaddrinfo("debian.org", "80", NULL, &list) == EAI_NONAME);
    expect(getaddrinfo("two", NULL, &numeric, &list) == EAI_NONAME);
    expect(getaddrinfo("127.0.0.1", "no-service", NULL, &list) == EAI_SERVICE);
}

/* The older calls give the same answers. */
static void older_names(void)
{
    struct hostent host, *found;
    struct in_addr address = {.s_addr = htonl(INADDR_LOOPBACK)};
    char buffer[512];
    int error;

    expect((found = gethostbyname("localhost")) != NULL && found->h_addrtype == AF_INET);
    expect(*(const unsigned char *)found->h_addr_list[0] == 127 && !found->h_addr_list[1]);
    expect((found = gethostbyaddr(&address, sizeof address, AF_INET)) != NULL);
    expect(strcmp(found->h_name, "localhost") == 0);
    expect(!gethostbyname("no such host") && h_errno != 0);
    expect(gethostbyname_r("localhost", &host, buffer, 1, &found, &error) == ERANGE);
    expect(gethostbyname_r("127.0.0.2", &host, buffer, sizeof buffer, &found, &error) == 0);
    expect(found == &host && ntohl(*(uint32_t *)(void *)host.h_addr_list[0]) == 0x7f000002u);
    if (!is_simulated)
        return; /* the rest is the host's */
    expect(gethostbyname_r("two", &host, buffer, sizeof buffer, &found, &error) == 0 && found);
    memcpy(&address, host.h_addr_list[0], sizeof address);
    found = gethostbyaddr(&address, sizeof address, AF_INET);
    expect(found && strcmp(found->h_name, "two") == 0);
    address.s_addr = htonl(ntohl(address.s_addr) + 1);
    expect(!gethostbyaddr(&address, sizeof address, AF_INET) && h_errno == HOST_NOT_FOUND);
    const struct servent *service = getservbyname("http", "tcp");
    expect(service && ntohs((uint16_t)service->s_port) == 80);
    expect(!getservbyname("http", "udp") && !getservbyname("no-service", NULL));
    service = getservbyport(htons(53), "udp");
    expect(service && strcmp(service->s_name, "domain") == 0);
    expect(getprotobyname("udp")->p_proto == IPPROTO_UDP);
    expect(strcmp(getprotobynumber(6)->p_name, "tcp") == 0 && !getprotobyname("no-protocol"));
}

/* What is asked by number, not by name; and limits. */
static void numbers(void)
{
    unsigned char bytes[16];
    struct timespec now;
    struct rlimit limit;

    expect(syscall(SYS_getpid) == getpid() && syscall(SYS_gettid) == gettid());
    expect(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0);
    expect_machine(now.tv_sec * SM_S + now.tv_nsec == sm_now());
    expect(syscall(SYS_getrandom, bytes, sizeof bytes, 0) == sizeof bytes);
    expect(getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           limit.rlim_cur == (rlim_t)sysconf(_SC_OPEN_MAX));
    const unsigned char *start = (const unsigned char *)getauxval(AT_RANDOM);
    printf("random %02x %02x %02x\n", start[0], start[1], bytes[0]);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Functions of libc's that ask the kernel something by themselves on the way. */
static void inside_libc(void)
{
    static int numbers[10000];
    sigjmp_buf way_back;
    sigset_t set;
    volatile int times = 0;

    for (int i = 0; i < 10000; i++)
        numbers[i] = i * 7919 % 10000;
    qsort(numbers, 10000, sizeof numbers[0], compare);
    expect(numbers[0] == 0 && numbers[9999] == 9999);
    if (sigsetjmp(way_back, 1) == 0)
        siglongjmp(way_back, 1 + times++);
    expect(times == 1);
    expect(pthread_sigmask(SIG_BLOCK, NULL, &set) == 0);
    expect_machine(sigisemptyset(&set));
}

const struct question identity_questions[] = {
    {"seeded_random", seeded_random},
    {"kernel_random", kernel_random},
    {"identity", identity},
    {"environment", environment},
    {"files", files},
    {"errors", errors},
    {"inside_libc", inside_libc},
    {"names", names},
    {"numbers", numbers},
    {"older_names", older_names},
    {"users", users},
    {NULL, NULL},
};
