#!/usr/bin/env bash
# DNS as code, as two jobs of a pipeline: what a change would do is shown where it is proposed, and done where it is merged.
#   examples/gitops/pipeline.sh propose [SECRETS]   shows the difference; fails only where the server would refuse it
#   examples/gitops/pipeline.sh merge [SECRETS]     makes it so, and takes away what bears the label and is in no file
# Secrets that are made are written to new files in the folder SECRETS, for the vault of your choice.
# TEAL_ADMIN_URL, TEAL_TOKEN, TEAL_REASON and TEAL_LINKS are read by teal itself.
set -euo pipefail

job=$1
here=$(dirname "$0")
secrets=()
[[ $# -lt 2 ]] || secrets=(--secrets-dir "$2")

apply() { teal apply -f "$here"/*.yaml --prune --label managed-by=gitops ${secrets[@]+"${secrets[@]}"} "$@"; }

case $job in
  propose) apply --dry-run ;;
  merge) apply --yes ;;
  *) echo "expected propose or merge, not $job" >&2; exit 64 ;;
esac
