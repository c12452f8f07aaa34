// the instruction set in use
#ifndef NEUROEDGE_DISPATCH_H
#define NEUROEDGE_DISPATCH_H

#include "kernels/kernels.h"

const ne_kernels* ne_kernels_in_use();

#endif
