import { expect } from 'vitest';
import type { Method } from '../../src/bounds/certify.js';
import type { Network } from '../../src/verification/network.js';
import { isMet } from '../../src/verification/property.js';
import { type Answer, answered } from '../../src/verification/verify.js';
import { readProperty } from '../../src/verification/vnnlib.js';
import { type Exact, outputsAt, type Rectangle } from './exact.js';

/** What is found of a property within so many questions whether there is time. */
export async function answerOf(
  network: Network,
  text: string,
  { method = 'alpha-crown', checks = 400 }: { method?: Method; checks?: number } = {},
): Promise<Answer | 'timeout'> {
  let left = checks;
  const check = () => {
    if (left-- <= 0) throw new Error('out of time');
  };
  return answered(network, readProperty(text, { file: 'a.vnnlib' }), {
    seed: 1,
    steps: 20,
    restarts: 2,
    method,
    check,
  }).catch((error) => {
    if (error.message === 'out of time') return 'timeout';
    throw error;
  });
}

/** A counterexample is one by the definition of the network, too. */
export function expectWitness(
  answer: Answer | 'timeout',
  network: Exact,
  text: string,
  { lower, upper }: Rectangle,
) {
  if (answer === 'timeout' || answer.verdict !== 'sat') throw new Error('no witness');
  const [x, y] = answer.witness.inputs;
  const exact = outputsAt(network, [x!, y!]);
  exact.forEach((value, o) => {
    expect(answer.witness.outputs[o]).toBeCloseTo(value, 3);
  });
  expect([x! >= lower[0], y! >= lower[1], x! <= upper[0], y! <= upper[1]]).toEqual([true, true, true, true]);
  const { cases } = readProperty(text, { file: '' });
  expect(cases.some((one) => isMet(one, answer.witness.outputs))).toBe(true);
}
