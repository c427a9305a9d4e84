#!/usr/bin/env bash
# check-msrv.sh: no locked dependency asks for a newer Rust than Cargo.toml's rust-version promises.
#
# The other half, that our own code calls nothing newer in std, is clippy's incompatible_msrv lint,
# which is on by default.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
cargo metadata --locked --all-features --format-version 1 \
    --filter-platform "$(rustc -vV | sed -n 's/^host: //p')" |
    "$PHP" -n -r '
        $all = json_decode(stream_get_contents(STDIN), true);
        $used = array_column($all["resolve"]["nodes"], "id");
        $packages = array_column($all["packages"], null, "id");
        $ours = $packages[$all["resolve"]["root"]]["rust_version"];
        $full = fn (string $version) => implode(".", explode(".", $version) + [1 => "0", 2 => "0"]);
        $newer = 0;
        foreach ($used as $id) {
            ["name" => $name, "version" => $version, "rust_version" => $wants] = $packages[$id];
            if ($wants !== null && version_compare($full($wants), $full($ours), ">")) {
                echo "$name $version wants Rust $wants, Cargo.toml promises $ours\n";
                $newer++;
            }
        }
        printf("%d crates looked at; rust-version %s\n", count($used), $ours);
        exit($newer ? 1 : 0);'
