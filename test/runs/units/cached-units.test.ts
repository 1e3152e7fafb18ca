import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import type { ProgressEvent } from '../../../src/runs/measuring/progress.js';
import { runEvaluation } from '../../../src/runs/run-evaluation.js';
import { CachedStore, openCaches } from '../../../src/runs/units/cached-units.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { encodeUnit } from '../../../src/runs/units/unit-file.js';
import { entryOf, evaluationOf, folder, meanSuite, minus, noisyLogits, plus, points } from '../small-run.js';
import { saved } from '../written-run.js';

const measured: number[] = [];
const suite = entryOf(meanSuite(noisyLogits({ measured })));

/** A run of one system or two: two units each. */
async function start(
  out: string,
  systems: (typeof plus)[],
  caches: string[] = [],
  told: ProgressEvent[] = [],
) {
  return runEvaluation(
    {
      title: 'small',
      file: 'small.run.yaml',
      directory: out,
      config: {},
      evaluation: evaluationOf(systems, [points(6)]),
      entries: [suite],
      gates: [],
      expectations: [],
      partial: new Set(),
      warnings: [],
    },
    {
      out,
      caches: await openCaches(caches, out),
      signal: new AbortController().signal,
      notify: (event) => told.push(event),
    },
  );
}

const unitsIn = (out: string) => readdirSync(join(out, 'units')).map((name) => join(out, 'units', name));
const notes = (events: ProgressEvent[]) =>
  events.flatMap((event) => (event.kind === 'note' ? [event.text] : []));

describe('units of other run folders', () => {
  it('are taken over: a model more measures that model alone, with the results of a run without them', async () => {
    const runs = folder();
    const [base, fresh, out] = ['base', 'fresh', 'more'].map((name) => join(runs, name)) as [
      string,
      string,
      string,
    ];
    await start(base, [plus]);
    const stamps = unitsIn(base).map((file) => statSync(file).ctimeMs);
    await start(fresh, [plus, minus]);
    for (const cache of [base, runs]) {
      const own = cache === runs ? join(folder(), 'elsewhere') : out;
      const told: ProgressEvent[] = [];
      const outcome = await start(own, [plus, minus], [cache], told);
      if (cache === base) {
        expect(outcome).toMatchObject({ stored: 2, measured: 2, exitCode: 0 });
        expect(notes(told)).toEqual([`2 units taken from ${base}`]);
      } else expect(outcome).toMatchObject({ stored: 4, measured: 0 });
      expect(saved(own)).toEqual(saved(fresh));
    }
    // A cache is read only, and what was taken from it is there without it.
    expect(unitsIn(base).map((file) => statSync(file).ctimeMs)).toEqual(stamps);
    expect(await start(out, [plus, minus])).toMatchObject({ stored: 4, measured: 0 });
  });

  it('replace a damaged one of the run', async () => {
    const [base, out] = [folder(), folder()];
    await start(base, [plus]);
    await start(out, [plus]);
    truncateSync(unitsIn(out)[0]!, 100);
    expect(await start(out, [plus], [base])).toMatchObject({ stored: 2, measured: 0 });
  });

  it.skipIf(process.platform === 'win32')(
    'change nothing when they are not what their names say',
    async () => {
      const [base, fresh, out] = [folder(), folder(), folder()];
      await start(base, [plus, minus]);
      await start(fresh, [plus, minus]);
      const [cut, pipe, other, odd] = unitsIn(base) as [string, string, string, string];
      truncateSync(cut, 200);
      execFileSync('sh', ['-c', 'rm "$0" && mkfifo "$0"', pipe]);
      copyFileSync(unitsIn(fresh)[0]!, other);
      const key = odd.slice(odd.lastIndexOf('/') + 1, -'.unit'.length);
      // Its digest holds and its key is right; the measurement declares other columns.
      const data = new Float64Array(1);
      const columns = { rows: { odd: { shape: [1], data } }, indices: new Int32Array(1) };
      writeFileSync(odd, encodeUnit({ key, ...columns, passes: { forward: 0, gradient: 0 }, seconds: 0 }));
      symlinkSync(base, join(base, 'circle'));
      mkdirSync(join(base, 'units', 'x.unit'));
      const told: ProgressEvent[] = [];
      expect(await start(out, [plus, minus], [base], told)).toMatchObject({
        ...{ measured: 4, stored: 0, exitCode: 0 },
      });
      // Once of each folder.
      expect(notes(told).filter((text) => text.includes('is passed over'))).toEqual([
        expect.stringMatching(/\.unit of a cache is passed over, and so may be others there: /),
      ]);
      expect(saved(out)).toEqual(saved(fresh));
      expect(unitsIn(out).map((file) => readFileSync(file).length)).toEqual(
        unitsIn(fresh).map((file) => readFileSync(file).length),
      );
    },
  );

  it('are not called useless where the run is ended while they are waited for', async () => {
    const told: string[] = [];
    const ended = (code: 'interrupted' | 'store-failed') => ({
      folder: 's3://team',
      files: new Map([['k1', 's3://team/units/k1.unit']]),
      read: async () => {
        throw new AssayError(code, 'the end');
      },
    });
    const own = await FolderStore.open(folder());
    for (const code of ['interrupted', 'store-failed'] as const) {
      const store = new CachedStore(own, [ended(code)], (text) => told.push(text));
      expect(await store.head('k1')).toBeUndefined();
    }
    expect(told).toEqual([expect.stringContaining('is passed over, and so may be others there: the end;')]);
  });

  it.each([
    ['of 10 MiB, six', 10 * 2 ** 20, 6],
    ['of 200 MiB, one', 200 * 2 ** 20, 1],
    ['of nobody knows how much, one', undefined, 1],
    ['of 1 KiB, as many as there are', 1024, 20],
  ])('are taken side by side while they fit into 64 MiB together: %s', async (_, size, expected) => {
    const keys = Array.from({ length: 20 }, (_, i) => `k${i}`);
    let [now, most] = [0, 0];
    let go: () => void = () => undefined;
    const several = new Promise<void>((resolve) => (go = resolve));
    const cache = {
      folder: 's3://team',
      files: new Map(keys.map((key) => [key, key])),
      ...(size !== undefined && { sizes: new Map(keys.map((key) => [key, size])) }),
      read: async (_: string, key: string) => {
        most = Math.max(most, ++now);
        if (now === expected) go();
        await several;
        now--;
        return { key, rows: {}, indices: new Int32Array(1), passes: { forward: 0, gradient: 0 }, seconds: 0 };
      },
    };
    const store = new CachedStore(await FolderStore.open(folder()), [cache]);
    const heads = await Promise.all(keys.map((key) => store.head(key)));
    expect([heads.every(Boolean), most]).toEqual([true, expected]);
  });

  it('are looked for in folders; an empty one holds none, and the run folder itself is none', async () => {
    const [empty, out] = [folder(), folder()];
    expect(await start(out, [plus], [empty, out])).toMatchObject({ measured: 2 });
    await expect(start(folder(), [plus], [join(empty, 'missing')])).rejects.toMatchObject({
      code: 'config-invalid',
      details: {
        file: join(empty, 'missing'),
        path: '--cache',
        hint: expect.stringContaining('check the path'),
      },
    });
    writeFileSync(join(empty, 'file'), '');
    await expect(start(folder(), [plus], [join(empty, 'file')])).rejects.toMatchObject({
      code: 'config-invalid',
      details: { found: expect.stringContaining('ENOTDIR') },
    });
  });
});
