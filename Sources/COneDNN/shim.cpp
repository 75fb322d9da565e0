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

memory::desc matrix(size_t rows, size_t columns, memory::data_type type, memory::format_tag layout) {
    // The library divides by the sizes.
    if (rows == 0 || columns == 0) throw dnnl::error(dnnl_invalid_arguments, "a matrix without entries");
    return {{static_cast<memory::dim>(rows), static_cast<memory::dim>(columns)}, type, layout};
}

// What the library writes down about one run of a product.
struct Run {
    dnnl::stream stream{engine()};
    std::vector<memory> values;
    std::vector<dnnl_exec_arg_t> arguments;

    void add(int argument, memory value) {
        arguments.push_back({argument, value.get()});
        values.push_back(std::move(value));
    }
};

} // namespace

struct conednn_product {
    explicit conednn_product(const conednn_shape &shape)
        : left(matrix(shape.rows, shape.inner, memory::data_type::bf16, memory::format_tag::ab)),
          right(matrix(shape.inner, shape.columns, memory::data_type::bf16, memory::format_tag::BA16a64b2a)),
          result(matrix(shape.rows, shape.columns, memory::data_type::f32, memory::format_tag::ab)) {
        dnnl::primitive_attr attributes;
        attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
        if (shape.start == CONEDNN_CURRENT) {
            dnnl::post_ops after;
            after.append_sum(1.0f);
            attributes.set_post_ops(after);
        }
        has_bias = shape.start == CONEDNN_BIAS;
        if (has_bias) bias = matrix(1, shape.columns, memory::data_type::f32, memory::format_tag::ab);
#if DNNL_VERSION_MAJOR >= 3
        const dnnl::matmul::primitive_desc description(engine(), left, right, bias, result, attributes);
#else
        const dnnl::matmul::primitive_desc description({left, right, bias, result}, attributes, engine());
#endif
        kernel = description.impl_info_str();
        scratchpad = description.scratchpad_desc();
        primitive = dnnl::matmul(description);
    }

    // The addresses are those of left, right, result and bias.
    void run(const void *const (&addresses)[4]) {
        auto run = take();
        const size_t count = has_bias ? 4 : 3;
        for (size_t i = 0; i < count; i++) run->values[i].set_data_handle(const_cast<void *>(addresses[i]));
        // The C++ face would copy the arguments into new memory each time.
        const auto status = dnnl_primitive_execute(primitive.get(), run->stream.get(),
                                                   static_cast<int>(run->arguments.size()), run->arguments.data());
        give_back(std::move(run));
        if (status != dnnl_success) throw dnnl::error(status, "multiply");
    }

    std::string kernel;

private:
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
        run->add(DNNL_ARG_SRC, memory(left, engine(), DNNL_MEMORY_NONE));
        run->add(DNNL_ARG_WEIGHTS, memory(right, engine(), DNNL_MEMORY_NONE));
        run->add(DNNL_ARG_DST, memory(result, engine(), DNNL_MEMORY_NONE));
        if (has_bias) run->add(DNNL_ARG_BIAS, memory(bias, engine(), DNNL_MEMORY_NONE));
        run->add(DNNL_ARG_SCRATCHPAD, memory(scratchpad, engine()));
        return run;
    }

    void give_back(std::unique_ptr<Run> run) {
        std::lock_guard<std::mutex> lock(mutex);
        idle.push_back(std::move(run));
    }

    memory::desc left, right, result, bias, scratchpad;
    bool has_bias = false;
    dnnl::matmul primitive;
    std::mutex mutex;
    std::vector<std::unique_ptr<Run>> idle;
};

const char *conednn_message(int code) { return dnnl_status2str(static_cast<dnnl_status_t>(code)); }

conednn_version conednn_library_version(void) {
    const auto *version = dnnl_version();
    return {version->major, version->minor, version->patch};
}

conednn_bfloat_unit conednn_bfloat(void) {
    // Each instruction set has the bits of those that it includes.
    const auto has = [](dnnl_cpu_isa_t set) { return (dnnl_get_effective_cpu_isa() & set) == set; };
    if (has(dnnl_cpu_isa_avx512_core_amx)) return CONEDNN_AMX;
    return has(dnnl_cpu_isa_avx512_core_bf16) ? CONEDNN_AVX512 : CONEDNN_WITHOUT;
}

int conednn_product_create(const conednn_shape *shape, conednn_product **product) {
    return code_of([&] { *product = new conednn_product(*shape); });
}

void conednn_product_free(conednn_product *product) { delete product; }

const char *conednn_product_kernel(const conednn_product *product) { return product->kernel.c_str(); }

int conednn_multiply(conednn_product *product, const void *left, const void *right, const float *bias, float *result) {
    return code_of([&] { product->run({left, right, result, bias}); });
}
