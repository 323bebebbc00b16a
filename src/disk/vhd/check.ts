/**
 * `vhd check`: everything that vhd-util's and Xen Orchestra's checks test, and what decides whether a VHD that was copied
 * between files and volumes works well: where the footer is, room in the BAT, alignment, the parent's names, the size of
 * the volume. It reads; it never changes anything.
 */
import { TygrubError } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import type { ContainerOptions } from '../container.js';
import { followChain } from './chain.js';
import { checkBlocks } from './check-blocks.js';
import { checkFooter, checkFooterPlace, checkHeader } from './check-footer.js';
import { checkChain, checkLocators } from './check-parent.js';
import { shellWord } from './find-footer.js';
import { type Finding, type FindingCode, Findings } from './findings.js';
import { EPOCH, FOOTER, MAX_DISK_SIZE } from './layout.js';
import { type ChainMember, openLeaf } from './member.js';
import { isDifferencing, type VhdFile } from './vhd-file.js';
import type { VhdFolder } from './vhd-folder.js';
import { EXTENT, thickVolumeSize, XEN_BLOCK_SIZE } from './xen-layout.js';

/** What a check takes into account. */
export interface CheckOptions {
  /** The time now, in seconds since the Unix epoch. */
  readonly now: number;
  /** The leaf is, or stands for, a logical volume of Xen's storage. */
  readonly volume: boolean;
  /** Also read all bitmaps and the data under clear bits (slow). */
  readonly data: boolean;
  /** Check the parents as well. */
  readonly chain: boolean;
}

/** `clean`: nothing but notes. `findings`: warnings. `damaged`: errors. */
export type Verdict = 'clean' | 'findings' | 'damaged';

/** What a check of a VHD found, and what it looked at. */
export interface CheckReport {
  readonly verdict: Verdict;
  /** The files that were checked, the leaf first. */
  readonly checked: readonly string[];
  readonly findings: readonly Finding[];
}

/**
 * Checks a VHD.
 * @param source the file, cached; options as for opening it (`force` is implied)
 * @throws TygrubError where there is nothing that could be a VHD, and io
 */
export async function checkVhd(source: ByteSource, options: ContainerOptions, how: CheckOptions): Promise<CheckReport> {
  const findings = new Findings(options.path, shellWord(options.path));
  const leaf = await openToCheck(source, options, findings);
  if (leaf === null) return report([options.path], findings.list);
  try {
    await checkMember(leaf, options, how, findings);
    const chain = await followChain(leaf, options);
    try {
      checkChain(chain, findings);
      const list = [...findings.list];
      const parents = how.chain ? chain.members.slice(1) : [];
      for (const parent of parents) {
        const own = new Findings(parent.path, shellWord(parent.path));
        await checkMember(parent, options, how, own);
        list.push(...own.list);
      }
      return report(
        [leaf, ...parents].map(({ path }) => path),
        list,
      );
    } finally {
      await chain.close();
    }
  } finally {
    await leaf.close();
  }
}

/** Failures that mean that there is no VHD at all, or nothing to check. */
const NO_VHD = new Set(['vhd.no-footer', 'vhd.too-small']);

const UNREADABLE: ReadonlyMap<string, FindingCode> = new Map([
  ['vhd.footer-checksum', 'footer.checksum'],
  ['vhd.poisoned', 'footer.poisoned'],
  ['vhd.version', 'footer.version'],
  ['vhd.disk-type', 'footer.type'],
  ['vhd.size', 'footer.size'],
  ['vhd.header-cookie', 'header.cookie'],
  ['vhd.header-checksum', 'header.checksum'],
  ['vhd.header-range', 'header.cookie'],
  ['vhd.header-version', 'header.version'],
  ['vhd.table-range', 'header.table-offset'],
  ['vhd.block-size', 'header.block-size'],
]);

