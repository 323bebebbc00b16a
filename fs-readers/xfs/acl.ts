/** POSIX access control lists: XFS's form to the one that `getxattr` gives (`linux/posix_acl_xattr.h`). */
import { layout, u16, u32 } from '../../src/bytes/layout.js';
import { corrupt } from '../../src/errors.js';
import { ACL_ENTRY, ACL_HEADER } from './layout.js';

/** `posix_acl_xattr_header` and `posix_acl_xattr_entry`, version 2. */
const USER_HEADER = layout('ACL header', 4, 'little', { version: [0, u32] });
const USER_ENTRY = layout('ACL entry', 8, 'little', { tag: [0, u16], perm: [2, u16], id: [4, u32] });

const USER_VERSION = 2;
const TAG_USER = 0x2;
const TAG_GROUP = 0x8;
/** The id of entries that name nobody. */
const NO_ID = 0xffffffff;

/**
 * An access control list as users of the attribute know it.
 * @throws TygrubError corrupt `xfs.acl`
 */
export function aclForUsers(value: Uint8Array): Uint8Array {
  const { cnt } = ACL_HEADER.decode(value);
  if (ACL_HEADER.size + cnt * ACL_ENTRY.size > value.length)
    throw corrupt('xfs.acl', `an access control list has ${cnt} entries in ${value.length} bytes`);
  const out = new Uint8Array(USER_HEADER.size + cnt * USER_ENTRY.size);
  USER_HEADER.encode(out, { version: USER_VERSION });
  for (let i = 0; i < cnt; i++) {
    const { tag, id, perm } = ACL_ENTRY.decode(value, ACL_HEADER.size + i * ACL_ENTRY.size);
    const named = tag === TAG_USER || tag === TAG_GROUP;
    USER_ENTRY.encode(out, { tag: tag & 0xffff, perm, id: named ? id : NO_ID }, USER_HEADER.size + i * USER_ENTRY.size);
  }
  return out;
}
