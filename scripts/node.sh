#!/usr/bin/env bash
# node.sh: npm's packages in .build/node: @msgpack/msgpack, for the test that exchanges values with JavaScript, what drives
# and judges pages in Chromium, and Intelephense, the editors' server for PHP.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

packages=('@msgpack/msgpack@3' 'playwright-core@1' 'axe-core@4' 'intelephense@1')
has_all() {
    local package
    for package in "${packages[@]}"; do [ -d "$BUILD/node/node_modules/${package%@*}" ] || return; done
}

has_all && exit
rm -rf "$BUILD/node"
mkdir -p "$BUILD/node"
cd "$BUILD/node"
npm install --silent --no-audit --no-fund "${packages[@]}"
