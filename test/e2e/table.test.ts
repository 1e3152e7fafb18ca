import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { presetNames, presetText } from '../../src/report/tables/table-file.js';
import { sampleResults } from '../report/sample.js';
import { assay, folder, obeyed } from './assay.js';

/** A folder with the results of a run in `a`, and in `b` those of another. */
function runs(): string {
  const at = folder();
  for (const key of ['a', 'b']) {
    const results = { ...sampleResults(), key };
    for (const suite of results.suites) suite.figures = [];
    mkdirSync(join(at, key));
    writeFileSync(join(at, key, 'results.json'), JSON.stringify(results));
  }
  return at;
}

describe('assay table', () => {
  it('prints the tables of a preset, and tells what is missing', async () => {
    const { code, stdout, stderr } = await assay(['table', 'jem', 'a', '--format', 'markdown'], runs());
    expect(code).toBe(0);
    expect(stdout).toMatch(/\| baseline \| \*\*98\.9\*\* .*\| \*\*1\.0|\| baseline \| \*\*98\.9\*\*/);
    expect(stdout).toMatch(/ℓ∞ 8\/255 \(%\)/);
    expect(stderr).toMatch(/^-- ECE, T fitted: no run has ece-after-scaling/m);
  });

  it('prints a preset to start from, which gives the same tables', async () => {
    const at = runs();
    const { stdout } = await obeyed(['table', '--print-preset', 'jem'], at);
    expect(stdout).toBe(await presetText('jem'));
    writeFileSync(join(at, 'mine.yaml'), stdout);
    const own = await obeyed(['table', './mine.yaml', 'a'], at);
    expect(own).toEqual(await obeyed(['table', 'jem', 'a'], at));
  });

  it('writes every format into a folder', async () => {
    const at = runs();
    expect(await obeyed(['table', 'robustbench', 'a', '--out', 'tables'], at)).toMatchObject({ code: 0 });
    expect(readdirSync(join(at, 'tables')).sort()).toEqual(
      ['csv', 'html', 'md', 'tex'].map((ending) => `robustbench.${ending}`),
    );
    expect(readFileSync(join(at, 'tables/robustbench.tex'), 'utf8')).toContain('\\begin{table*}');
  });

  it('every example of tables is valid', async () => {
    const examples = new URL('../../examples/tables/', import.meta.url).pathname;
    for (const name of readdirSync(examples)) {
      expect(await obeyed(['table', join(examples, name), 'a', '--out', 'tables'], runs())).toMatchObject({
        code: 0,
      });
    }
  });

  const column = { measure: 'accuracy' };
  it.each([
    ['nothing', [], /a preset and at least one run folder are needed/],
    [
      'a preset that is not there',
      ['jm', 'a'],
      new RegExp(`no preset called "jm".*${presetNames().join(', ')}`, 's'),
    ],
    ['a file that is not there', ['./no.yaml', 'a'], /\.\/no\.yaml/],
    ['a folder without results', ['jem', '.'], /not the folder of a finished run/],
    ['a folder given twice', ['jem', 'a', './a/'], /given twice/],
    [
      'the same model in two folders',
      ['jem', 'a', 'b'],
      /2 measures fit one cell.*columns\[0\].*folder \(a, b\).*--print-preset jem > mine\.yaml/s,
    ],
    [
      'runs without any of it',
      [{ tables: [{ id: 't', columns: [{ measure: 'fid' }] }] }, 'a'],
      /nothing for these tables.*no run has fid/s,
    ],
    [
      'an unknown key',
      [{ tables: [{ id: 't', colums: [column] }] }, 'a'],
      /unknown key "colums".*tables\[0\]\.colums.*did you mean "columns"/s,
    ],
    [
      'a column of nothing',
      [{ tables: [{ id: 't', columns: [{ title: 'x' }] }] }, 'a'],
      /tables\[0\]\.columns\[0\].*neither/s,
    ],
    ['a column of two things', [{ tables: [{ id: 't', columns: [{ ...column, fact: 'x' }] }] }, 'a'], /both/],
    [
      'a wrong style',
      [{ tables: [{ id: 't', intervals: 'on', columns: [column] }] }, 'a'],
      /tables\[0\]\.intervals.*off, brackets, plus-minus/s,
    ],
    [
      'two tables of one name',
      [
        {
          tables: [
            { id: 't', columns: [column] },
            { id: 't', columns: [column] },
          ],
        },
        'a',
      ],
      /tables\[1\]\.id.*"t"/s,
    ],
  ] as const)('refuses %s', async (_, words, says) => {
    const at = runs();
    const args = words.map((word) => {
      if (typeof word === 'string') return word;
      writeFileSync(join(at, 'mine.yaml'), stringify(word));
      return './mine.yaml';
    });
    const { code, stderr } = await obeyed(['table', ...args], at);
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
  });
});
