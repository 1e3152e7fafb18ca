// @module-tag slow
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assay, folder } from './assay.js';
import { ATTACK, project, savedResults } from './project.js';

/** Ranks and verdicts hang on rounding where two images tie: one of 30 noise images, one of 60 test images. */
const TOLERANCE: Record<string, number> = { accuracy: 1e-6, calibration: 1e-3, ood: 0.04, attack: 0.02 };

describe('assay run --engine tfjs', () => {
  it('measures what ort measures: accuracy, calibration, OOD detection, attacks', async () => {
    const at = folder();
    // Strong enough that some images are broken and others are not.
    const attack = { ...ATTACK, epsilons: ['40/255', '46/255', '52/255'] };
    project(at, {
      suites: ['accuracy', { calibration: { resamples: 100 } }, { ood: { resamples: 100 } }, { attack }],
    });
    const runs = await Promise.all([
      assay(['run', 'small.run.yaml', '--out', 'ort'], at),
      assay(['run', 'small.run.yaml', '--engine', 'tfjs', '--device', 'wasm', '--out', 'tfjs'], at),
    ]);
    expect(runs.map(({ code, stderr }) => [code, stderr.includes('TensorFlow')])).toEqual([
      [0, false],
      [0, false],
    ]);
    const [ort, tfjs] = [savedResults(join(at, 'ort')), savedResults(join(at, 'tfjs'))];
    expect(tfjs.environment.engine).toMatch(/^tfjs: TensorFlow\.js .*WebAssembly/);
    expect(tfjs.errors).toEqual([]);
    const named = ({ suite, measure, model, dataset, params }: (typeof ort.measures)[number]) =>
      JSON.stringify([suite, measure, model, dataset, params]);
    expect(tfjs.measures.map(named)).toEqual(ort.measures.map(named));
    const robust = ort.measures
      .filter(({ measure }) => measure === 'robust-accuracy')
      .map(({ value }) => value);
    expect(robust.some((value) => value !== null && value > 0 && value < 1)).toBe(true);
    tfjs.measures.forEach((found, i) => {
      const wanted = ort.measures[i]!;
      if (wanted.value === null || found.value === null) expect(found.value).toBe(wanted.value);
      else expect(Math.abs(found.value - wanted.value), named(wanted)).toBeLessThan(TOLERANCE[wanted.suite]!);
    });
  }, 120_000);

  it('says which devices there are', async () => {
    const at = folder();
    project(at);
    const misspelt = await assay(['run', 'small.run.yaml', '--engine', 'tfjs', '--device', 'wams'], at);
    expect(misspelt).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/tensorflow, wasm, cpu.*"wasm"/s),
    });
  });
});
