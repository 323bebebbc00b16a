/** Unified kernel images: PE files that hold kernel, initrd and command line. What other layers use stands here. */
export { bootUki, readUki, sectionText, type Uki, type UkiBoot, type UkiProfile } from './image.js';
export { type PeImage, type PeSection, readPe, sectionSource } from './pe.js';
