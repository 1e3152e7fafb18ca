import { mkdirSync, mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readRows } from '../../src/comparison/read-rows.js';
import { sheetsIn } from '../../src/comparison/sheets.js';
import { readExamples } from '../../src/report/examples/rows.js';
import type { Measure } from '../../src/suites/results.js';

/** A run folder with a sheet of that text. */
function runFolder(text: string): string {
  const at = mkdtempSync(join(tmpdir(), 'assay-sheets-'));
  onTestFinished(() => rmSync(at, { recursive: true, force: true }));
  mkdirSync(join(at, 'examples'));
  writeFileSync(join(at, 'examples', 'one.csv'), text);
  return at;
}

/** How many files below a folder this process has open. */
const openIn = (folder: string) =>
  readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
    } catch {
      return false;
    }
  }).length;

const TWO_MIB = 2 ** 21;
const long = `system,place\n${'a,1\n'.repeat(TWO_MIB / 4)}`;

const measure = {
  measure: 'share',
  rows: { sheet: 'examples/one.csv', where: {}, statistic: 'share', columns: { outcome: 'right' } },
} as unknown as Measure & { rows: NonNullable<Measure['rows']> };

describe('the sheets of a run folder', () => {
  it('are read from front to back, header apart', async () => {
    const sheet = await sheetsIn(runFolder('\ufeffmodel,index\n"a, b",1\nc,2\n'))('examples/one.csv');
    expect(sheet?.columns).toEqual(['model', 'index']);
    const rows = [];
    for await (const row of sheet?.rows ?? []) rows.push(row);
    expect(rows).toEqual([
      ['a, b', '1'],
      ['c', '2'],
    ]);
  });

  it('have a header', async () => {
    await expect(sheetsIn(runFolder(''))('examples/one.csv')).rejects.toMatchObject({
      code: 'file-malformed',
    });
  });

  it.runIf(process.platform === 'linux').each<[string, (at: string) => Promise<unknown>]>([
    ['whose rows nobody wants', async (at) => await sheetsIn(at)('examples/one.csv')],
    ['that tell no examples apart', (at) => readExamples(at)],
    ['without a column that is wanted', (at) => readRows(sheetsIn(at), [measure]).catch(() => undefined)],
    [
      'that are read in part',
      async (at) => {
        for await (const _ of (await sheetsIn(at)('examples/one.csv'))?.rows ?? []) break;
      },
    ],
  ])('%s are closed again', async (_, work) => {
    const at = runFolder(long);
    await work(at);
    expect(openIn(at)).toBe(0);
  });
});
