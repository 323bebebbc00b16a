/** What every container format (VHD, qcow2, raw ...) is to the rest of tygrub. */
import type { Warning } from '../errors.js';
import type { Limits } from '../limits.js';
import type { ByteSource } from '../source/byte-source.js';
import type { NeighbourFolder, Neighbours } from '../source/neighbours.js';

/** An opened container: the virtual disk inside it. */
export interface Container {
  /** `vhd`, `raw`, `qcow2` ... */
  readonly format: string;
  /** One phrase for people: `dynamic, 2 MiB blocks, created by qemu`. Empty for raw. */
  readonly description: string;
  /** The virtual disk. */
  readonly disk: ByteSource;
  /** What is wrong or odd but did not stop the reading. */
  readonly warnings: readonly Warning[];
  /** Gives back what the container opened itself (parents, backing files, extents); not the source that it was given. */
  close?(): Promise<void>;
}

/** What a container may use and how. */
export interface ContainerOptions {
  readonly limits: Limits;
  /** Files that the container may name. */
  readonly neighbours: Neighbours;
  /** The path of the container file, for messages and for VHD chains; empty where there is none. */
  readonly path: string;
  /** A raw disk may be a VHD's parent (`--allow-raw-parent`). */
  readonly allowRawParent: boolean;
  /** The container is this folder, not a file (Xen Orchestra's VhdDirectory); its source is the file `header` in it. */
  readonly folder?: NeighbourFolder;
  /** Go on where a checksum that can be ignored is wrong (`--force`). */
  readonly force: boolean;
  /** The files that led here, by identity, the leaf first: a backing file must not be one of them. */
  readonly openedBy?: readonly string[];
}

/** Opens whatever container is in a source: what formats with backing files of any format are given. */
export type OpenContainer = (source: ByteSource, options: ContainerOptions) => Promise<Container>;

/** One row of the table of containers. */
export interface ContainerFormat {
  readonly name: string;
  /** Says from a few bytes (for some formats also from the path) whether this is such a container. Never throws on content. */
  probe(source: ByteSource, options: ContainerOptions): Promise<boolean>;
  /** @param openNested the way in again, for the files that the container names */
  open(source: ByteSource, options: ContainerOptions, openNested: OpenContainer): Promise<Container>;
}
