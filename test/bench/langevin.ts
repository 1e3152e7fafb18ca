/** What chains of SGLD take on networks of several sizes, beside bare gradient passes in the same minute: `npm run bench:sampling`. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { openModel } from '../../src/models/open.js';
import { networkOf } from './networks.js';
import { opensGraph, printSampling } from './print-sampling.js';
import type { Opens, SamplingOptions } from './sampling.js';

const opensFile =
  (checkpoint: string, input: { shape: number[]; range?: number[] }): Opens =>
  (engine, batchSize) =>
    openModel({ name: 'bench', checkpoint: resolve(checkpoint), input, classes: 10, batchSize }, engine);

interface Row extends SamplingOptions {
  title: string;
  open: Opens;
  /** What it needs, where that may not be there. */
  file?: string;
}

const TRAINED = '../shared/reference/trained/cifar-jem.pt';

/** From a network of toys to one like those of papers. */
const rows: readonly Row[] = [
  {
    title: 'the JEM of the fixtures, 28 x 28',
    open: opensFile('fixtures/checkpoints/jem.onnx', { shape: [1, 28, 28], range: [-1, 1] }),
    ...{ chains: 1000, steps: 20, batch: 64, rounds: 5 },
  },
  {
    title: 'cifar-jem, a WRN-10-1 on 32 x 32 x 3',
    open: opensFile(TRAINED, { shape: [3, 32, 32], range: [-1, 1] }),
    file: TRAINED,
    ...{ chains: 256, steps: 20, batch: 64, rounds: 3 },
  },
  {
    title: 'WRN-16-4 on 32 x 32 x 3',
    open: opensGraph(networkOf('wrn-16-4').build()),
    ...{ chains: 32, steps: 4, batch: 16, rounds: 3 },
  },
];

for (const { title, open, file, ...options } of rows) {
  console.log(title);
  if (file && !existsSync(file)) console.log(`  left out: ${file} is not there`);
  else await printSampling(open, options);
}
