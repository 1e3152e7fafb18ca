import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gatherEvidence } from '../../../src/bytes/evidence.js';
import { type Evidence, emptyLog, logReads } from '../../../src/bytes/read-log.js';
import { readText } from '../../../src/bytes/regular-file.js';
import { finishedBefore, noteFinished } from '../../../src/runs/folder/finished.js';
import type { Results } from '../../../src/suites/results.js';

const results = { digest: 'd', status: 'complete', title: 'small' } as Results;
const UNIT = join('units', 'a.unit');
const FILES = {
  card: 'name: net',
  'out/run.json': '{"key":"k"}',
  'out/results.json': JSON.stringify(results),
  'out/report.html': '<p>small',
  'out/examples/clean.csv': 'index',
  [`out/${UNIT}`]: 'rows',
};

/** A folder with what a run read and what it wrote, and the note of it. */
async function finished(noted: Partial<Results> = {}) {
  const at = mkdtempSync(join(tmpdir(), 'assay-noted-'));
  onTestFinished(() => rmSync(at, { recursive: true, force: true }));
  for (const folder of ['examples', 'units']) mkdirSync(join(at, 'out', folder), { recursive: true });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(at, name), text);
  await sleep(50);
  const log = emptyLog();
  await logReads(log, () => readText(join(at, 'card'), 'configuration'));
  const question = { asked: 'this', engine: 'ort', read: (await gatherEvidence(log)) as Evidence };
  await noteFinished(join(at, 'out'), { ...results, ...noted }, question, [UNIT]);
  return at;
}

const known = (at: string, { asked = 'this', engine = 'ort' } = {}) =>
  finishedBefore(join(at, 'out'), asked, async () => engine);

/** Other bytes in place of the same number, and the times as they were set before. */
function disguise(file: string): void {
  const long = new Date('2020-01-01T00:00:00Z');
  writeFileSync(file, readFileSync(file, 'utf8').replace(/.$/, '#'));
  utimesSync(file, long, long);
}

describe('a finished run', () => {
  it('is known by its note', async () => {
    expect(await known(await finished())).toEqual({ results, units: 1 });
  });

  it.each<[string, (at: string) => void]>([
    ['a file of the user beside the outputs', (at) => writeFileSync(join(at, 'out', 'notes.txt'), 'mine')],
    ['a unit of another run', (at) => writeFileSync(join(at, 'out', 'units', 'b.unit'), 'rows')],
    ['the same card, written anew', (at) => writeFileSync(join(at, 'card'), FILES.card)],
  ])('is known with %s', async (_, change) => {
    const at = await finished();
    change(at);
    expect(await known(at)).toEqual({ results, units: 1 });
  });

  it.each<[string, (at: string) => void]>([
    ['another card of the same length and time', (at) => disguise(join(at, 'card'))],
    ['no card', (at) => rmSync(join(at, 'card'))],
    [
      'a link in place of the card',
      (at) => {
        rmSync(join(at, 'card'));
        writeFileSync(join(at, 'other'), 'name: tie');
        symlinkSync(join(at, 'other'), join(at, 'card'));
      },
    ],
    ['results of the same length and time', (at) => disguise(join(at, 'out/results.json'))],
    ['a page of the same length and time', (at) => disguise(join(at, 'out/report.html'))],
    ['no page', (at) => rmSync(join(at, 'out/report.html'))],
    ['no sheet', (at) => rmSync(join(at, 'out/examples/clean.csv'))],
    ['a table more', (at) => writeFileSync(join(at, 'out/examples/other.csv'), '')],
    ['a page more', (at) => writeFileSync(join(at, 'out/examples.html'), '')],
    ['no unit', (at) => rmSync(join(at, 'out', UNIT))],
    ['a unit of the same length and time', (at) => disguise(join(at, 'out', UNIT))],
    ['another run that was begun', (at) => writeFileSync(join(at, 'out/run.json'), '{"key":"x"}')],
    ['a note of another program', (at) => edit(at, (note) => ({ ...note, program: 'other' }))],
    ['a note without evidence', (at) => edit(at, ({ read: _, ...note }) => note)],
    ['half a note', (at) => writeFileSync(noteIn(at), readFileSync(noteIn(at), 'utf8').slice(0, 200))],
    ['no note', (at) => rmSync(noteIn(at))],
    ['the folder under another name', (at) => renameSync(join(at, 'out'), join(at, 'moved'))],
  ])('is not known with %s', async (_, change) => {
    const at = await finished();
    change(at);
    expect(await known(at)).toBeUndefined();
  });

  it('is not known by other words, or with another engine', async () => {
    const at = await finished();
    expect(await known(at, { asked: 'that' })).toBeUndefined();
    expect(await known(at, { engine: 'tfjs' })).toBeUndefined();
  });

  it('is not known where another process put its results into the folder before it was noted', async () => {
    expect(await known(await finished({ digest: 'of other results' }))).toBeUndefined();
  });

  it('is not noted where another process takes the results away, which is no error', async () => {
    const at = await finished();
    rmSync(noteIn(at));
    rmSync(join(at, 'out/results.json'));
    const question = { asked: 'this', engine: 'ort', read: (await gatherEvidence(emptyLog())) as Evidence };
    await noteFinished(join(at, 'out'), results, question, [UNIT]);
    expect(existsSync(noteIn(at))).toBe(false);
  });

  it('is not noted while it is partial', async () => {
    expect(await known(await finished({ status: 'partial' }))).toBeUndefined();
  });
});

const noteIn = (at: string) => join(at, 'out', 'inventory', 'finished.json');

function edit(at: string, change: (note: Record<string, unknown>) => object): void {
  writeFileSync(noteIn(at), JSON.stringify(change(JSON.parse(readFileSync(noteIn(at), 'utf8')))));
}
