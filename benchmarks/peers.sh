#!/usr/bin/env bash
# Makes the environments of the benchmark's peers: benchmarks/.peers/torch and benchmarks/.peers/tensorflow.
# They are kept apart from the project's own environment, which needs neither library.
# Usage: benchmarks/peers.sh [PYTHON]   (default: python3; TensorFlow needs 3.10 to 3.13)
set -euo pipefail
cd "$(dirname "$0")"
python=${1:-python3}

for name in torch tensorflow; do
    environment=.peers/$name
    [ -x "$environment/bin/python" ] || "$python" -m venv "$environment"
    "$environment/bin/python" -m pip install --quiet --requirement "peers/requirements-$name.txt"
done

# PyTorch's CPU build, and Pythae beside it.
.peers/torch/bin/python -c 'import pythae.trainers, torch; print("PyTorch", torch.__version__)'
TF_CPP_MIN_LOG_LEVEL=3 .peers/tensorflow/bin/python -c 'import keras; print("Keras", keras.__version__)' 2>/dev/null
