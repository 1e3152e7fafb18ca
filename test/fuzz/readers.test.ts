// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { AssayError } from '../../src/errors.js';
import { watchGrowth } from '../memory.js';
import { digestOf, type Range, sameOutside } from './format.js';
import { fuzzed } from './formats.js';
import { mutate, mutateInside } from './mutate.js';
import { mutateJson } from './mutate-json.js';

/** Damaged files a reader; a slow one has fewer by default. */
const mutantsOf = (slow = false) => (process.env.ASSAY_LONG ? 10_000 : slow ? 60 : 300);
/** Of work, which does not depend on what else the machine does. */
const MAX_SECONDS = 5;
const SLACK = 256 * 2 ** 20;

const folder = mkdtempSync(join(tmpdir(), 'assay-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Summary {
  read: number;
  /** Of them, those in which a checksum stands over all that is damaged. */
  held: number;
  /** By code. */
  refused: Record<string, number>;
  slowest: number;
  /** Largest growth of the process beyond what it was before the first file, in bytes. */
  growth: number;
}

interface Original {
  name: string;
  bytes: Buffer;
  /** What a checksum stands over. */
  range?: 'all' | Range;
  /** Of the numbers in it. */
  digest: string;
}

it.each(fuzzed)(
  '$format: damaged files are read or refused with a coded error, in bounded time and memory',
  { tags: ['long'], timeout: 3_600_000 },
  async ({ format, samples, read, summed, missed, json, slow, close }) => {
    const mutants = mutantsOf(slow);
    const originals: Original[] = [];
    for (const [name, sample] of Object.entries(await samples())) {
      const [bytes, file, sums] = [Buffer.from(sample), join(folder, name), summed?.[name]];
      writeFileSync(file, bytes);
      const range = typeof sums === 'function' ? sums(bytes) : sums;
      originals.push({ name, bytes, range, digest: digestOf(await read(file)) });
    }
    const growth = watchGrowth();
    const summary: Summary = { read: 0, held: 0, refused: {}, slowest: 0, growth: 0 };
    for (let example = 0; example < mutants; example++) {
      const { name, bytes, range, digest } = originals[example % originals.length]!;
      const round = Math.floor(example / originals.length);
      const mutant =
        json && example % 3 > 0
          ? mutateJson(bytes, example)
          : typeof range === 'object' && round % 2 > 0
            ? mutateInside(range, bytes, example)
            : mutate(bytes, example);
      const file = join(folder, name);
      writeFileSync(file, mutant);
      const start = process.cpuUsage();
      try {
        const numbers = digestOf(await read(file));
        summary.read++;
        if (range === 'all' || (range && sameOutside(range, mutant, bytes))) {
          summary.held++;
          const unseen = typeof range === 'object' && missed?.[name]?.(mutant, range);
          if (numbers !== digest && !unseen)
            throw new Error('it was read to other numbers, though a checksum stands over them');
        }
      } catch (error) {
        if (!(error instanceof AssayError)) throw new Error(`mutant ${example} of ${name}`, { cause: error });
        expect(error.details.file, `file of mutant ${example} of ${name}`).toContain(folder);
        expect(error.explain().length, `mutant ${example} of ${name}`).toBeLessThan(20_000);
        summary.refused[error.code] = (summary.refused[error.code] ?? 0) + 1;
      }
      const { user, system } = process.cpuUsage(start);
      const seconds = (user + system) / 1e6;
      summary.slowest = Math.max(summary.slowest, seconds);
      summary.growth = Math.max(summary.growth, growth());
      expect(seconds, `seconds for mutant ${example} of ${name}`).toBeLessThan(MAX_SECONDS);
      expect(summary.growth, `bytes for mutant ${example} of ${name}`).toBeLessThan(
        4 * mutant.length + SLACK,
      );
    }
    await close?.();
    const refused = Object.entries(summary.refused).map(([code, n]) => `${n} ${code}`);
    console.log(
      `fuzz ${format}: ${mutants} files, ${summary.read} read (${summary.held} to the numbers that a checksum stands for), ${refused.join(', ')}; ` +
        `slowest ${summary.slowest.toFixed(3)} s, memory grew by ${(summary.growth / 2 ** 20).toFixed(0)} MiB`,
    );
    const total = Object.values(summary.refused).reduce((a, n) => a + n, 0);
    expect(total).toBeGreaterThan(mutants / 10);
  },
);
