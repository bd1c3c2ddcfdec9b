"""Model files of any size, made by `anec import`, for the benchmarks beside."""
import json
import os
import subprocess


def make_model(tools, folder, name, seq, batch=1, **sizes):
    """Path of a model file; `sizes` are fields of a Hugging Face config.json."""
    config = {"model_type": "llama", "rms_norm_eps": 1e-5, "tie_word_embeddings": True,
              "max_position_embeddings": 4096, **sizes}
    path = os.path.join(folder, name)
    os.makedirs(path, exist_ok=True)
    with open(os.path.join(path, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    model = os.path.join(path, "model.ir")
    if os.path.exists(model):
        os.remove(model)
    subprocess.run([os.path.join(tools, "anec"), "import", os.path.join(path, "config.json"),
                    "-o", model, f"--seq={seq}", f"--batch={batch}"], check=True)
    return model
