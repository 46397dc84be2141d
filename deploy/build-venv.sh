#!/bin/sh
# Installs linkcrawl out of a source tree into a virtual environment of its own. The Dockerfile runs this, and so
# does tests/deploy/test_image.py: what builds the image is what was tested.
#
#   build-venv.sh SOURCE TARGET [EXTRAS]      EXTRAS: object stores to speak to, as in pyproject.toml (default: s3)
set -eu

source=$1
target=$2
extras=${3:-s3}

# Without pip: the image never installs anything.
python3 -m venv --without-pip "$target"

# Every package at the version that was tested, and no compiler: a package without a wheel is an error.
python3 -m pip --python "$target/bin/python" install --quiet --disable-pip-version-check --no-input \
  --only-binary :all: --no-binary linkcrawl \
  --constraint "$source/deploy/constraints.txt" "${source}[${extras}]"

"$target/bin/linkcrawl" --version
