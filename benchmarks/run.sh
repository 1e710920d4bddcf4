#!/usr/bin/env bash
# Measures what a request costs on each store, and prints tables in Markdown. Installs what is missing where the machine lets it.
# Arguments: see benchmarks/README.md, or --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

source scripts/packages.sh
need_redis
need_postgres
install_missing
[ ${#missing[@]} -eq 0 ] || echo "Not installed: ${missing[*]}. Targets that need it fail." >&2

dotnet build benchmarks/Load/Load.csproj -c Release -p:RunAnalyzers=false --verbosity quiet --nologo >&2 # ./test analyses

# The server has the first core to itself. This program and the databases share the second one, if there is one.
pin=()
[ "$(nproc)" -eq 1 ] || pin=(taskset --cpu-list 1)
exec "${pin[@]}" benchmarks/Load/bin/Release/net10.0/Load "$@"
