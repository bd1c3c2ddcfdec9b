//===- BackgroundQueue.cpp - Work beside the calling thread ---------------===//

#include "runtime/train/BackgroundQueue.h"

#include "runtime/support/Stopwatch.h"

namespace anec::rt {

BackgroundQueue::BackgroundQueue() : worker([this] { runJobs(); }) {}

BackgroundQueue::~BackgroundQueue() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    stopping = true;
  }
  arrived.notify_one();
  worker.join();
}

uint64_t BackgroundQueue::add(std::function<void()> job) {
  {
    std::lock_guard<std::mutex> lock(mutex);
    jobs.push_back(std::move(job));
    ++added;
  }
  arrived.notify_one();
  return added;
}

bool BackgroundQueue::isDone(uint64_t job) {
  std::lock_guard<std::mutex> lock(mutex);
  return done >= job;
}

void BackgroundQueue::wait(uint64_t job) {
  Stopwatch watch(waited);
  std::unique_lock<std::mutex> lock(mutex);
  finished.wait(lock, [&] { return done >= job; });
}

double BackgroundQueue::busySeconds() {
  std::lock_guard<std::mutex> lock(mutex);
  return busy;
}

void BackgroundQueue::runJobs() {
  std::unique_lock<std::mutex> lock(mutex);
  while (true) {
    arrived.wait(lock, [&] { return stopping || !jobs.empty(); });
    if (jobs.empty())
      return;
    std::function<void()> job = std::move(jobs.front());
    jobs.pop_front();
    double seconds = 0;
    lock.unlock();
    {
      Stopwatch watch(seconds);
      job();
      job = nullptr; // what it holds goes before anybody hears that it is over
    }
    lock.lock();
    busy += seconds;
    ++done;
    finished.notify_all();
  }
}

} // namespace anec::rt
