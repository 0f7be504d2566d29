#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own, and removes the server afterwards: postgres.sh COMMAND…
#
#   Tests/postgres.sh swift test --filter PostgresStoreTests
#   Tests/postgres.sh                  a shell, where `psql "$WEBHOOKS_TEST_POSTGRES"` works
#
# The server listens on a Unix socket in a temporary folder alone. A server that WEBHOOKS_TEST_POSTGRES names already is
# used as it is. A server that is killed comes back at once, as a service manager would do it: a test that needs a crash
# sends SIGQUIT to the process that the first line of $WEBHOOKS_TEST_POSTGRES_DATA/postmaster.pid names.
# WEBHOOKS_TEST_POSTGRES_FSYNC=on is for benchmarks: the server then waits for the disk as one in production does.
set -euo pipefail
[ $# -gt 0 ] || set -- "${SHELL:-sh}"
[ -z "${WEBHOOKS_TEST_POSTGRES:-}" ] || exec "$@"

fail() {
    echo "error: $1" >&2
    exit 1
}

# Debian keeps a version's programs off the PATH.
binaries=$(pg_config --bindir 2>/dev/null || true)
for folder in "$binaries" $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV); do
    [ ! -x "$folder/initdb" ] || break
done
[ -x "$folder/initdb" ] || fail "no PostgreSQL server here; \`make setup-tests\` installs it, or set WEBHOOKS_TEST_POSTGRES to a server's URL"

# PostgreSQL refuses to run as root.
ordinary=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    ordinary=(setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups)
fi

# Not below TMPDIR: a socket's path has 107 bytes, and the server's user has to get there.
root=$(mktemp -d /tmp/webhooks-postgres.XXXXXX)
server=
finish() {
    if [ -n "$server" ]; then
        kill -TERM "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    fi
    rm -rf "$root"
}
trap finish EXIT
[ ${#ordinary[@]} = 0 ] || chown "$user" "$root"

# Becomes a program of the server's user: for a subshell or the background.
become() {
    cd "$root"
    exec env -u PGDATA -u PGHOST -u PGPORT -u PGUSER LC_ALL=C "${ordinary[@]}" "$@"
}

# A collation of people's, where there is one: nothing may take the order of text for the order of its bytes.
collation=()
! "$folder/initdb" --help | grep -q icu-locale || collation=(--locale-provider=icu --icu-locale=en)
(become "$folder/initdb" --pgdata="$root/data" --username=webhooks --auth=trust --encoding=UTF8 --no-locale \
    "${collation[@]}" --no-sync) >"$root/initdb.log" 2>&1 || { cat "$root/initdb.log" >&2; fail "initdb failed"; }

# The members of a role need their password, for the tests of refused logins.
printf '%s\n' 'local all +with_password scram-sha-256' 'local all all trust' >"$root/data/pg_hba.conf"
# The machine may lose power under a test's server, a session may not lose its COMMIT: what tests kill are processes.
cat >>"$root/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$root'
unix_socket_permissions = 0700
fsync = ${WEBHOOKS_TEST_POSTGRES_FSYNC:-off}
full_page_writes = ${WEBHOOKS_TEST_POSTGRES_FSYNC:-off}
synchronous_commit = on
max_connections = 500
max_prepared_transactions = 10
restart_after_crash = on
log_destination = stderr
END

# The server ends with this script, also when that is killed, and comes back when somebody else ends it.
become setpriv --pdeathsig TERM bash -c '
    postmaster=
    trap "trap - TERM; stopped=1; kill -QUIT \$postmaster 2>/dev/null" TERM
    trap "" INT
    while [ -z "${stopped:-}" ]; do
        "$0/postgres" -D "$1/data" >>"$1/server.log" 2>&1 &
        postmaster=$!
        while kill -0 "$postmaster" 2>/dev/null; do wait "$postmaster" || true; done
        [ -n "${stopped:-}" ] || sleep 0.1
    done
    rm -rf "$1"/* 2>/dev/null' "$folder" "$root" &
server=$!

export WEBHOOKS_TEST_POSTGRES="postgresql:///webhooks?host=$root&user=webhooks"
export WEBHOOKS_TEST_POSTGRES_DATA="$root/data"
attempts=0
until (become "$folder/psql" -qX "postgresql:///postgres?host=$root&user=webhooks" \
    -c 'CREATE ROLE with_password' -c 'CREATE DATABASE webhooks') >"$root/psql.log" 2>&1; do
    attempts=$((attempts + 1))
    kill -0 "$server" 2>/dev/null && [ "$attempts" -lt 100 ] || { cat "$root"/*.log >&2; fail "the server doesn't start"; }
    sleep 0.1
done

"$@"
