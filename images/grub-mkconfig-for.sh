#!/usr/bin/env bash
# grub-mkconfig-for.sh TREE UUID [BOOT_UUID]
# Runs the host's own grub-mkconfig (package grub-common) for the system in TREE, as if TREE/boot were /boot on the first
# partition of hd0 with the filesystem UUID (BOOT_UUID: /boot is a partition of its own). Writes TREE/boot/grub/grub.cfg.
# Needs root: everything happens in a private mount namespace, the host is not changed.
set -euo pipefail
tree=$(realpath "$1") uuid=$2 boot_uuid=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What grub-mkconfig asks of grub-probe, answered for the guest's disk instead of the host's.
cat >"$work/grub-probe" <<PROBE
#!/bin/sh
target= path=
for word in "\$@"; do
  case \$word in
    --target=*) target=\${word#--target=} ;;
    -t) target=next ;;
    --device|-d|--help) ;;
    *) if [ "\$target" = next ]; then target=\$word; else path=\$word; fi ;;
  esac
done
boot="${boot_uuid}"
case \$path in /boot*|/dev/fake-boot) [ -n "\$boot" ] && id=\$boot || id=$uuid ;; *) id=$uuid ;; esac
case \$target in
  device) case \$path in /boot*) [ -n "\$boot" ] && echo /dev/fake-boot || echo /dev/fake-root ;; *) echo /dev/fake-root ;; esac ;;
  fs_uuid) echo "\$id" ;;
  partuuid) exit 1 ;;
  fs) echo ext2 ;;
  partmap) [ -n "\$boot" ] && echo gpt || echo msdos ;;
  abstraction) ;;
  drive) [ -n "\$boot" ] && echo '(hd0,gpt1)' || echo '(hd0,msdos1)' ;;
  compatibility_hint) [ -n "\$boot" ] && echo hd0,gpt1 || echo hd0,msdos1 ;;
  hints_string|bios_hints|baremetal_hints)
    name=\$([ -n "\$boot" ] && echo gpt1 || echo msdos1)
    echo "--hint-bios=hd0,\$name --hint-efi=hd0,\$name --hint-baremetal=ahci0,\$name" ;;
  cryptodisk_uuid) ;;
  *) exit 1 ;;
esac
PROBE
# Paths relative to the filesystem: the host's own program would see through the bind mount of /boot.
cat >"$work/grub-mkrelpath" <<MKRELPATH
#!/bin/sh
for path in "\$@"; do :; done
[ -z "${boot_uuid}" ] || path=\${path#/boot}
echo "\${path%/}"
MKRELPATH
chmod +x "$work/grub-probe" "$work/grub-mkrelpath"
mkdir -p "$tree/boot/grub"
mkdir "$work/dev" "$work/grub.d"
# Only the scripts that describe this guest: not what else the host has.
for script in 00_header 05_debian_theme 10_linux 40_custom; do
  [ ! -e /etc/grub.d/$script ] || cp "/etc/grub.d/$script" "$work/grub.d/"
done
export GRUB_DEFAULT=0 GRUB_TIMEOUT=5 GRUB_DISTRIBUTOR=Debian GRUB_CMDLINE_LINUX_DEFAULT=quiet GRUB_CMDLINE_LINUX= \
  GRUB_DISABLE_OS_PROBER=true GRUB_TERMINAL=console
unshare --mount --propagation private bash -euo pipefail -c '
  tree=$1 work=$2
  mount --bind "$tree/boot" /boot
  mount --bind "$work/grub-probe" /usr/sbin/grub-probe
  mount --bind "$work/grub-mkrelpath" /usr/bin/grub-mkrelpath
  mount --bind "$work/grub.d" /etc/grub.d
  [ ! -e /etc/default/grub ] || mount --bind /dev/null /etc/default/grub
  # 10_linux wants to see the device by UUID before it writes root=UUID=...
  mount -t tmpfs none /dev/disk 2>/dev/null || { mkdir -p /dev/disk && mount -t tmpfs none /dev/disk; }
  mkdir -p /dev/disk/by-uuid
  touch "/dev/disk/by-uuid/$3"
  grub-mkconfig -o "$work/grub.cfg" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
' grub-mkconfig-for "$tree" "$work" "$uuid"
install -m 600 "$work/grub.cfg" "$tree/boot/grub/grub.cfg"
