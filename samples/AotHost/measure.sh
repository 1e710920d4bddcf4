#!/usr/bin/env bash
# Compares the native binary with the same program on the installed runtime: size, time from the start of the process to
# the first answer (median of ten), and memory after it. Argument: a Redis, such as localhost:6379; without one all is in memory.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export ASPNETCORE_ENVIRONMENT=Development DOTNET_NOLOGO=1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
url=http://127.0.0.1:5083

dotnet publish -c Release -p:PublishAot=false -o "$out/runtime" >&2
dotnet publish -c Release -o "$out/native" >&2

measure() { # NAME FOLDER COMMAND...
  local name=$1 folder=$2 size starts=() pid begin memory
  shift 2
  size=$(find "$folder" -name AotHost -printf '%s\n' -o -name '*.dll' -printf '%s\n' | awk '{ sum += $1 } END { print int(sum / 1000000) }')
  cd "$folder"
  for _ in $(seq 10); do
    begin=$(date +%s%N)
    "$@" --urls "$url" --DeviceAuthorization:RateLimits:Enabled=false ${redis:+"--ConnectionStrings:Redis=$redis"} >/dev/null &
    pid=$!
    until curl -sf "$url/api/auth/device/init" -d client_id=tv >/dev/null; do
      if (($(date +%s%N) - begin > 30000000000)) || ! kill -0 "$pid" 2>/dev/null; then
        kill "$pid" 2>/dev/null || true
        echo "$name did not start" >&2
        return 1
      fi
    done
    starts+=($((($(date +%s%N) - begin) / 1000000)))
    memory=$(awk '/VmRSS/ { print int($2 * 1024 / 1000000) }' "/proc/$pid/status")
    kill "$pid"
    wait "$pid" || true
  done
  echo "$name: $size MB, $(printf '%s\n' "${starts[@]}" | sort -n | sed -n 5p) ms, $memory MB of memory"
}

redis=${1:-}
measure native "$out/native" ./AotHost
measure runtime "$out/runtime" dotnet AotHost.dll
