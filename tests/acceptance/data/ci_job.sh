#!/bin/bash
# A CI job for the reference product: run scenarios by their ids, wait, read the counts, share the result.
# Needs curl and python3. BASE_URL, API_KEY, AGENT_ID, SCENARIO_IDS (separated by commas) and FREQUENCY are given by the CI.
set -euo pipefail

SLASH="${SLASH-/}" # empty: addresses as the SDK has them
POLL_SECONDS="${POLL_SECONDS:-0.2}"

api() { # api METHOD PATH [BODY]; the answer is printed, and where it is a refusal, the job ends
  local answer
  answer=$(curl --silent --show-error --fail-with-body --request "$1" "$BASE_URL/test_framework/v1/$2$SLASH" \
    --header "X-VOCERA-API-KEY: $API_KEY" --header "Content-Type: application/json" ${3:+--data "$3"}) ||
    { echo "$1 $2: $answer" >&2 && return 1; }
  echo "$answer"
}

read_from() { # read_from EXPRESSION; the expression is about `answer`, the JSON on standard input
  python3 -c "import json, sys; answer = json.load(sys.stdin); print($1)"
}

ids="\"${SCENARIO_IDS//,/\", \"}\"" # as strings: what comes out of a shell
result=$(api POST scenarios/run_scenarios_text \
  "{\"agent_id\": \"$AGENT_ID\", \"scenarios\": [$ids], \"freq\": \"$FREQUENCY\", \"name\": \"CI job\"}")
id=$(read_from 'answer["id"]' <<< "$result")
echo "result $id: $(read_from 'len(answer["runs"])' <<< "$result") runs"

for _ in $(seq 300); do
  detail=$(api GET "results/$id")
  status=$(read_from 'answer["status"]' <<< "$detail")
  case "$status" in completed | failed | timeout | cancelled) break ;; esac
  sleep "$POLL_SECONDS"
done

total=$(read_from 'answer["total_runs_count"]' <<< "$detail")
passed=$(read_from 'answer["success_runs_count"]' <<< "$detail")
failed=$(read_from 'answer["failed_runs_count"]' <<< "$detail")
rate=$(read_from '"%.1f%%" % answer["success_rate"]' <<< "$detail")
echo "$status: $passed of $total passed, $failed failed ($rate)"

link=$(api POST "results/$id/create_shareable_link_token" '{}' | read_from 'answer["shareable_link"]')
echo "shared: $(curl --silent --fail --output /dev/null --write-out '%{http_code} %{content_type}' "$link")"

[ "$status" = completed ] && [ "$failed" -eq 0 ]
