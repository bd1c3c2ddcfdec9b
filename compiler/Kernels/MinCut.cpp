//===- MinCut.cpp - Minimum cut of a small directed graph -----------------===//

#include "compiler/Kernels/MinCut.h"

#include <algorithm>
#include <deque>

using namespace anec;

void MinCut::addEdge(unsigned from, unsigned to, int64_t capacity) {
  edgesOf[from].push_back(edges.size());
  edges.push_back({from, to, capacity});
  edgesOf[to].push_back(edges.size());
  edges.push_back({to, from, 0});
}

int64_t MinCut::augment(unsigned source, unsigned sink) {
  constexpr unsigned none = ~0u;
  std::vector<unsigned> reachedBy(edgesOf.size(), none);
  std::deque<unsigned> queue = {source};
  while (!queue.empty() && reachedBy[sink] == none) {
    unsigned node = queue.front();
    queue.pop_front();
    for (unsigned index : edgesOf[node]) {
      const Edge &edge = edges[index];
      if (edge.capacity > 0 && edge.to != source &&
          reachedBy[edge.to] == none) {
        reachedBy[edge.to] = index;
        queue.push_back(edge.to);
      }
    }
  }
  if (reachedBy[sink] == none)
    return 0;
  int64_t amount = unlimited;
  for (unsigned node = sink; node != source; node = edges[reachedBy[node]].from)
    amount = std::min(amount, edges[reachedBy[node]].capacity);
  for (unsigned node = sink; node != source;
       node = edges[reachedBy[node]].from) {
    edges[reachedBy[node]].capacity -= amount;
    edges[reachedBy[node] ^ 1].capacity += amount;
  }
  return amount;
}

std::vector<bool> MinCut::sinkSide(unsigned source, unsigned sink) {
  while (augment(source, sink) > 0)
    ;
  // Everything that can still reach the sink in the residual graph.
  std::vector<bool> reaches(edgesOf.size(), false);
  reaches[sink] = true;
  std::deque<unsigned> queue = {sink};
  while (!queue.empty()) {
    unsigned node = queue.front();
    queue.pop_front();
    for (unsigned index : edgesOf[node]) {
      const Edge &inward = edges[index ^ 1]; // inward: edge.to -> node
      if (inward.capacity > 0 && !reaches[inward.from]) {
        reaches[inward.from] = true;
        queue.push_back(inward.from);
      }
    }
  }
  return reaches;
}
