import { type StreamKey, stream } from '../random/stream.js';
import { argmaxOf } from './argmax.js';
import type { Answer, Query, Subject, Trajectory } from './attack.js';
import type { Batcher } from './batcher.js';
import { type Campaign, runCost, type Stage, type Targets } from './campaign.js';
import type { Epsilon } from './epsilon.js';
import type { Goal } from './goals.js';
import { type Aim, type AttackLoss, attackLosses, definedLoss } from './losses.js';
import { isInside } from './norms.js';

/** Where an attack was when it asked. */
interface Place {
  /** Position among the stages. */
  stage: number;
  restart: number;
  /** The class led to; -1 when untargeted. */
  target: number;
  step: number;
}

/** A point an attack has reached. */
export interface Point extends Place {
  pixels: Float32Array;
  loss: number;
  prediction: number;
  broken: boolean;
  /** In the campaign's norm, from the clean image; NaN until it is needed. */
  distance: number;
}

/** What became of an example. */
export interface Outcome {
  /** The point to report. */
  point: Point;
  /** Position of the radius that broke the example, or -1. */
  brokenAt: number;
}

/** What is counted, a row per example and a column per stage. */
export interface Counts {
  /** Calls of the system. */
  forward: Int32Array;
  gradient: Int32Array;
  /** What a plain schedule would have spent on the runs that were begun, none of them stopped. */
  naiveForward: Int32Array;
  naiveGradient: Int32Array;
  /** Gradients that were zero everywhere, and those of them that were the first of a run. */
  zeroGradients: Int32Array;
  zeroStarts: Int32Array;
}

/** One run of a stage. */
interface Run {
  stage: number;
  restart: number;
  /** -1 when untargeted. */
  target: number;
  /** What the attack is told. */
  epsilon: Epsilon;
  /** The radius under attack: within it a broken point counts. */
  reach: number;
  /** Tells the draws of radii apart; empty for attacks that know no radius. */
  radius: string;
}

/** One example under attack: its radii, stages, targets and restarts, one after the other, until it is broken. */
export class Siege {
  private readonly label: number;
  private readonly rivals: readonly number[];
  private readonly stages: readonly Stage[];
  private readonly draws: number;
  private readonly atClean = new Map<string, Promise<Answer>>();
  /** The nearest broken point so far: it serves every radius it lies within. */
  private nearest: Point | undefined;
  /** Runs that know no radius and have ended. */
  private readonly ended = new Set<string>();

  constructor(
    private readonly i: number,
    private readonly x0: Float32Array,
    private readonly targets: Targets,
    private readonly campaign: Campaign,
    private readonly batcher: Batcher,
    private readonly counts: Counts,
  ) {
    this.label = targets.labels[i];
    this.stages = campaign.stages;
    this.draws = targets.system.info.stochastic ? Math.max(1, campaign.eot) : 1;
    const clean = logitsOf(targets, i);
    this.rivals = Array.from(clean.keys())
      .filter((k) => k !== this.label)
      .sort((a, b) => clean[b] - clean[a] || a - b);
  }

  async run(): Promise<Outcome> {
    const outcome = this.campaign.keep === 'nearest' ? await this.search() : await this.sweep();
    // A plain schedule attacks what is broken again at every larger radius, and needs one run at least.
    if (outcome.brokenAt >= 0) {
      const larger = this.campaign.epsilons.length - 1 - outcome.brokenAt;
      this.countPlain(0, this.campaign.keep === 'nearest' ? 0 : larger);
    }
    return outcome;
  }

  /** Radii upwards, until one breaks the example. */
  private async sweep(): Promise<Outcome> {
    const { epsilons, keep } = this.campaign;
    let best: Point | undefined;
    for (let k = 0; k < epsilons.length; k++) {
      if (this.nearest && this.nearest.distance <= epsilons[k].value)
        return { point: this.nearest, brokenAt: k };
      best = undefined;
      for (const run of this.runs(epsilons[k])) {
        best = stronger(best, await this.once(run));
        if (best?.broken && keep === 'first') break;
      }
      if (best?.broken) return { point: best, brokenAt: k };
    }
    return { point: best ?? this.nearest ?? this.cleanPoint(), brokenAt: -1 };
  }

  /** Every run to its end. */
  private async search(): Promise<Outcome> {
    const { epsilons } = this.campaign;
    const largest = epsilons[epsilons.length - 1] ?? { text: '', value: Number.POSITIVE_INFINITY };
    let best: Point | undefined;
    for (const run of this.runs(largest)) best = stronger(best, await this.once(run));
    if (!this.nearest) return { point: best ?? this.cleanPoint(), brokenAt: -1 };
    const { distance } = this.nearest;
    return { point: this.nearest, brokenAt: epsilons.findIndex(({ value }) => distance <= value) };
  }

  private *runs(epsilon: Epsilon): Generator<Run> {
    const { epsilons } = this.campaign;
    for (const [stage, { attack, restarts }] of this.stages.entries()) {
      const free = attack.radius === 'free';
      const known = free
        ? { epsilon: epsilons[epsilons.length - 1] ?? epsilon, radius: '' }
        : { epsilon, radius: `/${epsilon.text}` };
      const targets = attack.targets > 0 ? this.rivals.slice(0, attack.targets) : [-1];
      for (const target of targets) {
        for (let restart = 0; restart < (attack.random ? restarts : 1); restart++) {
          yield { stage, restart, target, reach: epsilon.value, ...known };
        }
      }
    }
  }

