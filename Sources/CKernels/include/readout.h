// What the head sees of final states, where it is more than rows of them.
#pragma once
#include <stddef.h>

// y = the mean of rows begin..<end of x [., H], at least one.
void mean_of_rows(size_t begin, size_t end, size_t H, const float *x, float *y);
// Its gradient: dx[t, :] += dy / (end - begin).
void mean_of_rows_backward(size_t begin, size_t end, size_t H, const float *dy, float *dx);

// y = [|a - b|, a b], 2H numbers of two vectors of H.
void compare_vectors(size_t H, const float *a, const float *b, float *y);
// Adds its gradients to da and db; where a = b, |a - b| has none.
void compare_vectors_backward(size_t H, const float *a, const float *b, const float *dy, float *da, float *db);
