import type { OutputRows } from '../../src/measurements.js';
import { AssayError, type Collected, type DatasetInfo, type NdArray } from '../../src/suite.js';
import type { Setting } from './settings.js';

/** What images of settings are. */
export const PUBLISHED = 'published files';

/**
 * The rows of the published form of each clean image. Both sets hold the same examples in the same order, so that positions
 * tell which belong together.
 * Errors: `data-invalid` where their labels or places differ, or examples failed in one of them.
 */
export function pairedRows(
  clean: Collected<OutputRows>,
  found: Collected<OutputRows>,
  { dataset, from }: NonNullable<Setting['published']>,
): Collected<OutputRows> {
  const n = clean.indices.length;
  const asked = Math.min(dataset.size, found.request.first ?? dataset.size);
  if (found.indices.length !== asked) throw unpaired(dataset, clean, 'examples that failed');
  const part = <T extends { slice(start: number, end: number): T }>(values: T, width = 1) =>
    values.slice(from * width, (from + n) * width);
  const [indices, labels] = [part(found.indices), found.labels && part(found.labels)];
  const shift = indices[0] - clean.indices[0];
  const moved = indices.findIndex((index, i) => index - clean.indices[i] !== shift);
  const other = labels?.findIndex((label, i) => label !== clean.labels?.[i]) ?? 0;
  if (moved >= 0) throw unpaired(dataset, clean, `image ${moved} is another example`);
  if (other >= 0) throw unpaired(dataset, clean, `image ${other} has another label`);
  const rows = Object.fromEntries(
    Object.entries(found.rows).map(([name, { shape, data }]: [string, NdArray]) => {
      const width = data.length / shape[0];
      return [name, { shape: [n, ...shape.slice(1)], data: data.slice(from * width, (from + n) * width) }];
    }),
  ) as OutputRows;
  return { ...found, rows, indices: clean.indices, ...(labels && { labels }) };
}

const unpaired = ({ name, path }: DatasetInfo, { request }: Collected, found: string) =>
  new AssayError('data-invalid', `"${name}" does not hold the images of "${request.dataset}"`, {
    file: path,
    expected: 'the same examples in the same order',
    found,
    hint: `give both the same \`limit\` and \`offset\`, or leave "${name}" out of \`datasets\` of the suite`,
  });
