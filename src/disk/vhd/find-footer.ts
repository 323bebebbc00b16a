/**
 * Which footer is the disk's own, and where it is. It stands in the last sector; dynamic and differencing disks have a
 * copy at offset 0. Copying a .vhd into a volume, a crash or a cut leaves it elsewhere, or leaves another disk's in its
 * place, so both places are read and compared before either is believed.
 */
import { equalBytes } from '../../bytes/text.js';
import { formatUuid } from '../../bytes/uuid.js';
import { corrupt, type TygrubError, type Warning } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { ByteSource } from '../../source/byte-source.js';
import { blockCount, type PlacedHeader, tryDynamicHeader } from './dynamic-header.js';
import { type FooterSector, type FooterState, inspectFooter, isSparse, requireSupported } from './footer-sector.js';
import { DiskType, FOOTER, FOOTER_COOKIE, type Footer, OLD_FOOTER_SIZE, SECTOR } from './layout.js';

/** Where the footer that is believed stands. */
export type FooterPlace =
  /** The end of the file or volume: where it belongs. */
  | 'end'
  /** Only the copy at offset 0 can be used. */
  | 'start'
  /** Somewhere between: left behind in a larger volume. */
  | 'stranded';

/** The disk's footer and what the places for footers hold. */
export interface FoundFooter {
  readonly footer: Footer;
  readonly place: FooterPlace;
  /** The sector that the footer was taken from. */
  readonly sector: FooterSector;
  /** The last sector (or the last 511 bytes). */
  readonly tail: FooterSector;
  /** The sector at offset 0. */
  readonly copy: FooterSector;
  /** The dynamic header; null for a fixed disk. */
  readonly header: PlacedHeader | null;
  readonly warnings: readonly Warning[];
}

/** How hard a footer is looked for. */
export interface FindFooterOptions {
  readonly limits: Limits;
  /** Believe footers and headers with a wrong checksum. */
  readonly force: boolean;
  /** Search the file backwards when both places hold no footer. */
  readonly scan: boolean;
  /** The path of the file, for the commands in warnings. */
  readonly path: string;
}

/** Bytes read at a time while searching backwards. */
const SCAN_CHUNK = 1024 * 1024;

/** The sector at the end where the footer belongs. The source must have at least 512 bytes. */
export async function readTail(source: ByteSource): Promise<FooterSector> {
  const length = source.size % SECTOR === OLD_FOOTER_SIZE ? OLD_FOOTER_SIZE : FOOTER.size;
  const tail = inspectFooter(await source.read(source.size - length, length), source.size - length);
  if (length === FOOTER.size || tail.footer !== null) return tail;
  return inspectFooter(await source.read(source.size - FOOTER.size, FOOTER.size), source.size - FOOTER.size);
}

/** The sector at offset 0, where the copy belongs. The source must have at least 512 bytes. */
export async function readCopy(source: ByteSource): Promise<FooterSector> {
  return inspectFooter(await source.read(0, FOOTER.size), 0);
}

/**
 * Finds the footer that is the disk's own.
 * @throws TygrubError corrupt when there is none that can be believed; unsupported for versions and types
 */
export async function findFooter(source: ByteSource, options: FindFooterOptions): Promise<FoundFooter> {
  if (source.size < FOOTER.size) {
    throw corrupt('vhd.too-small', `${source.size} bytes cannot be a VHD: its footer alone has ${FOOTER.size}`);
  }
  const search = new FooterSearch(source, options, await readTail(source), await readCopy(source));
  const found = await search.run();
  requireSupported(found.footer, found.sector.offset);
  return found;
}

class FooterSearch {
  private readonly repair: string;

  constructor(
    private readonly source: ByteSource,
    private readonly options: FindFooterOptions,
    private readonly tail: FooterSector,
    private readonly copy: FooterSector,
  ) {
    this.repair = `mend it with \`tygrub vhd repair ${shellWord(options.path)} --write\``;
  }

  async run(): Promise<FoundFooter> {
    const tail = this.usable(this.tail);
    const copy = this.usable(this.copy);
    const copyHeader = copy !== null && isSparse(copy) ? await tryDynamicHeader(this.source, copy, this.options.force) : null;
    if (copy !== null && copyHeader !== null && copyHeader.placed !== null) return this.sparseWithCopy(copy, copyHeader.placed, tail);
    if (this.tail.state === 'poisoned' || (this.copy.state === 'poisoned' && tail?.diskType !== DiskType.fixed)) throw this.poisoned();
    let headerError = copyHeader?.error ?? null;
    if (tail !== null) {
      if (tail.diskType === DiskType.fixed) return this.fixedAtEnd(tail);
      if (!isSparse(tail)) requireSupported(tail, this.tail.offset);
      const header = await tryDynamicHeader(this.source, tail, this.options.force);
      if (header.placed !== null) return this.tailWithoutCopy(tail, header.placed);
      headerError ??= header.error;
      // Both places name the same disk, so there is no other footer that could know better.
      if (copy !== null && equalBytes(copy.uniqueId, tail.uniqueId)) throw header.error;
    }
    const stranded = await this.searchBackwards(this.options.scan || this.tail.footer !== null || this.copy.footer !== null);
    if (stranded !== null) return stranded;
    if (headerError !== null) throw headerError;
    throw this.noFooter();
  }

