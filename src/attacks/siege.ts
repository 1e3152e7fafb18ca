import { stream } from '../random/stream.js';
import type { Answer, Query, Subject } from './attack.js';
import type { Batcher } from './batcher.js';
import type { Campaign, Targets } from './campaign.js';
import type { Epsilon } from './epsilon.js';
import { attackLosses } from './losses.js';
import { isInside } from './norms.js';

/** A point an attack has reached. */
export interface Point {
  pixels: Float32Array;
  loss: number;
  prediction: number;
  broken: boolean;
  restart: number;
  step: number;
}

/** What is counted per example. */
export interface Counts {
  /** 1 when the first gradient of some run was zero everywhere. */
  zeroGradient: Uint8Array;
  /** Calls of the system for this example. */
  forward: Int32Array;
  gradient: Int32Array;
}

/** One example under attack: its radii and restarts, one after the other, until it is broken. */
export class Siege {
  private readonly label: number;
  private readonly rivals: number[];
  private readonly purpose: string;
  private atClean = new Map<number, Promise<Answer>>();

  constructor(
    private readonly i: number,
    private readonly x0: Float32Array,
    private readonly targets: Targets,
    private readonly campaign: Campaign,
    private readonly batcher: Batcher,
    private readonly counts: Counts,
  ) {
    this.label = targets.labels[i];
    this.purpose = `attack/${campaign.attack.label}/${campaign.norm.name}`;
    const clean = logitsOf(targets, i);
    this.rivals = clean
      .map((_, k) => k)
      .filter((k) => k !== this.label)
      .sort((a, b) => clean[b] - clean[a] || a - b);
  }

  /** The point to report, and the position of the radius that broke the example, or -1. */
  async run(): Promise<{ point: Point; brokenAt: number }> {
    const { epsilons, attack, keep } = this.campaign;
    const restarts = attack.random ? this.campaign.restarts : 1;
    let best: Point | undefined;
    for (let k = 0; k < epsilons.length; k++) {
      best = undefined;
      for (let restart = 0; restart < restarts; restart++) {
        best = stronger(best, await this.once(epsilons[k], restart));
        if (best.broken && keep === 'first') break;
      }
      if (best?.broken) return { point: best, brokenAt: k };
    }
    if (!best) throw new Error('an attack without epsilons or restarts');
    return { point: best, brokenAt: -1 };
  }

  private async once(epsilon: Epsilon, restart: number): Promise<Point> {
    const { x0, campaign, targets, label } = this;
    const key = { seed: targets.seed, example: targets.indices[this.i], restart };
    const subject: Subject = {
      x0,
      epsilon,
      norm: campaign.norm,
      restart,
      rivals: this.rivals,
      draws: (purpose) => stream({ ...key, purpose: `${this.purpose}/${epsilon.text}/${purpose}` }),
    };
    const trajectory = campaign.attack.run(subject);
    let best: Point | undefined;
    let turn = trajectory.next();
    while (!turn.done) {
      const query = turn.value;
      const answer = await this.answer(query, epsilon, restart);
      if (query.pixels !== x0) {
        const prediction = argmaxOf(answer.logits);
        const broken = prediction !== label && (await this.confirmed(query, answer, epsilon, restart));
        if (broken) requireInside(campaign, query.pixels, x0, epsilon);
        const point = { ...query, loss: answer.loss, prediction, broken, restart };
        best = stronger(best, point);
        if (broken && campaign.keep === 'first') return best;
      }
      turn = trajectory.next(answer);
    }
    if (!best) throw new Error(`the attack "${campaign.attack.name}" looked at no point but the clean image`);
    return best;
  }

  /** The gradient at the clean image is asked for once: every run of a zero start begins with it. */
  private answer(query: Query, epsilon: Epsilon, restart: number): Promise<Answer> {
    const shared =
      query.pixels === this.x0 && query.kind === 'gradient' && !this.targets.system.info.stochastic;
    const aim = query.target ?? -1;
    const known = shared ? this.atClean.get(aim) : undefined;
    if (known) return known;
    const answer = this.ask(query, `${epsilon.text}/eot`, this.campaign.eot, restart);
    if (shared) this.atClean.set(aim, answer);
    return answer;
  }

  /** Stochastic systems are asked again with fresh draws; others only where rounding could have decided. */
  private async confirmed(
    query: Query,
    { logits }: Answer,
    epsilon: Epsilon,
    restart: number,
  ): Promise<boolean> {
    const { stochastic } = this.targets.system.info;
    if (!stochastic && (query.kind === 'forward' || !isClose(logits, this.label))) return true;
    const draws = stochastic ? Math.max(1, this.campaign.confirm) : 1;
    const fresh = await this.ask({ ...query, kind: 'forward' }, `${epsilon.text}/confirm`, draws, restart);
    return argmaxOf(fresh.logits) !== this.label;
  }

  /** The mean over draws of what the system says. */
  private async ask(query: Query, purpose: string, draws: number, restart: number): Promise<Answer> {
    const { i, targets, campaign } = this;
    const { kind, pixels, step, target } = query;
    const key = { seed: targets.seed, example: targets.indices[i], restart, step };
    this.counts[kind][i] += draws;
    const answers = await Promise.all(
      Array.from({ length: draws }, (_, draw) =>
        this.batcher.ask({
          kind,
          pixels,
          label: target ?? this.label,
          key: { ...key, purpose: `${this.purpose}/${purpose}-${draw}` },
        }),
      ),
    );
    const logits = mean(answers.map((answer) => answer.logits));
    const gradient = mean(answers.map((answer) => answer.gradient));
    if (kind === 'gradient' && step === 0 && gradient.every((g) => g === 0)) this.counts.zeroGradient[i] = 1;
    const { direction, value } = attackLosses[campaign.loss];
    const logPx = answers.reduce((sum, answer) => sum + answer.logPx, 0) / draws;
    const ascends = target === undefined ? direction : -direction;
    return {
      logits,
      loss: direction * value(logits, this.label, logPx),
      gradient: ascends === 1 ? gradient : gradient.map((g) => -g),
    };
  }
}

/** Broken beats unbroken, then the higher loss, then the earlier. */
function stronger(a: Point | undefined, b: Point): Point {
  if (!a) return b;
  if (a.broken !== b.broken) return a.broken ? a : b;
  return b.loss > a.loss ? b : a;
}

function mean(rows: Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0];
  return rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

/** Relative difference of logits that another program for the same network may round to the other side. */
const ROUNDING = 1e-5;

/** Whether the label is behind by so little that a forward pass may not agree with a gradient pass. */
function isClose(logits: ArrayLike<number>, label: number): boolean {
  const top = logits[argmaxOf(logits)];
  return top - logits[label] <= ROUNDING * Math.max(1, Math.abs(top));
}

/** An attack that leaves its ball is a bug, and must not become a result. */
function requireInside({ attack, norm }: Campaign, x: Float32Array, x0: Float32Array, epsilon: Epsilon) {
  if (isInside(norm, x, x0, epsilon.value)) return;
  throw new Error(`the attack "${attack.name}" left its ${norm.name} ball of radius ${epsilon.text}`);
}

/** The first of the largest. */
export function argmaxOf(logits: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < logits.length; k++) if (logits[k] > logits[best]) best = k;
  return best;
}

/** Clean logits of one example. */
export function logitsOf({ cleanLogits, n }: Targets, i: number): number[] {
  const classes = cleanLogits.length / n;
  return Array.from({ length: classes }, (_, k) => cleanLogits[i * classes + k]);
}
