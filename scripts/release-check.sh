#!/usr/bin/env bash
# release-check.sh: whether a release can be made of this tree, cheapest first: the versions agree, the changelog is dated, the links
# of the pages lead somewhere, the packages build and install in a Debian without PHP, all tests pass, and the suite does on every PHP that can
# be had. Names all that is missing.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

use_php
problems=()
version=$(sed -n '/^\[workspace.package\]/,/^version/ s/^version = "\(.*\)"/\1/p' Cargo.toml)
headline "Release $version"

# PLACE VERSION: where a version is told, it is this one.
agrees() { [ "$2" = "$version" ] || problems+=("$1 says ${2:-no version}, Cargo.toml $version"); }

# Which version is the newest in the changelog, and since when.
heading=$(grep -m 1 '^## ' CHANGELOG.md)
if [[ $heading =~ ^'## ['([^]]+)']'\ -\ [0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
    agrees CHANGELOG.md "${BASH_REMATCH[1]}"
else
    problems+=("CHANGELOG.md: its newest heading is '$heading', not '## [$version] - YYYY-MM-DD'")
fi
# Composer takes the version from the tag; one that is written down would have to agree.
said=$("$PHP" -n -r 'echo json_decode(file_get_contents("composer.json"), true)["version"] ?? "";')
[ -z "$said" ] || agrees composer.json "$said"
for tag in $(git tag --points-at HEAD 2>/dev/null); do agrees "The tag $tag" "${tag#v}"; done
"$PHP" -n scripts/check-links.php || problems+=('Links of the pages lead nowhere')

scripts/test-packages.sh || problems+=('The packages are not sound')
if [ -f "$SYNC_SO" ]; then
    agrees phpversion "$("$PHP" -n -d extension="$SYNC_SO" -r 'echo phpversion("sync");')"
    agrees 'phpinfo()' "$("$PHP" -n -d extension="$SYNC_SO" --ri sync | sed -n 's/^Version => //p')"
fi
if [ -x "$BUILD/tool/syncctl" ]; then agrees 'syncctl --version' "$("$BUILD/tool/syncctl" --version | sed 's/^syncctl //')"; fi
for package in dist/*.deb; do
    [ ! -f "$package" ] || agrees "$package" "$(dpkg-deb -f "$package" Version | sed 's/-[^-]*$//')"
done

scripts/test.sh || problems+=('make test: not all tests pass')
scripts/test-tls.sh || problems+=('make test-tls: encrypted connections do not work')
scripts/test-fresh-debian.sh || problems+=('make demo and make test do not pass in a Debian without PHP')
for series in '' 8.4; do scripts/test-adapters.sh $series || problems+=("make test-adapters SERIES=$series: not all tests pass"); done
scripts/test-matrix.sh || problems+=('make matrix: the suite does not pass on every PHP')

headline 'Result'
if [ ${#problems[@]} -gt 0 ]; then
    printf '%s\n' "${problems[@]}"
    exit 1
fi
say "$version can be released"
