#!/usr/bin/env bash
# Makes dirty.img.gz: a small XFS with every form of directory, link, file map and attribute, copied while it was in use,
# so that its log is not closed. Needs root, a kernel with XFS, xfsprogs and attr.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
export TEST_DIR=1 TEST_DEV=1 QA_CHECK_FS=1
truncate -s 33M "$work/img"
mkfs.xfs -q -f -L sample -m uuid=6e1a8c0e-6a1f-4c35-9f0e-2f1d6a3b5c7d -b size=1024 -d agcount=2 "$work/img"
mkdir "$work/mnt"
mount -o loop "$work/img" "$work/mnt"
(
  cd "$work/mnt"
  mkdir -p boot/grub few block leaf node
  echo "menuentry 'x' {}" >boot/grub/grub.cfg
  for i in $(seq 3); do echo "$i" >few/f$i; done
  for i in $(seq 14); do : >block/name-$i; done
  for i in $(seq 150); do ln few/f1 leaf/a-longer-name-for-the-leaf-$i; done
  for i in $(seq 700); do ln few/f2 node/name-$i; done
  ln -s few/f1 short
  ln -s "$(printf 't%.0s' $(seq 900))" long
  for i in $(seq 60); do printf x | dd of=tree bs=1 seek=$((i * 2048)) conv=notrunc status=none; done
  fallocate -l 20000 preallocated
  mknod console c 5 1
  setfattr -n user.small -v value few/f1
  for i in $(seq 12); do setfattr -n user.leaf$i -v "$(printf 'v%.0s' $(seq 60))" few/f2; done
  setfattr -n user.remote -v "$(printf 'r%.0s' $(seq 3000))" few/f3
)
sync -f "$work/mnt"
umount "$work/mnt"
mount -o loop "$work/img" "$work/mnt"
(
  cd "$work/mnt"
  echo "menuentry 'new' {}" >boot/grub/new
  mv boot/grub/new boot/grub/grub.cfg
  rm few/f3
  for i in $(seq 20); do : >block/more-$i; done
  sync boot/grub/grub.cfg
)
cp "$work/img" "$work/copy"
umount "$work/mnt"
gzip -9n <"$work/copy" >dirty.img.gz
rm -rf "$work"
