import type { BoundAttack } from '../../attacks/attack.js';
import { autoattack, type StageParams } from '../../attacks/compositions.js';
import { parseEpsilons } from '../../attacks/epsilon.js';
import { AssayError, unknownName } from '../../errors.js';
import type { SystemInfo } from '../../models/system.js';
import type { Catalogue } from '../catalogue.js';
import { type AttackParams, attackPlanOf, settledStage } from '../measurements/attack.js';
import type { Measure } from '../results.js';
import { type AttackingOptions, type MemberOptions, ownOf } from './options.js';

/** What a system is attacked with, and what reports call it. */
export interface ResolvedAttack {
  params: AttackParams;
  /** `PGD-40 x 10`, `AutoAttack`. */
  label: string;
  /** Parameters of the measures: the same for every system, so that columns line up. */
  about: Measure['params'];
  /** For reports, one per attack: `APGD-CE`. */
  members: readonly string[];
}

interface Chosen {
  stages: readonly Required<StageParams>[];
  label: string;
  about: Measure['params'];
  eot: number;
}

const EOT = 4;

/**
 * Draws are an affair of stochastic systems, so that two ways of asking for the same attack on a deterministic one
 * are the same request.
 * Errors: `config-invalid` for options the method does not have, and radii that are no numbers.
 */
export function resolveAttack(
  options: AttackingOptions,
  system: SystemInfo,
  catalogue: Catalogue,
): ResolvedAttack {
  const norm = options.norm ?? usualNorm(options.method, catalogue);
  const { stages, label, about, eot } =
    options.method === 'autoattack' ? composed(options, norm, catalogue) : single(options, catalogue);
  const free = stages.every(({ method }) => catalogue.attacks.named(method).radius === 'free');
  const params: AttackParams = {
    attacks: stages,
    norm,
    epsilons: radii(options, norm, catalogue),
    goal: { kind: 'mistake' },
    eot: system.stochastic ? (options.eot ?? eot) : 1,
    confirm: system.stochastic ? options.confirm : 1,
    keep: options.keep ?? (free ? 'nearest' : 'first'),
  };
  const attackPlan = attackPlanOf(params, catalogue);
  return {
    params,
    label,
    about: { norm, ...about },
    members: attackPlan.stages.map(({ attack, restarts }) => attackLabel(attack, restarts)),
  };
}

function usualNorm(method: string, { attacks }: Catalogue): string {
  const { norms } = method === 'autoattack' ? { norms: undefined } : attacks.named(method);
  return norms && !norms.includes('Linf') ? norms[0]! : 'Linf';
}

function radii({ epsilons }: AttackingOptions, norm: string, { norms }: Catalogue): string[] {
  const parsed = parseEpsilons(epsilons ?? norms.named(norm).epsilons);
  const largest = parsed[parsed.length - 1]!;
  if (norm === 'Linf' && largest.value > 1) {
    throw new AssayError('config-invalid', 'a radius is larger than the range of pixels', {
      path: 'epsilons',
      expected: 'at most 1 for Linf: radii are in units of pixels in [0, 1]',
      found: largest.text,
      hint: `if it counts grey levels, write ${largest.text}/255`,
    });
  }
  return parsed.map(({ text }) => text);
}

/** The usual loss and a single run go unsaid. */
export function attackLabel({ label, loss, usual, random }: BoundAttack, restarts: number): string {
  const often = random && restarts > 1 ? ` x ${restarts}` : '';
  return `${label}${often}${usual ? '' : ` (${loss})`}`;
}

function single(options: AttackingOptions, catalogue: Catalogue): Chosen {
  for (const key of ['version', 'attacks'] as const) {
    if (options[key] === undefined) continue;
    throw new AssayError('config-invalid', `\`${key}\` belongs to the method autoattack`, {
      path: key,
      found: `method: ${options.method}`,
      hint: `write \`method: autoattack\`, or drop \`${key}\``,
    });
  }
  const { method, loss, restarts } = options;
  const stage = settledStage(
    {
      method,
      ...(loss && { loss }),
      ...(restarts && { restarts }),
      options: ownOf(options, catalogue),
    },
    catalogue,
  );
  const attack = catalogue.attacks.named(method).create(stage.options, stage.loss);
  const about = {
    method,
    loss: stage.loss,
    restarts: stage.restarts,
    ...(scalars(stage.options) as Measure['params']),
  };
  return { stages: [stage], label: attackLabel(attack, stage.restarts), about, eot: EOT };
}

const scalars = (options: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(options).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  );

function composed(options: AttackingOptions, norm: string, catalogue: Catalogue): Chosen {
  const { version = options.attacks ? 'custom' : 'standard' } = options;
  const foreign = [
    ...(['loss', 'restarts'] as const).filter((key) => options[key] !== undefined),
    ...Object.keys(ownOf(options, catalogue)).filter((key) => options[key] !== undefined),
  ];
  if (foreign.length > 0) {
    throw new AssayError('config-invalid', `autoattack has no option "${foreign[0]}"`, {
      path: foreign[0],
      hint: 'its attacks have theirs: write `version: custom` and `attacks: [{ method: ..., ... }]`',
    });
  }
  const about = { method: 'autoattack', version };
  if (version === 'custom') {
    const stages = customStages(options.attacks, catalogue);
    const label = stages
      .map(({ method, options: own, loss, restarts }) =>
        attackLabel(catalogue.attacks.named(method).create(own, loss), restarts),
      )
      .join(' + ');
    return { stages, label, about, eot: EOT };
  }
  if (options.attacks) {
    throw new AssayError('config-invalid', `version ${version} says itself what it runs`, {
      path: 'attacks',
      hint: 'write `version: custom`, or drop `attacks`',
    });
  }
  const composition = autoattack.get(version);
  if (!composition) throw unknownName('version of autoattack', version, [...autoattack.keys(), 'custom']);
  return {
    stages: composition.stages(norm).map((stage) => settledStage(stage, catalogue)),
    label: composition.title,
    about,
    eot: composition.eot ?? EOT,
  };
}

function customStages(
  members: readonly MemberOptions[] | undefined,
  catalogue: Catalogue,
): Required<StageParams>[] {
  if (!members) {
    throw new AssayError('config-invalid', 'version custom needs a list of attacks', {
      path: 'attacks',
      expected: '`attacks: [apgd-ce, { method: square, queries: 1000 }]`',
    });
  }
  return members.map((member, i) => {
    const { method, loss, restarts, ...own } = typeof member === 'string' ? { method: member } : member;
    try {
      return settledStage(
        { method, ...(loss && { loss }), ...(restarts && { restarts }), options: own },
        catalogue,
      );
    } catch (error) {
      if (!(error instanceof AssayError)) throw error;
      const path = [`attacks[${i}]`, error.details.path].filter(Boolean).join('.');
      throw new AssayError(error.code, error.message, { ...error.details, path });
    }
  });
}
