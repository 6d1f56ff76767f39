#!/bin/sh
# `huecry` on a machine where the gateway is a service: the same program, as the service's user, with its settings and
# secrets. Install as /usr/local/bin/huecry (docs/install.md). Needs root: it asks sudo.
[ "$(id -u)" = 0 ] || exec sudo "$0" "$@"
exec systemd-run --quiet --collect --wait --pipe --pty --same-dir --service-type=exec \
    --uid=huecry --gid=huecry \
    --property=SupplementaryGroups="dialout audio" \
    --property=StateDirectory=huecry --property=StateDirectoryMode=0700 \
    --property=LoadCredential=huecry:/etc/huecry/credentials \
    --setenv=HUECRY_CONFIG=/etc/huecry/huecry.toml \
    --setenv=HOME=/var/lib/huecry \
    --setenv=LOGNAME="${SUDO_USER:-root}" \
    --setenv=COLUMNS="${COLUMNS:-$(stty size 2>/dev/null </dev/tty | cut -d' ' -f2)}" \
    -- /opt/huecry/bin/huecry "$@"
