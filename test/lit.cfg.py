"""How lit finds and runs the compiler's tests; paths come from CMake through
lit.site.cfg.py."""
import os

import lit.formats

config.name = "anec"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".ir", ".mil", ".test"]
config.excludes = ["Inputs", "runtime", "e2e", "lint", "bench", "fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.anec_build_dir, "test", "lit")

config.environment["PATH"] = os.pathsep.join(
    [config.anec_bin_dir, config.llvm_tools_dir, config.environment["PATH"]])
# Forgotten variables fail instead of matching what an earlier function bound.
config.environment["FILECHECK_OPTS"] = "-enable-var-scope"
config.substitutions.append(("%models", os.path.join(config.anec_source_dir, "models")))
config.substitutions.append(("%python", config.python))
