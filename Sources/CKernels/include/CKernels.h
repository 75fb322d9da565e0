// Element-wise loops, bfloat16, small attention products, random numbers, the optimizer and the pool of threads.
//
// Legend    T tokens   H hidden size   B examples   C classes
//           n tokens of one sequence   d size of one attention head   p probability
//           x, y input and output of a forward pass; dx, dy their gradients; dw, db those of a weight and a bias
//
// All matrices are row-major. Kernels have no state and no threads; whoever calls them splits rows or columns over
// threads. None sums in an order that depends on that split. Each is compiled for several instruction sets (clones.h).
#pragma once

#include "activations.h"
#include "attention.h"
#include "bfloat.h"
#include "embedding.h"
#include "loss.h"
#include "normalization.h"
#include "optimizer.h"
#include "packed_product.h"
#include "peak.h"
#include "pool.h"
#include "processor.h"
#include "random.h"
#include "readout.h"
#include "reduction.h"
#include "regularization.h"
#include "small_bfloat_product.h"
