#include "loss.h"

#include <math.h>

// A handful of numbers an example: double precision costs nothing here.
static double example_cross_entropy(size_t C, const float *logits, int32_t label, double scale, float *dlogits) {
    double highest = logits[0], sum = 0.0;
    for (size_t c = 1; c < C; c++) highest = logits[c] > highest ? logits[c] : highest;
    for (size_t c = 0; c < C; c++) sum += exp(logits[c] - highest);
    if (dlogits)
        for (size_t c = 0; c < C; c++) {
            double probability = exp(logits[c] - highest) / sum;
            dlogits[c] = (float)(scale * (probability - (c == (size_t)label ? 1.0 : 0.0)));
        }
    return scale * (log(sum) - (logits[label] - highest));
}

double cross_entropy(size_t B, size_t C, const float *logits, const int32_t *label, double scale, float *dlogits) {
    double loss = 0.0;
    for (size_t b = 0; b < B; b++)
        loss += example_cross_entropy(C, logits + b * C, label[b], scale, dlogits ? dlogits + b * C : NULL);
    return loss;
}

static double example_weighted_cross_entropy(
    size_t C, const float *logits, int32_t label, const double *weights, double smoothing, double scale,
    float *dlogits) {
    double highest = logits[0], sum = 0.0;
    for (size_t c = 1; c < C; c++) highest = logits[c] > highest ? logits[c] : highest;
    for (size_t c = 0; c < C; c++) sum += exp(logits[c] - highest);
    double log_sum = log(sum), spread = smoothing / (double)C;
    double own = (1.0 - smoothing) * (weights ? weights[label] : 1.0);
    double loss = own * (log_sum - (logits[label] - highest)), total = own;
    if (spread > 0.0)
        for (size_t c = 0; c < C; c++) {
            double weight = spread * (weights ? weights[c] : 1.0);
            loss += weight * (log_sum - (logits[c] - highest));
            total += weight;
        }
    if (dlogits)
        for (size_t c = 0; c < C; c++) {
            double target = spread * (weights ? weights[c] : 1.0) + (c == (size_t)label ? own : 0.0);
            dlogits[c] = (float)(scale * (total * exp(logits[c] - highest) / sum - target));
        }
    return scale * loss;
}

double weighted_cross_entropy(
    size_t B, size_t C, const float *logits, const int32_t *label, const double *weights, double smoothing, double scale,
    float *dlogits) {
    double loss = 0.0;
    for (size_t b = 0; b < B; b++)
        loss += example_weighted_cross_entropy(
            C, logits + b * C, label[b], weights, smoothing, scale, dlogits ? dlogits + b * C : NULL);
    return loss;
}

double squared_error(size_t B, const float *outputs, const float *target, double scale, float *doutputs) {
    double loss = 0.0;
    for (size_t b = 0; b < B; b++) {
        double difference = (double)outputs[b] - (double)target[b];
        loss += scale * difference * difference;
        if (doutputs) doutputs[b] = (float)(2.0 * scale * difference);
    }
    return loss;
}
