#define _GNU_SOURCE
#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

static void limit(pid_t child, int resource, size_t value) {
    struct rlimit bound = {value, value};
    prlimit(child, resource, &bound, NULL);
}

int child_start(pid_t *child, char *const arguments[], child_limits limits) {
    char *environment[] = {NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    for (int stream = STDIN_FILENO; stream <= STDERR_FILENO; stream++)
        posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0);
    posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
    int error = posix_spawnp(child, arguments[0], &actions, NULL, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    if (error) return error;
    limit(*child, RLIMIT_AS, limits.memory);
    limit(*child, RLIMIT_CPU, limits.seconds);
    limit(*child, RLIMIT_FSIZE, limits.file);
    return 0;
}
