#!/bin/bash
# Process 1 of a bed: its end is the end of every process, mount and container of the bed. Started in fresh mount, pid and network
# namespaces with the run folder as argument. It hides what the node would otherwise write to the machine, then reaps orphans.
set -euo pipefail
run=$1
# Read by bash itself from the machine's /proc: this is the number that the machine knows this process by.
read -r -a stat < /proc/self/stat
umount -l /run/netns/* 2>/dev/null || true
mount --make-rshared /
exec 9< "$run"
for folder in etc opt var; do
  mount -t overlay -o "lowerdir=/$folder,upperdir=$run/overlay/$folder,workdir=$run/overlay/work-$folder" overlay "/$folder"
done
# The run folder lies below /var; images and volumes need the real file system, not the overlay that now covers it.
mount -c --bind /proc/self/fd/9 "$run"
exec 9<&-
mount -t tmpfs tmpfs /run
mkdir -p /run/lock /run/netns
mount -t proc proc /proc
echo 1 > /proc/sys/net/ipv4/ip_forward
echo 1 > /proc/sys/net/ipv4/conf/all/route_localnet
echo "${stat[0]} ${stat[21]}" > "$run/init.tmp"
mv "$run/init.tmp" "$run/init"
trap : TERM INT HUP
while :; do sleep 86400 & wait; done
