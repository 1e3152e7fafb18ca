import type { AdaptiveParams } from '../../src/measurements.js';

/** The figures of an attack on model and purification together. */
export interface Figures {
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
  /** Not part of the ladder of `strong`, which is that of the literature's comparison. */
  beside?: true;
  /** The whole draws the same noise for an image every time: there is nothing to vote about. */
  fixed?: true;
  /** How the whole is differentiated and drawn from; absent where the attack knows nothing of the purification. */
  whole?: {
    purify: Pick<AdaptiveParams['purify'], 'gradient' | 'seed'>;
    method: string;
    loss: string;
    options: object;
    /** How gradients of several draws become one, where that is not their mean. */
    average?: AdaptiveParams['attack']['average'];
    quick: Figures;
    strong: Figures;
  };
}

const QUICK: Figures = { steps: 10, eot: 2, confirm: 4 };

export const TRANSFER: Rung = {
  name: 'transfer',
  title: 'transferred',
  what: 'images made against the bare model',
  source: 'no knowledge of the purification',
};

/** Weakest first. */
export const ladder: readonly Rung[] = [
  TRANSFER,
  {
    name: 'bpda',
    title: 'BPDA + EOT',
    what: 'PGD along straight-through gradients',
    source: 'Athalye et al. 2018; figures of Hill et al. 2021',
    whole: {
      purify: { gradient: 'straight-through', seed: 'fresh' },
      method: 'pgd',
      loss: 'cross-entropy',
      options: {},
      quick: QUICK,
      strong: { steps: 50, stepSize: '2/255', eot: 15, confirm: 150 },
    },
  },
  {
    name: 'full',
    title: 'full gradient',
    what: 'PGD along the gradient through every step of the chain, from the clean image',
    source: 'figures of Lee & Kim 2023',
    whole: {
      purify: { gradient: 'full', seed: 'fresh' },
      method: 'pgd',
      loss: 'cross-entropy',
      options: { randomStart: false },
      quick: QUICK,
      strong: { steps: 200, stepSize: '0.007', eot: 20, confirm: 10 },
    },
  },
  {
    name: 'apgd-margin',
    title: 'APGD margin',
    what: 'APGD on the margin along the full gradient, 10 fresh evaluations of what looks wrong',
    source: 'figures of DiffHammer, NeurIPS 2024',
    whole: {
      purify: { gradient: 'full', seed: 'fresh' },
      method: 'apgd',
      loss: 'margin',
      options: {},
      quick: QUICK,
      strong: { steps: 50, restarts: 3, eot: 1, confirm: 10 },
    },
  },
  {
    name: 'selective',
    title: 'selective',
    what: "the same by the draws that can be broken: their gradients weighed by DiffHammer's selection",
    source: 'DiffHammer, NeurIPS 2024',
    beside: true,
    whole: {
      purify: { gradient: 'full', seed: 'fresh' },
      method: 'apgd',
      loss: 'margin',
      options: {},
      average: 'selective',
      quick: { ...QUICK, eot: 4 },
      strong: { steps: 50, restarts: 3, eot: 10, confirm: 10 },
    },
  },
  {
    name: 'fixed-seed',
    title: 'fixed seed',
    what: 'PGD along the full gradient where the noise of an image is always the same, which the attacker knows',
    source: 'Liu et al. 2024, deterministic white box',
    fixed: true,
    whole: {
      purify: { gradient: 'full', seed: 'fixed' },
      method: 'pgd',
      loss: 'cross-entropy',
      options: {},
      quick: { ...QUICK, eot: 1, confirm: 1 },
      strong: { steps: 200, stepSize: '0.007', eot: 1, confirm: 1 },
    },
  },
];
