import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Job } from '../../src/runs/plan.js';
import { folderStatus, notePlanned } from '../../src/runs/planned-units.js';
import { folder } from '../e2e/assay.js';

const job = (name: string, keys: readonly string[]) =>
  ({
    request: { measurement: { name }, system: 'cnn', dataset: 'test' },
    units: keys.map((key, i) => ({ key, start: i, end: i + 1 })),
  }) as unknown as Job;

it('tells how far a run folder is: units that are there, that are claimed, that wait, and how fast they came', async () => {
  const at = folder();
  for (const part of ['units', 'claims', 'inventory']) mkdirSync(join(at, part));
  await notePlanned(at, 'A run', [job('clean', ['a', 'b', 'c']), job('attack', ['d', 'e', 'f'])]);
  expect(await folderStatus(at)).toMatchObject({
    units: 6,
    done: 0,
    waiting: 6,
    rate: null,
    secondsLeft: null,
  });
  // Units of another plan, and half-written ones, do not count.
  for (const [i, name] of ['a.unit', 'b.unit', 'c.unit', 'z.unit', 'd.unit.1.tmp'].entries()) {
    writeFileSync(join(at, 'units', name), '');
    utimesSync(join(at, 'units', name), 1000 + 10 * i, 1000 + 10 * i);
  }
  writeFileSync(join(at, 'claims', 'd.0.claim'), 'one');
  // Done, and not given back yet.
  writeFileSync(join(at, 'claims', 'a.0.claim'), 'one');
  writeFileSync(join(at, 'claims', 'one.owner'), 'one');
  expect(await folderStatus(at)).toEqual({
    folder: at,
    title: 'A run',
    units: 6,
    done: 3,
    running: [{ what: 'attack of cnn on test', by: 'one' }],
    waiting: 2,
    rate: 0.1,
    secondsLeft: 30,
    processes: ['one'],
  });
});

it('says where no run has begun', async () => {
  await expect(folderStatus(folder())).rejects.toMatchObject({ code: 'file-unreadable' });
});
