#!/bin/sh
# Installs what the browser tests need: Debian's Chromium and a Korean font. Both are taken from the
# system's packages; nothing is downloaded by Playwright. When they cannot be installed it says so
# in one line and ends well, and the browser tests are skipped.
set -u

have_browser() {
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
        command -v google-chrome >/dev/null 2>&1
}
have_font() {
    command -v fc-list >/dev/null 2>&1 && [ -n "$(fc-list :lang=ko family 2>/dev/null | head -n 1)" ]
}
without() {
    echo "browser tests will be skipped: $1" >&2
    exit 0
}

missing=""
have_browser || missing="chromium"
have_font || missing="$missing fontconfig fonts-noto-cjk"
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null 2>&1 ||
    without "install Chromium and a Korean font by hand (this system has no apt-get)"
if [ "$(id -u)" -eq 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    without "run \`sudo apt-get install$(printf ' %s' $missing)\` (installing needs root)"
fi

echo "installing$(printf ' %s' $missing) for the browser tests" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086  # a list of words, and sudo's own words, on purpose
{
    $as_root apt-get update && $as_root apt-get install -y --no-install-recommends $missing
} >"$log" 2>&1 || without "apt-get failed: $(grep -E '^(E|W|Err)' "$log" | head -n 1)"
