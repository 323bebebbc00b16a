#!/usr/bin/env bash
# make-disk.sh TREE LAYOUT OUT.raw SIZE_MIB UUID [BOOT_UUID]
# Puts TREE on a new raw disk, without root, with parted and mke2fs. (Not with sfdisk: it ends with sync(2), which waits for every
# filesystem of the host.)
#   mbr  one active partition with ext4 (UUID)
#   gpt  /boot on a partition of its own (BOOT_UUID), the rest on another (UUID)
set -euo pipefail
tree=$1 layout=$2 out=$3 size=$4 uuid=$5 boot_uuid=${6:-}
export PATH=$PATH:/usr/sbin:/sbin
rm -f "$out"
truncate -s "${size}M" "$out"
ext4() { # TREE OFFSET_MIB SIZE_MIB UUID LABEL
  mke2fs -q -t ext4 -F -d "$1" -U "$4" -L "$5" -E "offset=$(($2 * 1048576)),hash_seed=$4,root_owner=0:0,lazy_itable_init=1" "$out" "$(($3 * 1024))k" >/dev/null
}
case $layout in
  mbr)
    parted -s "$out" mklabel msdos mkpart primary ext4 2048s $(((size - 1) * 2048 - 1))s set 1 boot on
    printf '\x7b\x72\x67\x74' | dd of="$out" bs=1 seek=440 conv=notrunc status=none # the disk's identity
    ext4 "$tree" 1 $((size - 2)) "$uuid" root
    ;;
  gpt)
    boot=$((size / 4))
    parted -s "$out" mklabel gpt \
      mkpart boot ext4 2048s $(((boot + 1) * 2048 - 1))s type 1 bc13c2ff-59e6-4262-a352-b275fd6f7172 \
      mkpart root ext4 $(((boot + 1) * 2048))s $(((size - 2) * 2048 - 1))s
    ext4 "$tree/boot" 1 "$boot" "$boot_uuid" boot
    rest=$(mktemp -d)
    trap 'rm -rf "$rest"' EXIT
    cp -a "$tree/." "$rest/"
    rm -rf "$rest/boot" && mkdir "$rest/boot"
    ext4 "$rest" $((boot + 1)) $((size - boot - 3)) "$uuid" root
    ;;
  *) echo "make-disk.sh: unknown layout $layout" >&2; exit 2 ;;
esac
