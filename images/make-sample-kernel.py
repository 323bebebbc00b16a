#!/usr/bin/env python3
"""make-sample-kernel.py VERSION FILE

Writes the sample's kernel: an x86 bzImage by the rules of Linux' Documentation/arch/x86/boot.rst whose payload is a gzip-compressed
64-bit ELF program with the notes that Xen looks for (PV and PVH) and filler in the place of code. It starts nothing.
"""
import gzip
import hashlib
import struct
import sys

SECTOR = 512
SETUP_SECTORS = 4
VERSION_TEXT = 0x500
TEXT_ADDRESS = 0x1000000
PT_LOAD, PT_NOTE = 1, 4
EM_X86_64 = 62

# Names and numbers as in Xen's public/elfnote.h.
ENTRY, VIRT_BASE, PADDR_OFFSET, XEN_VERSION, GUEST_OS, LOADER, PAE_MODE, FEATURES = 1, 3, 4, 5, 6, 8, 9, 10
PHYS32_ENTRY = 18
NOTES = [
    (GUEST_OS, b'linux\0'),
    (XEN_VERSION, b'xen-3.0\0'),
    (VIRT_BASE, struct.pack('<Q', 0xffffffff80000000)),
    (PADDR_OFFSET, struct.pack('<Q', 0)),
    (ENTRY, struct.pack('<Q', 0xffffffff81000180)),
    (PAE_MODE, b'yes\0'),
    (FEATURES, b'!writable_page_tables|pae_pgdir_above_4gb\0'),
    (LOADER, b'generic\0'),
    (PHYS32_ENTRY, struct.pack('<Q', 0x1000150)),
]


def padded(data):
    return data + bytes(-len(data) % 4)


def note(kind, value):
    return struct.pack('<III', 4, len(value), kind) + b'Xen\0' + padded(value)


def elf(version):
    notes = b''.join(note(kind, value) for kind, value in NOTES)
    banner = b'Linux version %s (sample@tygrub) #1 SMP sample\0' % version
    text = banner + b''.join(hashlib.sha256(b'%s %d' % (version, i)).digest() for i in range(1600))
    header_size, segment_size = 64, 56
    text_at = header_size + 2 * segment_size
    notes_at = text_at + len(padded(text))
    header = struct.pack('<4sBBB9xHHIQQQIHHHHHH', b'\x7fELF', 2, 1, 1, 2, EM_X86_64, 1, TEXT_ADDRESS, header_size, 0, 0,
                         header_size, segment_size, 2, 0, 0, 0)
    load = struct.pack('<IIQQQQQQ', PT_LOAD, 7, text_at, 0xffffffff81000000, TEXT_ADDRESS, len(text), 0x400000, 0x200000)
    about = struct.pack('<IIQQQQQQ', PT_NOTE, 0, notes_at, 0, 0, len(notes), len(notes), 4)
    return header + load + about + padded(text) + notes


def bz_image(version):
    # The last four bytes are the size of what was packed, as the kernel's build appends it to the payload.
    plain = elf(version)
    payload = gzip.compress(plain, 9, mtime=0)
    setup = bytearray(SECTOR * (1 + SETUP_SECTORS))
    struct.pack_into('<B', setup, 0x1f1, SETUP_SECTORS)                 # setup_sects
    struct.pack_into('<I', setup, 0x1f4, -(-len(payload) // 16))        # syssize
    struct.pack_into('<H', setup, 0x1fe, 0xaa55)                        # boot_flag
    struct.pack_into('<4sH', setup, 0x202, b'HdrS', 0x020f)             # header, version
    struct.pack_into('<H', setup, 0x20e, VERSION_TEXT - 0x200)          # kernel_version
    struct.pack_into('<B', setup, 0x211, 1)                             # loadflags: LOADED_HIGH
    struct.pack_into('<H', setup, 0x236, 1)                             # xloadflags: XLF_KERNEL_64
    struct.pack_into('<II', setup, 0x248, 0, len(payload))              # payload_offset, payload_length
    text = b'%s (sample@tygrub) #1 SMP sample\0' % version
    setup[VERSION_TEXT:VERSION_TEXT + len(text)] = text
    return bytes(setup) + payload


version, path = sys.argv[1:]
with open(path, 'wb') as out:
    out.write(bz_image(version.encode()))
