import { AssayError } from '../errors.js';

/** Errors: `config-invalid` where an option that is the lower end of a range is above the one that is its upper end. */
export function refuseDisorder<Name extends string>(
  options: Readonly<Record<Name, number>>,
  low: Name,
  high: Name,
): void {
  if (options[low] <= options[high]) return;
  throw new AssayError('config-invalid', `its option ${low} is above its option ${high}`, {
    path: low,
    expected: `at most ${options[high]}`,
    found: `${options[low]}`,
    hint: `lower ${low}, or raise ${high}`,
  });
}
