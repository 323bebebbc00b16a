import type { ByteSource } from './byte-source.js';

/** A file that a container named, opened under the caller's rules. */
export interface Neighbour {
  readonly source: ByteSource;
  /** The path, for people. */
  readonly path: string;
  /** Equal for two names of the same file. */
  readonly identity: string;
  /** The files beside this one, for the next link of a chain. */
  readonly neighbours: Neighbours;
}

/** A folder that a container named: Xen Orchestra keeps a VHD as a folder of small files. */
export interface NeighbourFolder {
  /** The path, for people. */
  readonly path: string;
  /** Equal for two names of the same folder. */
  readonly identity: string;
  /** The files in the folder. */
  readonly files: Neighbours;
  /** The files beside the folder, for the next link of a chain. */
  readonly neighbours: Neighbours;
}

/**
 * The files that a container may name: VHD parents, qcow2 backing files, VMDK extents. A program hands them to the
 * parsers, and with them its policy: names come from the disk and are hostile.
 */
export interface Neighbours {
  /**
   * Opens the file that a container calls `name` (`/` between components, relative to the container's directory).
   * @returns null when there is no such file
   * @throws TygrubError usage when the caller's policy forbids the place; the message names the option that allows it
   */
  open(name: string): Promise<Neighbour | null>;
  /** Names of the files in the container's directory, bounded, in no order. */
  list(): Promise<readonly string[]>;
  /**
   * The folder that a container calls `name`; hosts without folders leave it out.
   * @returns null when there is no such folder
   * @throws TygrubError usage as `open`
   */
  folder?(name: string): Promise<NeighbourFolder | null>;
}

/** No other files at all: what a container gets where nothing was allowed. */
export const NO_NEIGHBOURS: Neighbours = {
  open: async () => null,
  list: async () => [],
};
