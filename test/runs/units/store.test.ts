import { execFileSync, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { replaceDisk } from '../../../src/bytes/disk.js';
import { temporaryName } from '../../../src/bytes/leftovers.js';
import { decodeUnit } from '../../../src/runs/units/read-unit.js';
import { FolderStore } from '../../../src/runs/units/store.js';
import { encodeUnit, type UnitRecord } from '../../../src/runs/units/unit-file.js';
import type { Numbers } from '../../../src/suites/columns.js';
import { folder } from '../small-run.js';

const unit: UnitRecord = {
  key: 'k1',
  rows: {
    logits: { shape: [3, 2], data: Float32Array.of(1, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3) },
    wide: { shape: [3], data: Float64Array.of(Math.PI, 0, -1e300) },
    broken: { shape: [3], data: Uint8Array.of(0, 255, 1) },
  },
  indices: Int32Array.of(5, 3, 9),
  labels: Int32Array.of(0, 1, 0),
  passes: { forward: 3, gradient: 40 },
  seconds: 0.25,
};

describe('unit files', () => {
  it('give back every bit', () => {
    expect(decodeUnit(encodeUnit(unit), 'k1')).toEqual(unit);
  });

  it('are read without the columns that are not wanted, checked all the same, however long they are', async () => {
    // Longer than what is read at a time, and no multiple of it.
    const length = 70_001;
    const long = {
      ...unit,
      rows: {
        ...unit.rows,
        images: { shape: [3, length, 1, 1], data: new Float32Array(3 * length).fill(0.5) },
      },
    };
    const run = folder();
    const store = await FolderStore.open(run);
    await store.write(long);
    const { images, ...narrow } = long.rows;
    expect(await store.read('k1', ({ name }) => name !== 'images')).toEqual({
      ...unit,
      rows: narrow,
      unread: [{ name: 'images', type: 'float32', shape: images.shape }],
    });
    // Compared as bytes: item by item it takes seconds.
    const bytesOf = (data: Numbers | null | undefined) => data && Buffer.from(data.buffer);
    for (const data of [(await store.read('k1'))?.rows.images?.data, store.column('k1', 'images')])
      expect(bytesOf(data)?.equals(Buffer.from(images.data.buffer))).toBe(true);
    expect(store.column('k1', 'other')).toBeNull();
    const file = join(run, 'units', 'k1.unit');
    const bytes = readFileSync(file);
    bytes[bytes.length - 400_000]! ^= 1;
    writeFileSync(file, bytes);
    expect(store.column('k1', 'wide')).toBeUndefined();
    expect(await store.read('k1', () => false)).toBeUndefined();
  });

  it('give back any arrays, empty ones too', () => {
    const arraysOf = (n: number) => {
      const length = { minLength: n, maxLength: n };
      const [float32, float64] = [fc.float32Array(length), fc.float64Array(length)];
      return fc.dictionary(
        fc.string(),
        fc.oneof(float32, float64, fc.int32Array(length), fc.uint8Array(length)),
      );
    };
    const sized = fc.nat(20).chain((n) => fc.tuple(fc.constant(n), arraysOf(n)));
    fc.assert(
      fc.property(sized, fc.boolean(), ([n, arrays], labelled) => {
        const whole = { ...unit, indices: new Int32Array(n), labels: new Int32Array(n) };
        const rows = Object.fromEntries(
          Object.entries(arrays)
            .filter(([name]) => !name.startsWith('@') && name !== '__proto__')
            .map(([name, data]) => [name, { shape: [data.length], data }]),
        );
        const { labels: _, ...rest } = { ...whole, rows };
        const given: UnitRecord = labelled ? { ...whole, rows } : rest;
        expect(decodeUnit(encodeUnit(given), 'k1')).toEqual(given);
      }),
    );
  });

  it('are refused when cut short anywhere', () => {
    const bytes = encodeUnit(unit);
    for (let length = 0; length < bytes.length; length++)
      expect(decodeUnit(bytes.subarray(0, length), 'k1')).toBeUndefined();
  });

  it('are refused when any bit is flipped', () => {
    const bytes = encodeUnit(unit);
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << (at % 8);
      expect(decodeUnit(damaged, 'k1')).toBeUndefined();
    }
  });

  it.each<[string, Partial<UnitRecord>]>([
    ['fewer rows than examples', { rows: { logits: { shape: [2, 2], data: new Float32Array(4) } } }],
    ['a column without rows', { rows: { logits: { shape: [], data: new Float32Array(1) } } }],
    ['fewer numbers than its shape says', { rows: { logits: { shape: [3, 2], data: new Float32Array(4) } } }],
    ['more labels than examples', { labels: new Int32Array(4) }],
    ['passes that are no numbers', { passes: { forward: Number.NaN, gradient: 0 } }],
  ])('are refused with %s, though their digest holds', (_, more) => {
    expect(decodeUnit(encodeUnit({ ...unit, ...more }), 'k1')).toBeUndefined();
  });

  it('are refused under another name', () => {
    expect(decodeUnit(encodeUnit(unit), 'k2')).toBeUndefined();
  });
});

