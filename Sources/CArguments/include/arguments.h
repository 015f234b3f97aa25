// What the program was started with. Swift's own list is read from /proc, which a small root may not have.

#ifndef ARGUMENTS_H
#define ARGUMENTS_H

/// The number of arguments, the program's name among them.
int program_argument_count(void);

/// Argument `index`, the program's name at 0; NULL when there is none. It lives as long as the process.
const char *program_argument(int index);

#endif