/** Opens the leaf; what only `--force` would read is a finding, and so is what cannot be read at all (null). */
async function openToCheck(source: ByteSource, options: ContainerOptions, findings: Findings): Promise<ChainMember | null> {
  for (const force of [false, true]) {
    try {
      return await openLeaf(source, { ...options, force }, true);
    } catch (error) {
      if (!(error instanceof TygrubError) || error.kind === 'io' || error.kind === 'limit' || NO_VHD.has(error.code)) throw error;
      const known = findings.list.at(-1);
      if (known?.message === error.message) return null;
      const code = UNREADABLE.get(error.code) ?? 'disk.unreadable';
      findings.add(code, error.message, error.offset ?? null, code === 'header.block-size' ? 'error' : undefined);
    }
  }
  return null;
}

async function checkMember({ vhd, ...rest }: ChainMember, options: ContainerOptions, how: CheckOptions, findings: Findings): Promise<void> {
  if (vhd.layout === 'raw') return;
  const now = how.now - EPOCH;
  if (vhd.layout === 'file') {
    checkFooterPlace(vhd, findings);
    checkFooter(vhd.footer, vhd.found.sector.offset, now, findings);
  } else checkFooter(vhd.footer, 0, now, findings);
  const names = vhd.layout === 'file' ? vhd.sparse : vhd;
  if (names === null) findings.add('disk.fixed', 'the disk is fixed');
  else {
    const { header, offset } = names.placed;
    checkHeader(vhd.footer, header, vhd.layout === 'file' ? offset : null, findings);
    if (isDifferencing(vhd.footer)) {
      const { locators, parentName } = names;
      await checkLocators(
        { vhd, ...rest },
        { header, locators, parentName },
        { limits: options.limits, volume: how.volume, now },
        findings,
      );
    }
  }
  if (vhd.layout === 'folder') await checkFolderBlocks(vhd, findings);
  else await checkSizes(vhd, options, how, findings);
}

/** Blocks, and the size of the file or volume around them. */
async function checkSizes(file: VhdFile, options: ContainerOptions, how: CheckOptions, findings: Findings): Promise<void> {
  const { sparse, found, size, source } = file;
  let dataEnd = size;
  if (sparse !== null) dataEnd = (await checkBlocks(file, sparse, { ...how, limits: options.limits }, findings)).dataEnd;
  const needed = dataEnd + FOOTER.size;
  if (how.volume) {
    if (source.size < needed) findings.add('lv.size', `the volume has ${source.size} bytes, its content needs ${needed}`, null, 'error');
    if (source.size % EXTENT !== 0) findings.add('lv.size', `the volume's size (${source.size}) is not a multiple of 4 MiB`);
    if (size % XEN_BLOCK_SIZE !== 0) findings.add('lv.size', `the size of the disk (${size}) is not a multiple of 2 MiB`);
    if (size > MAX_DISK_SIZE) findings.add('lv.size', `the disk has ${size} bytes; Xen's storage manager takes 2040 GiB at most`);
    const thick = thickVolumeSize(size);
    if (source.size < thick && sparse !== null) {
      findings.add('lv.size', `the volume has ${source.size} bytes; fully provisioned it would have ${thick}`, null, 'note', null);
    }
  } else if (found.place === 'end' && found.sector.offset > dataEnd) {
    findings.add('file.slack', `${found.sector.offset - dataEnd} bytes lie unused between the end of the data and the footer`, dataEnd);
  }
}

/** Damaged blocks of a folder are told one by one up to this many. */
const EXAMPLES = 8;

async function checkFolderBlocks(folder: VhdFolder, findings: Findings): Promise<void> {
  let damaged = 0;
  for (let index = 0; index < folder.blocks.count; index++) {
    if (!folder.blocks.isAllocated(index)) continue;
    try {
      await folder.blocks.block(index);
    } catch (error) {
      if (!(error instanceof TygrubError)) throw error;
      damaged++;
      if (damaged <= EXAMPLES) findings.add('folder.block', error.message);
    }
  }
  if (damaged > EXAMPLES) findings.add('folder.block', `${damaged - EXAMPLES} further blocks are damaged`);
}

function report(checked: readonly string[], findings: readonly Finding[]): CheckReport {
  const has = (severity: Finding['severity']) => findings.some((finding) => finding.severity === severity);
  return { verdict: has('error') ? 'damaged' : has('warning') ? 'findings' : 'clean', checked, findings };
}
