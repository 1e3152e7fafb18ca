import path from 'node:path';
import { AssayError } from '../errors.js';

/**
 * A path that a part of a plug-in gives a file, tidied.
 * @param part what messages call it: `the renderer "mine"`
 * Errors: `plugin-invalid` for one outside of the folder that the file goes to.
 */
export function pathInside(given: string, part: string): string {
  const inside = path.posix.normalize(given);
  if (!/^([/\\]|[A-Za-z]:|\.\.?($|[/\\]))/.test(inside) && !inside.includes('\0')) return inside;
  throw new AssayError('plugin-invalid', `${part} names a file outside its folder`, {
    expected: 'a path below it, with forward slashes: `summary.md`',
    found: given,
  });
}
