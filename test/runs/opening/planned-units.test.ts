import { mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { processName } from '../../../src/bytes/process-name.js';
import { folderStatus, notePlanned } from '../../../src/runs/opening/planned-units.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { folder, obeyed } from '../../e2e/assay.js';

const job = (name: string, keys: readonly string[]) =>
  ({
    request: { measurement: { name }, system: 'cnn', dataset: 'test' },
    units: keys.map((key, i) => ({ key, start: i, end: i + 1 })),
  }) as unknown as Job;

/** Never takes a process for dead because it is silent: times of files are those of the tests. */
const PATIENT = { beat: { everyMs: 5000, staleMs: Number.POSITIVE_INFINITY } };

it('tells how far a run folder is: units that are there, that are claimed, that wait, and how fast they came', async () => {
  const at = folder();
  for (const part of ['units', 'claims', 'inventory']) mkdirSync(join(at, part));
  const weight = ({ request }: Job) => (request.measurement.name === 'attack' ? 60 : 2);
  await notePlanned(at, 'A run', [job('clean', ['a', 'b', 'c']), job('attack', ['d', 'e', 'f'])], weight);
  expect(await folderStatus(at, PATIENT)).toMatchObject({
    units: 6,
    done: 0,
    waiting: 6,
    rate: null,
    secondsLeft: null,
  });
  const file = join(at, 'inventory', 'units.json');
  utimesSync(file, 900, 900);
  // Units of another plan, and half-written ones, do not count.
  for (const [i, name] of ['a.unit', 'b.unit', 'c.unit', 'z.unit', 'd.unit.1.tmp'].entries()) {
    writeFileSync(join(at, 'units', name), '');
    utimesSync(join(at, 'units', name), 1000 + 10 * i, 1000 + 10 * i);
  }
  writeFileSync(join(at, 'claims', 'd.0.claim'), 'one');
  // Done, and not given back yet.
  writeFileSync(join(at, 'claims', 'a.0.claim'), 'one');
  const alive = (seconds: number) => {
    writeFileSync(join(at, 'claims', 'one.owner'), 'one');
    utimesSync(join(at, 'claims', 'one.owner'), seconds, seconds);
  };
  alive(1015);
  expect(await folderStatus(at, PATIENT)).toEqual({
    folder: at,
    title: 'A run',
    units: 6,
    done: 3,
    running: [{ what: 'attack of cnn on test', by: 'one' }],
    waiting: 2,
    queued: false,
    rate: 0.1,
    // 4 forward passes in 20 s, and 180 left: units of attacks are longer than those that came.
    secondsLeft: 900,
    processes: ['one'],
  });
  // Meanwhile nothing came.
  alive(1080);
  expect(await folderStatus(at, PATIENT)).toMatchObject({ rate: 0.025, secondsLeft: 3600 });
  // It was stopped, and goes on: what came before tells nothing of now.
  alive(5000);
  expect(await folderStatus(at, PATIENT)).toMatchObject({ rate: null, secondsLeft: null });
  const { jobs, ...rest } = JSON.parse(readFileSync(file, 'utf8'));
  // As earlier versions noted it: all units alike.
  writeFileSync(
    file,
    JSON.stringify({
      ...rest,
      jobs: jobs.map(({ weights: _, ...one }: object & { weights: unknown }) => one),
    }),
  );
  utimesSync(file, 900, 900);
  alive(1020);
  expect(await folderStatus(at, PATIENT)).toMatchObject({ rate: 0.1, secondsLeft: 30 });
  // Stopped after the first of them, and continued just before the second.
  utimesSync(file, 1009, 1009);
  alive(1030);
  expect(await folderStatus(at, PATIENT)).toMatchObject({ rate: 0.05, secondsLeft: 60 });
  // Copied, with the times of the copy, or at its end: nobody measures.
  rmSync(join(at, 'claims'), { recursive: true });
  expect(await folderStatus(at, PATIENT)).toMatchObject({ rate: null, secondsLeft: null, processes: [] });
});

it('does not count who is dead here, or silent elsewhere, but who is heard of by another clock', async () => {
  const at = folder();
  mkdirSync(join(at, 'claims'));
  await notePlanned(at, 'A run', [job('clean', ['a', 'b', 'c', 'd'])], () => 1);
  const [place, pid, began] = processName.split('-');
  const owners = {
    here: `${place}-${pid}-${began}-0a`,
    ended: `${place}-${pid}-${Number(began) + 1}-0b`,
    copied: '0123456789ab-1-5-0c',
    slow: '0123456789ab-2-5-0d',
  };
  const touch = (owner: string, seconds: number) =>
    utimesSync(join(at, 'claims', `${owner}.owner`), seconds, seconds);
  for (const [i, owner] of Object.values(owners).entries()) {
    writeFileSync(join(at, 'claims', `${owner}.owner`), owner);
    writeFileSync(join(at, 'claims', `${'abcd'[i]}.0.claim`), owner);
  }
  touch(owners.copied, 1000);
  // A day behind.
  let seconds = Date.now() / 1000 - 86_400;
  touch(owners.slow, seconds);
  const beating = setInterval(() => touch(owners.slow, ++seconds), 20);
  onTestFinished(() => clearInterval(beating));
  const status = await folderStatus(at, { beat: { everyMs: 200, staleMs: 60_000 } });
  expect(status.processes.sort()).toEqual([owners.here, owners.slow].sort());
  expect(status.running.map(({ by }) => by)).toEqual([owners.here, owners.slow]);
  expect(status.waiting).toBe(2);
  // Who is asked no more does not watch for hours. A beat between two looks would be heard all the same.
  clearInterval(beating);
  const watching = { beat: { everyMs: 1e8, staleMs: 60_000 }, signal: AbortSignal.abort() };
  expect((await folderStatus(at, watching)).processes).toEqual([owners.here]);
});

it('says where no run has begun, and where one could not note its units', async () => {
  const at = folder();
  const refused = (message: string) => ({ code: 'file-unreadable', message });
  await expect(folderStatus(at)).rejects.toMatchObject(refused('no run has begun in this folder'));
  // What a run makes before it opens models.
  await FolderStore.open(at);
  await expect(folderStatus(at)).rejects.toMatchObject(
    refused('the run in this folder has not planned its units yet'),
  );
  writeFileSync(join(at, 'run.json'), '{}');
  await expect(folderStatus(at)).rejects.toMatchObject(
    refused('the run in this folder has no list of its units'),
  );
  mkdirSync(join(at, 'inventory', 'units.json'), { recursive: true });
  await expect(notePlanned(at, 'A run', [], () => 1)).rejects.toMatchObject({ code: 'output-unwritable' });
});

it('says of units in a queue that they are there, not that they are measured', async () => {
  const at = folder();
  mkdirSync(join(at, 'claims'));
  await notePlanned(at, 'A run', [job('clean', ['a', 'b'])], () => 1, { queued: true });
  writeFileSync(join(at, 'claims', 'a.0.claim'), 'one');
  expect(await folderStatus(at)).toMatchObject({ queued: true, running: [{ by: 'one' }], waiting: 1 });
  expect((await obeyed(['status', '.'], at)).stdout).toContain(
    'A run: 0 of 2 units done, 1 in a queue (`assay status --queue URL` tells which are measured), 1 waiting',
  );
});
