#!/bin/sh
# Installs keyproxy from a release: downloads the executable for this machine, checks its SHA-256 sum, runs it once,
# and only then puts it in place, in one step. Whatever goes wrong before leaves everything as it was.
set -eu

# The release writes its own address here.
release_base='@DOWNLOAD_BASE@'

usage() {
  cat <<'END'
Usage: sh install.sh [--help]

Installs keyproxy for this user; no root needed. Needs curl or wget.

  KEYPROXY_VERSION        version to install, such as 0.1.0 (default: latest)
  KEYPROXY_INSTALL_DIR    folder to put it in (default: ~/.local/bin)
  KEYPROXY_DOWNLOAD_BASE  address of the releases, for a mirror

Exit codes: 0 installed, 1 failed and nothing was changed, 2 wrong usage.
END
}

fail() {
  printf 'keyproxy is not installed: %s\n' "$1" >&2
  exit "${2:-1}"
}

has() {
  command -v "$1" >/dev/null 2>&1
}

# Prints <os>-<arch> as in the names of the executables.
target() {
  case $(uname -s) in
    Linux) os=linux ;;
    Darwin) os=macos ;;
    MINGW* | MSYS* | CYGWIN*) fail 'on Windows use install.ps1 in PowerShell' ;;
    *) fail "there is no executable for $(uname -s); see \"From source\" in docs/install.md" ;;
  esac
  case $(uname -m) in
    x86_64 | amd64) arch=x64 ;;
    aarch64 | arm64) arch=arm64 ;;
    *) fail "there is no executable for processor $(uname -m); see \"From source\" in docs/install.md" ;;
  esac
  # A shell under Rosetta sees an Intel machine.
  if [ "$os-$arch" = macos-x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null || true)" = 1 ]; then arch=arm64; fi
  printf '%s-%s\n' "$os" "$arch"
}

warn_of_musl() {
  if [ -n "$(find /lib -maxdepth 1 -name 'ld-musl-*' 2>/dev/null)" ] && ! ls /lib*/ld-linux-* >/dev/null 2>&1; then
    printf 'Warning: this system uses musl, the executable needs glibc. On Alpine: apk add gcompat libstdc++, or use the container.\n' >&2
  fi
}

# download <url> <file>
download() {
  if has curl; then
    if [ -t 2 ]; then
      curl -fL --retry 2 --progress-bar -o "$2" "$1" || fail "cannot download $1"
    else
      said=$(curl -fsSL --retry 2 -o "$2" "$1" 2>&1) || fail "cannot download $1${said:+ ($said)}"
    fi
  elif has wget; then
    tries=
    # Busybox has no such option; the other would try twenty times.
    if wget --help 2>&1 | grep -q -e --tries; then tries=--tries=2; fi
    wget -q $tries -O "$2" "$1" || fail "cannot download $1"
  else
    fail 'curl or wget is needed to download it'
  fi
}

sum_of() {
  if has sha256sum; then
    sha256sum "$1" | cut -d ' ' -f 1
  elif has shasum; then
    shasum -a 256 "$1" | cut -d ' ' -f 1
  elif has openssl; then
    openssl dgst -sha256 -r "$1" | cut -d ' ' -f 1
  else
    fail 'sha256sum, shasum or openssl is needed to check the download'
  fi
}

tell_path() {
  case ":$PATH:" in *":$1:"*) return ;; esac
  printf '\n%s is not on your PATH. Add it:\n\n' "$1"
  case ${SHELL##*/} in
    fish) printf '  fish_add_path "%s"\n' "$1" ;;
    zsh) printf "  echo 'export PATH=\"%s:\$PATH\"' >> ~/.zshrc\n" "$1" ;;
    bash) printf "  echo 'export PATH=\"%s:\$PATH\"' >> ~/.bashrc\n" "$1" ;;
    *) printf "  echo 'export PATH=\"%s:\$PATH\"' >> ~/.profile\n" "$1" ;;
  esac
}

clean_up() {
  if [ -n "$work" ]; then rm -rf "$work"; fi
  if [ -n "$partial" ]; then rm -f "$partial"; fi
}

main() {
  case ${1:-} in
    '') ;;
    -h | --help)
      usage
      return
      ;;
    *) fail "unknown option \"$1\"; --help lists what there is" 2 ;;
  esac

  base=${KEYPROXY_DOWNLOAD_BASE:-$release_base}
  case $base in
    @*) fail 'this copy does not belong to a release: set KEYPROXY_DOWNLOAD_BASE to the address of the releases' ;;
  esac
  base=${base%/}
  version=${KEYPROXY_VERSION:-latest}
  version=${version#v}
  case $version in
    *[!0-9A-Za-z.+-]*) fail "KEYPROXY_VERSION=\"$version\" is not a version such as 0.1.0" 2 ;;
    latest) from=$base/latest/download ;;
    *) from=$base/download/v$version ;;
  esac
  folder=${KEYPROXY_INSTALL_DIR:-${HOME:?is not set; set KEYPROXY_INSTALL_DIR}/.local/bin}
  case $folder in /*) ;; *) folder=$PWD/$folder ;; esac

  # A failure inside $(…) ends only that, hence the exits.
  name=keyproxy-$(target) || exit 1
  warn_of_musl
  work=
  partial=
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM HUP
  work=$(mktemp -d) || fail 'cannot make a temporary folder'

  printf 'Downloading %s (%s)\n' "$name" "$version"
  download "$from/SHA256SUMS" "$work/SHA256SUMS"
  wanted=$(awk -v name="$name" '$2 == name || $2 == "*" name { print $1; exit }' "$work/SHA256SUMS")
  [ -n "$wanted" ] || fail "$from/SHA256SUMS has no line for $name"
  download "$from/$name" "$work/$name"
  got=$(sum_of "$work/$name") || exit 1
  [ "$got" = "$wanted" ] || fail "the download of $name is damaged or not genuine: its SHA-256 is $got, not $wanted"

  mkdir -p "$folder" 2>/dev/null || fail "cannot make the folder $folder; choose another with KEYPROXY_INSTALL_DIR"
  [ ! -d "$folder/keyproxy" ] || fail "$folder/keyproxy is a folder; choose another place with KEYPROXY_INSTALL_DIR"
  # In the same folder as its final name, so that the last step is one rename.
  partial=$folder/.keyproxy-partial-$$
  cp "$work/$name" "$partial" 2>/dev/null || fail "cannot write to $folder; choose another with KEYPROXY_INSTALL_DIR"
  chmod 755 "$partial"
  said=$("$partial" --version 2>&1) || fail "the executable does not run on this machine${said:+ ($said)}"
  mv -f "$partial" "$folder/keyproxy"
  partial=

  printf '%s is installed: %s\n' "$said" "$folder/keyproxy"
  tell_path "$folder"
}

# Last, so that a script that was cut while downloading does nothing.
main "$@"
