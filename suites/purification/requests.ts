import { parseEpsilon, settledStage } from '../../src/attack.js';
import {
  type AdaptiveRows,
  type AttackParams,
  type AttackRows,
  adaptiveAttack,
  attackRequest,
  type PurifiedRows,
  purifiedRequest,
} from '../../src/measurements.js';
import { type Catalogue, type DatasetInfo, type Request, request, type SystemInfo } from '../../src/suite.js';
import type { PurificationOptions } from './options.js';

/** What is asked of one classifier on one data set. */
export interface PurificationRequests {
  /** Ascending. */
  steps: readonly number[];
  by: string;
  transfer: Request<AttackRows>;
  clean: Request<PurifiedRows>;
  transferred: Request<PurifiedRows>;
  /** One for each number of steps; empty when left out. */
  adaptive: readonly Request<AdaptiveRows>[];
}

/** The name of the model that purifies for a system, or why there is none. */
export function purifierOf(
  system: SystemInfo,
  systems: readonly SystemInfo[],
  { by }: PurificationOptions,
): { by: string } | { reason: string } {
  if (system.stochastic) return { reason: 'it stands behind a defence already' };
  if (by !== undefined && by !== system.name) {
    const other = systems.find(({ name }) => name === by);
    // A pure energy model does not classify and is not among the systems of this suite: its measurement checks it.
    return other?.stochastic ? { reason: `"${by}" is stochastic and cannot purify` } : { by };
  }
  if (system.offers.includes('logPx')) return { by: system.name };
  return { reason: system.lacks.logPx ?? 'it has no log p(x) to climb' };
}

export function requestsFor(
  { name: system }: SystemInfo,
  { name: dataset }: DatasetInfo,
  by: string,
  options: PurificationOptions,
  catalogue: Catalogue,
): PurificationRequests {
  const { stepSize, noise, inputNoise, chains, clamp, examples, adaptive } = options;
  const steps = [...new Set(options.steps)].sort((a, b) => a - b);
  const chain = { by, stepSize, noise, inputNoise, chains, clamp };
  // The strongest point and not the first broken one: an image just across the boundary is brought back by noise.
  const pgd = (count: number) => [settledStage({ method: 'pgd', options: { steps: count } }, catalogue)];
  const attack: AttackParams = {
    attacks: pgd(options.attackSteps),
    norm: options.norm,
    epsilons: [parseEpsilon(options.epsilon, 'epsilon').text],
    goal: { kind: 'mistake' },
    eot: 1,
    confirm: 1,
    keep: 'strongest',
  };
  const transfer = attackRequest(system, dataset, attack, examples);
  const whole: AttackParams = {
    ...attack,
    keep: 'first',
    eot: adaptive.eot,
    confirm: adaptive.confirm,
    attacks: pgd(Math.max(1, adaptive.steps)),
  };
  return {
    steps,
    by,
    transfer,
    clean: purifiedRequest(system, dataset, { ...chain, steps }, examples),
    transferred: purifiedRequest(system, dataset, { ...chain, steps }, examples, transfer),
    adaptive:
      adaptive.steps === 0
        ? []
        : steps.map((count) =>
            request({
              measurement: adaptiveAttack,
              system,
              dataset,
              params: { purify: { ...chain, steps: count }, attack: whole },
              first: adaptive.examples,
            }),
          ),
  };
}
