// Counts what a thread asks of the heap: a program that has this linked in calls malloc and its relatives here.
#pragma once
#include <stddef.h>

// How often this thread has asked for so many bytes or more at once, since it last said from when on to count. Less than
// that is what handing a closure to other threads takes.
enum { COUNTED_BYTES = 256 };
void heap_calls_reset(void);
long heap_calls(void);
