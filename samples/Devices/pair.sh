#!/usr/bin/env bash
# Pairs this device (RFC 8628) with curl 7.84 or later and jq. Usage: pair.sh SERVER TOKEN_FILE
set -uo pipefail
token_file=${2?Usage: pair.sh SERVER TOKEN_FILE} server=${1%/} client_id=my-device
fail() {
  echo "$*" >&2
  exit 1
}

# Sends the form of standard input: so the device code is in no list of processes.
post() { curl -sS --max-time 15 --data @- "$@"; }

[[ $server =~ ^(https?://[^/]+)(.*)$ ]] || fail "Not an address: $server"
found=$(curl -sS --max-time 15 "${BASH_REMATCH[1]}/.well-known/oauth-authorization-server${BASH_REMATCH[2]}")
start_url=$(jq -ner input.device_authorization_endpoint <<<"$found" 2>/dev/null) || fail "$server does not pair devices."
token_url=$(jq -r .token_endpoint <<<"$found")

device=$(jq -nr --arg id "$client_id" --arg name "$HOSTNAME" --arg os "$OSTYPE" \
  '@uri "client_id=\($id)&scope=library.read&number_matching=true&name=\($name)&platform=\($os)&client_device_identifier=\($name)"')
started=$(post "$start_url" <<<"$device")
form=$(jq -ner --arg id "$client_id" 'input | .device_code // halt_error |
  @uri "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=\($id)&device_code=\(.)"' <<<"$started" 2>/dev/null) || fail "Not started: $started"

give_up() {
  jq -r --arg id "$client_id" '@uri "client_id=\($id)&token_type_hint=device_code&token=\(.device_code)"' <<<"$started" |
    post "$(jq -r .revocation_endpoint <<<"$found")"
  fail "Given up."
}
trap give_up INT
jq -r '"Open \(.verification_uri) and enter \(.user_code)"' <<<"$started"

key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') # the same for all polls: a lost token can be fetched again
deadline=$((SECONDS + $(jq .expires_in <<<"$started") - 1))
interval=$(jq '.interval // 5' <<<"$started") hold=25 back_off=0 shown=
pause=$interval
while ((SECONDS < deadline)); do
  left=$((deadline - SECONDS))
  sleep $((pause < left ? pause : left)) # the last poll goes out a second before the end
  sent=$SECONDS
  answer=$(post "$token_url" --max-time $((hold + 15)) -H "Prefer: wait=$hold" -H "Idempotency-Key: $key" \
    -w '\n%{http_code}|%header{retry-after}|%header{preference-applied}' <<<"$form")
  took=$((SECONDS - sent)) body=${answer%$'\n'*}
  IFS='|' read -r status retry_after held <<<"${answer##*$'\n'}"
  IFS='|' read -r token error asked number < <(jq -r '"\(has("access_token"))|\(.error // "")|\(.interval // 0)|\(.match_number // "")"' <<<"$body" 2>/dev/null)
  if [[ $token == true ]]; then
    (umask 077 && echo "$body" >"$token_file") || exit 1 # only its owner reads it
    echo "Connected."
    exit
  elif [[ $error == authorization_pending ]]; then
    back_off=0 number=${number:-$shown}
    [[ $number == "$shown" ]] || took=2 # a new number shows that the answer was held
    pause=$((${#held} > 0 && took > 1 ? 0 : interval)) # held: the next one at once
    [[ $number == "$shown" ]] || echo "Choose this number on the page: $number"
    shown=$number
  elif [[ $error == slow_down && $status -lt 500 ]]; then
    pause=$((interval + 5 > asked ? interval + 5 : asked)) interval=$pause # for good
  elif [[ $status =~ ^(000|2..|408|429|5..)$ ]]; then
    ((took > 1)) && [[ $status != 429 && $status != 503 ]] && hold=0 # a proxy may cut long requests
    back_off=$((back_off * 2 > 60 ? 60 : back_off * 2))
    pause=$((back_off > interval ? back_off : interval)) back_off=$pause
  else
    fail "Not paired: ${error:-$status}"
  fi
  [[ $retry_after =~ ^[0-9]+$ ]] && ((retry_after > pause)) && pause=$retry_after
done
fail "Not paired: expired_token"
