import type { AttackLoss } from './losses.js';

/** One attack of a composition, as plain JSON. */
export interface StageParams {
  /** Name in the registry. */
  method: string;
  loss?: AttackLoss;
  /** Default: 1. */
  restarts?: number;
  options?: Record<string, unknown>;
}

/** A published set of attacks whose worst case per example is the result. */
export interface Composition {
  name: string;
  title: string;
  source: string;
  /** For stochastic systems: draws averaged at every point, where the composition says so. */
  eot?: number;
  stages(norm: string): StageParams[];
}

const times = (method: string, restarts: number): StageParams => ({ method, restarts });

/**
 * AutoAttack (Croce & Hein 2020): parameter-free and, but for the seed, without choices. In L1 the published
 * version runs APGD-CE with 5 restarts and 5 targets of APGD-T (Croce & Hein 2021, "Mind the box").
 */
const versions: Composition[] = [
  {
    name: 'standard',
    title: 'AutoAttack',
    source: 'Croce & Hein 2020',
    stages: (norm) => {
      const l1 = norm === 'L1';
      return [
        times('apgd-ce', l1 ? 5 : 1),
        { method: 'apgd-t', ...(l1 && { options: { targets: 5 } }) },
        { method: 'fab-t' },
        { method: 'square' },
      ];
    },
  },
  {
    name: 'plus',
    title: 'AutoAttack+',
    source: 'Croce & Hein 2020',
    stages: () => [
      times('apgd-ce', 5),
      times('apgd-dlr', 5),
      times('fab', 5),
      times('square', 1),
      times('apgd-t', 1),
      times('fab-t', 1),
    ],
  },
  {
    name: 'rand',
    title: 'AutoAttack (rand)',
    source: 'Croce & Hein 2020',
    eot: 20,
    stages: () => [times('apgd-ce', 1), times('apgd-dlr', 1)],
  },
  {
    name: 'fast',
    title: 'AutoAttack (fast)',
    source: 'Croce & Hein 2020, shortened',
    stages: () => [
      times('apgd-ce', 1),
      { method: 'apgd-t', options: { targets: 3, steps: 50 } },
      { method: 'square', options: { queries: 500 } },
    ],
  },
];

/** Every version of AutoAttack, by name. */
export const autoattack: ReadonlyMap<string, Composition> = new Map(versions.map((one) => [one.name, one]));
