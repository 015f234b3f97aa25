#include <alsa/asoundlib.h>

/* Swift cannot name a variadic handler, so the one that says nothing lives here. */
static inline void mk_alsa_ignore(const char *file, int line, const char *function, int err, const char *fmt, ...) {
    (void)file, (void)line, (void)function, (void)err, (void)fmt;
}

/* alsa-lib prints to stderr by itself; every failure is reported by its return value as well. */
static inline void mk_alsa_silence(void) { snd_lib_error_set_handler(mk_alsa_ignore); }
