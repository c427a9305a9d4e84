#!/usr/bin/env bash
# node.sh: npm's @msgpack/msgpack in .build/node, for the test that exchanges values with JavaScript.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

[ -d "$BUILD/node/node_modules/@msgpack/msgpack" ] && exit
rm -rf "$BUILD/node"
mkdir -p "$BUILD/node"
cd "$BUILD/node"
npm install --silent --no-audit --no-fund '@msgpack/msgpack@3'