  /** The copy at offset 0 and its header are good: the disk is known, the last sector decides about details. */
  private sparseWithCopy(copy: Footer, header: PlacedHeader, tail: Footer | null): Promise<FoundFooter> | FoundFooter {
    if (tail === null) {
      if (this.tail.state === 'poisoned') throw this.poisoned();
      return this.found(copy, 'start', this.copy, header, [this.badTail()]);
    }
    if (equalBytes(this.tail.bytes, this.copy.bytes)) return this.found(tail, 'end', this.tail, header, []);
    if (equalBytes(copy.uniqueId, tail.uniqueId) && isSparse(tail)) {
      // libvhd writes the tail first, so the tail is the newer one.
      const differ: Warning = {
        code: 'vhd.footers-differ',
        message: 'the footer at the end and its copy at offset 0 differ; the one at the end is used',
        offset: this.tail.offset,
        hint: this.repair,
      };
      return this.sparseWithNewerTail(copy, header, tail, differ);
    }
    if (copy.diskType === DiskType.differencing && tail.diskType === DiskType.fixed && tail.currentSize === this.tail.offset) {
      // The data of a fixed disk starts at offset 0: a guest could write a differencing disk there to be shown other
      // files of the host. It cannot write the last sector, and that one describes this file exactly.
      const warning: Warning = {
        code: 'vhd.copy-foreign',
        message:
          'the first sector holds the footer of a differencing disk, but the footer at the end is of a fixed disk of exactly this size',
        offset: 0,
      };
      return this.found(tail, 'end', this.tail, null, [warning]);
    }
    const stale: Warning = {
      code: 'vhd.tail-stale',
      message:
        `the last sector holds the footer of another disk (UUID ${formatUuid(tail.uniqueId)}, ${tail.currentSize ?? 0} bytes), ` +
        'left from an earlier use of the volume; the copy at offset 0 is used',
      offset: this.tail.offset,
      hint: this.repair,
    };
    return this.found(copy, 'start', this.copy, header, [stale]);
  }

  private async sparseWithNewerTail(copy: Footer, header: PlacedHeader, tail: Footer, differ: Warning): Promise<FoundFooter> {
    if (tail.dataOffset === header.offset) return this.found(tail, 'end', this.tail, header, [differ]);
    const own = await tryDynamicHeader(this.source, tail, this.options.force);
    if (own.placed !== null) return this.found(tail, 'end', this.tail, own.placed, [differ]);
    return this.found(copy, 'start', this.copy, header, [this.badTail()]);
  }

  /**
   * Only the tail is good. Its header is where all headers are, so an earlier disk's footer would find this disk's header
   * as well: a damaged copy with another UUID, or a BAT that is too small for the tail's size, give it away.
   */
  private async tailWithoutCopy(tail: Footer, header: PlacedHeader): Promise<FoundFooter> {
    const otherUuid = this.copy.footer !== null && !isPartOf(this.copy.footer.uniqueId, tail.uniqueId);
    const tooLarge = tail.currentSize !== null && blockCount(tail.currentSize, header.header.blockSize) > header.header.maxTableEntries;
    if (otherUuid || tooLarge) {
      const stranded = await this.searchBackwards(true, tail);
      if (stranded !== null) return stranded;
      if (otherUuid) throw this.noFooter();
    }
    return this.found(tail, 'end', this.tail, header, [this.noCopy()]);
  }

  private async fixedAtEnd(tail: Footer): Promise<FoundFooter> {
    if (tail.currentSize !== null && tail.currentSize <= this.tail.offset) return this.found(tail, 'end', this.tail, null, []);
    // The disk does not fit before this footer: it may be an earlier tenant's, and the disk's own left behind.
    const stranded = await this.searchBackwards(true);
    if (stranded !== null) return stranded;
    return this.found(tail, 'end', this.tail, null, [
      {
        code: 'vhd.truncated',
        message: `the footer says ${tail.currentSize ?? 0} bytes, but only ${this.tail.offset} lie before it; the rest cannot be read`,
        offset: this.tail.offset,
      },
    ]);
  }

