# shellcheck shell=bash
# Sourced after common.sh: fetches a server of another Debian, without installing it, and without being root.

# CODENAME KIND: the folder in which the server lies, with its libraries.
server_folder() { say "$BUILD/servers/$1-$2"; }

# CODENAME KIND: fetches the package KIND-server with all that it depends on, unless it is there. What it prints last is the reason where it fails.
fetch_server() {
    local codename=$1 kind=$2 keys=/usr/share/keyrings/debian-archive-keyring.gpg target new mirror apt
    target=$(server_folder "$codename" "$kind")
    [ ! -d "$target" ] || return 0
    if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
        say 'packages of Debian are fetched by apt-get and dpkg-deb, which are not here'
        return 1
    fi
    if [ ! -f "$keys" ]; then
        say "there is no $keys, which tells that packages are Debian's (the package debian-archive-keyring)"
        return 1
    fi
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)" | head -n 1)
    new=$target.new
    # Lists and packages of its own, as of a system in which nothing is installed.
    apt=(-q -y -o "Dir::Etc::SourceList=$new/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null -o "Dir::State::Lists=$new/apt/lists"
        -o "Dir::State::Status=$new/apt/status" -o "Dir::Cache=$new/apt" -o "APT::Sandbox::User=$(id -un)" -o Debug::NoLocking=1
        -o APT::Update::Error-Mode=any)
    # (A run that was killed may have left something. Whoever calls this in a condition has no errexit in it.)
    rm -rf "$new" && mkdir -p "$new/apt/lists/partial" "$new/apt/archives/partial" "$new/root" &&
        : >"$new/apt/status" && say "deb [signed-by=$keys] $mirror $codename main" >"$new/apt/sources.list" &&
        apt-get "${apt[@]}" update &&
        # The second package spares the whole of systemd, of which servers want a part.
        apt-get "${apt[@]}" --no-install-recommends --download-only install "$kind-server" systemd-standalone-tmpfiles &&
        find "$new/apt/archives" -name '*.deb' -print0 | xargs -0 -I{} dpkg-deb --extract {} "$new/root" &&
        rm -rf "$new/root/usr/share" && mv "$new/root" "$target" && rm -rf "$new"
}

# CODENAME KIND: the command that runs the server, its words ended by NUL: by its own loader, with its own libraries.
server_command() {
    local root loader
    root=$(server_folder "$1" "$2")
    loader=$(printf '%s\n' "$root"/usr/lib/*/ld-linux*.so.* | head -n 1)
    printf '%s\0' "$loader" --inhibit-cache --library-path "$(dirname "$loader")" "$root/usr/bin/$2-server"
}
