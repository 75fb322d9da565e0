// What one core could compute if its operands came for free: multiply-adds of numbers that never leave their registers.
#pragma once
#include <stddef.h>

// So many rounds in single precision, and of bfloat16 products, which need the processor's instruction. Both return the
// number of multiply-adds they made, 0 where there is no such instruction.
size_t multiply_registers(size_t rounds);
size_t multiply_bfloat_registers(size_t rounds);
