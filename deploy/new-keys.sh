#!/bin/sh
# Write what docker-compose.yaml needs to know, with new secrets, to .env (readable by its owner only):
#
#   deploy/new-keys.sh pakhus.example.dk     the name under which shops reach this host from outside
#
# What .env has already is left as it is, so it can be run again after an upgrade: only what is missing is added.
# Also makes a certificate for the first start where there is none; browsers and shops trust only a real one, see
# docs/deploying.md.
set -eu
umask 077

cd "$(dirname "$0")/.."
file=.env
host=${1:-}

say() { printf '%s\n' "new-keys: $*"; }

has() { [ -f "$file" ] && grep -q "^$1=" "$file"; }

# $1 bytes of chance, in letters that need no quoting in a URL, a shell or YAML. Ends in = signs where base64 does.
chance() { head -c "$1" /dev/urandom | base64 | tr -d '\n' | tr '+/' '-_'; }

add() {
    if has "$1"; then return; fi
    printf '%s=%s\n' "$1" "$2" >>"$file"
    say "$1 added"
}

make_certificate() {
    if [ -e deploy/tls/fullchain.pem ]; then return; fi
    if ! command -v openssl >/dev/null; then
        say "no openssl here: put fullchain.pem and privkey.pem into deploy/tls before the start" >&2
        return
    fi
    mkdir -p deploy/tls deploy/acme
    chmod 755 deploy/acme # the proxy's workers read what a certificate authority asks for; nothing there is secret
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=$host" \
        -addext "subjectAltName=DNS:$host" -keyout deploy/tls/privkey.pem -out deploy/tls/fullchain.pem 2>/dev/null
    say "deploy/tls: a certificate for $host that nobody trusts, for 30 days; replace it"
}

if ! has PAKHUS_HOST; then
    case $host in
    '' | *[!a-z0-9.-]*)
        say "say under which name shops reach this host: deploy/new-keys.sh pakhus.example.dk" >&2
        exit 2
        ;;
    esac
    if [ ! -f "$file" ]; then
        printf '%s\n' "# Made by deploy/new-keys.sh. Keep a copy in a safe place: without PAKHUS_FERNET_KEY the connections in" \
            "# Airflow's database cannot be read. Never commit it." >"$file"
    fi
fi
chmod 600 "$file"
add PAKHUS_HOST "$host"
host=$(sed -n 's/^PAKHUS_HOST=//p' "$file")
add PAKHUS_USERS admin:admin
add PAKHUS_PASSWORDS "'{\"admin\": \"$(chance 15)\"}'"
add PAKHUS_FERNET_KEY "$(chance 32)"
add PAKHUS_JWT_SECRET "$(chance 48)"
add PAKHUS_API_SECRET "$(chance 48)"
add PAKHUS_POSTGRES_PASSWORD "$(chance 24)"
add PAKHUS_AIRFLOW_DATABASE_PASSWORD "$(chance 24)"
add PAKHUS_LEDGER_DATABASE_PASSWORD "$(chance 24)"
add PAKHUS_REDIS_PASSWORD "$(chance 24)"
make_certificate
