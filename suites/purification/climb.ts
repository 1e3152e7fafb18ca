import { parseEpsilon, settledStage } from '../../src/attack.js';
import type { AttackParams } from '../../src/measurements.js';
import type { Catalogue } from '../../src/suite.js';
import type { Rung } from './ladder.js';
import type { PurificationOptions } from './options.js';

/** What a rung comes to in a run: the attack, and how it is told in a line. */
export interface Climb {
  rung: Rung;
  purify: NonNullable<Rung['whole']>['purify'];
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
  // With a fixed seed all draws are the same one.
  const draws = rung.fixed ? { eot: 1, confirm: 1 } : { eot: eot ?? figures.eot, confirm: figures.confirm };
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
    purify: whole.purify,
    params: {
      attacks: [stage],
      norm,
      epsilons: [parseEpsilon(epsilon, 'epsilon').text],
      goal: { kind: 'mistake' },
      ...draws,
      ...(whole.average && { average: whole.average }),
      keep: 'first',
    },
    label:
      `${whole.method.toUpperCase()}-${steps}${times}${size ? ` of ${stepSize}` : ''}, ` +
      `${draws.eot} ${draws.eot === 1 ? 'draw' : 'draws'} per gradient${whole.average ? ', weighed' : ''}, ${draws.confirm} to confirm`,
  };
}

const given = ({ steps, eot, confirm }: PurificationOptions['adaptive']) => ({
  ...(steps !== undefined && { steps }),
  ...(eot !== undefined && { eot }),
  ...(confirm !== undefined && { confirm }),
});
