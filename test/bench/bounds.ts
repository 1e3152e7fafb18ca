/**
 * What bounds of margins cost, in passes of the same network in the same round: `npm run bench:bounds -- --help`.
 */
import { parseArgs } from 'node:util';
import { createOrtEngine } from '../../src/engines/ort/engine.js';
import { modelOf } from '../../src/models/assemble.js';
import { imageSize } from '../../src/models/batching.js';
import type { Model } from '../../src/models/model.js';
import { openModel } from '../../src/models/open.js';
import { stream } from '../../src/random/stream.js';
import { networkOf } from './networks.js';

const help = `usage: npm run bench:bounds -- [options]

  --card FILE      a model card (fixtures/models/plain.model.yaml)
  --network NAME   a built-in network instead: wrn-16-4, preact-resnet-18
  --images N       (32)
  --rounds N       rounds; each contender has one turn a round (5)
  --epsilon E      (0.004)`;

const { values: options } = parseArgs({
  options: {
    card: { type: 'string', default: 'fixtures/models/plain.model.yaml' },
    network: { type: 'string' },
    images: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    epsilon: { type: 'string', default: '0.004' },
    help: { type: 'boolean', default: false },
  },
});
if (options.help) {
  console.log(help);
  process.exit(0);
}

const engine = createOrtEngine({ threads: 1 });
const n = Number(options.images);
const rounds = Number(options.rounds);
const model: Model = options.network ? await builtIn(options.network) : await openModel(options.card, engine);
const draws = stream({ seed: 0, purpose: 'bench/bounds', example: 0 });
const pixels = Float32Array.from({ length: n * imageSize(model.info) }, () => draws.uniform());
const labels = Int32Array.from({ length: n }, (_, i) => i % model.info.classes.length);
const batch = { n, pixels, labels };
const epsilon = Number(options.epsilon);

const turns: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['forward', () => model.forward(batch)],
  ['gradient', () => model.gradient(batch, 'cross-entropy')],
  ['ibp', () => model.marginBounds(batch, { epsilon, method: 'ibp' })],
  ['crown-ibp', () => model.marginBounds(batch, { epsilon, method: 'crown-ibp' })],
];
for (const [, turn] of turns) await turn();
const seconds = new Map(turns.map(([name]) => [name, [] as number[]]));
for (let round = 0; round < rounds; round++)
  for (const [name, turn] of turns) {
    const start = performance.now();
    await turn();
    seconds.get(name)?.push((performance.now() - start) / 1000);
  }
const of = (name: string) => seconds.get(name) ?? [];
const spread = (values: readonly number[]) => {
  const sorted = values.toSorted((a, b) => a - b);
  return `${sorted[sorted.length >> 1]!.toFixed(2)} (${sorted[0]!.toFixed(2)} to ${sorted[sorted.length - 1]!.toFixed(2)})`;
};
const ratio = (a: string, b: string) => spread(of(a).map((time, round) => time / of(b)[round]!));
console.log(
  `${model.info.name}, ${n} images, ${rounds} rounds; medians of ratios within a round, and their range`,
);
console.log(`gradient / forward     ${ratio('gradient', 'forward')}`);
console.log(`ibp / forward          ${ratio('ibp', 'forward')}`);
console.log(
  `crown-ibp / gradient   ${ratio('crown-ibp', 'gradient')}, ${model.info.classes.length - 1} margins an image`,
);
await model.close();
await engine.close();

function builtIn(name: string): Promise<Model> {
  const card = { name, checkpoint: name, input: { shape: [3, 32, 32], range: [0, 1] }, classes: 10 };
  return modelOf(networkOf(name).build(), card, engine);
}
