#!/usr/bin/env bash
# make-sample.sh
# Makes images/sample.vhd.gz again: a dynamic VHD with an MBR, an ext4 filesystem, two kernels with initrds and the
# grub.cfg that Debian's grub-mkconfig writes for them. The kernels are filler with the headers and notes of real ones
# (make-sample-kernel.py). Needs root (for grub-mkconfig in a mount namespace), python3 and the packages grub-common,
# e2fsprogs, parted, qemu-utils, cpio.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
uuid=5f0c9f7a-3a52-4c3e-9a7e-0d2f6b8a1c01
tree=$work/tree
mkdir -p "$tree"/{boot/grub,etc,root,proc,sys,dev}
printf 'UUID=%s / ext4 errors=remount-ro 0 1\n' $uuid >"$tree/etc/fstab"
printf 'tygrub-sample\n' >"$tree/etc/hostname"

for version in 6.1.0-9-amd64 6.1.0-13-amd64; do
  python3 "$here/make-sample-kernel.py" "$version" "$tree/boot/vmlinuz-$version"
  init=$work/init-$version
  mkdir -p "$init/etc"
  printf '#!/bin/sh\necho "initrd of %s"\n' "$version" >"$init/init"
  chmod 755 "$init/init"
  python3 -c "import hashlib,sys; sys.stdout.buffer.write(b''.join(hashlib.sha256(b'initrd%d' % i).digest() for i in range(1500)))" >"$init/etc/filler"
  find "$init" -exec touch -h -d @1700000000 {} +
  (cd "$init" && find . | LC_ALL=C sort | cpio --quiet -o -H newc --owner 0:0 --reproducible) | gzip -9n >"$tree/boot/initrd.img-$version"
done
find "$tree" -exec touch -h -d @1700000000 {} +
"$here/grub-mkconfig-for.sh" "$tree" $uuid
find "$tree" -exec touch -h -d @1700000000 {} +
E2FSPROGS_FAKE_TIME=1700000000 "$here/make-disk.sh" "$tree" mbr "$work/sample.raw" 32 $uuid
qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on "$work/sample.raw" "$work/sample.vhd"
gzip -9n <"$work/sample.vhd" >"$here/sample.vhd.gz"
(cd "$tree/boot" && sha256sum vmlinuz-* initrd.img-* grub/grub.cfg) >"$here/sample.sha256"
ls -l "$here/sample.vhd.gz"
