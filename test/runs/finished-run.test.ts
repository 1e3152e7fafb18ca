// @module-tag slow
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { writeOnnx } from '../../src/graph/write.js';
import type { ProgressEvent } from '../../src/runs/measuring/progress.js';
import { run } from '../../src/runs/run.js';
import type { RunOptions } from '../../src/runs/run-anew.js';
import {
  CLASSES,
  card,
  images,
  network,
  npz,
  project,
  runFile,
  savedResults,
  unitFiles,
} from '../e2e/project.js';

const SUITES = ['accuracy'];
let at: string;
const out = () => join(at, 'out');
const file = (name: string) => join(at, name);

/** Files that were written this very moment tell nothing of whether they are written again. */
const settle = () => sleep(50);

/** Runs the project, and tells what was opened, and whether the run looked at models and data at all. */
async function again(options: RunOptions = {}) {
  await settle();
  const events: ProgressEvent[] = [];
  const notify = (event: ProgressEvent) => events.push(event);
  const outcome = await run(file('small.run.yaml'), { out: out(), sessions: 1, notify, ...options });
  const opened = events.flatMap((event) => (event.kind === 'opened' ? [event.name] : []));
  const finished = events.flatMap((event) => (event.kind === 'unit-finished' ? [event] : []));
  const looked = events.some((event) => event.kind === 'stage');
  return { ...outcome, opened: opened.sort(), finished, looked };
}

beforeAll(() => {
  at = mkdtempSync(join(tmpdir(), 'assay-finished-'));
  project(at, { suites: SUITES }, 24);
});
afterAll(() => rmSync(at, { recursive: true, force: true }));

/** Each test takes the folder as the one before left it: a finished run. */
describe('a finished run', { sequential: true }, () => {
  it('opens every model and looks through every data set the first time, and nothing the second', async () => {
    const first = await again();
    expect(first).toMatchObject({
      opened: ['flat', 'noise', 'sharp', 'test'],
      looked: true,
      exitCode: 0,
    });
    const report = statSync(join(out(), 'report.html')).mtimeMs;
    const second = await again();
    expect(second).toMatchObject({
      opened: [],
      looked: false,
      kept: true,
      measured: 0,
      stored: first.measured,
      exitCode: 0,
    });
    expect(second.results.measures).toEqual(first.results.measures);
    expect(statSync(join(out(), 'report.html')).mtimeMs).toBe(report);
  });

  it('that is asked with other words looks again, finds nothing to do, and knows these words from then on', async () => {
    expect(await again({ device: 'cpu' })).toMatchObject({ opened: [], looked: true, kept: true });
    expect(await again({ device: 'cpu' })).toMatchObject({ looked: false, kept: true });
    await expect(again({ device: 'abacus' })).rejects.toThrow('abacus');
    expect(await again()).toMatchObject({ looked: true, kept: true });
    expect(await again()).toMatchObject({ looked: false, kept: true });
  });

  it('opens the models of the units that are missing, and no others', async () => {
    const before = savedResults(out());
    rmSync(join(out(), 'units'), { recursive: true });
    const { finished } = await again();
    const ofFlat = finished.filter(({ job }) => job.request.system === 'flat');
    for (const { unit } of ofFlat) rmSync(join(out(), 'units', `${unit.key}.unit`));
    expect(await again()).toMatchObject({ opened: ['flat'], measured: ofFlat.length });
    expect(savedResults(out())).toEqual(before);
  });

  it.each<[string, () => void, string[]]>([
    ['a checkpoint of the same content', () => rewrite('flat.onnx'), []],
    ['data of the same content', () => rewrite('test.npz'), []],
    [
      'a card with a comment more',
      () => writeFileSync(file('flat.model.yaml'), `# mine\n${text('flat.model.yaml')}`),
      [],
    ],
    ['other weights', () => writeFileSync(file('flat.onnx'), writeOnnx(network({ gain: 0.4 }))), ['flat']],
    [
      'another card',
      () =>
        writeFileSync(
          file('flat.model.yaml'),
          stringify(card('flat', { input: { shape: [1, 6, 6], range: [-1, 1] } })),
        ),
      ['flat'],
    ],
    [
      'other data',
      () => writeFileSync(file('test.npz'), npz(images(24, 'others'))),
      ['flat', 'sharp', 'test'],
    ],
    [
      'a damaged description',
      () => {
        for (const one of describeFiles()) writeFileSync(one, '{}');
      },
      ['flat', 'noise', 'sharp', 'test'],
    ],
    [
      'no descriptions',
      () => rmSync(join(out(), 'inventory'), { recursive: true }),
      ['flat', 'noise', 'sharp', 'test'],
    ],
  ])('with %s opens what is not surely the same', async (_, change, opened) => {
    change();
    expect(await again()).toMatchObject({ opened, exitCode: 0 });
    expect(await again()).toMatchObject({ opened: [], looked: false, measured: 0, kept: true });
  });

  it.each<[string, () => void]>([
    ['a report that is gone', () => rmSync(join(out(), 'report.html'))],
    ['a table that was changed', () => writeFileSync(join(out(), 'measures.csv'), 'mine')],
    [
      'results that were changed',
      () => writeFileSync(join(out(), 'results.json'), text('out/results.json').replace('small', 'large')),
    ],
    ['other gates', () => configure({ gates: [{ measure: 'accuracy', where: { model: 'flat' }, min: 0 }] })],
    ['another title', () => configure({ name: 'renamed' })],
  ])('with %s writes everything anew, and opens nothing', async (_, change) => {
    change();
    const { results, ...outcome } = await again();
    expect(outcome).toMatchObject({ opened: [], looked: true, measured: 0, exitCode: 0 });
    expect(outcome.kept).toBeUndefined();
    expect(readFileSync(join(out(), 'report.html'), 'utf8')).toContain(results.title);
    expect(text('out/measures.csv')).toContain('accuracy');
  });

  it('that lost rows to a damaged disk measures them again when they are read', async () => {
    rmSync(join(out(), 'units'), { recursive: true });
    await again();
    const before = savedResults(out());
    const damaged = join(out(), 'units', unitFiles(out())[1]!);
    const bytes = readFileSync(damaged);
    bytes[bytes.length - 40]! ^= 1;
    writeFileSync(damaged, bytes);
    // Nothing reads rows while everything is as it was.
    expect(await again()).toMatchObject({ kept: true });
    rmSync(join(out(), 'report.html'));
    const { measured, opened } = await again();
    expect([measured, opened.length]).toEqual([1, 1]);
    expect(savedResults(out())).toEqual(before);
  });
});

