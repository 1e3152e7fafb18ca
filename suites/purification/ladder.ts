import { parseEpsilon, settledStage } from '../../src/attack.js';
import type { AttackParams } from '../../src/measurements.js';
import type { Catalogue } from '../../src/suite.js';
import type { PurificationOptions } from './options.js';

/** The figures of an attack on model and purification together. */
interface Figures {
  steps: number;
  /** In Linf; elsewhere 2.5 epsilon / steps. */
  stepSize?: string;
  restarts?: number;
  eot: number;
  confirm: number;
}

/** An attack of the ladder. */
export interface Rung {
  name: string;
  /** The column's heading. */
  title: string;
  /** For the list of options. */
  what: string;
  source: string;
  /** The whole draws the same noise for an image every time: there is nothing to vote about. */
  fixed?: true;
  /** How the whole is differentiated and drawn from; absent where the attack knows nothing of the purification. */
  whole?: {
    purify: object;
    method: string;
    loss: string;
    options: object;
    quick: Figures;
    strong: Figures;
  };
}

const QUICK: Figures = { steps: 10, eot: 2, confirm: 4 };

/** Weakest first. */
export const ladder: readonly Rung[] = [
  {
    name: 'transfer',
    title: 'transferred',
    what: 'images made against the bare model',
    source: 'no knowledge of the purification',
  },
  {
    name: 'bpda',
    title: 'BPDA + EOT',
    what: 'PGD along straight-through gradients',
    source: 'Athalye et al. 2018; figures of Hill et al. 2021',
    whole: {
      purify: {},
      method: 'pgd',
      loss: 'cross-entropy',
      options: {},
      quick: QUICK,
      strong: { steps: 50, stepSize: '2/255', eot: 15, confirm: 150 },
    },
  },
];

/** Of this name; options have been checked. */
export const rungNamed = (name: string): Rung => ladder.find((rung) => rung.name === name) ?? ladder[0];

/** What a rung comes to in a run: the attack, and how it is told in a line. */
export interface Climb {
  rung: Rung;
  params: AttackParams;
  label: string;
}

/**
 * @param eot in place of the rung's own
 * Errors: `config-invalid` for a radius that is no number.
 */
export function climbOf(
  rung: Rung,
  { protocol, norm, epsilon, adaptive }: PurificationOptions,
  catalogue: Catalogue,
  eot?: number,
): Climb | undefined {
  const { whole } = rung;
  if (!whole || adaptive.steps === 0) return undefined;
  const figures = { ...whole[protocol === 'strong' ? 'strong' : 'quick'], ...given(adaptive) };
  const { steps, restarts = 1, stepSize } = figures;
  const size = stepSize !== undefined && norm === 'Linf' && whole.method === 'pgd' && { stepSize };
  const draws = { eot: eot ?? figures.eot, confirm: figures.confirm };
  const stage = settledStage(
    {
      method: whole.method,
      loss: whole.loss,
      restarts,
      options: { steps, ...size, ...whole.options },
    },
    catalogue,
  );
  const times = restarts > 1 ? ` x ${restarts}` : '';
  return {
    rung,
    params: {
      attacks: [stage],
      norm,
      epsilons: [parseEpsilon(epsilon, 'epsilon').text],
      goal: { kind: 'mistake' },
      ...draws,
      keep: 'first',
    },
    label:
      `${whole.method.toUpperCase()}-${steps}${times}${size ? ` of ${stepSize}` : ''}, ` +
      `${draws.eot} ${draws.eot === 1 ? 'draw' : 'draws'} per gradient, ${draws.confirm} to confirm`,
  };
}

const given = ({ steps, eot, confirm }: PurificationOptions['adaptive']) => ({
  ...(steps !== undefined && { steps }),
  ...(eot !== undefined && { eot }),
  ...(confirm !== undefined && { confirm }),
});
