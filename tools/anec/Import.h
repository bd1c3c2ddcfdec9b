//===- Import.h - What `anec import CONFIG` does ----------------*- C++ -*-===//
#ifndef ANEC_TOOLS_ANEC_IMPORT_H
#define ANEC_TOOLS_ANEC_IMPORT_H

namespace anec {

/// `anec import CONFIG -o MODEL.ir`: writes a model file with the sizes of a
/// Hugging Face config.json or a llama2.c checkpoint; argv[0] is the program.
/// Exit status 0, or 2 after one line that says what is wrong; nothing is
/// written then.
int importMain(int argc, char **argv);

} // namespace anec

#endif // ANEC_TOOLS_ANEC_IMPORT_H
