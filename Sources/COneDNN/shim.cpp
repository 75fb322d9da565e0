#include "COneDNN.h"

#include <dlfcn.h>
#include <oneapi/dnnl/dnnl_debug.h>

#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <string>
#include <utility>
#include <vector>

#if DNNL_VERSION_MAJOR < 2 || DNNL_VERSION_MAJOR > 3
#error "COneDNN knows oneDNN 2.x and 3.x"
#endif
#if DNNL_CPU_RUNTIME != DNNL_RUNTIME_OMP && DNNL_CPU_RUNTIME != DNNL_RUNTIME_SEQ
#error "COneDNN needs a oneDNN that computes on OpenMP's threads or the calling one, as Debian's and Ubuntu's do"
#endif

using dnnl::memory;

namespace {

const dnnl::engine &engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

// OpenMP keeps a number of threads for each thread that asks for some, and the library cuts its work by it, both when a
// primitive is made and when it runs.
void compute_on_this_thread_alone() {
    thread_local bool is_set = false;
    if (is_set) return;
    is_set = true;
    const auto set = reinterpret_cast<void (*)(int)>(dlsym(RTLD_DEFAULT, "omp_set_num_threads"));
    if (set) set(1);
}

// Runs what may throw, and gives the code.
template <typename Body> int code_of(Body body) {
    try {
        compute_on_this_thread_alone();
        body();
        return dnnl_success;
    } catch (const dnnl::error &error) {
        return error.status;
    } catch (const std::bad_alloc &) {
        return dnnl_out_of_memory;
    } catch (...) {
        return dnnl_runtime_error;
    }
}

memory::data_type type_of(conednn_type type) {
    return type == CONEDNN_BF16 ? memory::data_type::bf16 : memory::data_type::f32;
}

// The library divides by the sizes.
memory::dims dims(size_t rows, size_t columns) {
    if (rows == 0 || columns == 0) throw dnnl::error(dnnl_invalid_arguments, "a matrix without entries");
    return {static_cast<memory::dim>(rows), static_cast<memory::dim>(columns)};
}

memory::desc dense(conednn_type type, size_t rows, size_t columns) {
    return {dims(rows, columns), type_of(type), memory::format_tag::ab};
}

dnnl::matmul::primitive_desc describe(const memory::desc &left, const memory::desc &right, const memory::desc &bias,
                                      const memory::desc &result, const dnnl::primitive_attr &attributes) {
#if DNNL_VERSION_MAJOR >= 3
    return {engine(), left, right, bias, result, attributes};
#else
    return {{left, right, bias, result}, attributes, engine()};
#endif
}

// How the library would like a right operand to lie, asked for so many rows on the left, and kept to with any number.
memory::desc packed(conednn_type type, size_t inner, size_t columns) {
    const size_t rows = 64;
    const memory::desc any(dims(inner, columns), type_of(type), memory::format_tag::any);
    return describe(dense(type, rows, inner), any, {}, dense(CONEDNN_FP32, rows, columns), {}).weights_desc();
}

// A primitive and, for each thread that runs it, what the library writes down about a run.
class Operation {
public:
    using operand = std::pair<int, memory::desc>;

    Operation(dnnl::primitive primitive, std::vector<operand> operands, memory::desc scratchpad)
        : primitive(std::move(primitive)), operands(std::move(operands)), scratchpad(std::move(scratchpad)) {}

    // The addresses are those of the operands, in their order.
    template <size_t count> void run(const void *const (&addresses)[count]) {
        auto run = take();
        for (size_t i = 0; i < operands.size(); i++) run->values[i].set_data_handle(const_cast<void *>(addresses[i]));
        // The C++ face would copy the arguments into new memory each time.
        const auto status = dnnl_primitive_execute(primitive.get(), run->stream.get(),
                                                   static_cast<int>(run->arguments.size()), run->arguments.data());
        give_back(std::move(run));
        if (status != dnnl_success) throw dnnl::error(status, "execute");
    }

private:
    struct Run {
        dnnl::stream stream{engine()};
        std::vector<memory> values;
        std::vector<dnnl_exec_arg_t> arguments;
    };

    std::unique_ptr<Run> take() {
        {
            std::lock_guard<std::mutex> lock(mutex);
            if (!idle.empty()) {
                auto run = std::move(idle.back());
                idle.pop_back();
                return run;
            }
        }
        auto run = std::make_unique<Run>();
        for (const auto &[argument, layout] : operands) add(*run, argument, memory(layout, engine(), DNNL_MEMORY_NONE));
        add(*run, DNNL_ARG_SCRATCHPAD, memory(scratchpad, engine()));
        return run;
    }

