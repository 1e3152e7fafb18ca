import { LOOKED_AT } from '../../src/measurements.js';
import { cell, type Measure, measure, type Table, type Warning } from '../../src/suite.js';
import { isHopeless, isUnbounded, type Proofs } from './proofs.js';
import type { AttackResult } from './result.js';

export type Proven = AttackResult & { proofs: Proofs };

export const hasProofs = (result: AttackResult): result is Proven => result.proofs !== undefined;

export const provedColumn = (epsilon: string) => `proved_at_${epsilon}`;
export const savedColumn = (epsilon: string) => `saved_passes_at_${epsilon}`;
export const allColumn = (epsilon: string) => `passes_without_proofs_at_${epsilon}`;

/** What is proved, and what that saved and cost. */
export function proofMeasures(suite: string, sheet: string, result: AttackResult): Measure[] {
  if (!hasProofs(result)) return [];
  const { system, dataset, params, about, label, proofs } = result;
  const { method, lower, saved, gradient, forward } = proofs;
  const common = { suite, model: system.name, dataset: dataset.name };
  const where = { model: system.name, dataset: dataset.name };
  const own = { ...about, certify: method };
  const name = `${label} ${params.norm}`;
  const cost = (kind: 'gradient' | 'forward', estimate: Proofs['gradient']) =>
    measure(
      {
        ...common,
        measure: `bound-${kind}-passes`,
        title: `${kind === 'gradient' ? 'Gradient' : 'Forward'} passes of ${method} per example, before ${name}`,
        params: own,
        better: 'none',
        format: 'number',
        ...(['crown', 'alpha-crown'].includes(method) && {
          note: 'without the walks back that give intervals inside the network',
        }),
        rows: { sheet, where, statistic: 'mean', columns: { value: `bound_${kind}_passes` } },
      },
      estimate,
    );
  return [
    ...params.epsilons.flatMap((epsilon, k) => [
      measure(
        {
          ...common,
          measure: 'certified-accuracy',
          title: `Certified accuracy, ${params.norm} ${epsilon}, ${method}`,
          params: { ...own, epsilon },
          better: 'higher',
          bound: 'lower',
          format: 'percent',
          rows: { sheet, where, statistic: 'share', columns: { outcome: provedColumn(epsilon) } },
        },
        lower[k]!,
      ),
      measure(
        {
          ...common,
          measure: 'attack-passes-saved',
          title: `Passes of ${name} ${epsilon} saved by ${method}`,
          params: { ...own, epsilon },
          better: 'none',
          format: 'percent',
          note: 'of the calls of the system at that radius; without those of the bounds',
          rows: {
            sheet,
            where,
            statistic: 'mean-ratio',
            columns: { value: savedColumn(epsilon), reference: allColumn(epsilon) },
            options: { ratios: 1 },
          },
        },
        saved[k]!,
      ),
    ]),
    cost('gradient', gradient),
    cost('forward', forward),
  ];
}

/** Robust accuracy between what is proved and what is not broken, and the passes that proofs saved. */
export function proofTable(id: string, title: string, results: readonly AttackResult[]): Table[] {
  const proven = results.filter(hasProofs);
  if (proven.length === 0) return [];
  const { proofs, params, label, n } = proven[0]!;
  // The smallest radius would always be the best.
  const percent = { format: 'percent', better: params.epsilons.length === 1 ? 'higher' : 'none' } as const;
  return [
    {
      id,
      title: `${title}: robust accuracy from both sides`,
      caption: `${n} examples. Proved by ${proofs.method}: no image of the ball is misclassified, rounding included. What is proved at a radius is not attacked there, which changes no verdict. Robust accuracy on these examples lies between the two columns. Saved: of the calls of the system that ${label} makes at that radius, the share that it did without; those of the bounds stand beside it, per example and for all radii together, and are not subtracted.`,
      columns: [
        { key: 'model', title: 'System', format: 'text' },
        { key: 'epsilon', title: params.norm, format: 'text' },
        { key: 'lower', title: 'Proved, at least', ...percent },
        { key: 'upper', title: 'Not broken, at most', ...percent },
        { key: 'saved', title: 'Attack passes saved', format: 'percent' },
        { key: 'gradient', title: 'Gradient passes of bounds', format: 'number' },
        { key: 'forward', title: 'Forward passes of bounds', format: 'number' },
      ],
      rows: proven.flatMap((result) =>
        params.epsilons.map((epsilon, k) => ({
          model: result.system.name,
          epsilon,
          lower: cell(result.proofs.lower[k]!),
          upper: cell(result.robust[k]!),
          saved: cell(result.proofs.saved[k]!, { bare: true }),
          gradient: cell(result.proofs.gradient, { bare: true }),
          forward: cell(result.proofs.forward, { bare: true }),
        })),
      ),
    },
  ];
}

/** Why nothing was proved, where it was wanted: of systems without bounds, and of those whose bounds explode. */
export function proofNotes(suite: string, result: AttackResult, wanted: boolean): Warning[] {
  const { system, dataset, params, proofs } = result;
  if (!wanted) return [];
  const on = { suite, severity: 'note' as const, model: system.name, dataset: dataset.name };
  const attacked = 'all of its examples were attacked';
  if (!proofs || isUnbounded(proofs))
    return [
      {
        ...on,
        code: 'certify-left-out',
        message: `\`certify\`: "${system.name}" has no bounds, and ${attacked}`,
        why: proofs
          ? 'a step of the network cannot be bounded: the suite `certified` names it'
          : (system.lacks.marginBounds ?? 'it computes none'),
      },
    ];
  const { images, fall, margin } = proofs.look;
  if (isHopeless(proofs))
    return [
      {
        ...on,
        code: 'nothing-certified',
        message: `${proofs.method} proves nothing of "${system.name}": bounds were stopped after the first ${LOOKED_AT} images, and ${attacked}`,
        why: `on the ${images} of them that are right, bounds at ${params.norm} ${params.epsilons[0]} lie at least ${fall.toPrecision(2)} below the margin, the largest of which is ${margin.toPrecision(2)}: bounds grow with depth and width, which says nothing against the network`,
        fix: 'drop `certify` for it; the suite `smoothing` certifies networks of any size, behind noise',
      },
    ];
  if (proofs.lower.some(({ value }) => value > 0)) return [];
  return [
    {
      ...on,
      code: 'nothing-certified',
      message: `${proofs.method} proves nothing of "${system.name}" at these radii, and ${attacked}`,
      why: 'bounds cost passes and saved none: that they prove nothing does not say that the network is not robust',
      fix: 'drop `certify`, or take smaller radii or a tighter method',
    },
  ];
}
