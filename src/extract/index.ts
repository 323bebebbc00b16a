/** Extraction: boot entries and files of a guest become files on the host. */
export { type CopyOptions, copySource, FileSink, type Sink, StreamSink } from './copy.js';
export { type EntryFiles, type Extracted, type ExtractedFile, type ExtractOptions, extractEntry, openEntry } from './extract-entry.js';
export { NewFile } from './new-file.js';
export { discard, endBySignal, finished, unfinishedFile } from './unfinished-files.js';
