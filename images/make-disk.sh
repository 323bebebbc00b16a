#!/usr/bin/env bash
# make-disk.sh TREE LAYOUT OUT.raw SIZE_MIB UUID [BOOT_UUID]
# Puts TREE on a new raw disk, without root, with sfdisk and mke2fs.
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
    printf 'label: dos\nlabel-id: 0x7467727b\nstart=2048, size=%s, type=83, bootable\n' $(((size - 2) * 2048)) | sfdisk -q "$out"
    ext4 "$tree" 1 $((size - 2)) "$uuid" root
    ;;
  gpt)
    boot=$((size / 4))
    printf 'label: gpt\nstart=2048, size=%s, type=BC13C2FF-59E6-4262-A352-B275FD6F7172, name=boot\nstart=%s, size=%s, type=L, name=root\n' \
      $((boot * 2048)) $(((boot + 1) * 2048)) $(((size - boot - 3) * 2048)) | sfdisk -q "$out"
    ext4 "$tree/boot" 1 "$boot" "$boot_uuid" boot
    rest=$(mktemp -d)
    trap 'rm -rf "$rest"' EXIT
    cp -a "$tree/." "$rest/"
    rm -rf "$rest/boot" && mkdir "$rest/boot"
    ext4 "$rest" $((boot + 1)) $((size - boot - 3)) "$uuid" root
    ;;
  *) echo "make-disk.sh: unknown layout $layout" >&2; exit 2 ;;
esac
