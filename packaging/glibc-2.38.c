// Seven functions that Swift's library for arm64, built for a later glibc, asks for and Debian 12's does not have.
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

extern int old_vsscanf(const char *, const char *, va_list) __asm__("__isoc99_vsscanf");

int __isoc23_sscanf(const char *s, const char *format, ...) {
    va_list list;
    va_start(list, format);
    int result = old_vsscanf(s, format, list);
    va_end(list);
    return result;
}

// Those of glibc 2.38 also read binary numbers, which nothing here writes.
#define OLD(type, name)                                                \
    extern type old_##name(const char *, char **, int) __asm__(#name); \
    type __isoc23_##name(const char *s, char **end, int base) { return old_##name(s, end, base); }
OLD(long, strtol)
OLD(unsigned long, strtoul)
OLD(long long, strtoll)
OLD(unsigned long long, strtoull)

size_t strlcpy(char *to, const char *from, size_t size) {
    size_t length = strlen(from);
    if (size) {
        size_t count = length < size ? length : size - 1;
        memcpy(to, from, count);
        to[count] = 0;
    }
    return length;
}

size_t strlcat(char *to, const char *from, size_t size) {
    size_t length = strnlen(to, size);
    return length == size ? size + strlen(from) : length + strlcpy(to + length, from, size - length);
}
