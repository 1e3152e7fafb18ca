import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { AssayError } from '../../../src/errors.js';
import { writeAtomically } from '../../../src/report/output.js';
import { readResults } from '../../../src/runs/folder/read-results.js';
import { replaceOutputs } from '../../../src/runs/folder/replace-outputs.js';
import { folder } from '../small-run.js';

/** Writes a state: its files all hold its name. */
const state = (out: string, name: string, files: readonly string[]) =>
  replaceOutputs(out, async (aside) => {
    for (const file of files) await writeAtomically(join(aside, file), name);
  });

const held = (out: string, file: string) => readFileSync(join(out, file), 'utf8');

describe('the outputs of a run folder', () => {
  it('belong to one state: nothing of an earlier one stays, and what is not ours does', async () => {
    const out = folder();
    writeFileSync(join(out, 'notes.txt'), 'mine');
    await state(out, 'first', [
      'results.json',
      'report.html',
      'tables/a.tex',
      'tables/b.tex',
      'images/x.png',
    ]);
    await state(out, 'second', ['results.json', 'report.html', 'tables/b.tex', 'examples/a.csv']);
    expect(readdirSync(out).sort()).toEqual([
      'examples',
      'notes.txt',
      'report.html',
      'results.json',
      'tables',
    ]);
    expect(readdirSync(join(out, 'tables'))).toEqual(['b.tex']);
    for (const file of ['results.json', 'report.html', 'tables/b.tex'])
      expect(held(out, file)).toBe('second');
  });

  it('are there for whoever reads them meanwhile, in one state or the other', async () => {
    const out = folder();
    const written = ['results.json', 'report.html', 'examples/a.csv', 'tables/a.tex'];
    await state(out, '{}', written);
    let replacing = true;
    const codes = new Set<string>();
    const reading = (async () => {
      while (replacing) await readResults(out).catch(({ code }) => codes.add(code));
    })();
    for (let i = 0; i < 8; i++) await state(out, '{}', written);
    replacing = false;
    await reading;
    // Of another form than results have, but never absent.
    expect([...codes]).toEqual(['config-invalid']);
  });

  it('stay as they were when the new ones cannot be written, and the error names the place', async () => {
    const out = folder();
    await state(out, 'first', ['results.json', 'tables/a.tex']);
    const failing = replaceOutputs(out, async (aside) => {
      await writeAtomically(join(aside, 'results.json'), 'second');
      throw new AssayError('output-unwritable', 'full', { file: join(aside, 'tables/a.tex') });
    });
    await expect(failing).rejects.toMatchObject({ details: { file: join(out, 'tables/a.tex') } });
    expect(readdirSync(out).sort()).toEqual(['results.json', 'tables']);
    expect(held(out, 'results.json')).toBe('first');
  });

  it('replace a folder where a file should be, and the other way round', async () => {
    const out = folder();
    mkdirSync(join(out, 'results.json'));
    writeFileSync(join(out, 'tables'), '');
    await state(out, 'first', ['results.json', 'tables/a.tex']);
    expect([held(out, 'results.json'), held(out, 'tables/a.tex')]).toEqual(['first', 'first']);
  });

  it('are those of one of several that end at once', async () => {
    const out = folder();
    const files = ['results.json', 'tables/a.tex', 'examples/a.csv', 'report.html'];
    await Promise.all(Array.from({ length: 6 }, () => state(out, 'same', files)));
    for (const file of files) expect(held(out, file)).toBe('same');
    expect(existsSync(join(out, 'images'))).toBe(false);
    expect(readdirSync(out)).toHaveLength(4);
  });
});
