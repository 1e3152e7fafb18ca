import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { prepare } from '../../src/cli/presets/prepare.js';
import { encodeNpz } from '../../src/data/arrays/npz.js';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { builtinRunCatalogue } from '../../src/runs/asked/run-catalogue.js';
import { readRunFile } from '../../src/runs/asked/run-file.js';
import { suiteEntries } from '../../src/runs/asked/suite-entries.js';
import { openInputs } from '../../src/runs/opening/open-inputs.js';
import { planned } from '../../src/runs/opening/planned.js';
import { savedJem, weightsOf } from '../checkpoints/jem-weights.js';
import { errorOf } from '../data/files.js';
import { folder } from '../e2e/assay.js';

/** A folder of data sets, with a photograph of this size. */
async function dataOf(at: string, width: number, height: number): Promise<string> {
  const data = join(at, 'data');
  mkdirSync(join(data, 'celeba'), { recursive: true });
  const images = { shape: [4, 3, 32, 32], data: new Uint8Array(4 * 3072).fill(90) };
  const labels = { shape: [4], data: Int32Array.of(0, 1, 2, 3) };
  writeFileSync(join(data, 'test.npz'), encodeNpz({ images, labels }));
  const photograph = sharp(new Uint8Array(3 * width * height).fill(120), {
    raw: { width, height, channels: 3 },
  });
  writeFileSync(join(data, 'celeba', '1.png'), await photograph.png().toBuffer());
  return data;
}

const engine = createOrtEngine({ sessions: 1 });
afterAll(() => engine.close());

/** Pairs of systems and data sets that a run file plans to measure; with other suites than it names. */
async function pairsOf(file: string, suites?: readonly string[]): Promise<Set<string>> {
  const read = await readRunFile(file);
  const inputs = await openInputs(read, engine, { seed: 1 });
  try {
    const entries = await suiteEntries([...(suites ?? read.config.suites)], builtinRunCatalogue, file);
    const { plan } = await planned({ entries, evaluation: inputs.evaluation, gates: [], file });
    return new Set(plan.jobs.map(({ request: { system, dataset } }) => `${system} ${dataset}`));
  } finally {
    await inputs.close();
  }
}

const prepared = (at: string, data: string, checkpoint: string) =>
  prepare({ preset: 'jem', checkpoint, data, directory: at, limits: {} });

describe('photographs that have other proportions than the images of the network', () => {
  it('are shown to a checkpoint of weights at the size that the public code has them in, as well', async () => {
    const at = folder();
    savedJem(join(at, 'JEM.pt'), weightsOf({ depth: 10, width: 1, buffer: 0 }), 4);
    const { run, told } = await prepared(at, await dataOf(at, 178, 218), join(at, 'JEM.pt'));
    expect(told.join('\n')).toMatch(/sizes {4}celeba: 39 x 32 as the public code has it.*and 32 x 32/);
    const { models, defences, datasets, suites } = parse(readFileSync(run, 'utf8'));
    expect(models).toContain('./JEM-39x32.model.yaml');
    expect(defences).toContainEqual({
      name: 'JEM-39x32-published',
      model: 'JEM-39x32',
      noise: { std: 0.03 },
    });
    expect(datasets).toMatchObject({
      celeba: { resize: [32, 32], role: 'ood' },
      'celeba-published': { resize: 32, role: 'ood' },
    });
    expect(suites.at(-1).jem.ownSize).toEqual({
      ...{ of: 'celeba', dataset: 'celeba-published', published: 'JEM-39x32-published' },
    });
    expect(parse(readFileSync(join(at, 'JEM-39x32.model.yaml'), 'utf8'))).toMatchObject({
      ...{ name: 'JEM-39x32', checkpoint: './JEM.pt', input: { shape: [3, 39, 32], range: [-1, 1] } },
    });
    const pairs = await pairsOf(run);
    expect([...pairs].filter((pair) => /39x32/.test(pair) || /celeba-published/.test(pair))).toEqual([
      'JEM-39x32-published celeba-published',
    ]);
    // A suite that is shown all brings together what does not belong together.
    const error = await errorOf(pairsOf(run, ['accuracy']));
    expect(error.explain()).toMatch(
      /shape-mismatch.*cannot take the images of.*beside the suite.*`models: /s,
    );
  });

  it('are shown at one size where they have those of the network', async () => {
    const at = folder();
    savedJem(join(at, 'JEM.pt'), weightsOf({ depth: 10, width: 1, buffer: 0 }), 4);
    const { run, told } = await prepared(at, await dataOf(at, 50, 50), join(at, 'JEM.pt'));
    expect(told.join('\n')).not.toMatch(/sizes|scaled/);
    expect(readFileSync(run, 'utf8')).not.toMatch(/ownSize|39x32/);
  });
});
