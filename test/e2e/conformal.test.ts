import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeNpy } from '../../src/data/npy.js';
import { stream } from '../../src/random/stream.js';
import { folder, obeyed } from './assay.js';
import { block, commandsOf } from './page-blocks.js';
import { savedResults } from './project.js';

const PAGE = 'docs/conformal.md';
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

it(`the example of ${PAGE} runs as it stands there`, async () => {
  const at = folder();
  write(at, 300, ['logits.npy', 'labels.npy']);
  write(at, 250, ['held-out.npy', 'held-out-labels.npy']);
  writeFileSync(join(at, 'conformal.yaml'), block(PAGE, 'conformal.yaml'));
  const [[, script]] = commandsOf(PAGE);
  const [program, ...args] = script.replaceAll('\\\n', ' ').trim().split(/\s+/);
  expect(program).toBe('assay');
  const { code, stderr } = await obeyed([...args, '--quiet'], at);
  expect([code, stderr]).toEqual([0, '']);
  const results = savedResults(join(at, 'sets'));
  const of = (measure: string) =>
    results.measures.filter((m) => m.measure === measure && m.params.alpha === 0.1);
  expect(of('coverage').map(({ params }) => params.score)).toEqual(['lac', 'aps', 'raps', 'saps']);
  for (const { value } of of('coverage')) expect(value).toBeGreaterThan(0.84);
  expect(of('coverage')[2].params).toMatchObject({ lambda: 0.1, kreg: 2 });
  expect(results.gates.map(({ passed }) => passed)).toEqual([true, true]);
});