  /**
   * Looks for a footer that was left behind, from the end backwards: what lies before the disk's own footer is guest
   * data, which may hold footers of other disks.
   */
  private async searchBackwards(wanted: boolean, except: Footer | null = null): Promise<FoundFooter | null> {
    if (!wanted) return null;
    const lowest = this.lowestSearched();
    let fallback: FoundFooter | null = null;
    for (let end = this.source.size; end > lowest; ) {
      const start = Math.max(0, Math.floor((end - 1) / SCAN_CHUNK) * SCAN_CHUNK);
      const chunk = await this.source.read(start, end - start);
      for (let at = Math.floor((chunk.length - SECTOR) / SECTOR) * SECTOR; at >= 0; at -= SECTOR) {
        if (chunk[at] !== COOKIE_START || start + at === 0) continue;
        const sector = inspectFooter(chunk.slice(at, at + SECTOR), start + at);
        const footer = sector.state === 'valid' ? sector.footer : null;
        if (footer === null || footer.currentSize === null) continue;
        if (except !== null && equalBytes(footer.uniqueId, except.uniqueId)) continue;
        if (footer.diskType === DiskType.fixed) {
          if (footer.currentSize === sector.offset) return this.stranded(footer, sector, null);
          if (footer.currentSize < sector.offset) fallback ??= this.stranded(footer, sector, null);
        } else if (isSparse(footer)) {
          const header = await tryDynamicHeader(this.source, footer, false);
          if (header.placed !== null) return this.stranded(footer, sector, header.placed);
        }
      }
      end = start;
    }
    return fallback;
  }

  private lowestSearched(): number {
    const { footerScan, footerScanWhole } = this.options.limits;
    return this.source.size <= footerScanWhole ? 0 : this.source.size - footerScan;
  }

  private stranded(footer: Footer, sector: FooterSector, header: PlacedHeader | null): FoundFooter {
    const warning: Warning = {
      code: 'vhd.footer-stranded',
      message: `the footer stands at byte ${sector.offset}, not at the end (byte ${this.source.size - FOOTER.size}), as after copying a .vhd into a larger volume`,
      offset: sector.offset,
      hint: this.repair,
    };
    return this.found(footer, 'stranded', sector, header, header === null ? [warning] : [warning, this.noCopy()]);
  }

  private found(
    footer: Footer,
    place: FooterPlace,
    sector: FooterSector,
    header: PlacedHeader | null,
    warnings: readonly Warning[],
  ): FoundFooter {
    return { footer, place, sector, tail: this.tail, copy: this.copy, header, warnings };
  }

  private usable(sector: FooterSector): Footer | null {
    return sector.state === 'valid' || (sector.state === 'bad-checksum' && this.options.force) ? sector.footer : null;
  }

  private noCopy(): Warning {
    const why = this.copy.state === 'bad-checksum' ? 'has a wrong checksum' : 'is missing';
    return { code: 'vhd.no-copy', message: `the copy of the footer at offset 0 ${why}`, offset: 0, hint: this.repair };
  }

  private badTail(): Warning {
    const { offset, state } = this.tail;
    if (state === 'killed') {
      return {
        code: 'vhd.tail-killed',
        message: 'tapdisk has or had the disk open for writing: its mark stands in place of the footer; the copy at offset 0 is used',
        offset,
        hint: `where no VM uses the disk, ${this.repair}`,
      };
    }
    const what = TAIL_STATES.get(state) ?? 'does not hold a footer';
    return {
      code: 'vhd.tail-missing',
      message: `the last sector ${what}: the footer was cut off, or the file was copied into a larger volume; the copy at offset 0 is used`,
      offset,
      hint: this.repair,
    };
  }

  private poisoned(): TygrubError {
    return corrupt('vhd.poisoned', 'a journalled operation of vhd-util on this disk is under way or crashed', {
      offset: this.tail.state === 'poisoned' ? this.tail.offset : 0,
      hint: 'when none runs, take it back with `vhd-util revert -n IMAGE -j JOURNAL`',
    });
  }

  private noFooter(): TygrubError {
    const damaged = [this.tail, this.copy].find((sector) => sector.state === 'bad-checksum');
    if (damaged !== undefined) {
      return corrupt('vhd.footer-checksum', 'the footer has a wrong checksum, and there is no good copy of it', {
        offset: damaged.offset,
        hint: '--force reads it nevertheless',
      });
    }
    const lowest = this.lowestSearched();
    const searched = lowest > 0 ? `the last ${this.source.size - lowest} bytes` : 'the whole file';
    const further = lowest > 0 ? '; to search further, raise --limit footerScan' : '';
    return corrupt('vhd.no-footer', `no VHD footer at the end, at offset 0, or in ${searched}`, {
      offset: this.tail.offset,
      hint: `if it is a raw disk, its name should not end in .vhd; if its end was cut off, copy it again${further}`,
    });
  }
}

const TAIL_STATES: ReadonlyMap<FooterState, string> = new Map([
  ['zero', 'is zero'],
  ['bad-checksum', 'holds a footer with a wrong checksum'],
]);

const COOKIE_START = FOOTER_COOKIE.charCodeAt(0);

/** A path as one word of a shell command, for commands in messages. */
export function shellWord(path: string): string {
  return /^[\w./+:@%=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** Whether a UUID is another one, or as much of it as was written before a crash over zeros (a copy that was being made). */
function isPartOf(written: Uint8Array, whole: Uint8Array): boolean {
  const end = written.findIndex((byte, i) => byte !== whole[i]);
  return end < 0 || written.subarray(end).every((byte) => byte === 0);
}
