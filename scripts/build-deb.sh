#!/usr/bin/env bash
# build-deb.sh: builds dist/php8.2-sync_….deb from packaging/deb: the extension for Debian's PHP, enabled for all of its SAPIs, and
# syncctl with its manual and its completion. The package fits the Debian, and the PHP, on which it is built.

# shellcheck source=scripts/common.sh
. "$(dirname "$0")/common.sh"

scripts/need.sh build deb
use_php
extensions=$("$PHP_CONFIG" --extension-dir)
api=$("$PHP_CONFIG" --phpapi)
series=$(php_series)
if [ "$extensions" != "/usr/lib/php/$api" ] || ! [ -d "/etc/php/$series/mods-available" ]; then
    fail "$PHP is not Debian's: the package is built for Debian's PHP alone"
fi

scripts/build.sh
scripts/build-tool.sh

headline "Building the package for Debian, with PHP $series"
version=$(sed -n '/^\[workspace.package\]/,/^version/ s/^version = "\(.*\)"/\1/p' Cargo.toml)-1
package=php$series-sync
architecture=$(dpkg --print-architecture)
maintainer="${DEBFULLNAME:-The Sync authors} <${DEBEMAIL:-sync@packages.invalid}>"
# The same commit is the same package, byte by byte.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
tree=$work/tree
documents=$tree/usr/share/doc/$package

# FILE TARGET [MODE]: a file of packaging/deb, with the words between @ and @ replaced.
fill() {
    install -D -m "${3:-644}" /dev/null "$2"
    sed -e "s|@SERIES@|$series|g; s|@API@|$api|g; s|@VERSION@|$version|g; s|@ARCHITECTURE@|$architecture|g; s|@MAINTAINER@|$maintainer|g" \
        -e "s|@EXTENSION_DIR@|$extensions|g; s|@SIZE@|${size:-}|g; s|@LIBRARIES@|${libraries:-}|g" "packaging/deb/$1" >"$2"
}

umask 022
install -D -m 644 "$SYNC_SO" "$tree$extensions/sync.so"
DESTDIR=$tree PREFIX=/usr scripts/build-tool.sh --install >/dev/null
mkdir -p "$tree/usr/share/zsh/vendor-completions"
mv "$tree/usr/share/zsh/site-functions/_syncctl" "$tree/usr/share/zsh/vendor-completions/"
rmdir "$tree/usr/share/zsh/site-functions"
strip --strip-unneeded --remove-section=.comment --remove-section=.note "$tree$extensions/sync.so" "$tree/usr/bin/syncctl"

fill sync.ini "$tree/etc/php/$series/mods-available/sync.ini"
fill copyright "$documents/copyright"
fill lintian-overrides "$tree/usr/share/lintian/overrides/$package"
gzip -n -9 <CHANGELOG.md >"$documents/changelog.gz"
gzip -n -9 >"$documents/changelog.Debian.gz" <<CHANGES
$package ($version) stable; urgency=medium

  * The changes are in changelog.gz.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
CHANGES
chmod 644 "$documents"/*

# The libraries, by the symbols that the extension needs of them.
mkdir "$work/debian"
printf 'Source: sync\n\nPackage: %s\nArchitecture: any\n' "$package" >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O "tree$extensions/sync.so" 2>"$work/log" | sed -n 's/^shlibs:Depends=//p')
[ -n "$libraries" ] || fail "dpkg-shlibdeps finds no libraries: $(cat "$work/log")"

size=$(du -sk --apparent-size "$tree" | cut -f1)
fill control "$tree/DEBIAN/control"
for script in preinst postinst prerm postrm; do fill $script "$tree/DEBIAN/$script" 755; done
echo "/etc/php/$series/mods-available/sync.ini" >"$tree/DEBIAN/conffiles"
(cd "$tree" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"

mkdir -p dist
built=dist/${package}_${version}_$architecture.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$work/built.deb" >/dev/null
mv "$work/built.deb" "$built"
say "Built $built. Try: apt-get install ./$built"
