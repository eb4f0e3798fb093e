#!/usr/bin/env bash
# Moves the weights of a service over the admin API, and shows by 100 queries what is answered then.
#   examples/shift.sh SERVICE POOL=WEIGHT…        such as: examples/shift.sh app.example.test blue=0 green=100
# Every pool of the service is named. TEAL_ADMIN_URL, TEAL_TOKEN and TEAL_DNS (address:port) say where Teal is.
set -euo pipefail

service=$1
shift
api=${TEAL_ADMIN_URL:-http://127.0.0.1:8053}
token=${TEAL_TOKEN:-$(cat data/admin.token)}
dns=${TEAL_DNS:-127.0.0.1:5300}

weights=''
for word in "$@"; do
  weights+="${weights:+,}\"${word%%=*}\":${word#*=}"
done

# --fail-with-body: what was wrong is in the body of the reply, as "detail".
curl --silent --show-error --fail-with-body --request PUT \
  --header "Authorization: Bearer $token" --header 'Content-Type: application/json' \
  --data "{$weights}" "$api/v1/services/$service/weights"
echo

# The shift was in force before curl came back, so there is nothing to wait for.
for _ in {1..100}; do
  dig +short "@${dns%:*}" -p "${dns##*:}" "$service" A
done | sort | uniq -c
