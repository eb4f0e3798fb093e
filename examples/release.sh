#!/bin/sh
# A release with nothing but curl: it begins, is watched to its end, and is taken back where the job is cancelled.
#   examples/release.sh SERVICE BODY      such as: examples/release.sh app.example.com '{"to":"green","preset":"AllAtOnce"}'
# The body is that of POST /v1/services/{name}/releases. The exit code is 0 when all traffic is on the pool, and 1 when
# the release was refused or aborted. TEAL_ADMIN_URL and TEAL_TOKEN say where Teal is and who asks, TEAL_REASON why, and
# TEAL_KEY names this attempt, so that a request that had to be sent again begins no second release.
set -eu

releases="${TEAL_ADMIN_URL:-http://127.0.0.1:8053}/v1/services/$1/releases"

ask() {
  curl --silent --show-error --fail-with-body --max-time 30 --retry 5 --retry-connrefused \
    --header "Authorization: Bearer $TEAL_TOKEN" "$@"
}

# The first member of this name, whose value is a word.
word() {
  printf '%s' "$release" | grep -o "\"$1\":\"[^\"]*" | head -n 1 | cut -d '"' -f 4
}

key=${TEAL_KEY:-$(date +%s)-$$}
begin() {
  ask --header "Idempotency-Key: $key" --header "Teal-Reason: ${TEAL_REASON:-a pipeline}" \
    --header 'Content-Type: application/json' --data "$1" "$releases"
}

take_back() {
  trap - INT TERM
  ask --request POST "$releases/$id/abort" || true
  exit 1
}

# Cancelled while the request is on its way, the release may have begun: asked again under its key, Teal says which it is.
cancelled=''
trap 'cancelled=yes' INT TERM
release=$(begin "$2") || { [ -n "$cancelled" ] && release=$(begin "$2"); } || { echo "$release"; exit 1; }
id=$(word id)
trap take_back INT TERM
[ -z "$cancelled" ] || take_back

said=''
while :; do
  says="$(word state): $(word message)"
  [ "$says" = "$said" ] || echo "$says"
  said=$says
  case $(word state) in
    completed) exit 0 ;;
    aborted) exit 1 ;;
  esac
  # In the background, so that a signal is not kept waiting.
  sleep "${TEAL_POLL_SECONDS:-5}" &
  wait $!
  release=$(ask "$releases/$id") || { echo "$release"; exit 1; }
done
