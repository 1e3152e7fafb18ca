import { gzipSync } from 'node:zlib';
import { readCounterexample } from '../../src/verification/counterexample.js';
import { readExpected } from '../../src/verification/expected.js';
import { readInflated, textOf } from '../../src/verification/files.js';
import { readInstances } from '../../src/verification/instances.js';
import { readProperty } from '../../src/verification/vnnlib.js';
import type { FuzzedFormat } from './format.js';

const property = Buffer.from(`; robustness of three classes
(set-logic QF_LRA)
${[0, 1, 2, 3].map((i) => `(declare-const X_${i} Real)`).join('\n')}
${[0, 1, 2].map((i) => `(declare-fun Y_${i} () Real)`).join('\n')}
${[0, 1, 2, 3].map((i) => `(assert (<= X_${i} 0.${i}5e0))\n(assert (>= X_${i} (- 0.5)))`).join('\n')}
(assert (or
  (and (>= Y_0 Y_1) (<= (+ (* 2 Y_2) -1.5) (* Y_0 3)))
  (and (< Y_2 Y_1) (<= X_0 0.0) (= (+ Y_0 Y_1) 1e-3))
))
(check-sat)
`);

async function readPropertyOf(path: string) {
  const { file, bytes } = await readInflated(path, 'vnnlib');
  const { cases } = readProperty(textOf(file, bytes), { file });
  const constraints = cases.flatMap((one) => one.constraints);
  return {
    lower: Float64Array.from(cases.flatMap(({ box }) => [...box.lower])),
    upper: Float64Array.from(cases.flatMap(({ box }) => [...box.upper])),
    constants: Float64Array.from(constraints.map(({ constant }) => constant)),
    terms: Float64Array.from(
      constraints.flatMap(({ terms }) => terms.flatMap(({ output, coefficient }) => [output, coefficient])),
    ),
  };
}

const counterexample = Buffer.from('sat\n((X_0 0.25)\n (X_1 -7.5e-1)\n (X_2 1)\n (Y_0 1.5))\n');
const lines = (texts: readonly string[]) => Buffer.from(texts.map((text) => `${text}\n`).join(''));

/** Readers of what verification takes. */
export const verificationFormats: readonly FuzzedFormat[] = [
  {
    format: 'vnnlib',
    samples: () => ({ 'plain.vnnlib': property, 'packed.vnnlib.gz': gzipSync(property) }),
    summed: { 'packed.vnnlib.gz': 'all' },
    read: readPropertyOf,
  },
  {
    format: 'counterexamples',
    samples: () => ({ 'a.counterexample': counterexample, 'b.counterexample.gz': gzipSync(counterexample) }),
    summed: { 'b.counterexample.gz': 'all' },
    read: async (file) => ({ inputs: await readCounterexample(file) }),
  },
  {
    format: 'lists of instances',
    samples: () => ({
      'instances.csv': lines(['onnx/a.onnx,vnnlib/a.vnnlib,100', '"b,c.onnx",b.vnnlib,0.5']),
    }),
    read: async (file) => ({
      seconds: Float64Array.from(await readInstances(file), ({ seconds }) => seconds),
    }),
  },
  {
    format: 'results of others',
    samples: () => ({
      'results.csv': lines(['a,a.onnx,a.vnnlib,0.5,sat,1', 'a,b.onnx,b.vnnlib,1,run_instance_timeout,100']),
    }),
    read: async (file) => ({ lines: Float64Array.from(await readExpected(file), ({ line }) => line) }),
  },
];
