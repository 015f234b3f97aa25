// Every instruction set, a line each, a better one below those it builds on: SET(name) of the folder name/, whose kernels.c
// defines mk_name_kernels, the table, and mk_name_runs, whether this processor can run it.
SET(scalar)
#if defined(__x86_64__)
SET(avx2)
SET(avxvnni)
SET(avx512vnni)
#elif defined(__aarch64__)
SET(neon)
SET(neon_dotprod)
SET(neon_i8mm)
#endif
