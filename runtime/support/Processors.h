//===- Processors.h - How many processors there are for us ------*- C++ -*-===//
//
// Containers and schedulers give a process some of a machine's processors. With
// a thread for each of the machine's, threads that wait for one another would
// share a processor.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_SUPPORT_PROCESSORS_H
#define ANEC_RUNTIME_SUPPORT_PROCESSORS_H

namespace anec::rt {

/// Hardware threads that the calling thread may run on, at least 1: those of
/// its affinity mask on Linux, all of the machine's elsewhere.
int availableProcessors();

} // namespace anec::rt

#endif // ANEC_RUNTIME_SUPPORT_PROCESSORS_H
