// Every operation over vectors of LANES floats. The instruction set has defined byte dot products in its dot.h.
#include "convolution.h"
#include "linear.h"
#include "integer.h"
#include "quantize.h"
#include "transformer.h"
