#!/usr/bin/env bash
# A release as a job of a pipeline: it begins, is watched to its end, and is taken back where the job is cancelled.
#   examples/canary.sh SERVICE POOL STEPS         such as: examples/canary.sh app.example.com green 10,5m,50,5m,100
# The exit code is 0 when all traffic is on the pool, and 1 when the release was aborted: by a gate, or by a person.
# TEAL_ADMIN_URL, TEAL_TOKEN, TEAL_REASON and TEAL_LINKS are read by teal itself.
set -euo pipefail

service=$1
pool=$2
steps=$3

take_back() {
  trap - INT TERM
  teal release abort "$service" || true
  exit 1
}
trap take_back INT TERM

# In the background, so that a signal is not kept waiting until the release has ended.
teal release start "$service" --to "$pool" --steps "$steps" --watch &
wait $!
