#!/usr/bin/env bash
# node.sh: npm's packages in .build/node: @msgpack/msgpack, for the test that exchanges values with JavaScript, and what drives
# and judges pages in Chromium.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

packages=('@msgpack/msgpack@3' 'playwright-core@1' 'axe-core@4')
has_all() {
    local package
    for package in "${packages[@]}"; do [ -d "$BUILD/node/node_modules/${package%@*}" ] || return; done
}

has_all && exit
rm -rf "$BUILD/node"
mkdir -p "$BUILD/node"
cd "$BUILD/node"
npm install --silent --no-audit --no-fund "${packages[@]}"
