// Filled in by the build (scripts/build.mjs) when the programs are bundled.
declare const TYGRUB_COMMIT: string | undefined;

/** The version of the package. */
export const PACKAGE_VERSION = '0.1.0';

/** What `--version` prints: the version, and the commit where it is known. */
export const VERSION =
  typeof TYGRUB_COMMIT === 'string' && TYGRUB_COMMIT !== '' ? `${PACKAGE_VERSION} (${TYGRUB_COMMIT})` : PACKAGE_VERSION;
