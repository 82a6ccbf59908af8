#!/bin/sh
# The first process of a node, which is a small machine of its own: it starts in mount, process,
# host name and network namespaces of its own, makes the mounts, becomes `sleep` and stays. When it
# is killed, the kernel ends every process of the node and drops every mount, as in a power loss.
#
# usage: machine-init.sh HOST_NAME VAR_LIB LOG [[FOLDER]=DIRECTORY ...]
# Programs in DIRECTORY are seen on the node in /var/lib/perigee-node/bin/FOLDER; without FOLDER,
# where they are, even if that is beneath a directory that is the node's own.
set -eu
host_name=$1 var_lib=$2 log=$3
shift 3

hostname "$host_name"
# What is mounted here never shows on the host; pods may ask for mounts that show among themselves.
mount --make-rshared /
# Logs and programs may lie beneath a directory that is about to be hidden: take them along first.
mkdir -p "$var_lib/perigee-node/log"
mount --bind "$log" "$var_lib/perigee-node/log"
is_hidden() {
    case $1 in /tmp/* | /run/* | /var/lib/* | /var/log/*) true ;; *) false ;; esac
}
number=0
for programs; do
    directory=${programs#*=} folder=$var_lib/perigee-node/bin/${programs%%=*}
    if [ -z "${programs%%=*}" ]; then
        is_hidden "$directory" || continue
        number=$((number + 1)) folder=$var_lib/perigee-node/host/$number
    fi
    mkdir -p "$folder"
    mount --bind "$directory" "$folder"
done
mount --rbind "$var_lib" /var/lib
mount --bind /var/lib/perigee-node/log /var/log
# As on a machine that has just been started: empty.
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tmpfs -o mode=755 run /run
mkdir /run/lock /run/netns
number=0
for programs; do
    directory=${programs#*=}
    if [ -z "${programs%%=*}" ] && is_hidden "$directory"; then
        number=$((number + 1))
        mkdir -p "$directory"
        mount --bind "/var/lib/perigee-node/host/$number" "$directory"
    fi
done

# A kubelet wants these of the kernel, which is the whole host's: let it see them as it wants them.
while read -r name value; do
    [ -e "/proc/sys/$name" ] || continue
    file=/run/kernel/$name
    mkdir -p "${file%/*}"
    echo "$value" >"$file"
    mount --bind "$file" "/proc/sys/$name"
done <<END
kernel/keys/root_maxbytes 25000000
kernel/keys/root_maxkeys 1000000
kernel/panic 10
kernel/panic_on_oops 1
vm/overcommit_memory 1
vm/panic_on_oom 0
END

# Children that are left to it need no burial where SIGCHLD is ignored.
exec env --ignore-signal=CHLD sleep infinity