  /** The point to keep of one run; undefined when it was done already. */
  private async once(run: Run): Promise<Point | undefined> {
    const stage = this.stages[run.stage];
    this.countPlain(run.stage, 1);
    const free = stage.attack.radius === 'free';
    const id = `${run.stage}/${run.target}/${run.restart}`;
    if (free && this.ended.has(id)) return undefined;
    const best = await this.follow(run, stage.attack.run(this.subject(run)));
    if (free && !best?.broken) this.ended.add(id);
    return best;
  }

  private countPlain(stage: number, runs: number): void {
    const classes = this.rivals.length + 1;
    const { forward, gradient } = runCost(this.stages[stage], this.campaign.norm, classes, this.draws);
    const at = this.i * this.stages.length + stage;
    this.counts.naiveForward[at] += runs * forward;
    this.counts.naiveGradient[at] += runs * gradient;
  }

  private subject({ stage, restart, target, epsilon, radius }: Run): Subject {
    const key = { seed: this.targets.seed, example: this.targets.indices[this.i], restart };
    const purpose = `${this.purpose(stage, target)}${radius}`;
    return {
      x0: this.x0,
      shape: this.targets.system.info.shape,
      label: this.label,
      epsilon,
      norm: this.campaign.norm,
      restart,
      ...(target >= 0 && { target }),
      rivals: this.rivals,
      nearest: this.nearest?.distance ?? Number.POSITIVE_INFINITY,
      draws: (what) => stream({ ...key, purpose: `${purpose}/${what}` }),
    };
  }

  private purpose(stage: number, target: number): string {
    const { attack } = this.stages[stage];
    const aim = target < 0 ? '' : `/to-${target}`;
    return `attack/${attack.label}/${this.campaign.norm.name}${aim}`;
  }

  private async follow(run: Run, trajectory: Trajectory): Promise<Point | undefined> {
    const { x0, campaign } = this;
    const first = campaign.keep === 'first';
    const free = this.stages[run.stage].attack.radius === 'free';
    let best: Point | undefined;
    let turn = trajectory.next();
    while (!turn.done) {
      const query = turn.value;
      const answer = await this.answer(query, run);
      if (query.pixels !== x0 && !query.outside) {
        const { stage, restart } = run;
        const { loss, broken } = answer;
        const place = { stage, restart, target: query.target ?? run.target, step: query.step };
        const seen = { ...place, loss, broken, prediction: argmaxOf(answer.logits), distance: Number.NaN };
        if (broken) {
          const distance = this.judged(query.pixels, run.epsilon, free);
          if (free || campaign.keep === 'nearest') this.near({ ...seen, distance, pixels: query.pixels });
          const within = distance <= run.reach;
          if (within) best = kept(best, { ...seen, distance }, query.pixels);
          if (within && first) return best;
        } else if (!best?.broken) best = kept(best, seen, query.pixels);
      }
      turn = trajectory.next(answer);
    }
    return best;
  }

  /** Keeps a broken point if it is the nearest yet. */
  private near(point: Point): void {
    if (this.nearest && this.nearest.distance <= point.distance) return;
    this.nearest = { ...point, pixels: point.pixels.slice() };
  }

  /** How far a broken point lies. An attack that leaves its ball is a bug, and must not become a result. */
  private judged(x: Float32Array, { text, value }: Epsilon, free: boolean): number {
    const { norm, stages } = this.campaign;
    if (isInside(norm, x, this.x0, free ? Number.POSITIVE_INFINITY : value)) return norm.distance(x, this.x0);
    const names = stages.map(({ attack }) => attack.name).join(', ');
    throw new Error(`an attack (one of ${names}) left its ${norm.name} ball of radius ${text}, or the box`);
  }

  private cleanPoint(): Point {
    const prediction = argmaxOf(logitsOf(this.targets, this.i));
    const nowhere = { stage: -1, restart: -1, target: -1, step: -1 };
    return { ...nowhere, pixels: this.x0, loss: Number.NaN, prediction, broken: false, distance: 0 };
  }

  /** The gradient at the clean image is asked for once: every run of a zero start begins with it. */
  private async answer(query: Query, run: Run): Promise<Answer> {
    const shared =
      query.pixels === this.x0 && query.kind === 'gradient' && !this.targets.system.info.stochastic;
    const loss = this.lossOf(query, run.stage);
    const target = query.target ?? run.target;
    const id = `${loss}/${target}`;
    const known = shared ? this.atClean.get(id) : undefined;
    const answer = known ?? this.ask(query, loss, target, run);
    if (shared) this.atClean.set(id, answer);
    return answer;
  }

  private lossOf({ loss }: Query, stage: number): AttackLoss {
    const { goal } = this.campaign;
    const classes = this.targets.system.info.classes.length;
    return definedLoss(loss ?? goal.loss(this.stages[stage].attack.loss), classes);
  }

