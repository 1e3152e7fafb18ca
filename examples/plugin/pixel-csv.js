import { readFile } from 'node:fs/promises';
import { AssayError } from 'assay/plugin';

/** A data format: a line for each image, its label and then its grey levels from 0 to 255. */
export const pixelCsv = {
  name: 'pixel-csv',
  title: 'CSV of pixels',
  recognises: ({ path }) => path.endsWith('.pixels.csv'),
  async open({ path }) {
    const lines = (await readFile(path, 'utf8')).trim().split(/\r?\n/);
    const rows = lines.map((line, i) => numbersIn(line, i + 1, path));
    const side = Math.sqrt(rows[0].length - 1);
    const odd = rows.findIndex(({ length }) => length !== rows[0].length);
    if (odd >= 0 || !Number.isInteger(side))
      throw new AssayError('data-invalid', 'these are no square images of one size', {
        file: path,
        path: `line ${Math.max(0, odd) + 1}`,
        expected: 'a label and as many grey levels as the first line, a square number',
        found: `${rows[Math.max(0, odd)].length} numbers`,
        hint: 'write every image as one line',
      });
    return {
      n: rows.length,
      shape: [1, side, side],
      labels: Int32Array.from(rows, ([label]) => label),
      note: 'grey levels / 255',
      async read(start, end, out) {
        for (let i = start; i < end; i++)
          out.set(rows[i].slice(1).map((level) => level / 255), (i - start) * side * side);
      },
      async close() {},
    };
  },
};

function numbersIn(line, number, file) {
  const numbers = line.split(',').map(Number);
  if (numbers.every((value) => Number.isInteger(value) && value >= 0 && value <= 255)) return numbers;
  throw new AssayError('data-invalid', 'a line is no image', {
    file,
    path: `line ${number}`,
    expected: 'whole numbers from 0 to 255 between commas',
    found: line.slice(0, 60),
    hint: 'write the label and then the grey levels',
  });
}
