import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { GraphBuilder, int } from '../../src/graph/build.js';
import { floats } from '../../src/graph/tensor.js';
import { writeOnnx } from '../../src/graph/write.js';
import { stream } from '../../src/random/stream.js';
import { ATTACK, card, npz, runFile } from '../e2e/project.js';

const SIDE = 6;
const PIXELS = SIDE * SIDE;

/** Noise with a third that is a little brighter: no model gets all of them right. */
function hardImages(n: number, purpose: string): { pixels: Uint8Array; labels: Uint8Array } {
  const labels = Uint8Array.from({ length: n }, (_, i) => i % 3);
  const pixels = new Uint8Array(n * PIXELS);
  for (let i = 0; i < n; i++) {
    const noise = stream({ seed: 3, purpose, example: i });
    for (let p = 0; p < PIXELS; p++)
      pixels[i * PIXELS + p] =
        Math.floor(noise.uniform() * 200) + (Math.floor((p % SIDE) / 2) === labels[i] ? 35 : 0);
  }
  return { pixels, labels };
}

/** Sums of the thirds, with so much noise in the weights. */
function model(noise: number, purpose: string): Uint8Array {
  const draws = stream({ seed: 4, purpose, example: 0 });
  const weight = Float32Array.from(
    { length: PIXELS * 3 },
    (_, at) => (Math.floor((Math.floor(at / 3) % SIDE) / 2) === at % 3 ? 0.6 : 0) + noise * draws.normal(),
  );
  const b = new GraphBuilder();
  const image = b.input('image', 'float32', ['N', 1, SIDE, SIDE]);
  const flat = b.op('Flatten', [image], { axis: int(1) });
  b.outputAs(b.op('MatMul', [flat, b.constant(floats([PIXELS, 3], weight), 'weight')]), 'logits', 'float32', [
    'N',
    3,
  ]);
  return writeOnnx(b.build());
}

/**
 * Writes run files `v1.run.yaml` and `v2.run.yaml` of two releases of the models `good` and `poor` on one hard test set:
 * `good` is much worse in the second, `poor` the same file in both.
 */
export function releases(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const models = { 'v1-good': 0, 'v2-good': 0.6, poor: 0.5 };
  for (const [file, noise] of Object.entries(models)) {
    const name = file.replace(/^v\d-/, '');
    writeFileSync(join(folder, `${file}.onnx`), model(noise, file));
    writeFileSync(
      join(folder, `${file}.model.yaml`),
      stringify({ ...card(name), checkpoint: `./${file}.onnx` }),
    );
  }
  writeFileSync(join(folder, 'test.npz'), npz(hardImages(150, 'test')));
  writeFileSync(
    join(folder, 'noise.npz'),
    npz({ pixels: hardImages(40, 'noise').pixels.map((v) => 255 - v) }),
  );
  for (const version of ['v1', 'v2'])
    writeFileSync(
      join(folder, `${version}.run.yaml`),
      stringify(
        runFile({
          name: version,
          models: [`./${version}-good.model.yaml`, './poor.model.yaml'],
          suites: [
            'accuracy',
            { calibration: { resamples: 100 } },
            { ood: { resamples: 100, scores: ['max-logit'] } },
            { attack: { ...ATTACK, epsilons: ['4/255', '8/255'], checks: false, pictures: 0 } },
          ],
        }),
      ),
    );
}
