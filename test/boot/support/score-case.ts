/**
 * Reads one peer case (the folder is the argument) as its loader would and prints the menu as one JSON object: what the
 * score of the peers' cases runs for each case. Bundle it first: `npx esbuild --bundle --platform=node --format=esm`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GuestFiles } from '../../../src/boot/dialect.js';
import { BOOT_DIALECTS } from '../../../src/boot/index.js';
import { TygrubError } from '../../../src/errors.js';
import { type PeerContext, peerGuest } from '../grub2/peer-guest.js';

const folder = process.argv[2] ?? '.';
const { type, config, context } = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as {
  readonly type: string;
  readonly config: string;
  readonly context?: PeerContext;
};
const guest = peerGuest(folder, context ?? {});
const volume = guest.volumes[0];
const dialect = BOOT_DIALECTS.find(({ name }) => name === type);
if (volume === undefined || dialect === undefined) throw new Error(`nothing reads ${type}`);
const menu = await dialect.read({ volume, path: `/${config}` }, new GuestFiles(guest, guest.limits), {}).catch((error: unknown) => {
  // A config that makes no entries is an answer, too.
  if (error instanceof TygrubError && error.kind === 'not-found') return null;
  throw error;
});
const entries = (menu?.entries ?? []).map((entry) => ({
  title: entry.title,
  id: entry.id,
  path: [...entry.submenus, entry.title].join('>'),
  kernel: entry.kernel?.path ?? null,
  initrd: entry.initrds.map(({ path }) => path),
  args: entry.args,
  hypervisor: entry.hypervisor?.path ?? null,
}));
process.stdout.write(`${JSON.stringify({ default: menu?.default ?? null, entries })}\n`);
