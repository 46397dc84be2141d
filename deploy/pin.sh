#!/bin/sh
# Writes constraints.txt anew: the newest versions that fit pyproject.toml, for the Python that runs this (make pins).
set -eu
cd "$(dirname "$0")/.."

report=$(mktemp)
trap 'rm -f "$report"' EXIT
python3 -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed --only-binary :all: \
  --report "$report" '.[s3,gcs]'

python3 - "$report" >deploy/constraints.txt <<'PROGRAM'
import json
import pathlib
import sys

print("# The exact versions in the image: those that the tests ran with. Made by `make pins`.")
packages = json.loads(pathlib.Path(sys.argv[1]).read_text())["install"]
for package in sorted((package["metadata"] for package in packages), key=lambda package: package["name"].lower()):
    if package["name"] != "linkcrawl":
        print(f"{package['name']}=={package['version']}")
PROGRAM
