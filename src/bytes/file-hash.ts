import { createHash } from 'node:crypto';
import { openFile, passed } from './byte-source.js';

/**
 * SHA-256 in hex, as `sha256sum` prints it. Read in pieces: of a file of weights not everything is needed.
 * Errors: `file-unreadable`.
 */
export async function hashOfFile(file: string): Promise<string> {
  const source = await openFile(file);
  try {
    const hash = createHash('sha256');
    await passed(source, (piece) => hash.update(piece));
    return hash.digest('hex');
  } finally {
    await source.close();
  }
}
