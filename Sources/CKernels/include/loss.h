#pragma once
#include <stddef.h>
#include <stdint.h>

// The sum over B examples of -log softmax(logits)[label], times `scale`; dlogits is set to its gradient unless NULL.
// logits and dlogits are [B, C].
double cross_entropy(size_t B, size_t C, const float *logits, const int32_t *label, double scale, float *dlogits);

// The sum over B examples of (output - target)^2, times `scale`; doutputs is set to its gradient unless NULL.
double squared_error(size_t B, const float *outputs, const float *target, double scale, float *doutputs);
