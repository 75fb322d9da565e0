#pragma once
#include <stddef.h>
#include <stdint.h>

// Passes over weights w, their pretrained values w0 and their gradients g. A random event happens where bits < threshold.

// Mixout (Lee et al. 2020, eq. 5): mixed = ((w0 where the event happens, else w) - p w0) scale, scale = 1 / (1 - p).
void mixout_blend(size_t count, const uint32_t *bits, uint32_t threshold, float p, float scale, const float *w0,
                  const float *w, float *mixed);

// g = 0 where the event happens, else g scale.
void drop_gradient(size_t count, const uint32_t *bits, uint32_t threshold, float scale, float *g);

// g += c sign(w - w0), the gradient of c |w - w0|.
void add_l1_gradient(size_t count, float c, const float *w, const float *w0, float *g);

// g += 2 c (w - w0), the gradient of c (w - w0)^2.
void add_l2_gradient(size_t count, float c, const float *w, const float *w0, float *g);

// RecAdam (Chen et al. 2020, algorithm 1): w = before + share (w - keep before), then w -= pull (w - w0), then w *= keep.
// `keep` is what the optimizer's decay has left of `before`, or 1 for a decay that `share` scales with the rest.
void recadam_step(size_t count, float share, float pull, float keep, const float *before, const float *w0, float *w);

// sum += weight g^2
void add_squares(size_t count, float weight, const float *g, float *sum);
