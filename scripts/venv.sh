#!/usr/bin/env bash
# venv.sh: a Python with PyPI's msgpack and crc32c in .build/venv, for the tests that read and write a
# store without PHP.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

"$BUILD/venv/bin/python" -c 'import msgpack, crc32c' 2>/dev/null && exit
mkdir -p "$BUILD"
rm -rf "$BUILD/venv"
python3 -m venv "$BUILD/venv"
"$BUILD/venv/bin/python" -m pip install --quiet --disable-pip-version-check 'msgpack>=1,<2' 'crc32c>=2,<3'
