import { parseEpsilon, settledStage } from '../../src/attack.js';
import {
  type AdaptiveParams,
  type AdaptiveRows,
  type AttackParams,
  type AttackRows,
  adaptiveAttack,
  attackRequest,
  type DrawsRows,
  type PurifiedRows,
  purifiedDraws,
  purifiedRequest,
} from '../../src/measurements.js';
import {
  type DatasetInfo,
  notNamed,
  type Request,
  request,
  type SuiteContext,
  type SystemInfo,
} from '../../src/suite.js';
import { type Climb, climbOf } from './climb.js';
import { type DiagnosticRequests, diagnosticRequests } from './diagnostics.js';
import { ladder } from './ladder.js';
import type { PurificationOptions } from './options.js';

/** An attack on the whole, at one number of SGLD steps. */
export interface RungRequests {
  climb: Climb;
  /** SGLD steps. */
  steps: number;
  /** Beside the ladder, with another number of draws per gradient. */
  swept: boolean;
  attack: Request<AdaptiveRows>;
  /** At the images that it found; absent where every draw is the same, and where none are wanted. */
  draws?: Request<DrawsRows>;
}

/** What is asked of one classifier on one data set. */
export interface PurificationRequests {
  /** Ascending. */
  steps: readonly number[];
  by: string;
  /** Names of the attacks asked for. */
  attacks: readonly string[];
  transfer: Request<AttackRows>;
  clean: Request<PurifiedRows>;
  transferred: Request<PurifiedRows>;
  /** By number of steps, draws at the transferred images that attacks on the whole are compared with; empty without both. */
  transferredDraws: readonly Request<DrawsRows>[];
  /** By number of steps, and then as the ladder goes. */
  rungs: readonly RungRequests[];
  /** The strongest of them with other numbers of draws per gradient. */
  sweep: readonly RungRequests[];
  diagnostics: DiagnosticRequests | undefined;
}

/** Draws in any case, and for votes: what resubmission is asked about (DiffHammer, NeurIPS 2024). */
export const BLOCK = 10;

/** The name of the model that purifies for a system, or why there is none. Errors: `config-invalid` where the run has none of that name. */
export function purifierOf(
  system: SystemInfo,
  { systems, names }: Pick<SuiteContext, 'systems' | 'names'>,
  { by }: PurificationOptions,
): { by: string } | { reason: string } {
  if (by !== undefined && names && !names.includes(by)) throw notNamed('system', by, names, 'by');
  if (system.stochastic) return { reason: 'it stands behind a defence already' };
  if (by !== undefined && by !== system.name) {
    const other = systems.find(({ name }) => name === by);
    // A pure energy model does not classify and is not among the systems of this suite: its measurement checks it.
    return other?.stochastic ? { reason: `"${by}" is stochastic and cannot purify` } : { by };
  }
  if (system.offers.includes('logPx')) return { by: system.name };
  return { reason: system.lacks.logPx ?? 'it has no log p(x) to climb' };
}

/**
 * Why the purifying model can be differentiated once only, so that there is no full gradient; undefined where it can, or
 * where it is not among the systems: a pure energy model's measurements check it.
 */
export function onceOnly(by: string, systems: readonly SystemInfo[]): string | undefined {
  const info = systems.find(({ name }) => name === by);
  if (!info || info.offers.includes('hessianProduct')) return undefined;
  return info.lacks.hessianProduct ?? `"${by}" has no second derivatives`;
}

export function requestsFor(
  { name: system }: SystemInfo,
  { name: dataset }: DatasetInfo,
  by: string,
  options: PurificationOptions,
  { systems, catalogue }: Pick<SuiteContext, 'systems' | 'catalogue'>,
): PurificationRequests {
  const { stepSize, noise, inputNoise, chains, clamp, examples, adaptive } = options;
  const steps = [...new Set(options.steps)].sort((a, b) => a - b);
  const chain = { by, stepSize, noise, inputNoise, chains, clamp };
  // The strongest point and not the first broken one: an image just across the boundary is brought back by noise.
  const bare: AttackParams = {
    attacks: [settledStage({ method: 'pgd', options: { steps: options.attackSteps } }, catalogue)],
    norm: options.norm,
    epsilons: [parseEpsilon(options.epsilon, 'epsilon').text],
    goal: { kind: 'mistake' },
    eot: 1,
    confirm: 1,
    keep: 'strongest',
  };
  const transfer = attackRequest(system, dataset, bare, examples);
  const attacked = (climb: Climb, count: number, swept = false): RungRequests => {
    const purify = { ...chain, steps: count, ...climb.purify };
    const on = { system, dataset, first: adaptive.examples };
    const attack = request({ measurement: adaptiveAttack, params: { purify, attack: climb.params }, ...on });
    const one = { climb, steps: count, swept, attack };
    if (swept || climb.rung.fixed || options.draws === 0) return one;
    return {
      ...one,
      draws: request({ measurement: purifiedDraws, params: drawing(purify), inputs: [attack], ...on }),
    };
  };
  const { draws, sequential } = options;
  const drawing = (purify: AdaptiveParams['purify']) => ({
    purify,
    draws,
    block: Math.min(BLOCK, draws),
    sequential,
  });
  const twice = onceOnly(by, systems) === undefined;
  // Weakest first, in whatever order they were asked for.
  const climbs = ladder
    .filter(({ name }) => options.ladder.includes(name))
    .filter((rung) => twice || rung.whole?.purify.gradient !== 'full')
    .flatMap((rung) => climbOf(rung, options, catalogue) ?? []);
  // Of a pure energy model it is not known here, and what was not asked for must not fail.
  const known = systems.some(({ name }) => name === by);
  const lookedBack = twice && (known || climbs.some(({ purify }) => purify.gradient === 'full'));
  const strongest = climbs.findLast(({ rung }) => !rung.fixed);
  const compared = draws > 0 && strongest !== undefined && options.ladder.includes('transfer');
  const others = adaptive.sweep.filter((eot) => eot !== strongest?.params.eot).sort((a, b) => a - b);
  return {
    ...{ steps, by, transfer, attacks: options.ladder },
    clean: purifiedRequest(system, dataset, { ...chain, steps }, examples),
    transferred: purifiedRequest(system, dataset, { ...chain, steps }, examples, transfer),
    transferredDraws: (compared ? steps : []).map((count) =>
      request({
        ...{ measurement: purifiedDraws, system, dataset, inputs: [transfer] },
        params: drawing({ ...chain, steps: count, gradient: 'straight-through', seed: 'fresh' }),
        first: Math.min(examples, adaptive.examples),
      }),
    ),
    rungs: steps.flatMap((count) => climbs.map((climb) => attacked(climb, count))),
    diagnostics: diagnosticRequests(system, dataset, chain, steps, options, lookedBack),
    sweep: steps.flatMap((count) =>
      [...new Set(others)].flatMap((eot) => {
        const climb = strongest && climbOf(strongest.rung, options, catalogue, eot);
        return climb ? [attacked(climb, count, true)] : [];
      }),
    ),
  };
}
