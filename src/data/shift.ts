import { AssayError } from '../errors.js';
import type { DatasetInfo } from './dataset.js';

/** The shift of a test set. Errors: `config-invalid` for one of a set that is not evaluated. */
export function shiftOf(
  { role = 'test', shift }: Partial<Pick<DatasetInfo, 'role' | 'shift'>>,
  name: string,
  file?: string,
): Pick<DatasetInfo, 'shift'> {
  if (!shift) return {};
  if (role === 'test') return { shift };
  throw new AssayError('config-invalid', `the data set "${name}" is shifted, and no test set`, {
    ...(file !== undefined && { file }),
    path: `datasets.${name}.shift`,
    expected: 'a data set with `role: test`, of the classes that the models know',
    found: `role: ${role}`,
    hint: role === 'ood' ? 'leave out `shift`, or write `role: test`' : 'leave out `shift`',
  });
}
