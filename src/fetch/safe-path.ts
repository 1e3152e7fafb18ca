import { malformed, type Place } from '../bytes/byte-source.js';

/**
 * The parts of a path inside an archive, once it is known to stay below the folder that it is unpacked into, on every
 * system. Errors: `file-malformed` for paths that lead out of it, or that mean something else elsewhere.
 */
export function safeParts(path: string, place: Place): string[] {
  const parts = path
    .split('/')
    .filter((part, i, all) => part !== '.' && !(part === '' && i === all.length - 1));
  const why = path.startsWith('/')
    ? 'it is absolute'
    : parts.includes('..')
      ? 'it leads upwards'
      : /[\\:\p{Cc}]/u.test(path)
        ? 'it has a backslash, a colon or a control character'
        : parts.some((part) => part === '' || part.length > 255)
          ? 'a part of it is empty or too long'
          : undefined;
  if (why === undefined) return parts;
  throw malformed(place, 'a path in the archive is refused', {
    expected: 'paths below the folder that it is unpacked into',
    found: `${JSON.stringify(path.slice(0, 200))}: ${why}`,
    hint: 'nothing was unpacked to where the data go: this is not the archive that was published',
  });
}
