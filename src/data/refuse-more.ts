import type { Place } from '../bytes/byte-source.js';
import { type LimitName, limits } from '../bytes/limits.js';
import { AssayError } from '../errors.js';

/**
 * Refuses what a header promises more of than a limit allows, before there is room for it. A file can be as long as it
 * promises and take no room on the disk.
 * Errors: `data-invalid`.
 */
export function refuseMore(limit: LimitName, count: number, place: Place): void {
  const { value, of, instead } = limits[limit];
  if (count <= value) return;
  throw new AssayError('data-invalid', 'the data are too large', {
    ...place,
    expected: `at most ${value} ${of}`,
    found: String(count),
    hint: instead,
  });
}
