/**
 * A name that every file system takes, of letters and digits of every script, dashes and underscores: that of a file below `examples`.
 * Different names can give the same: see `refuseSharedFiles`.
 */
export const exampleFile = (wanted: string): string =>
  wanted.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}_-]+/gu, '-') || 'examples';
