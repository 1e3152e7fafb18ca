import { stringify } from 'csv-stringify/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cast } from '../src/csv-cell.js';
import { csvPlaces } from '../src/csv-places.js';
import { cellsOf, csvRecords } from '../src/csv-records.js';
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

/** The cells of the records after the first, each found by its place and cut out of the bytes there. */
async function placed(bytes: Buffer, length: number): Promise<string[][]> {
  const found: string[][] = [];
  for await (const block of csvPlaces(inPieces(bytes, length), 3, whole))
    for (let r = 0; r < block.length; r++) {
      const cells = [0, 1, 2].map((c) => block.cell(r, c));
      const start = block.start(r);
      const there = bytes.toString('utf8', start, start + block.size(r)).replace(/\r?\n$/, '');
      expect(cellsOf(there)).toEqual(cells);
      found.push(cells);
    }
  return found;
}

function whole(record: string, number: number): void {
  if (cellsOf(record)?.length !== 3) throw new Error(`record ${number}`);
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
          expect(await placed(Buffer.from(written), length)).toEqual(rows.slice(1));
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

  it('says of cells whether they are true or false', async () => {
    const text = 'a,b\n"true",false\r\n,fals\ntrue,truth';
    const found = [];
    for await (const block of csvPlaces(inPieces(Buffer.from(text), 7), 2, () => {}))
      for (let r = 0; r < block.length; r++) found.push([block.truth(r, 0), block.truth(r, 1)]);
    expect(found).toEqual([
      [true, false],
      ['', undefined],
      [true, undefined],
    ]);
  });

  it.each(['x,y\n1', 'x,y\n1,2,3,4', 'x,y\n1,2,"3', 'x,y\n"1"2,3,4'])('%j is not whole', async (text) => {
    const read = async () => {
      for await (const _ of csvPlaces(inPieces(Buffer.from(text), 3), 3, whole));
    };
    await expect(read()).rejects.toThrow('record 1');
  });

  it.each(['"a', 'a"b,c', '"a"b,c'])('%s has quotes out of order', (record) => {
    expect(cellsOf(record)).toBeUndefined();
  });
});
