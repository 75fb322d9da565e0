#include "CSentencePiece.h"

#include <sentencepiece_processor.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct csentencepiece_model {
    sentencepiece::SentencePieceProcessor processor;
};

csentencepiece_model *csentencepiece_load(const void *bytes, long count, char *problem, int size) try {
    auto model = std::make_unique<csentencepiece_model>();
    std::vector<std::string> pieces;
    auto status = model->processor.LoadFromSerializedProto(std::string_view(static_cast<const char *>(bytes), count));
    // What a broken model cannot do shows at its first text.
    if (status.ok()) status = model->processor.Encode("a b", &pieces);
    if (status.ok()) return model.release();
    snprintf(problem, size, "%s", status.ToString().c_str());
    return nullptr;
} catch (const std::exception &error) {
    snprintf(problem, size, "%s", error.what());
    return nullptr;
}

void csentencepiece_free(csentencepiece_model *model) { delete model; }

int csentencepiece_count(const csentencepiece_model *model) { return model->processor.GetPieceSize(); }

const char *csentencepiece_piece(const csentencepiece_model *model, int index) {
    return model->processor.IdToPiece(index).c_str();
}

int csentencepiece_encode(const csentencepiece_model *model, const char *text, long count,
                          void (*visit)(void *context, const char *piece, long count), void *context) try {
    std::vector<std::string> pieces;
    const auto status = model->processor.Encode(std::string_view(text, count), &pieces);
    if (!status.ok()) return static_cast<int>(status.code());
    for (const auto &piece : pieces) visit(context, piece.data(), static_cast<long>(piece.size()));
    return 0;
} catch (const std::exception &) {
    return -1;
}
