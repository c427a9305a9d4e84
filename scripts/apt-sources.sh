# shellcheck shell=bash
# Sourced after common.sh by scripts that fetch source packages of Debian.

# apt with lists of source packages of its own, kept here: nothing of the system's is changed.
apt_sources() {
    local command=$1 apt=$BUILD/apt
    shift
    "$command" -q -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$apt/parts" \
        -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt" -o APT::Sandbox::User="$(id -un)" "$@"
}

fetch_apt_lists() {
    local apt=$BUILD/apt list
    rm -rf "$apt/parts"
    mkdir -p "$apt/lists/partial" "$apt/archives/partial" "$apt/parts"
    for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
        if [ -f "$list" ] && grep -qi debian "$list"; then
            sed -E 's/^Types:.*/Types: deb-src/; s/^deb([[:space:]])/deb-src\1/' "$list" >"$apt/parts/$(basename "$list")"
        fi
    done
    apt_sources apt-get update
}
