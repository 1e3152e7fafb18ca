// @module-tag slow
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/arrays/npy.js';
import { softmax } from '../../src/metrics/softmax.js';
import { stream } from '../../src/random/stream.js';
import { folder, obeyed } from './assay.js';
import { block, commandsOf } from './page-blocks.js';
import { savedResults } from './project.js';

const CLASSES = 5;

/** Logits, and labels that they mostly tell. */
function write(at: string, n: number, [logits, labels]: readonly [string, string]) {
  const data = new Float32Array(n * CLASSES);
  const own = new Uint8Array(n);
  for (let i = 0; i < n; i++) {
    const draws = stream({ seed: 0, purpose: `test/${logits}`, example: i });
    own[i] = draws.uint32() % CLASSES;
    for (let k = 0; k < CLASSES; k++) data[i * CLASSES + k] = draws.normal() + (k === own[i] ? 2.5 : 0);
  }
  writeFileSync(join(at, logits), encodeNpy({ shape: [n, CLASSES], data }));
  writeFileSync(join(at, labels), encodeNpy({ shape: [n], data: own }));
}

/** Writes the files that a page takes for granted, and runs its example. */
async function exampleOf(page: string, file: string, section: string) {
  const at = folder();
  write(at, 300, ['logits.npy', 'labels.npy']);
  write(at, 250, ['held-out.npy', 'held-out-labels.npy']);
  writeFileSync(join(at, file), block(page, file));
  const script = commandsOf(page).find(([heading]) => heading === section)?.[1] ?? '';
  const [program, ...args] = script.replaceAll('\\\n', ' ').trim().split(/\s+/);
  expect(program).toBe('assay');
  const { code, stderr } = await obeyed([...args, '--quiet'], at);
  expect([code, stderr]).toEqual([0, '']);
  const results = savedResults(join(at, args[args.indexOf('--out') + 1]!));
  expect(results.gates.every(({ passed }) => passed)).toBe(true);
  return results;
}

it('the example of docs/conformal.md runs as it stands there', async () => {
  const { measures, gates } = await exampleOf('docs/conformal.md', 'conformal.yaml', 'An example');
  const coverage = measures.filter((m) => m.measure === 'coverage' && m.params.alpha === 0.1);
  expect(coverage.map(({ params }) => params.score)).toEqual(['lac', 'aps', 'raps', 'saps']);
  for (const { value } of coverage) expect(value).toBeGreaterThan(0.84);
  expect(coverage[2]!.params).toMatchObject({ lambda: 0.1, kreg: 2 });
  expect(gates).toHaveLength(2);
});

it('that of docs/calibration.md does', async () => {
  const { measures } = await exampleOf('docs/calibration.md', 'recalibrators.yaml', 'Recalibrators');
  const after = measures.filter(({ measure }) => measure === 'recalibrated-nll');
  expect(after.map(({ params }) => params.recalibrator)).toEqual([
    'temperature',
    'vector',
    'dirichlet',
    'platt',
    'beta',
    'isotonic',
    'histogram-top',
  ]);
});

it.each([
  ['calibrated', 1, 0],
  ['over-confident', 4, 1],
])('the gates on calibration of docs/calibration.md, of a model that is %s', async (_, factor, expected) => {
  const at = folder();
  const n = 400;
  const [data, own] = [new Float32Array(n * CLASSES), new Uint8Array(n)];
  for (let i = 0; i < n; i++) {
    const draws = stream({ seed: 0, purpose: 'test/gates', example: i });
    const logits = Float32Array.from({ length: CLASSES }, () => 2 * draws.normal());
    data.set(
      logits.map((logit) => factor * logit),
      i * CLASSES,
    );
    let rest = draws.uniform();
    own[i] = Math.max(
      0,
      softmax({ n: 1, classes: CLASSES, data: logits }).findIndex((p) => (rest -= p) < 0),
    );
  }
  writeFileSync(join(at, 'logits.npy'), encodeNpy({ shape: [n, CLASSES], data }));
  writeFileSync(join(at, 'labels.npy'), encodeNpy({ shape: [n], data: own }));
  const page = 'docs/calibration.md';
  writeFileSync(join(at, 'calibrated.yaml'), block(page, 'calibrated.yaml'));
  const script = commandsOf(page).find(([heading]) => heading.startsWith('Tests'))?.[1] ?? '';
  const [, ...args] = script.trim().split(/\s+/);
  const { code } = await obeyed([...args, '--quiet'], at);
  expect(code).toBe(expected);
  const { gates } = savedResults(join(at, 'calibrated'));
  expect(gates.map(({ passed }) => passed)).toEqual([expected === 0, expected === 0]);
});
