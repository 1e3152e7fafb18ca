import type { ExampleArguments } from '../losses/loss.js';
import { argmaxOf } from '../metrics/softmax.js';
import { type Stream, type StreamKey, stream } from '../random/stream.js';
import type { Answer, Query } from './attack.js';
import type { AttackInputs, AttackPlan, Stage } from './attack-plan.js';
import type { Batcher, RowAnswer } from './batcher.js';
import type { Epsilon } from './epsilon.js';
import type { Goal } from './goals.js';
import { type AttackLoss, definedLoss } from './losses.js';
import { selectedGradient, trailing } from './selective.js';

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
  /** (n, radii): calls of the system for what is attacked radius by radius. */
  callsAt: Int32Array;
}

/** One run of a stage. */
export interface Run {
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

/** What the system says about one example, and whether that is what the attacker wants. */
export class Oracle {
  private readonly label: number;
  private readonly stages: readonly Stage[];
  /** Draws behind every answer: 1 for deterministic systems. */
  readonly draws: number;
  private readonly atClean = new Map<string, Promise<Answer>>();
  /** Of runs that weigh their draws: where they went so far. */
  private readonly trails = new WeakMap<Run, Float32Array>();

  constructor(
    private readonly i: number,
    private readonly x0: Float32Array,
    private readonly targets: AttackInputs,
    private readonly attackPlan: AttackPlan,
    private readonly batcher: Batcher,
    private readonly counts: Counts,
  ) {
    this.label = targets.labels[i]!;
    this.stages = attackPlan.stages;
    this.draws = targets.system.info.stochastic ? Math.max(1, attackPlan.eot) : 1;
  }

  /** The gradient at the clean image is asked for once: every run of a zero start begins with it. */
  async answer(query: Query, run: Run): Promise<Answer> {
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
    const { goal } = this.attackPlan;
    const classes = this.targets.system.info.classes.length;
    return definedLoss(loss ?? goal.loss(this.stages[stage]!.attack.loss), classes, this.attackPlan.followed);
  }

  private async ask(query: Query, loss: AttackLoss, target: number, run: Run): Promise<Answer> {
    const { goal } = this.attackPlan;
    const { targeted, value, direction } = this.attackPlan.followed.named(loss);
    // Led to a class by a loss that has no target: that class's own loss, descended.
    const swapped = target >= 0 && !targeted;
    const aim: ExampleArguments = {
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
    const upwards = (of: Float32Array) => (ascends === 1 ? of : negated(of));
    const lossAt = (of: Float32Array, logPx: number) =>
      ascends * value(of, { ...aim, logPx, ...(swapped && { label: target }) });
    const gradient =
      this.attackPlan.average === 'selective' && query.kind === 'gradient'
        ? this.selected(means.answers, { upwards, lossAt }, query.step, run)
        : upwards(means.gradient);
    if (query.kind === 'gradient' && gradient.every((g) => g === 0)) {
      const at = this.i * this.stages.length + run.stage;
      this.counts.zeroGradients[at]!++;
      if (query.step === 0) this.counts.zeroStarts[at]!++;
    }
    return {
      logits,
      loss: lossAt(logits, means.logPx),
      gradient,
      broken:
        !query.outside &&
        goal.reached(logits, seen) &&
        (await this.confirmed(query, loss, logits, seen, run)),
    };
  }

  /** By the draws that can be broken, and where the run went before. */
  private selected(
    answers: readonly RowAnswer[],
    {
      upwards,
      lossAt,
    }: { upwards(of: Float32Array): Float32Array; lossAt(of: Float32Array, logPx: number): number },
    step: number,
    run: Run,
  ): Float32Array {
    const now = selectedGradient(
      answers.map(({ gradient }) => upwards(gradient)),
      answers.map(({ logits, logPx }) => lossAt(logits, logPx)),
    );
    const gradient = trailing(this.trails.get(run), now, step);
    this.trails.set(run, gradient);
    return gradient;
  }

  /** Stochastic systems are asked again with fresh draws; others only where rounding could have decided. */
  private async confirmed(
    query: Query,
    loss: AttackLoss,
    logits: Float32Array,
    aim: ExampleArguments,
    run: Run,
  ): Promise<boolean> {
    const { stochastic } = this.targets.system.info;
    const { goal } = this.attackPlan;
    if (query.pixels === this.x0) return false;
    if (!stochastic && (query.kind === 'forward' || !isClose(goal, logits, aim))) return true;
    const draws = stochastic ? this.attackPlan.confirm : 1;
    if (draws === 0) return true;
    const fresh = await this.mean({ ...query, kind: 'forward' }, loss, aim, run, 'confirm', draws);
    return goal.reached(fresh.logits, { ...aim, logPx: fresh.logPx });
  }

  /** The mean over draws of what the system says. */
  private async mean(
    { kind, pixels, step }: Query,
    loss: AttackLoss,
    { label, target, threshold }: ExampleArguments,
    run: Run,
    what: string,
    draws: number,
  ) {
    const { seed, indices, system } = this.targets;
    this.counts[kind][this.i * this.stages.length + run.stage]! += draws;
    const base = { kind, pixels, loss: this.attackPlan.followed.named(loss).of, label, target, threshold };
    if (!system.info.stochastic) {
      const answer = await this.batcher.ask(base);
      return { ...answer, answers: [answer] };
    }
    const purpose = this.purpose(run, target, what);
    const key = (draw: number): StreamKey => ({
      seed,
      example: indices[this.i]!,
      restart: run.restart,
      step,
      purpose: `${purpose}-${draw}`,
    });
    const answers = await Promise.all(
      Array.from({ length: draws }, (_, draw) => this.batcher.ask({ ...base, key: key(draw) })),
    );
    return {
      answers,
      logits: mean(answers.map((answer) => answer.logits)),
      gradient: mean(answers.map((answer) => answer.gradient)),
      logPx: answers.reduce((sum, answer) => sum + answer.logPx, 0) / draws,
    };
  }

  /** The draws of a run for a purpose. */
  stream(run: Run, what: string): Stream {
    const { seed, indices } = this.targets;
    const purpose = this.purpose(run, run.target, what);
    return stream({ seed, example: indices[this.i]!, restart: run.restart, purpose });
  }

  private purpose({ stage, radius }: Run, target: number, what: string): string {
    const { attack } = this.stages[stage]!;
    const aim = target < 0 ? '' : `/to-${target}`;
    return `attack/${attack.label}/${this.attackPlan.norm.name}${aim}${radius}/${what}`;
  }
}

function mean(rows: Float32Array[]): Float32Array {
  if (rows.length === 1) return rows[0]!;
  return rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0) / rows.length);
}

function negated(gradient: Float32Array): Float32Array {
  return gradient.map((g) => -g);
}

/** Relative difference of logits that another program for the same network may round to the other side. */
const ROUNDING = 1e-5;

/** Whether the goal is reached by so little that a forward pass may not agree with a gradient pass. */
function isClose(goal: Goal, logits: ArrayLike<number>, aim: ExampleArguments): boolean {
  const scale = Math.max(1, Math.abs(logits[argmaxOf(logits)]!), Math.abs(goal.threshold));
  return goal.clearance(logits, aim) <= ROUNDING * scale;
}