  private async ask(query: Query, loss: AttackLoss, target: number, run: Run): Promise<Answer> {
    const { goal } = this.campaign;
    const { targeted, value, direction } = attackLosses[loss];
    // Led to a class by a loss that has no target: that class's own loss, descended.
    const swapped = target >= 0 && !targeted;
    const aim: Aim = {
      label: this.label,
      target,
      threshold: goal.threshold,
      logPx: Number.NaN,
    };
    const means = await this.mean(
      query,
      loss,
      swapped ? { ...aim, label: target } : aim,
      run,
      'eot',
      this.draws,
    );
    const { logits } = means;
    const ascends = swapped ? -direction : direction;
    const seen = { ...aim, logPx: means.logPx };
    const gradient = ascends === 1 ? means.gradient : negated(means.gradient);
    if (query.kind === 'gradient' && gradient.every((g) => g === 0)) {
      const at = this.i * this.stages.length + run.stage;
      this.counts.zeroGradients[at]++;
      if (query.step === 0) this.counts.zeroStarts[at]++;
    }
    return {
      logits,
      loss: ascends * value(logits, swapped ? { ...seen, label: target } : seen),
      gradient,
      broken:
        !query.outside &&
        goal.reached(logits, seen) &&
        (await this.confirmed(query, loss, logits, seen, run)),
    };
  }

  /** Stochastic systems are asked again with fresh draws; others only where rounding could have decided. */
  private async confirmed(
    query: Query,
    loss: AttackLoss,
    logits: Float32Array,
    aim: Aim,
    run: Run,
  ): Promise<boolean> {
    const { stochastic } = this.targets.system.info;
    const { goal } = this.campaign;
    if (query.pixels === this.x0) return false;
    if (!stochastic && (query.kind === 'forward' || !isClose(goal, logits, aim))) return true;
    const draws = stochastic ? Math.max(1, this.campaign.confirm) : 1;
    const fresh = await this.mean({ ...query, kind: 'forward' }, loss, aim, run, 'confirm', draws);
    return goal.reached(fresh.logits, { ...aim, logPx: fresh.logPx });
  }

  /** The mean over draws of what the system says. */
  private async mean(
    { kind, pixels, step }: Query,
    loss: AttackLoss,
    { label, target, threshold }: Aim,
    run: Run,
    what: string,
    draws: number,
  ) {
    const { seed, indices, system } = this.targets;
    this.counts[kind][this.i * this.stages.length + run.stage] += draws;
    const base = { kind, pixels, loss: attackLosses[loss].of, label, target, threshold };
    if (!system.info.stochastic) return this.batcher.ask(base);
    const purpose = `${this.purpose(run.stage, target)}${run.radius}/${what}`;
    const key = (draw: number): StreamKey => ({
      seed,
      example: indices[this.i],
      restart: run.restart,
      step,
      purpose: `${purpose}-${draw}`,
    });
    const answers = await Promise.all(
      Array.from({ length: draws }, (_, draw) => this.batcher.ask({ ...base, key: key(draw) })),
    );
    return {
      logits: mean(answers.map((answer) => answer.logits)),
      gradient: mean(answers.map((answer) => answer.gradient)),
      logPx: answers.reduce((sum, answer) => sum + answer.logPx, 0) / draws,
    };
  }
}

/** Broken beats unbroken, then the higher loss of one stage (losses of two do not compare), then the earlier. */
function beats(a: Omit<Point, 'pixels'>, b: Omit<Point, 'pixels'>): boolean {
  return a.broken === b.broken ? a.stage === b.stage && a.loss > b.loss : a.broken;
}

function stronger(a: Point | undefined, b: Point | undefined): Point | undefined {
  return a && b ? (beats(b, a) ? b : a) : (b ?? a);
}

/** The better of the two; the pixels are copied, since the attack may reuse them. */
function kept(best: Point | undefined, seen: Omit<Point, 'pixels'>, pixels: Float32Array): Point {
  if (best && !beats(seen, best)) return best;
  const own = best?.pixels ?? new Float32Array(pixels.length);
  own.set(pixels);
  return { ...seen, pixels: own };
}

function mean(rows: Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0];
  return rows[0].map((_, i) => rows.reduce((sum, row) => sum + row[i], 0) / rows.length);
}

function negated(gradient: Float32Array): Float32Array {
  return gradient.map((g) => -g);
}

/** Relative difference of logits that another program for the same network may round to the other side. */
const ROUNDING = 1e-5;

/** Whether the goal is reached by so little that a forward pass may not agree with a gradient pass. */
function isClose(goal: Goal, logits: ArrayLike<number>, aim: Aim): boolean {
  const scale = Math.max(1, Math.abs(logits[argmaxOf(logits)]), Math.abs(goal.threshold));
  return goal.clearance(logits, aim) <= ROUNDING * scale;
}

/** Clean logits of one example. */
export function logitsOf({ cleanLogits, n }: Targets, i: number): number[] {
  const classes = cleanLogits.length / n;
  return Array.from({ length: classes }, (_, k) => cleanLogits[i * classes + k]);
}
