import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, obeyed } from './assay.js';
import { project } from './project.js';

it('renders a report again unless every file is as it was written', async () => {
  const at = folder();
  project(at, { suites: ['accuracy'] });
  expect(await obeyed(['run', 'small.run.yaml', '--out', 'out'], at)).toMatchObject({ code: 0 });
  const report = () => obeyed(['report', 'out'], at);
  const unchanged = { code: 0, stdout: 'Report, unchanged: out/report.html\n' };
  const again = { code: 0, stdout: 'Report: out/report.html\n' };
  expect(await report()).toMatchObject(unchanged);

  const table = join(at, 'out/tables/comparison.tex');
  const before = readFileSync(table, 'utf8');
  for (const harm of [() => rmSync(table), () => writeFileSync(table, 'mine')]) {
    harm();
    expect(await report()).toMatchObject(again);
    expect(readFileSync(table, 'utf8')).toBe(before);
    expect(await report()).toMatchObject(unchanged);
  }

  // The remedy is one that this command has: it knows no --out.
  const tables = join(at, 'out/tables');
  rmSync(tables, { recursive: true });
  writeFileSync(tables, 'mine');
  const refused = await report();
  expect([refused.code, refused.stderr]).toEqual([
    2,
    expect.stringMatching(/a part of that path is a file: see to that, or copy the run folder/),
  ]);
  expect(refused.stderr).not.toContain('--out');
  rmSync(tables);
  expect(await report()).toMatchObject(again);

  const file = join(at, 'out/results.json');
  const results = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify({ ...results, title: 'mine' }));
  for (const _ of [1, 2])
    expect(await report()).toMatchObject({
      ...again,
      stderr: expect.stringMatching(/digest does not match/),
    });
});
