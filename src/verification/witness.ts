import type { Witness } from './verify.js';

/**
 * A counterexample as the competition takes it (VNN-COMP rules): a name and a number a line, inputs before outputs. Numbers are
 * those of float32, written so that they read as the same.
 */
export function* witnessText({ inputs, outputs }: Witness): Generator<string> {
  yield 'sat\n(';
  let first = true;
  for (const [name, values] of Object.entries({ X: inputs, Y: outputs }))
    for (let i = 0; i < values.length; i++) {
      yield `${first ? '' : '\n '}(${name}_${i} ${textOf(values[i]!)})`;
      first = false;
    }
  yield ')\n';
}

const textOf = (x: number): string => (Object.is(x, -0) ? '-0.0' : String(x));
