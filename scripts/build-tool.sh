#!/usr/bin/env bash
# build-tool.sh [--install]: builds syncctl as .build/tool/syncctl, linked statically where the target allows: a program that runs on
# any Linux of this architecture. With --install, puts it, its manual and its completion below PREFIX.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

TOOL=$BUILD/tool/syncctl
PREFIX=${PREFIX:-/usr/local}

build() {
    local host target
    command -v cargo >/dev/null || fail "no cargo found; run: scripts/need.sh --install build"
    host=$(rustc -vV | sed -n 's/^host: //p')
    target=$(realpath -m "${CARGO_TARGET_DIR:-$ROOT/target}")/tool
    # With a target of its own, so that the flag is not for what runs while building.
    CARGO_TARGET_DIR=$target RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static" \
        cargo build --release --locked -p sync-tool --target "$host" "${FEATURE_OPTIONS[@]}"
    mkdir -p "$(dirname "$TOOL")"
    # A new file, not a changed one: a program that runs keeps the old one.
    install -m 755 "$target/$host/release/syncctl" "$TOOL.new"
    mv "$TOOL.new" "$TOOL"
    say "Built $TOOL. Try: $TOOL --help"
}

# SOURCE TARGET MODE
put() {
    as_root_for "$2" install -D -m "$3" "$1" "$2"
    say "$2"
}

install_tool() {
    local folder=${DESTDIR:-}$PREFIX completion pages page
    [ -x "$TOOL" ] || build
    put "$TOOL" "$folder/bin/syncctl" 755
    completion=$(mktemp)
    "$TOOL" completion bash >"$completion"
    put "$completion" "$folder/share/bash-completion/completions/syncctl" 644
    "$TOOL" completion zsh >"$completion"
    put "$completion" "$folder/share/zsh/site-functions/_syncctl" 644
    rm -f "$completion"
    pages=$(mktemp -d)
    "$TOOL" manual "$pages"
    for page in "$pages"/*; do
        gzip -n -9 "$page"
        put "$page.gz" "$folder/share/man/man1/$(basename "$page").gz" 644
    done
    rm -rf "$pages"
}

case ${1:-} in
'') build ;;
--install) install_tool ;;
*) fail "usage: scripts/build-tool.sh [--install]" ;;
esac
