#!/bin/sh
# The hook of `certbot --manual` for DNS-01, one curl: adds the challenge to its TXT RRset, or takes it away.
#   examples/certbot.sh add|remove        certbot sets CERTBOT_DOMAIN and CERTBOT_VALIDATION
# TEAL_ZONE is the zone that the names are in. A name and its wildcard have two challenges at one name: both are there.
ttl=''
# An authority that asks again must not be told an old value for long.
[ "$1" = remove ] || ttl='"ttlSeconds":60,'
change="{\"name\":\"_acme-challenge.$CERTBOT_DOMAIN\",\"type\":\"TXT\",$ttl\"values\":[\"\\\"$CERTBOT_VALIDATION\\\"\"]}"
exec curl --silent --show-error --fail-with-body --max-time 30 \
  --header "Authorization: Bearer ${TEAL_TOKEN:-$(cat "${TEAL_TOKEN_FILE:-/etc/letsencrypt/teal.token}")}" \
  --header 'Teal-Reason: a certificate' \
  --data "{\"changes\":[{\"$1\":$change}]}" "${TEAL_ADMIN_URL:-http://127.0.0.1:8053}/v1/zones/$TEAL_ZONE/changes"
