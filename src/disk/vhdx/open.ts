/** VHDX (MS-VHDX), read-only: fixed, dynamic and differencing disks; a log that was not written back is replayed in memory. */
import { formatGuid, isZero } from '../../bytes/uuid.js';
import { corrupt, unsupported, type Warning } from '../../errors.js';
import type { ByteSource } from '../../source/byte-source.js';
import { type BackingFile, openBackingFile } from '../backing-file.js';
import type { Container, ContainerOptions, OpenContainer } from '../container.js';
import { VhdxDisk } from './block-map.js';
import { type Header, readHeader, readRegions } from './header.js';
import { MiB } from './layout.js';
import { replayLog } from './log.js';
import { readMetadata } from './metadata.js';

/** Opens a VHDX with its parent. @throws TygrubError corrupt, unsupported, limit */
export async function openVhdx(source: ByteSource, options: ContainerOptions, openNested: OpenContainer): Promise<VhdxContainer> {
  const warnings: Warning[] = [];
  const header = await readHeader(source, warnings);
  const file = await afterLog(source, header, options, warnings);
  const regions = await readRegions(file);
  const metadata = await readMetadata(file, regions.metadata, options.limits);
  const parent = metadata.parentLocator === null ? null : await openParent(metadata.parentLocator, options, openNested);
  try {
    const parts = [`${metadata.blockSize / MiB} MiB blocks`];
    if (metadata.logicalSectorSize !== 512) parts.push(`${metadata.logicalSectorSize}-byte sectors`);
    if (parent !== null) parts.push(`differencing from ${parent.path}`);
    return {
      format: 'vhdx',
      description: parts.join(', '),
      disk: new VhdxDisk(file, regions.bat, metadata, parent?.container.disk ?? null),
      warnings: [...warnings, ...(parent?.container.warnings ?? [])],
      dataWriteGuid: formatGuid(header.dataWriteGuid),
      ...(parent === null ? {} : { close: () => parent.close() }),
    };
  } catch (error) {
    await parent?.close();
    throw error;
  }
}

/** What a child compares with its `parent_linkage`. */
interface VhdxContainer extends Container {
  readonly dataWriteGuid: string;
}

async function afterLog(source: ByteSource, header: Header, options: ContainerOptions, warnings: Warning[]): Promise<ByteSource> {
  if (isZero(header.logGuid)) return source;
  const { file, entries } = await replayLog(source, header, options.limits);
  warnings.push({
    code: 'vhdx.log-replayed',
    message: `the file was not closed properly: ${entries} entries of its log were replayed in memory`,
    hint: 'open and close it once with Hyper-V or `qemu-img check -r all` to write them back',
  });
  return file;
}

/** A parent under one of its names (2.6.2.6.3), with the right identity: a wrong one is an error, never data. */
async function openParent(
  locator: ReadonlyMap<string, string>,
  options: ContainerOptions,
  openNested: OpenContainer,
): Promise<BackingFile> {
  const names = new Set<string>();
  for (const key of ['relative_path', 'absolute_win32_path', 'volume_path']) {
    const value = locator.get(key);
    if (value === undefined) continue;
    const path = value.replaceAll('\\', '/').replace(/^[A-Za-z]:/, '');
    if (key === 'relative_path') names.add(path);
    names.add(path.slice(path.lastIndexOf('/') + 1));
  }
  const parent = await openBackingFile([...names], 'vhdx', options, openNested);
  const wanted = [locator.get('parent_linkage'), locator.get('parent_linkage2')].flatMap((value) =>
    value === undefined ? [] : [value.replace(/^\{|\}$/g, '').toLowerCase()],
  );
  if (wanted.length === 0) {
    await parent.close();
    throw unsupported('vhdx.no-linkage', `${options.path} does not say which state of its parent it belongs to`);
  }
  const { dataWriteGuid } = parent.container as VhdxContainer;
  if (!wanted.includes(dataWriteGuid)) {
    await parent.close();
    throw corrupt(
      'vhdx.wrong-parent',
      `${parent.path} is not the parent of ${options.path}, or it was written to since: its data write GUID is ${dataWriteGuid}, ${wanted.join(' or ')} is expected`,
    );
  }
  return parent;
}
