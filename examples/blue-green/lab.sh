#!/usr/bin/env bash
# Blue/green on one machine without containers: two versions of a shop, Teal, a resolver that keeps answers, and customers.
#   lab.sh up               starts all but v2, and makes shop.example.test a plain A record that leads to v1
#   lab.sh start|stop v1|v2 an environment; it answers when `start` comes back, and nobody does when `stop` does
#   lab.sh watch            what the customers see, a line a second, until Ctrl-C
#   lab.sh down             stops all, and says how many requests there were and how many failed
# It needs Linux (all of 127.0.0.0/8 is this machine there), unbound, curl and Node, and no rights: run it as yourself.
# LAB is the folder of its logs, process ids and Teal's data; the other settings below come from the environment too.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd -P)
root=$(cd "$here/../.." && pwd)
lab=${LAB:-data/lab}
app_port=${APP_PORT:-8080}
dns_port=${TEAL_DNS_PORT:-5300}
admin_port=${TEAL_ADMIN_PORT:-8053}
resolver_port=${RESOLVER_PORT:-5354}
node=$root/node_modules/.bin/node
declare -A addresses=([v1]=127.0.0.10 [v2]=127.0.0.20)

# A process by its number and when it began, since numbers are given again: field 22 of /proc/PID/stat (proc_pid_stat(5)).
identity() {
  [[ -e /proc/$1/stat ]] && echo "$1 $(cut -d ' ' -f 22 "/proc/$1/stat" 2>/dev/null)"
}

# runs NAME: whether what we started under that name still does.
runs() {
  local pid
  [[ -e $lab/$1.pid ]] && read -r pid _ <"$lab/$1.pid" && [[ $(identity "$pid") == "$(<"$lab/$1.pid")" ]]
}

# run NAME COMMAND…: in the background, with its output and its process in the lab's folder.
run() {
  local name=$1
  shift
  "$@" >>"$lab/$name.log" 2>&1 </dev/null &
  identity $! >"$lab/$name.pid" || true
}

# must_be_free ADDRESS PORT VARIABLE
must_be_free() {
  (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null || return 0
  echo "Something answers at $1 port $2 already: stop it (lab.sh down?), or choose another port with $3" >&2
  exit 69
}

# until_ok NAME COMMAND…: tries for up to a minute or so, for as long as NAME runs.
until_ok() {
  local name=$1
  shift
  for _ in {1..300}; do
    if "$@" >/dev/null 2>&1; then return; fi
    runs "$name" || break
    sleep 0.2
  done
  echo "$name does not answer:" >&2
  tail -n 5 "$lab/$name.log" >&2
  exit 1
}

# end NAME: asks it to end, and waits until it has.
end() {
  if runs "$1"; then
    kill "$(cut -d ' ' -f 1 "$lab/$1.pid")"
    while runs "$1"; do sleep 0.1; done
  fi
  rm -f "$lab/$1.pid"
}

end_all() {
  for name in customers resolver teal v1 v2; do end "$name"; done
}

start_version() {
  must_be_free "${addresses[$1]}" "$app_port" APP_PORT
  run "$1" env VERSION="$1" HOST="${addresses[$1]}" PORT="$app_port" "$node" "$here/app.mjs"
  until_ok "$1" curl --silent --fail "http://${addresses[$1]}:$app_port/healthz"
  echo "$1 answers at http://${addresses[$1]}:$app_port/"
}

start_teal() {
  must_be_free 127.0.0.1 "$dns_port" TEAL_DNS_PORT
  must_be_free 127.0.0.1 "$admin_port" TEAL_ADMIN_PORT
  run teal env TEAL_DATA_DIR="$lab/teal" TEAL_DNS_LISTEN="127.0.0.1:$dns_port" TEAL_ADMIN_LISTEN="127.0.0.1:$admin_port" \
    TEAL_CONFIG="$root/config/teal.yaml" "$node" --disable-sigusr1 "$root/src/main.ts" serve
  until_ok teal curl --silent --fail "http://127.0.0.1:$admin_port/readyz"
  TEAL_ADMIN_URL=http://127.0.0.1:$admin_port TEAL_TOKEN=$(cat "$lab/teal/admin.token") "$node" "$root/src/main.ts" \
    record set shop.example.test A "${addresses[v1]}" --ttl 5 >>"$lab/teal.log"
  echo "Teal answers at 127.0.0.1 port $dns_port, its API at http://127.0.0.1:$admin_port"
}

# A resolver as any other, save that it asks Teal for example.test, and nobody for anything else.
start_resolver() {
  must_be_free 127.0.0.1 "$resolver_port" RESOLVER_PORT
  cat >"$lab/unbound.conf" <<END
server:
  interface: 127.0.0.1@$resolver_port
  username: ""
  chroot: ""
  directory: "$lab"
  pidfile: ""
  use-syslog: no
  logfile: ""
  do-daemonize: no
  do-not-query-localhost: no
  # No DNSSEC down here, and .test is not answered as the name for tests that it is.
  module-config: "iterator"
  local-zone: "test." nodefault
remote-control:
  control-enable: no
stub-zone:
  name: "example.test"
  stub-addr: 127.0.0.1@$dns_port
END
  run resolver "$(PATH=$PATH:/usr/sbin type -P unbound || echo unbound)" -d -c "$lab/unbound.conf"
  until_ok resolver customer_asks
  echo "The resolver answers at 127.0.0.1 port $resolver_port"
}

# One request as the customers make them.
customer_asks() {
  RESOLVER="127.0.0.1:$resolver_port" "$node" --eval '
    const resolver = new (require("node:dns").promises.Resolver)({ timeout: 500, tries: 1 });
    resolver.setServers([process.env.RESOLVER]);
    resolver.resolve4("shop.example.test").catch(() => process.exit(1));'
}

start_customers() {
  run customers env RESOLVER="127.0.0.1:$resolver_port" PORT="$app_port" "$node" "$here/client.mjs"
  echo 'The customers send 50 requests a second'
}

up() {
  mkdir -p "$lab"
  lab=$(cd "$lab" && pwd)
  if runs teal; then
    echo 'The lab runs already: lab.sh down' >&2
    exit 69
  fi
  # All of it, or nothing that is left behind.
  trap end_all EXIT
  # It begins anew each time.
  rm -rf "$lab/teal" "$lab/customers.log"
  start_version v1
  start_teal
  start_resolver
  start_customers
  trap - EXIT
}

case ${1:-} in
  up) up ;;
  start) start_version "$2" ;;
  stop)
    end "$2"
    echo "$2 is stopped"
    ;;
  watch) exec tail -n 3 -f "$lab/customers.log" ;;
  down)
    end_all
    tail -n 1 "$lab/customers.log"
    ;;
  *)
    sed -n '2,8s/^# //p' "$0"
    exit 64
    ;;
esac
