// When requests start, and how long they take from then on.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// At fixed times, so many a second from now on, whatever became of those before; 0: at once.
// Returns a descriptor that gets readable when the next is due, or -1 where there is none.
int pace_start(long rate);
// Whether the request of a number, from 0 on, is due; if it isn't, the descriptor tells when.
bool pace_is_due(long number);
// The request of a number has its answer.
void pace_answered(long number);
// Milliseconds from the time at which requests were due to their answers, by rank from 0 to 1.
double pace_percentile(double rank);
