import { argmaxOf } from '../metrics/softmax.js';
import type { Subject, Trajectory } from './attack.js';
import { type AttackInputs, type AttackPlan, runCost, type Stage } from './attack-plan.js';
import type { Batcher } from './batcher.js';
import type { Epsilon } from './epsilon.js';
import { isInside } from './norms.js';
import { type Counts, Oracle, type Run } from './oracle.js';

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
  /** In the attack plan's norm, from the clean image; NaN until it is needed. */
  distance: number;
}

/** What became of an example. */
export interface Outcome {
  /** The point to report. */
  point: Point;
  /** Position of the radius that broke the example, or -1. */
  brokenAt: number;
}

/** One example under attack: its radii, stages, targets and restarts, one after the other, until it is broken. */
export class ExampleAttack {
  private readonly label: number;
  private readonly rivals: readonly number[];
  private readonly stages: readonly Stage[];
  private readonly oracle: Oracle;
  /** The nearest broken point so far: it serves every radius it lies within. */
  private nearest: Point | undefined;
  /** Runs that know no radius and have ended. */
  private readonly ended = new Set<string>();

  constructor(
    private readonly i: number,
    private readonly x0: Float32Array,
    private readonly targets: AttackInputs,
    private readonly attackPlan: AttackPlan,
    batcher: Batcher,
    private readonly counts: Counts,
  ) {
    this.oracle = new Oracle(i, x0, targets, attackPlan, batcher, counts);
    this.label = targets.labels[i]!;
    this.stages = attackPlan.stages;
    const clean = logitsOf(targets, i);
    this.rivals = Array.from(clean.keys())
      .filter((k) => k !== this.label)
      .sort((a, b) => clean[b]! - clean[a]! || a - b);
  }

  async run(): Promise<Outcome> {
    const outcome = this.attackPlan.keep === 'nearest' ? await this.search() : await this.sweep();
    // A plain schedule attacks what is broken again at every larger radius, and needs one run at least.
    if (outcome.brokenAt >= 0) {
      const larger = this.attackPlan.epsilons.length - 1 - outcome.brokenAt;
      this.countPlain(0, this.attackPlan.keep === 'nearest' ? 0 : larger);
    }
    return outcome;
  }

  /** Radii upwards, from the first at which the example is not proved to be robust, until one breaks it. */
  private async sweep(): Promise<Outcome> {
    const { epsilons } = this.attackPlan;
    const proved = this.targets.proved?.[this.i] ?? 0;
    // A plain schedule does not know of proofs.
    for (const epsilon of epsilons.slice(0, proved))
      for (const { stage } of this.runs(epsilon)) this.countPlain(stage, 1);
    let best: Point | undefined;
    for (let k = proved; k < epsilons.length; k++) {
      if (this.nearest && this.nearest.distance <= epsilons[k]!.value)
        return { point: this.nearest, brokenAt: k };
      const before = this.calls();
      best = await this.strongestWithin(epsilons[k]!);
      this.counts.callsAt[this.i * epsilons.length + k] = this.calls() - before;
      if (best?.broken) return { point: best, brokenAt: k };
    }
    return { point: best ?? this.nearest ?? this.cleanPoint(), brokenAt: -1 };
  }

  private async strongestWithin(epsilon: Epsilon): Promise<Point | undefined> {
    let best: Point | undefined;
    for (const run of this.runs(epsilon)) {
      best = stronger(best, await this.once(run));
      if (best?.broken && this.attackPlan.keep === 'first') break;
    }
    return best;
  }

  /** Of the system, so far. */
  private calls(): number {
    const { forward, gradient } = this.counts;
    const stages = this.stages.length;
    let sum = 0;
    for (let at = this.i * stages; at < (this.i + 1) * stages; at++) sum += forward[at]! + gradient[at]!;
    return sum;
  }

  /** Every run to its end. */
  private async search(): Promise<Outcome> {
    const { epsilons } = this.attackPlan;
    const largest = epsilons[epsilons.length - 1] ?? { text: '', value: Number.POSITIVE_INFINITY };
    let best: Point | undefined;
    for (const run of this.runs(largest)) best = stronger(best, await this.once(run));
    if (!this.nearest) return { point: best ?? this.cleanPoint(), brokenAt: -1 };
    const { distance } = this.nearest;
    return { point: this.nearest, brokenAt: epsilons.findIndex(({ value }) => distance <= value) };
  }

  private *runs(epsilon: Epsilon): Generator<Run> {
    const { epsilons } = this.attackPlan;
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
    const stage = this.stages[run.stage]!;
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
    const { forward, gradient } = runCost(
      this.stages[stage]!,
      this.attackPlan.norm,
      classes,
      this.oracle.draws,
    );
    const at = this.i * this.stages.length + stage;
    this.counts.naiveForward[at]! += runs * forward;
    this.counts.naiveGradient[at]! += runs * gradient;
  }

  private subject(run: Run): Subject {
    const { epsilon, restart, target } = run;
    return {
      x0: this.x0,
      shape: this.targets.system.info.shape,
      label: this.label,
      epsilon,
      norm: this.attackPlan.norm,
      restart,
      ...(target >= 0 && { target }),
      rivals: this.rivals,
      nearest: this.nearest?.distance ?? Number.POSITIVE_INFINITY,
      draws: (what) => this.oracle.stream(run, what),
    };
  }

  private async follow(run: Run, trajectory: Trajectory): Promise<Point | undefined> {
    const { x0, attackPlan } = this;
    const first = attackPlan.keep === 'first';
    const free = this.stages[run.stage]!.attack.radius === 'free';
    let best: Point | undefined;
    let turn = trajectory.next();
    while (!turn.done) {
      const query = turn.value;
      const answer = await this.oracle.answer(query, run);
      if (query.pixels !== x0 && !query.outside) {
        const { stage, restart } = run;
        const { loss, broken } = answer;
        const place = { stage, restart, target: query.target ?? run.target, step: query.step };
        const seen = { ...place, loss, broken, prediction: argmaxOf(answer.logits), distance: Number.NaN };
        if (broken) {
          const distance = this.judged(query.pixels, run.epsilon, free);
          if (free || attackPlan.keep === 'nearest') this.near({ ...seen, distance, pixels: query.pixels });
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
    const { norm, stages } = this.attackPlan;
    if (isInside(norm, x, this.x0, free ? Number.POSITIVE_INFINITY : value)) return norm.distance(x, this.x0);
    const names = stages.map(({ attack }) => attack.name).join(', ');
    throw new Error(`an attack (one of ${names}) left its ${norm.name} ball of radius ${text}, or the box`);
  }

  private cleanPoint(): Point {
    const prediction = argmaxOf(logitsOf(this.targets, this.i));
    const nowhere = { stage: -1, restart: -1, target: -1, step: -1 };
    return { ...nowhere, pixels: this.x0, loss: Number.NaN, prediction, broken: false, distance: 0 };
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

/** Clean logits of one example. */
export function logitsOf({ cleanLogits, n }: AttackInputs, i: number): number[] {
  const classes = cleanLogits.length / n;
  return Array.from({ length: classes }, (_, k) => cleanLogits[i * classes + k]!);
}
