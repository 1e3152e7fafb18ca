import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { replaceDisk } from '../../src/bytes/disk.js';
import { AssayError } from '../../src/errors.js';
import { type Operation, watchedDisk } from '../bytes/recording-disk.js';
import { folder } from './small-run.js';
import { larger, saved, start } from './written-run.js';

/** What disks answer when they do not do what they are asked, and what to do then. */
const codes: [code: string, remedy: RegExp][] = [
  ['ENOSPC', /free some space/],
  ['EIO', /log of the system/],
  ['EDQUOT', /your quota/],
  ['EROFS', /read-only.*--out/],
  ['EMFILE', /ulimit -n/],
];

const LONG = process.env.ASSAY_LONG !== undefined;

/** Does something on a disk that is asked what each call comes to: an error's code, or undefined where it is done. */
async function onDisk<T>(
  answer: (operation: Operation, at: number) => string | undefined,
  act: () => Promise<T>,
) {
  let at = 0;
  const takeAway = replaceDisk((disk) =>
    watchedDisk(disk, (operation) => {
      const code = answer(operation, at++);
      if (code !== undefined) throw Object.assign(new Error(`${code}: as the test wants it`), { code });
    }),
  );
  try {
    return await act();
  } finally {
    takeAway();
  }
}

const unitsIn = (out: string): string[] =>
  existsSync(join(out, 'units'))
    ? readdirSync(join(out, 'units')).filter((name) => name.endsWith('.unit'))
    : [];

describe('a disk that fails at any moment', () => {
  it('ends the run with what to do; nothing finished is lost or measured again, and the next run comes to the same', {
    tags: ['long'],
    timeout: 1_800_000,
  }, async () => {
    const whole = folder();
    const operations: Operation[] = [];
    await onDisk(
      (operation) => {
        operations.push(operation);
        return undefined;
      },
      () => start(whole, larger),
    );
    const results = saved(whole);
    // From a moment on, as full disks do, or once, as networks do: in turn.
    const cases = operations.flatMap((_, moment) =>
      codes.map((code, i) => ({ moment, code, stays: (moment + i) % 2 === 0 })),
    );
    const tidying = cases.filter(({ moment, stays }) => operations[moment]!.kind === 'remove' && !stays);
    const chosen = LONG
      ? cases
      : [
          ...Array.from({ length: 6 }, (_, i) => cases[Math.floor(((i + 0.3) * cases.length) / 6) + i]!),
          ...tidying.slice(-1),
        ];
    let failed = 0;
    for (const { moment, code, stays } of chosen) {
      const [name, remedy] = code;
      const { kind, path } = operations[moment]!;
      const which = `${name} ${stays ? 'from' : 'at'} ${kind} ${path.slice(whole.length)}`;
      const out = folder();
      const finished: string[] = [];
      const error = await onDisk(
        (_, at) => (at === moment || (stays && at > moment) ? name : undefined),
        () =>
          start(out, larger, (unit) => finished.push(`${unit}.unit`)).then(
            () => undefined,
            (thrown: unknown) => thrown,
          ),
      );
      if (error !== undefined) {
        failed++;
        expect(error, which).toBeInstanceOf(AssayError);
        expect(error, which).toMatchObject({
          code: 'output-unwritable',
          details: { hint: expect.stringMatching(remedy), file: expect.stringContaining(out) },
        });
      }
      const kept = unitsIn(out);
      expect(kept, which).toEqual(expect.arrayContaining(finished));
      expect(await start(out, larger), which).toMatchObject({
        exitCode: 0,
        stored: kept.length,
        measured: 4 - kept.length,
      });
      expect(saved(out), which).toEqual(results);
      // Where nothing can be removed, what this process left goes when the next one starts.
      if (!stays) expect(readdirSync(out).join(), which).not.toContain('.tmp');
    }
    expect(failed).toBeGreaterThan(chosen.length / 2);
  });
});