it('over a folder of images says by name what changed, and reads what was only touched once more', async () => {
  const { pixels, labels } = images(24, 'photos');
  const png = (i: number) =>
    sharp(pixels.subarray(36 * i, 36 * (i + 1)), { raw: { width: 6, height: 6, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toBuffer();
  const photo = (i: number) => join('photos', CLASSES[labels[i]!]!, `${i}.png`);
  for (const name of CLASSES) mkdirSync(file(join('photos', name)), { recursive: true });
  for (const i of labels.keys()) writeFileSync(file(photo(i)), await png(i));
  const datasets = { test: { path: './photos' } };
  writeFileSync(file('photos.run.yaml'), stringify(runFile({ name: 'photos', datasets, suites: SUITES })));
  const notes: string[] = [];
  const notify = (event: ProgressEvent) => {
    if (event.kind === 'note') notes.push(event.text);
  };
  const rerun = async () => {
    await settle();
    notes.length = 0;
    return run(file('photos.run.yaml'), { out: file('photos-out'), sessions: 1, notify });
  };
  const note = () => readFileSync(file('photos-out/inventory/finished.json'), 'utf8');
  await rerun();
  expect(notes).toEqual([]);

  const before = note();
  const long = new Date('2020-01-01T00:00:00Z');
  utimesSync(file(photo(5)), long, long);
  expect(await rerun()).toMatchObject({ kept: true });
  const after = note();
  expect(after).not.toBe(before);
  expect(JSON.parse(after).read.parts).not.toEqual(JSON.parse(before).read.parts);
  expect(notes).toEqual([]);

  writeFileSync(file(photo(5)), await png(8));
  expect(await rerun()).toMatchObject({ exitCode: 0 });
  expect(notes).toEqual([
    'the data set "test" is read again: since the last run, 1 file changed (photos/right/5.png)',
  ]);
  renameSync(file(photo(4)), file('photos/middle/four.png'));
  expect(await rerun()).toMatchObject({ exitCode: 0 });
  expect(notes).toEqual([
    'the data set "test" is read again: since the last run, 1 is new (photos/middle/four.png), 1 is gone (photos/middle/4.png)',
  ]);
});

const text = (name: string) => readFileSync(file(name), 'utf8');
const rewrite = (name: string) => writeFileSync(file(name), readFileSync(file(name)));
const describeFiles = () =>
  readdirSync(join(out(), 'inventory')).map((name) => join(out(), 'inventory', name));

function configure(more: object): void {
  const { gates: _, ...config } = { ...runFile({ suites: SUITES }), ...parse(text('small.run.yaml')) };
  writeFileSync(file('small.run.yaml'), stringify({ ...config, ...more }));
}
