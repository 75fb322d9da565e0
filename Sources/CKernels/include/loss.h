#pragma once
#include <stddef.h>
#include <stdint.h>

// The sum over B examples of -log softmax(logits)[label], times `scale`; dlogits is set to its gradient unless NULL.
// logits and dlogits are [B, C].
double cross_entropy(size_t B, size_t C, const float *logits, const int32_t *label, double scale, float *dlogits);

// The same with a weight for each class (1 each where `weights` is NULL) and labels of which a share is spread evenly over
// all classes: the sum over B examples of (1 - smoothing) w[label] nll(label) + smoothing / C sum over c of w[c] nll(c), with
// nll(c) = -log softmax(logits)[c], as torch.nn.CrossEntropyLoss has it before it takes a mean.
double weighted_cross_entropy(
    size_t B, size_t C, const float *logits, const int32_t *label, const double *weights, double smoothing, double scale,
    float *dlogits);

// The sum over B examples of (output - target)^2, times `scale`; doutputs is set to its gradient unless NULL.
double squared_error(size_t B, const float *outputs, const float *target, double scale, float *doutputs);
