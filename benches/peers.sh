#!/usr/bin/env bash
# peers.sh: fetches the competitors of Sync into .build/peers, and prints the lines of a
# php.ini that load it.
#
# Nothing is installed: the packages are unpacked beside the build, so that no server is started and
# no other PHP on this machine gets another extension (Debian does not even allow APCu and Yac
# together). A peer that cannot be had is named and left out.

. "$(dirname "$0")/../scripts/common.sh"

use_php
peers=$BUILD/peers
series=$("$PHP" -n -r 'echo PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;')
api=$(basename "$("$PHP_CONFIG" --extension-dir)")
extensions=(igbinary msgpack apcu yac sqlite3 redis memcached)

fetch() {
    mkdir -p "$peers/deb/partial" "$peers/root"
    local extension
    for extension in "${extensions[@]}"; do
        # With its dependencies, unless they are installed. One at a time: some conflict.
        apt-get -qq -y --download-only --no-install-recommends -o APT::Sandbox::User=root \
            -o Dir::Cache::archives="$peers/deb" install "php$series-$extension" || true
    done
    apt-get -qq -y --download-only --no-install-recommends -o APT::Sandbox::User=root \
        -o Dir::Cache::archives="$peers/deb" install redis-server memcached || true
    local package
    for package in "$peers"/deb/*.deb; do
        [ -e "$package" ] && dpkg-deb -x "$package" "$peers/root"
    done
    touch "$peers/fetched"
}

if [ ! -e "$peers/fetched" ] && command -v apt-get >/dev/null; then
    fetch >&2
fi

for extension in "${extensions[@]}"; do
    for directory in "$peers/root/usr/lib/php/$api" "$("$PHP_CONFIG" --extension-dir)"; do
        if [ -f "$directory/$extension.so" ]; then
            echo "extension=$directory/$extension.so"
            break
        fi
    done
done
