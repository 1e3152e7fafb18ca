/** Whether a file that begins like this begins with those bytes. */
export const startsWith = (start: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, i) => start[i] === byte);

/** An archive that has members. */
export const isZip = (start: Uint8Array): boolean => startsWith(start, [0x50, 0x4b, 0x03, 0x04]);

export const isGzip = (start: Uint8Array): boolean => startsWith(start, [0x1f, 0x8b]);

/** An array of NumPy's. */
export const isNpy = (start: Uint8Array): boolean => startsWith(start, [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]);

export const isHdf5 = (start: Uint8Array): boolean =>
  startsWith(start, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a]);
