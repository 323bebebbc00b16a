/** The version of the package, as `--version` prints it. The build replaces it with version and commit. */
export const VERSION = '0.1.0';