describe('the store', () => {
  it('keeps units across processes and ignores what it does not know', async () => {
    const run = folder();
    const store = await FolderStore.open(run);
    expect(await store.read('k1')).toBeUndefined();
    await store.write(unit);
    writeFileSync(join(run, 'units', 'notes.txt'), 'mine');
    mkdirSync(join(run, 'units', 'k3.unit'));
    const again = await FolderStore.open(run);
    expect(await again.read('k1')).toEqual(unit);
    expect(await again.read('k3')).toBeUndefined();
    expect(readdirSync(join(run, 'units')).sort()).toEqual([
      'k1.unit',
      expect.stringMatching(/^k3\.unit\.aside-/),
      'notes.txt',
    ]);
  });

  it('lets several write the same unit at once', async () => {
    const run = folder();
    const stores = await Promise.all(Array.from({ length: 8 }, () => FolderStore.open(run)));
    await Promise.all(stores.map((store) => store.write(unit)));
    expect(await stores[0]!.read('k1')).toEqual(unit);
    expect(readdirSync(join(run, 'units'))).toEqual(['k1.unit']);
  });

  it.each(['head', 'read'] as const)(
    'sets a damaged unit aside when its %s is wanted, and tells once',
    async (look) => {
      const run = folder();
      const told: string[] = [];
      const store = await FolderStore.open(run, (text) => told.push(text));
      const file = join(run, 'units', 'k1.unit');
      const damaged = encodeUnit(unit).subarray(0, 100);
      writeFileSync(file, damaged);
      for (let i = 0; i < 3; i++) expect(await store[look]('k1')).toBeUndefined();
      await store.write(unit);
      expect(readFileSync(file)).toEqual(encodeUnit(unit));
      const [aside] = readdirSync(join(run, 'units')).filter((name) => name.startsWith('k1.unit.aside-')) as [
        string,
      ];
      expect(readFileSync(join(run, 'units', aside))).toEqual(damaged);
      expect(told).toEqual([expect.stringContaining(join(run, 'units', aside))]);
    },
  );

  it('leaves a whole unit that another process has put in the place of a damaged one', async () => {
    const run = folder();
    const [store, other] = [await FolderStore.open(run), await FolderStore.open(run)];
    writeFileSync(join(run, 'units', 'k1.unit'), 'damaged');
    let first = true;
    const takeAway = replaceDisk((disk) => ({
      ...disk,
      async rename(from, to) {
        if (first && to.includes('.aside-')) {
          first = false;
          await other.write(unit);
        }
        await disk.rename(from, to);
      },
    }));
    onTestFinished(takeAway);
    expect(await store.read('k1')).toBeUndefined();
    expect(await store.read('k1')).toEqual(unit);
    expect(readdirSync(join(run, 'units'))).toEqual(['k1.unit']);
  });

  it.skipIf(process.platform === 'win32')('keeps a unit that it cannot read for now', async () => {
    const run = folder();
    await (await FolderStore.open(run)).write(unit);
    const script = `
      import { closeSync, openSync } from 'node:fs';
      import { FolderStore } from ${JSON.stringify(new URL('../../../dist/src/runs/units/store.js', import.meta.url))};
      const store = await FolderStore.open(${JSON.stringify(run)});
      const open = [];
      for (let full = false; !full; ) try { open.push(openSync('/dev/null')); } catch { full = true; }
      const told = [];
      for (const look of ['head', 'read']) await store[look]('k1').catch(({ details }) => told.push(details.hint));
      open.forEach((one) => closeSync(one));
      told.push((await store.read('k1')).key);
      console.log(JSON.stringify(told));`;
    const limited = 'ulimit -n 100; exec "$@"';
    const node = [process.execPath, '--input-type=module', '--eval', script];
    const told = execFileSync('bash', ['-c', limited, 'bash', ...node], { encoding: 'utf8' });
    const hint = expect.stringContaining('ulimit -n');
    expect(JSON.parse(told)).toEqual([hint, hint, 'k1']);
    expect(readdirSync(join(run, 'units'))).toEqual(['k1.unit']);
  });

  it('measures a damaged unit again that cannot be moved, and tells once', async () => {
    const run = folder();
    const told: string[] = [];
    const store = await FolderStore.open(run, (text) => told.push(text));
    writeFileSync(join(run, 'units', 'k1.unit'), 'damaged');
    const takeAway = replaceDisk((disk) => ({
      ...disk,
      rename: async (from, to) => {
        if (to.includes('.aside-')) throw Object.assign(new Error('EPERM'), { code: 'EPERM' });
        await disk.rename(from, to);
      },
    }));
    onTestFinished(takeAway);
    for (let i = 0; i < 3; i++) expect(await store.read('k1')).toBeUndefined();
    expect(told).toEqual([expect.stringContaining('k1.unit')]);
    await store.write(unit);
    expect(await store.read('k1')).toEqual(unit);
  });

  it('removes what processes that died left behind, not what others are writing', async () => {
    const run = folder();
    await FolderStore.open(run);
    const [stale, fresh] = ['k1.1-a.tmp', 'k2.2-b.tmp'].map((name) => join(run, 'units', name)) as [
      string,
      string,
    ];
    for (const file of [stale, fresh]) writeFileSync(file, 'half');
    utimesSync(stale, 1, 1);
    await FolderStore.open(run);
    expect(readdirSync(join(run, 'units'))).toEqual(['k2.2-b.tmp']);
  });

  it('says where it cannot write and that what was measured is kept', async () => {
    const run = folder();
    writeFileSync(join(run, 'file'), '');
    await expect(FolderStore.open(join(run, 'file'))).rejects.toMatchObject({
      code: 'output-unwritable',
      details: {
        file: join(run, 'file', 'units'),
        hint: expect.stringMatching(/--out.*nothing that was measured is lost/),
      },
    });
    const store = await FolderStore.open(run);
    await store.write(unit);
    rmSync(join(run, 'units'), { recursive: true });
    await expect(store.write({ ...unit, key: 'k2' })).rejects.toMatchObject({
      code: 'output-unwritable',
      details: {
        file: join(run, 'units', 'k2.unit'),
        hint: expect.stringContaining('the unit measured so far is kept'),
      },
    });
  });

  it('measures anew what lies under a folder, which is moved aside', async () => {
    const run = folder();
    const store = await FolderStore.open(run);
    mkdirSync(join(run, 'units', 'k1.unit', 'mine'), { recursive: true });
    expect(await store.read('k1')).toBeUndefined();
    await store.write(unit);
    expect(await store.read('k1')).toEqual(unit);
    const aside = readdirSync(join(run, 'units')).find((name) => name.startsWith('k1.unit.aside-'));
    expect(readdirSync(join(run, 'units', aside ?? ''))).toEqual(['mine']);
  });

  it.skipIf(process.platform === 'win32')('never waits for a pipe in place of a unit', async () => {
    const run = folder();
    const store = await FolderStore.open(run);
    execFileSync('mkfifo', [join(run, 'units', 'k1.unit')]);
    expect(await store.read('k1')).toBeUndefined();
    await store.write(unit);
    expect(await store.read('k1')).toEqual(unit);
  });

  it('removes at once what a killed process of this machine left, and cleans nothing through a link', async () => {
    const [run, other] = [folder(), folder()];
    await FolderStore.open(run);
    const { pid: dead } = spawnSync(process.execPath, ['--version']);
    const made = temporaryName('k1');
    const left = made.replace(`-${process.pid}-`, `-${dead}-`);
    const living = made.replace(`-${process.pid}-`, `-${process.ppid}-`);
    for (const name of [left, living, made]) writeFileSync(join(run, 'units', name), 'half');
    await FolderStore.open(run);
    expect(readdirSync(join(run, 'units')).sort()).toEqual([living, made].sort());
    symlinkSync(join(run, 'units'), join(other, 'units'));
    writeFileSync(join(run, 'units', left), 'half');
    await FolderStore.open(other);
    expect(readdirSync(join(run, 'units'))).toContain(left);
  });
});