    static void add(Run &run, int argument, memory value) {
        run.arguments.push_back({argument, value.get()});
        run.values.push_back(std::move(value));
    }

    void give_back(std::unique_ptr<Run> run) {
        std::lock_guard<std::mutex> lock(mutex);
        idle.push_back(std::move(run));
    }

    dnnl::primitive primitive;
    std::vector<operand> operands;
    memory::desc scratchpad;
    std::mutex mutex;
    std::vector<std::unique_ptr<Run>> idle;
};

dnnl::primitive_attr with_scratchpad_of_ours() {
    dnnl::primitive_attr attributes;
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
    return attributes;
}

} // namespace

struct conednn_packing {
    size_t bytes;
    Operation operation;
};

struct conednn_product {
    std::string kernel;
    Operation operation;
};

const char *conednn_message(int code) { return dnnl_status2str(static_cast<dnnl_status_t>(code)); }

conednn_version conednn_library_version(void) {
    const auto *version = dnnl_version();
    return {version->major, version->minor, version->patch};
}

conednn_bf16_unit conednn_bf16(void) {
    // Each instruction set has the bits of those that it includes.
    const auto has = [](dnnl_cpu_isa_t set) { return (dnnl_get_effective_cpu_isa() & set) == set; };
    if (has(dnnl_cpu_isa_avx512_core_amx)) return CONEDNN_AMX;
    return has(dnnl_cpu_isa_avx512_core_bf16) ? CONEDNN_AVX512 : CONEDNN_WITHOUT;
}

int conednn_packing_create(const conednn_packing_shape *shape, conednn_packing **packing) {
    return code_of([&] {
        const auto &s = *shape;
        const auto stride = static_cast<memory::dim>(s.stride);
        const auto strides = s.is_transposed ? memory::dims{1, stride} : memory::dims{stride, 1};
        const memory::desc source(dims(s.inner, s.columns), type_of(s.from), strides);
        const auto target = packed(s.to, s.inner, s.columns);
        const dnnl::reorder::primitive_desc description(engine(), source, engine(), target, with_scratchpad_of_ours());
        const std::vector<Operation::operand> operands{{DNNL_ARG_SRC, source}, {DNNL_ARG_DST, target}};
        *packing = new conednn_packing{target.get_size(),
                                       {dnnl::reorder(description), operands, description.scratchpad_desc()}};
    });
}

void conednn_packing_free(conednn_packing *packing) { delete packing; }

size_t conednn_packing_bytes(const conednn_packing *packing) { return packing->bytes; }

int conednn_pack(conednn_packing *packing, const void *values, void *packed) {
    return code_of([&] { packing->operation.run({values, packed}); });
}

int conednn_product_create(const conednn_product_shape *shape, conednn_product **product) {
    return code_of([&] {
        const auto &s = *shape;
        auto attributes = with_scratchpad_of_ours();
        if (s.start == CONEDNN_CURRENT) {
            dnnl::post_ops after;
            after.append_sum(1.0f);
            attributes.set_post_ops(after);
        }
        const auto left = dense(s.type, s.rows, s.inner);
        const auto right = packed(s.type, s.inner, s.columns);
        const auto result = dense(s.result, s.rows, s.columns);
        const auto bias = s.start == CONEDNN_BIAS ? dense(CONEDNN_FP32, 1, s.columns) : memory::desc();
        const auto description = describe(left, right, bias, result, attributes);
        std::vector<Operation::operand> operands{
            {DNNL_ARG_SRC, left}, {DNNL_ARG_WEIGHTS, right}, {DNNL_ARG_DST, result}};
        if (s.start == CONEDNN_BIAS) operands.emplace_back(DNNL_ARG_BIAS, bias);
        *product = new conednn_product{description.impl_info_str(),
                                       {dnnl::matmul(description), operands, description.scratchpad_desc()}};
    });
}

void conednn_product_free(conednn_product *product) { delete product; }

const char *conednn_product_kernel(const conednn_product *product) { return product->kernel.c_str(); }

int conednn_multiply(conednn_product *product, const void *left, const void *right, const float *bias, void *result) {
    return code_of([&] { product->operation.run({left, right, result, bias}); });
}
