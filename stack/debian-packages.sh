#!/bin/sh
# The Debian packages Pakhus needs from the system, each with its reason. Nothing else is taken from the system:
# PostgreSQL, Airflow and the tools come from the package index by hash (stack/install.sh).
#
#   stack/debian-packages.sh             list them and say which are missing; exit code 1 if any is
#   stack/debian-packages.sh --install   install the missing ones (as root)
#
# --deployment before these: what `make deploy-check` and the tests of the proxy take besides. They are services, which
# Debian starts as it installs them, so nobody gets them unasked.
set -eu

# package | what proves that it is there | why
packages() {
    cat <<'LIST'
make|command -v make|runs the targets of the Makefile: make demo, make test
python3|python3 -c pass|runs everything; 3.11 (Debian 12) or 3.12
python3-venv|python3 -c 'import ensurepip, venv'|gives pip a place to put uv, which then fills .venv
ca-certificates|test -s /etc/ssl/certs/ca-certificates.crt|lets pip and uv check who the package index is
util-linux|command -v flock|keeps two installations at once apart
chromium-headless-shell|for name in chromium-headless-shell chromium; do command -v $name && exit; done; false|shows pages to the browser tests and the screenshots (300 MB on disk); without it those tests are left out
fonts-inter|test -d /usr/share/fonts/opentype/inter|the typeface of Airflow's pages, for the screenshots
LIST
    if [ -n "$deployment" ]; then
        cat <<'LIST'
nginx-light|PATH="$PATH:/usr/sbin" command -v nginx|the proxy before Airflow; without it the tests of the proxy are left out
redis-server|command -v redis-server|the broker between Airflow and its Celery workers
LIST
    fi
}

missing() {
    packages | while IFS='|' read -r package proof _; do
        sh -c "$proof" >/dev/null 2>&1 || printf '%s\n' "$package"
    done
}

show() {
    packages | while IFS='|' read -r package proof why; do
        state=missing
        if sh -c "$proof" >/dev/null 2>&1; then state=there; fi
        printf '%-8s %-24s %s\n' "$state" "$package" "$why"
    done
}

deployment=
if [ "${1:-}" = "--deployment" ]; then
    deployment=yes
    shift
fi
if [ "${1:-}" = "--install" ]; then
    wanted=$(missing)
    if [ -z "$wanted" ]; then exit 0; fi
    if [ "$(id -u)" != 0 ]; then
        # shellcheck disable=SC2086 # one word per package
        printf 'As root: apt-get install --no-install-recommends %s\n' "$(echo $wanted)" >&2
        exit 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update
    # shellcheck disable=SC2086 # one word per package
    apt-get install --yes --no-install-recommends $wanted
else
    show
    [ -z "$(missing)" ]
fi
