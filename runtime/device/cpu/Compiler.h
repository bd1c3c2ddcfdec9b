//===- Compiler.h - MIL function to steps -----------------------*- C++ -*-===//
//
// Internal to the CPU device. Values become parts of buffers; views cost
// nothing, constant results are computed at once, and what a concat or an
// output takes is computed in place.
//
//===----------------------------------------------------------------------===//
#ifndef ANEC_RUNTIME_DEVICE_CPU_COMPILER_H
#define ANEC_RUNTIME_DEVICE_CPU_COMPILER_H

#include "runtime/device/cpu/CpuProgram.h"
#include "runtime/mil/TypeCheck.h"

#include <deque>
#include <map>

namespace anec::rt::cpu {

/// Builds one program; everything it needs is alive while it works.
class Compiler {
public:
  Compiler(const ProgramFiles &files, const CompileOptions &options,
           ThreadPool &pool, std::vector<std::string> *warnings)
      : files(files), options(options), pool(pool), warnings(warnings),
        scope(files.name, mil::RuntimeTypes::Refuse),
        program(new CpuProgram()) {}

  std::optional<Error> compile(const mil::Function &function);
  std::unique_ptr<CpuProgram> take() { return std::move(program); }

private:
  std::optional<Error> addInput(const mil::TypedName &parameter);
  std::optional<Error> addOutput(const std::string &name);
  std::optional<Error> addStatement(const mil::Statement &statement);
  Result<bool> addViews(const mil::Statement &statement,
                        const mil::Operands &operands,
                        const std::vector<Layout> &results);
  std::optional<Error> addConcat(const mil::Statement &statement,
                                 const mil::Operands &operands,
                                 const Layout &result);
  std::optional<Error> addKernel(const mil::Statement &statement,
                                 const mil::Operands &operands,
                                 const std::vector<Layout> &results);
  void addCopy(const ValueRef &from, const ValueRef &to);
  void publish(const std::string &name);
  template <typename Elements>
  void publish(const std::string &name, Elements elements);
  void setInput(const std::string &name, const std::vector<double> &numbers,
                const Layout &layout);

  Result<Layout> layoutOf(const mil::Type &type) const;
  Result<ValueRef> tensor(const mil::OperandInfo &operand);
  size_t addBuffer(BufferKind kind, size_t index, int64_t bytes);
  bool isConstant(const ValueRef &value) const;
  /// Makes the value's memory a part of `target`, where nothing forbids it.
  bool place(const ValueRef &value, size_t target, int64_t offset);

  /// Lets steps read what the program borrows where it is.
  void readBorrowed();
  std::optional<std::vector<std::pair<ValueRef *, size_t>>>
  readersOf(const BorrowedRegion &borrowed);
  void replaceCopies();

  /// Finds the packed form of the step's packable input, if it can have one.
  void planPacking(Step &step);
  /// Notes what of the inputs is read in place.
  void findReads();
  /// Frees constants that are only read packed.
  void freePackedConstants();

  const ProgramFiles &files;
  const CompileOptions &options;
  ThreadPool &pool;
  std::vector<std::string> *warnings;
  mil::Scope scope;
  std::unique_ptr<CpuProgram> program;
  std::map<std::string, ValueRef> values;
  std::map<const mil::Value *, ValueRef> constants;
  /// Values that only constants lead to, for the type rules.
  std::deque<mil::Value> folded;
};

} // namespace anec::rt::cpu

#endif // ANEC_RUNTIME_DEVICE_CPU_COMPILER_H
