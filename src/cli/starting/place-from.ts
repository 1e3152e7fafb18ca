import { isAbsolute, relative, resolve, sep } from 'node:path';

/** A file's path as a run file in that directory says it. */
export function placeFrom(directory: string, file: string): string {
  const path = relative(directory, resolve(file)).split(sep).join('/');
  return path.startsWith('.') || isAbsolute(path) ? path : `./${path}`;
}
