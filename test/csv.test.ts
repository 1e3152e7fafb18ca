import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cast } from '../src/csv-cell.js';
import { cellAt, cellsOf, csvRecords } from '../src/csv-records.js';
import { csvText } from '../src/csv-text.js';

/** With all that CSV treats in another way. */
const text = fc.string({
  unit: fc.constantFrom('a', 'é', ' ', ',', '"', '\n', '\r', '=', '-', '1', '.', 'e'),
  maxLength: 30,
});
const cell = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
const table = fc.array(fc.tuple(cell, cell, cell), { maxLength: 8 });
const columns = ['one', 'a "quoted", name', 'three'];

/** The bytes in pieces of some length. */
async function* inPieces(bytes: Uint8Array, length: number) {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function read(bytes: Uint8Array, length: number): Promise<string[]> {
  const records = [];
  for await (const some of csvRecords(inPieces(bytes, length))) records.push(...some);
  return records;
}

describe('CSV', () => {
  it('is what csv-stringify writes', () => {
    fc.assert(
      fc.property(table, (rows) => {
        const expected = stringify(rows, { header: true, columns, cast });
        expect([...csvText(columns, rows)].join('')).toBe(expected);
      }),
    );
  });

  it('is read as it was written, however it comes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(text, text, text)),
        fc.integer({ min: 1, max: 40 }),
        async (rows, length) => {
          const written = stringify(rows, { quoted_string: true, bom: true });
          const records = await read(Buffer.from(written), length);
          expect(records.map(cellsOf)).toEqual(rows);
          for (const [r, record] of records.entries())
            expect([0, 1, 2, 3].map((c) => cellAt(record, c))).toEqual([...rows[r]!, undefined]);
        },
      ),
    );
  });

  it('may end lines with a carriage return, and its last one not at all', async () => {
    const records = await read(Buffer.from('a,b\r\n\r\n1,\r\n,"2"'), 5);
    expect(records.map(cellsOf)).toEqual([
      ['a', 'b'],
      ['1', ''],
      ['', '2'],
    ]);
  });

  it.each(['"a', 'a"b,c', '"a"b,c'])('%s has quotes out of order', (record) => {
    expect(cellsOf(record)).toBeUndefined();
  });
});
