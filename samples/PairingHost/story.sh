#!/usr/bin/env bash
# The whole story of a device, with curl: pair, play, rename, pair again, delete. The host must be running (dotnet run --project samples/PairingHost).
# Usage: story.sh [http://localhost:5080]. Each step prints the request and the answer; secrets are cut short.
set -euo pipefail
host=${1:-http://localhost:5080}
auth=$host/api/auth/device
answer=''

# step "what" STATUS METHOD URL [curl options]: prints it, keeps the body in $answer, and fails on a status other than the expected one.
step() {
  local what=$1 expected=$2 method=$3 url=$4
  shift 4
  local out
  out=$(curl -sS -X "$method" "$url" -w '\n%{http_code}' "$@")
  answer=${out%$'\n'*}
  local status=${out##*$'\n'}
  printf '\n# %s\n%s %s → %s\n%s\n' "$what" "$method" "${url#"$host"}" "$status" \
    "$(sed -E 's/("(device_code|access_token)":"[^"]{6})[^"]*/\1…/g' <<<"$answer")"
  [ "$status" = "$expected" ] || { echo "expected $expected" >&2; exit 1; }
}
member() { grep -oP "\"$1\":\s*\"\K[^\"]+" <<<"$answer" | head -1; }

json=(-H 'Content-Type: application/json')
jar=$(mktemp) # with the cookie of the review, the approval does not count as another code entry; a user has five in ten minutes
trap 'rm -f "$jar"' EXIT
alice=(-u alice:demo -b "$jar" -c "$jar")
init='{"client_device_identifier":"story-1","name":"Story handheld","client":"grout","platform":"muOS","client_version":"1.0.0",
  "requested_scopes":["me.read","devices.read","devices.write","assets.read","assets.write","roms.user.read","roms.user.write"]}'

pair() {
  step "The device asks for a code" 201 POST "$auth/init" "${json[@]}" -d "$init"
  device_code=$(member device_code) user_code=$(member user_code)
  step "Its owner looks at what asks" 200 GET "$auth/pending/$user_code" "${alice[@]}"
  step "The owner approves" 200 POST "$auth/approve" "${alice[@]}" "${json[@]}" \
    -d "{\"user_code\":\"$user_code\",\"approved_scopes\":[\"me.read\",\"devices.read\",\"devices.write\",\"assets.read\",\"assets.write\",\"roms.user.read\",\"roms.user.write\"],\"expires_in\":\"30d\"}"
  step "The device's next poll gets its token" 200 POST "$auth/token" "${json[@]}" -d "{\"device_code\":\"$device_code\"}"
  token=$(member access_token) device_id=$(member device_id)
}

step "Is this a server that devices can pair with?" 200 GET "$host/api/heartbeat"
pair
first=$device_id
bearer=(-H "Authorization: Bearer $token")
step "Who am I?" 200 GET "$host/api/users/me" "${bearer[@]}"
step "It records a play session without saying which device it is" 201 POST "$host/api/play-sessions" "${bearer[@]}" "${json[@]}" \
  -d '{"sessions":[{"rom_id":7,"start_time":"2026-11-23T12:00:00Z","end_time":"2026-11-23T12:30:00Z","duration_ms":1800000}]}'
step "Its own sessions" 200 GET "$host/api/play-sessions?device_id=$first" "${bearer[@]}"
[ "$(member device_id)" = "$first" ]
save='{"rom_id":7,"file_name":"zelda.srm","slot":"autosave","content_hash":"1c8f057c6619e2bc244a7757467ef81a","updated_at":"2026-11-23T12:30:00Z","file_size_bytes":10}'
step "It asks what to synchronise: it is to upload its save" 200 POST "$host/api/sync/negotiate" "${bearer[@]}" "${json[@]}" -d "{\"saves\":[$save]}"
session=$(grep -oP '"session_id":\s*\K\d+' <<<"$answer")
step "It uploads the save" 200 POST "$host/api/saves?rom_id=7&slot=autosave" "${bearer[@]}" -F 'saveFile=in a dream;filename=zelda.srm'
step "And ends the session" 200 POST "$host/api/sync/sessions/$session/complete" "${bearer[@]}" "${json[@]}" -d '{"operations_completed":1}'
step "The owner's devices" 200 GET "$host/api/devices" "${alice[@]}"
step "The owner renames it and stores a secret with it" 200 PUT "$host/api/devices/$first" "${alice[@]}" "${json[@]}" \
  -d '{"name":"Kitchen handheld","sync_config":{"host":"nas","ssh_password":"hunter2"}}'
! grep -q hunter2 <<<"$answer"

old=("${bearer[@]}")
pair
[ "$device_id" = "$first" ] && echo "the same device"
bearer=(-H "Authorization: Bearer $token")
step "The token of its first pairing is no longer valid" 401 GET "$host/api/users/me" "${old[@]}"
step "The new one is" 200 GET "$host/api/users/me" "${bearer[@]}"
step "The owner's tokens" 200 GET "$host/api/client-tokens" "${alice[@]}"
step "The owner deletes the device" 204 DELETE "$host/api/devices/$first" "${alice[@]}"
step "Its very next call" 401 GET "$host/api/users/me" "${bearer[@]}"
printf '\nThe story ended well.\n'
