/** POSIX access control lists: ext's compact form to the one that `getxattr` gives (`linux/posix_acl_xattr.h`). */
import { layout, u16, u32 } from '../../src/bytes/layout.js';
import { corrupt } from '../../src/errors.js';

/** `ext4_acl_header`, version 1. */
const HEADER = layout('ext ACL header', 4, 'little', { version: [0, u32] });
/** `ext4_acl_entry_short`; entries for a named user or group have an id after it. */
const ENTRY = layout('ext ACL entry', 4, 'little', { tag: [0, u16], perm: [2, u16] });
const ENTRY_ID = layout('ext ACL entry id', 4, 'little', { id: [0, u32] });
/** `posix_acl_xattr_entry`, version 2. */
const USER_ENTRY = layout('ACL entry', 8, 'little', { tag: [0, u16], perm: [2, u16], id: [4, u32] });

const VERSION = 1;
const USER_VERSION = 2;
const TAG_USER = 0x2;
const TAG_GROUP = 0x8;
/** The id of entries that name nobody. */
const NO_ID = 0xffffffff;

/**
 * An access control list as users of the attribute know it.
 * @throws TygrubError corrupt `ext.acl`
 */
export function aclForUsers(value: Uint8Array): Uint8Array {
  if (value.length < HEADER.size || HEADER.decode(value).version !== VERSION) throw corrupt('ext.acl', 'an access control list is damaged');
  const entries: { tag: number; perm: number; id: number }[] = [];
  for (let at = HEADER.size; at < value.length; ) {
    const entry = ENTRY.decode(value, at);
    at += ENTRY.size;
    const named = entry.tag === TAG_USER || entry.tag === TAG_GROUP;
    entries.push({ ...entry, id: named ? ENTRY_ID.decode(value, at).id : NO_ID });
    if (named) at += ENTRY_ID.size;
  }
  const out = new Uint8Array(HEADER.size + entries.length * USER_ENTRY.size);
  HEADER.encode(out, { version: USER_VERSION });
  for (const [index, entry] of entries.entries()) USER_ENTRY.encode(out, entry, HEADER.size + index * USER_ENTRY.size);
  return out;
}
