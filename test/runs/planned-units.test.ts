import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Job } from '../../src/runs/plan.js';
import { folderStatus, notePlanned } from '../../src/runs/planned-units.js';
import { folder, obeyed } from '../e2e/assay.js';

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
    queued: false,
    rate: 0.1,
    secondsLeft: 30,
    processes: ['one'],
  });
});

it('says where no run has begun, and where one could not note its units', async () => {
  const at = folder();
  const refused = (message: string) => ({ code: 'file-unreadable', message });
  await expect(folderStatus(at)).rejects.toMatchObject(refused('no run has begun in this folder'));
  writeFileSync(join(at, 'run.json'), '{}');
  await expect(folderStatus(at)).rejects.toMatchObject(
    refused('the run in this folder has no list of its units'),
  );
  mkdirSync(join(at, 'inventory', 'units.json'), { recursive: true });
  await expect(notePlanned(at, 'A run', [])).rejects.toMatchObject({ code: 'output-unwritable' });
});

it('says of units in a queue that they are there, not that they are measured', async () => {
  const at = folder();
  mkdirSync(join(at, 'claims'));
  await notePlanned(at, 'A run', [job('clean', ['a', 'b'])], true);
  writeFileSync(join(at, 'claims', 'a.0.claim'), 'one');
  expect(await folderStatus(at)).toMatchObject({ queued: true, running: [{ by: 'one' }], waiting: 1 });
  expect((await obeyed(['status', '.'], at)).stdout).toContain(
    'A run: 0 of 2 units done, 1 in a queue (`assay status --queue URL` tells which are measured), 1 waiting',
  );
});
