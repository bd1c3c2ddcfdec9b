//===- MinCut.h - Minimum cut of a small directed graph ---------*- C++ -*-===//
//
// Decides what crosses from forward to backward, which values are cheapest to
// keep so that everything behind them can be computed again; and which ops of a
// kernel have which form.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_COMPILER_KERNELS_MINCUT_H
#define ANEC_COMPILER_KERNELS_MINCUT_H

#include <cstdint>
#include <vector>

namespace anec {

/// A flow network. Graphs here have a few hundred nodes, so augmenting along
/// shortest paths (Edmonds and Karp, 1972) is fast enough.
class MinCut {
public:
  static constexpr int64_t unlimited = int64_t(1) << 60;

  explicit MinCut(unsigned nodes) : edgesOf(nodes) {}

  void addEdge(unsigned from, unsigned to, int64_t capacity);

  /// Nodes on the sink's side of a minimum cut, the cut closest to the sink.
  std::vector<bool> sinkSide(unsigned source, unsigned sink);

private:
  struct Edge {
    unsigned from, to;
    int64_t capacity; ///< What is left; the twin (index ^ 1) holds the flow.
  };
  int64_t augment(unsigned source, unsigned sink);

  std::vector<Edge> edges;
  std::vector<std::vector<unsigned>> edgesOf;
};

} // namespace anec

#endif // ANEC_COMPILER_KERNELS_MINCUT_H
