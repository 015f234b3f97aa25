// Every operation over vectors of LANES floats. The instruction set has defined byte dot products in its dot.h.
#include "convolution.h"
#include "convolution_integer.h"
#include "convolution_winograd.h"
#include "elementwise.h"
#include "linear.h"
#include "integer.h"
#include "quantize.h"
#include "transformer.h"
