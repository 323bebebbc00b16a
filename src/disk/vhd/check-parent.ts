/** `vhd check`: how a differencing disk names its parent, and whether the parent is there. */
import { formatUuid, isZero } from '../../bytes/uuid.js';
import { TygrubError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Chain } from './chain.js';
import { isFuture } from './check-footer.js';
import type { FindingCode, Findings } from './findings.js';
import { type DynamicHeader, NO_PLATFORM, PARENT_LOCATOR, PARENT_LOCATORS, SECTOR } from './layout.js';
import { type ChainMember, cached, openMember } from './member.js';
import type { ParentLocator } from './parent-locators.js';
import { baseName } from './parent-names.js';

/** The locators that blktap writes, in this order, all with the same relative path. */
const XEN_LOCATORS = ['MacX', 'W2ku', 'W2ru'];
const PLATFORMS = new Set([...XEN_LOCATORS, 'Wi2k', 'Wi2r', 'Mac ']);
/** What the device-mapper name of a VHD on a logical volume looks like: the dashes of both parts are doubled. */
const VOLUME_NAME = /^VG_XenStorage--.+[^-]-(?:VHD|LV)--.+$/;

/** What of a member the checks need. */
export interface ParentNames {
  readonly header: DynamicHeader;
  readonly locators: readonly ParentLocator[];
  readonly parentName: string;
}

/** The locators' form, and whether each leads to the parent as blktap follows it. */
export async function checkLocators(
  member: ChainMember,
  names: ParentNames,
  options: { readonly limits: Limits; readonly volume: boolean; readonly now: number },
  findings: Findings,
): Promise<void> {
  checkEntries(names, findings);
  if (isFuture(names.header.parentTimestamp, options.now)) {
    findings.add('parent.timestamp', 'the header says that the parent was changed in the future');
  }
  const unicode = baseName(names.parentName);
  if (unicode === '') findings.add('locator.damaged', 'the header gives no name of the parent');
  const stated = names.locators.flatMap(({ platform, text }) =>
    text === null || !XEN_LOCATORS.includes(platform) ? [] : [{ platform, text }],
  );
  const missing = XEN_LOCATORS.filter((platform) => !stated.some((locator) => locator.platform === platform));
  if (missing.length > 0) findings.add('locator.names', `there is no locator ${missing.join(', ')}; blktap writes MacX, W2ku and W2ru`);
  let leads = 0;
  for (const { platform, text } of stated) {
    const path = blktapPath(platform, text);
    if (path === null) {
      findings.add('locator.names', `the locator ${platform} is no file:// URL: ${text}`);
      continue;
    }
    if (path.startsWith('/')) findings.add('locator.names', `the locator ${platform} is an absolute path: ${text}`);
    if (unicode !== '' && baseName(path) !== unicode) {
      findings.add('locator.names', `the locator ${platform} names ${baseName(path)}, the header names ${unicode}`);
    }
    if (options.volume && !VOLUME_NAME.test(baseName(path))) {
      findings.add(
        'locator.names',
        `on a volume the parent's name should be VG_XenStorage--...-VHD--...; the locator ${platform} says ${text}`,
      );
    }
    const problem = await followAsBlktap(member, path, names.header, options.limits);
    if (problem === null) leads++;
    else findings.add('locator.names', `blktap does not find the parent by the locator ${platform} (${text}): ${problem}`);
  }
  if (leads === 0) findings.add('locator.names', 'none of the locators leads blktap to the parent', null, 'error');
}

function checkEntries({ header, locators }: ParentNames, findings: Findings): void {
  const seen = new Set<string>();
  for (const { index, platform, entry, problem } of locators) {
    const at = entry.platformDataOffset;
    if (!PLATFORMS.has(platform)) findings.add('locator.damaged', `the locator ${index} has an unknown platform code`);
    if (seen.has(platform)) findings.add('locator.damaged', `there are two locators ${platform}`, at);
    seen.add(platform);
    if (problem !== null) findings.add('locator.damaged', `the locator ${platform} cannot be read: ${problem}`);
    if (entry.reserved !== 0) findings.add('locator.damaged', `reserved bytes of the locator ${platform} are not zero`);
    // The room is in sectors by the specification and in bytes by most writers; vhd-util takes either.
    const space = entry.platformDataSpace;
    const room = space < SECTOR ? space * SECTOR : space;
    if (room % SECTOR !== 0 || room < entry.platformDataLength) {
      findings.add('locator.damaged', `the locator ${platform} has ${entry.platformDataLength} bytes of text in room of ${space}`, at);
    }
  }
  for (let index = 0; index < PARENT_LOCATORS; index++) {
    const at = index * PARENT_LOCATOR.size;
    const entry = header.parentLocatorEntries.subarray(at, at + PARENT_LOCATOR.size);
    if (PARENT_LOCATOR.decode(entry).platformCode === NO_PLATFORM && !isZero(entry)) {
      findings.add('locator.damaged', `the unused locator ${index} is not all zeros (as Xen Orchestra writes it)`, null, 'note');
    }
  }
}

/** The path as blktap takes it: nothing is percent-decoded, and a URL with a host is not understood. */
function blktapPath(platform: string, text: string): string | null {
  if (platform === 'MacX') return text.startsWith('file://') ? text.slice('file://'.length) : null;
  return text.replaceAll('\\', '/').replace(/^[A-Za-z]:/, '');
}

/** Why a path does not lead to the parent; null when it does. */
async function followAsBlktap(member: ChainMember, path: string, header: DynamicHeader, limits: Limits): Promise<string | null> {
  try {
    const file = await member.neighbours.open(path);
    if (file === null) return 'no such file';
    if (isZero(header.parentUniqueId)) {
      await file.source.close?.();
      return null;
    }
    const parent = await openMember({ ...file, source: cached(file.source, limits) }, true, { limits, force: true, scan: false });
    const uuid = parent.vhd.layout === 'raw' ? '' : parent.vhd.uuid;
    await parent.close();
    return uuid === formatUuid(header.parentUniqueId) ? null : `it has the UUID ${uuid}`;
  } catch (error) {
    if (!(error instanceof TygrubError)) throw error;
    return error.message;
  }
}

const CHAIN_CODES: ReadonlyMap<string, FindingCode> = new Map([
  ['vhd.parent-missing', 'parent.missing'],
  ['vhd.parent-outside', 'parent.missing'],
  ['vhd.parent-uuid', 'parent.uuid'],
  ['vhd.cycle', 'parent.cycle'],
  ['vhd.parent-raw', 'parent.raw'],
]);

/** How far the chain goes. */
export function checkChain(chain: Chain, findings: Findings): void {
  if (chain.problem !== null) {
    findings.add(CHAIN_CODES.get(chain.problem.code) ?? 'parent.damaged', chain.problem.summary, chain.problem.offset ?? null);
  }
  const last = chain.members.at(-1);
  if (last?.vhd.layout === 'raw') findings.add('parent.raw', `the chain ends at the raw disk ${last.path}`);
}
