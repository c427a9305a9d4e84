#!/usr/bin/env bash
# check-dockerfile.sh: the Dockerfile is one, by npm's dockerfile-utils, and copies from stages that it has. No container is built.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

modules=$BUILD/dockerfile
if ! [ -d "$modules/node_modules/dockerfile-utils" ]; then
    mkdir -p "$modules"
    (cd "$modules" && npm install --silent --no-audit --no-fund dockerfile-utils@0.16)
fi
NODE_PATH=$modules/node_modules node -e '
    const { validate } = require("dockerfile-utils");
    const file = process.argv[1];
    const problems = validate(require("fs").readFileSync(file, "utf8"));
    for (const { range, message } of problems) console.log(`${file}:${range.start.line + 1}: ${message}`);
    if (problems.length === 0) console.log(`${file}: a Dockerfile`);
    process.exit(problems.length === 0 ? 0 : 1);' packaging/docker/Dockerfile
