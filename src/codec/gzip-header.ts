/** The header of a gzip member (RFC 1952, 2.3). */
import { ascii, layout, u8, u32 } from '../bytes/layout.js';
import { unsupported } from '../errors.js';
import type { CodecInput } from './input.js';

const MEMBER = layout('gzip header', 10, 'little', {
  id: [0, ascii(2)],
  compressionMethod: [2, u8],
  flags: [3, u8],
  modificationTime: [4, u32],
  extraFlags: [8, u8],
  operatingSystem: [9, u8],
});

const FLAG = { headerCrc: 0x02, extra: 0x04, name: 0x08, comment: 0x10, reserved: 0xe0 } as const;
const ID = '\x1f\x8b';
const DEFLATE = 8;

/** Bytes of a name or comment; the standard sets no bound. */
const MAX_TEXT = 64 * 1024;

/**
 * Reads past a member's header.
 * @param first whether this is the first member, which must be there; what follows the last one may be anything
 * @returns false when there is no further member
 * @throws TygrubError corrupt, unsupported
 */
export async function skipGzipHeader(input: CodecInput, first: boolean): Promise<boolean> {
  if (!(await input.ensure(MEMBER.size))) {
    if (first) throw input.truncated();
    return false;
  }
  const member = MEMBER.decode(input.bytes, input.at);
  if (member.id !== ID) {
    if (first) throw input.damaged('it does not begin like a gzip file');
    return false;
  }
  if (member.compressionMethod !== DEFLATE) throw unsupported('codec.gzip-method', `the gzip data uses method ${member.compressionMethod}`);
  if ((member.flags & FLAG.reserved) !== 0) throw unsupported('codec.gzip-flags', 'the gzip data uses reserved flags');
  input.at += MEMBER.size;
  if ((member.flags & FLAG.extra) !== 0) {
    const length = await input.take(2);
    await input.take((length[0] as number) + (length[1] as number) * 256);
  }
  if ((member.flags & FLAG.name) !== 0) await skipText(input);
  if ((member.flags & FLAG.comment) !== 0) await skipText(input);
  if ((member.flags & FLAG.headerCrc) !== 0) await input.take(2);
  return true;
}

async function skipText(input: CodecInput): Promise<void> {
  for (let length = 0; (await input.byte()) !== 0; length++) {
    if (length > MAX_TEXT) throw input.damaged('a name in its header does not end');
  }
}
