# Sourced by ./test and benchmarks/run.sh: installs the Debian packages that they need, where the machine lets it.

missing=()

# need PACKAGE COMMAND...: the package is missing if none of the commands exists.
need() {
  local package=$1 command
  shift
  for command in "$@"; do
    ! command -v "$command" >/dev/null 2>&1 || return 0
  done
  missing+=("$package")
}

need_redis() { need redis-server redis-server; }

need_postgres() { need postgresql initdb /usr/lib/postgresql/*/bin/initdb; } # Debian keeps it off the PATH

# What cannot be installed stays in "missing".
install_missing() {
  local as_root=() apt
  [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
  if [ ${#missing[@]} -gt 0 ] && command -v apt-get >/dev/null 2>&1 && "${as_root[@]}" true 2>/dev/null; then
    apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
    { "${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends "${missing[@]}"; } >/dev/null && missing=()
  fi
  return 0
}
