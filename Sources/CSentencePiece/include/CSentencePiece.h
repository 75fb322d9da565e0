// The calls to SentencePiece that Tokenizers makes, as functions of plain C types: its interface is C++, which Swift
// cannot import in a package of plain Swift targets.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

typedef struct csentencepiece_model csentencepiece_model;

// The model in count bytes, which need not stay; the caller frees it. NULL for what is no model, with the library's
// reason in at most size bytes of problem, the final zero included.
csentencepiece_model *csentencepiece_load(const void *bytes, long count, char *problem, int size);
void csentencepiece_free(csentencepiece_model *model);

int csentencepiece_count(const csentencepiece_model *model);
// Lives as long as the model; index is below the count.
const char *csentencepiece_piece(const csentencepiece_model *model, int index);

// Normalizes a text and calls visit with every piece of it in turn, unknown characters in a row as one. Several threads
// may do so at once. 0 for success.
int csentencepiece_encode(const csentencepiece_model *model, const char *text, long count,
                          void (*visit)(void *context, const char *piece, long count), void *context);

#ifdef __cplusplus
}
#endif
