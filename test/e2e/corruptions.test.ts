// @module-tag slow
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { assay, folder, obeyed } from './assay.js';
import { images, npz, project, runFile, savedResults } from './project.js';

const EXAMPLE = fileURLToPath(new URL('../../examples/corruptions.run.yaml', import.meta.url));

it('the example runs, its gates hold, and what it measured is there for the next baseline', async () => {
  const directory = folder();
  const { code, stderr } = await assay(['run', EXAMPLE, '--out', 'out', '--quiet'], directory);
  expect(code, stderr).toBe(0);
  const { status, measures, gates, suites } = savedResults(join(directory, 'out'));
  expect(status).toBe('complete');
  expect(gates.map(({ passed, test }) => [passed, test])).toEqual([
    [true, undefined],
    [true, 'paired-bootstrap'],
  ]);
  expect(new Set(measures.filter(({ headline }) => headline).map(({ measure }) => measure))).toEqual(
    new Set([
      'mean-corrupted-accuracy',
      'mean-corruption-error',
      'mean-flip-probability',
      'spatial-accuracy',
    ]),
  );
  expect(suites.map(({ suite, figures }) => [suite, figures.some(({ kind }) => kind === 'heatmap')])).toEqual(
    [
      ['corruptions', true],
      ['consistency', false],
      ['spatial', false],
    ],
  );
  expect((await obeyed(['bless', 'out', '--to', 'blessed'], directory)).code).toBe(0);
  const rules = ['mean-corrupted-accuracy', 'spatial-accuracy'].map((measure) => ({
    ...{ measure, where: { model: 'jem', ...(measure.startsWith('mean') && { averaged: 'all' }) } },
    ...{ over: 'blessed', notWorse: 'significantly' },
  }));
  writeFileSync(join(directory, 'gates.yaml'), JSON.stringify({ gates: rules }));
  const judged = await obeyed(['gate', 'out', '--gates', 'gates.yaml', '--baseline', 'blessed'], directory);
  expect(judged, judged.stdout + judged.stderr).toMatchObject({ code: 0 });
});

describe('what cannot be', () => {
  const at = mkdtempSync(join(tmpdir(), 'assay-corruptions-'));
  afterAll(() => rmSync(at, { recursive: true, force: true }));
  beforeAll(() => {
    project(at);
    writeFileSync(join(at, 'bare.npz'), npz({ pixels: images(6, 'bare').pixels }));
  });
  const run = (name: string, suite: object, datasets: object = { test: { path: './test.npz' } }) => {
    writeFileSync(join(at, `${name}.run.yaml`), stringify(runFile({ datasets, suites: [suite] })));
    return obeyed(['run', `${name}.run.yaml`, '--out', `out-${name}`], at);
  };

  it.each<[string, object, RegExp]>([
    ['a severity of 7', { corruptions: { severities: [7] } }, /config-invalid.*severities/s],
    ['an unknown corruption', { corruptions: { corruptions: ['fogg'] } }, /fogg.*fog/s],
    ['a reference that is no model', { corruptions: { reference: 'sharpp' } }, /unknown-name.*sharp/s],
    ['an unknown sequence', { consistency: { sequences: ['tilt'] } }, /tilt/],
    ['one frame', { consistency: { frames: 1 } }, /config-invalid.*frames/s],
    ['no angles', { spatial: { angles: 0 } }, /config-invalid.*angles/s],
  ])('%s is refused before anything is measured', async (name, suite, says) => {
    const { code, stderr } = await run(name.replaceAll(' ', '-'), suite);
    expect([code, stderr]).toEqual([2, expect.stringMatching(says)]);
  });

  it('grey images that a corruption leaves as they are: the suite came to nothing', async () => {
    const { code, stderr } = await run('grey', { corruptions: { corruptions: ['saturate'] } });
    expect([code, stderr]).toEqual([2, expect.stringMatching(/saturate.*leaves grey images as they are/s)]);
  });

  it('images without labels: what needs them is told, flips are counted', async () => {
    const bare = { test: { path: './bare.npz', labels: false } };
    const { code, stderr } = await run('bare', { corruptions: {} }, bare);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/"test" has no labels/)]);
    const flips = await run('flips', { consistency: { frames: 3, resamples: 100 } }, bare);
    expect(flips, flips.stderr).toMatchObject({ code: 0 });
  });

  it('images smaller than any kernel are corrupted by all corruptions', async () => {
    const { code, stderr } = await run(
      'small',
      { corruptions: { severities: [5], resamples: 100 } },
      { test: { path: './test.npz', limit: 4 } },
    );
    expect(code, stderr).toBe(0);
    const { measures } = savedResults(join(at, 'out-small'));
    const seen = measures.filter(({ measure, value }) => measure === 'corrupted-accuracy' && value !== null);
    expect(new Set(seen.map(({ params }) => params.corruption)).size).toBe(15);
  });
});
