#!/usr/bin/env bash
# make-debian-disk.sh OUT_DIR [CACHE_DIR]
# Builds real Debian disks: the newest linux-image-amd64 and linux-image-cloud-amd64 of this host's apt sources with
# their real vmlinuz, initrds made by initramfs-tools from the packages' own modules, grub.cfg by Debian's grub-mkconfig.
#   debian-mbr.raw, debian-mbr.vhd   MBR, one ext4 with everything
#   debian-gpt.raw, debian-gpt.vhd   GPT, /boot and / apart
# Needs root and the packages grub-common, initramfs-tools, kmod, zstd, e2fsprogs, parted, qemu-utils. SIZE_MIB=8192 by
# default (the raw files are sparse); FLAVOURS='amd64' leaves out the second kernel.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
mkdir -p "$1"
out=$(realpath "$1")
cache=${2:-$out/packages}
size=${SIZE_MIB:-8192}
mkdir -p "$cache"
cache=$(realpath "$cache")
export PATH=$PATH:/usr/sbin:/sbin
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
uuid=2b9d3c54-88a1-4f0e-b7c6-5a1e9d40f201 boot_uuid=2b9d3c54-88a1-4f0e-b7c6-5a1e9d40f202
tree=$work/tree
mkdir -p "$tree"/{boot/grub,etc,root,proc,sys,dev,usr/lib}
printf 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\n' >"$tree/usr/lib/os-release"
ln -s ../usr/lib/os-release "$tree/etc/os-release"

for flavour in ${FLAVOURS:-amd64 cloud-amd64}; do
  package=$(apt-cache depends linux-image-$flavour | awk '/Depends: linux-image-[0-9]/ { print $2; exit }')
  [ -n "$package" ] || { echo "make-debian-disk.sh: apt knows no linux-image-$flavour (apt-get update?)" >&2; exit 1; }
  if ! ls "$cache/$package"_*.deb >/dev/null 2>&1; then (cd "$cache" && apt-get download -qq "$package" >&2); fi
  dpkg -x "$cache/$package"_*.deb "$work/$flavour"
  version=${package#linux-image-}
  cp -a "$work/$flavour/boot/." "$tree/boot/"
  made=$cache/initrd.img-$version
  if [ ! -s "$made" ]; then
    depmod -b "$work/$flavour" "$version"
    unshare --mount --propagation private bash -euo pipefail -c '
      mkdir -p /lib/modules
      mount --bind "$1/lib/modules" /lib/modules
      mount --bind "$1/boot" /boot
      mkinitramfs -c zstd -o "$2.part" "$3" 2>"$2.log" || { cat "$2.log" >&2; exit 1; }
    ' mkinitramfs "$work/$flavour" "$made" "$version"
    mv "$made.part" "$made"
  fi
  cp "$made" "$tree/boot/initrd.img-$version"
done

"$here/grub-mkconfig-for.sh" "$tree" $uuid
"$here/make-disk.sh" "$tree" mbr "$out/debian-mbr.raw" "$size" $uuid
"$here/grub-mkconfig-for.sh" "$tree" $uuid $boot_uuid
"$here/make-disk.sh" "$tree" gpt "$out/debian-gpt.raw" "$size" $uuid $boot_uuid
for name in debian-mbr debian-gpt; do
  qemu-img convert -f raw -O vpc -o subformat=dynamic,force_size=on "$out/$name.raw" "$out/$name.vhd"
done
ls -ls "$out"/*.raw "$out"/*.vhd
