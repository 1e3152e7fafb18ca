import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { replaceDisk } from '../../src/bytes/disk.js';
import { stream } from '../../src/random/stream.js';
import { OUTPUTS, SEAL } from '../../src/runs/folder/outputs.js';
import { sealHolds } from '../../src/runs/plan/seal.js';
import { decodeUnit } from '../../src/runs/units/read-unit.js';
import { CutDisk, type Draw, type Remains } from '../bytes/cut-disk.js';
import { type Operation, watchedDisk } from '../bytes/recording-disk.js';
import { folder } from './small-run.js';
import { larger, saved, small, start } from './written-run.js';

const LONG = process.env.ASSAY_LONG !== undefined;

/** What the disk was asked, and what the run told meanwhile. */
type Step = Operation | { kind: 'told'; unit: string };

const outputOf = (path: string) => [SEAL, ...OUTPUTS].some((name) => `${path}/`.startsWith(`out/${name}/`));

/** The outputs below a folder, by path from the folder above. */
function outputsIn(out: string): Map<string, Buffer> {
  const above = dirname(out);
  return new Map(
    readdirSync(out, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(above.length + 1))
      .filter(outputOf)
      .map((path) => [path, readFileSync(join(above, path))]),
  );
}

/** Everything that two runs ask of the disk, the second of which has a suite more, and what they leave. */
async function recorded() {
  const root = mkdtempSync(join(tmpdir(), 'assay-power-'));
  const out = join(root, 'out');
  const steps: Step[] = [];
  const takeAway = replaceDisk((disk) =>
    watchedDisk(
      disk,
      () => undefined,
      (operation) => steps.push(operation),
    ),
  );
  try {
    const ends = [];
    for (const entries of [small, larger]) {
      await start(out, entries, (unit) => steps.push({ kind: 'told', unit }));
      ends.push(outputsIn(out));
    }
    return { root, steps, ends, results: saved(out) };
  } finally {
    takeAway();
    rmSync(root, { recursive: true });
  }
}

/** What is wrong with what a power cut left. @param told units that were said to be finished before */
function faultsIn(remains: Remains, told: ReadonlySet<string>, ends: readonly Map<string, Buffer>[]) {
  const faults: string[] = [];
  for (const [path, bytes] of remains) {
    const [, key] = /^out\/units\/([^/]+)\.unit$/.exec(path) ?? [];
    if (key && bytes && !decodeUnit(bytes, key)) faults.push(`${path} is not whole`);
  }
  for (const key of told)
    if (!remains.has(`out/units/${key}.unit`)) faults.push(`the finished unit ${key} is lost`);
  const seal = remains.get(`out/${SEAL}`);
  if (!seal) return faults;
  const end = ends.find((files) => files.get(`out/${SEAL}`)?.equals(seal));
  if (!end) return [...faults, `${SEAL} is none that a run wrote`];
  if (!sealHolds(JSON.parse(Buffer.from(seal).toString('utf8')))) faults.push('the seal does not hold');
  const there = [...remains].filter(([path, bytes]) => bytes && outputOf(path));
  for (const [path, bytes] of there)
    if (!end.get(path)?.equals(bytes ?? Buffer.alloc(0))) faults.push(`${path} is of other results`);
  if (there.length < end.size) faults.push('outputs are missing beside results.json');
  return faults;
}

const draws = (example: number): Draw => {
  const uniform = stream({ seed: 1, purpose: 'test/power-cut', example });
  return (n) => Math.floor(uniform.uniform() * n);
};

/** Nothing that was not synced is there; all of it is; chance decides. */
const cuts = (at: number): Draw[] => [
  () => 0,
  (n) => n - 1,
  ...Array.from({ length: LONG ? 40 : 6 }, (_, i) => draws(100 * at + i)),
];

/** Every state that a power cut can leave, one moment after the other. @param counts whether the disk hears a call */
function* states(root: string, steps: readonly Step[], counts: (step: Operation) => boolean = () => true) {
  const disk = new CutDisk(root);
  const told = new Set<string>();
  for (const [at, step] of steps.entries()) {
    if (step.kind === 'told') told.add(step.unit);
    else if (counts(step)) disk.apply(step);
    for (const draw of cuts(at)) yield { at, told, remains: disk.cut(draw) };
  }
}

/** Puts what a cut left on a real disk. */
function restored(remains: Remains): string {
  const root = folder();
  for (const [path, bytes] of [...remains].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (bytes) writeFileSync(join(root, path), bytes);
    else mkdirSync(join(root, path), { recursive: true });
  }
  return join(root, 'out');
}

describe('a power cut at any moment', () => {
  let made: Awaited<ReturnType<typeof recorded>>;
  beforeAll(async () => {
    made = await recorded();
  }, 600_000);

  it('leaves no half unit, loses none that is finished, and no results beside files of others; the run goes on to the same results', {
    tags: ['long'],
    timeout: 600_000,
  }, async () => {
    const { root, steps, ends, results } = made;
    const distinct = new Map<string, Remains>();
    for (const { at, told, remains } of states(root, steps)) {
      expect(faultsIn(remains, told, ends), `after step ${at}`).toEqual([]);
      const names = [...remains.keys()].filter((path) => !path.endsWith('.tmp') && !path.includes('.tmp/'));
      distinct.set(names.sort().join(), remains);
    }
    const kinds = [...distinct.values()];
    const every = Math.ceil(kinds.length / (LONG ? 200 : 2));
    for (const remains of kinds.filter((_, i) => i % every === 0)) {
      const out = restored(remains);
      await start(out, larger);
      expect(saved(out)).toEqual(results);
      expect(readdirSync(join(out, 'units')).filter((name) => name.endsWith('.unit'))).toHaveLength(4);
    }
  });

  it.each<[string, (step: Operation) => boolean, RegExp]>([
    ['files are not synced', ({ kind }) => kind !== 'sync', /not whole|none that a run wrote/],
    ['the names of units are not synced', (step) => !syncs(step, 'units'), /finished unit .* is lost/],
    ['the run folder is not synced', (step) => !syncs(step, 'out'), /is lost|other results|missing/],
    ['the folder of sheets is not synced', (step) => !syncs(step, 'examples'), /missing beside/],
  ])('would show where %s', (_, counts, fault) => {
    const { root, steps, ends } = made;
    const faults = [...states(root, steps, counts)].flatMap(({ told, remains }) =>
      faultsIn(remains, told, ends),
    );
    expect(faults.join('\n')).toMatch(fault);
  });
});

const syncs = ({ kind, path }: Operation, name: string) => kind === 'syncFolder' && basename(path) === name;
