import { matching } from '../../gate/pick.js';
import type { GateRule } from '../../gate/rule.js';
import { decided, seenOf, whyNoSequence, whyWhole } from '../../gate/sequential.js';
import { ruleInWords } from '../../gate/words.js';
import { counted } from '../../report/format.js';
import { wholeText } from '../../report/stopped-text.js';
import type { Measure, Stopped } from '../../suites/results.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Execution } from '../measuring/execute.js';
import { isOn, mayJudge, whyTogether } from '../opening/shuffle.js';
import { cutPlan, type Needs, samplesOf } from '../plan/cut-plan.js';
import { looks } from '../plan/looks.js';
import type { Job, Plan, SuitePlan } from '../plan/plan.js';
import { examplesIn } from '../plan/plan-cost.js';
import { stockOf } from '../rows/stored-units.js';
import type { UnitStore } from '../units/store.js';
import { stoppedOf } from './stopped.js';
import { summariseSuite } from './summarise.js';

/** What was measured until the gates were decided. */
export interface Sampled {
  /** What was needed of the whole plan. */
  plan: Plan;
  execution: Execution;
  /** What was left out; undefined where nothing was. */
  stopped: Stopped | undefined;
}

export interface Sampling {
  rules: readonly GateRule[];
  inventory: Inventory;
  store: Pick<UnitStore, 'read' | 'head'>;
  /** Measures what is missing of some jobs. */
  measure(jobs: readonly Job[]): Promise<Execution>;
  /** A line for the user. */
  tell(line: string): void;
}

/** A measure as it is at a look. */
interface Found {
  measure: Measure;
  /** Which suite of the plan gave it, and what it has seen. */
  at: number;
  suite: SuitePlan;
}

/**
 * Measures the gates of a run: more and more examples in a random order, until the confidence sequence of every measure has
 * decided the gates on it. A suite goes on with a data set as long as a gate on it is open, for all systems, so that they
 * stay on the same examples. Gates that no sequence decides get all examples, and what no gate rests on is not measured.
 */
export async function measureUntilDecided(
  plan: Plan,
  { rules, inventory, store, measure, tell }: Sampling,
): Promise<Sampled> {
  const gates = new OpenGates(plan, rules);
  for (const line of gates.told()) tell(line);
  const sizes = plan.suites.flatMap((suite) => [...samplesOf(suite).values()]);
  const [most] = sizes.sort((a, b) => b - a) as [number];
  let measured = 0;
  const execute = async (jobs: readonly Job[]) => {
    const execution = await measure(jobs);
    measured += execution.measured;
    return execution;
  };
  for (const n of gates.areOpen() ? looks(most) : []) {
    gates.need(n);
    const part = cutPlan(plan, gates.openNeeds());
    const execution = await execute(part.jobs);
    // What failed is told with the results of all that is needed so far.
    if (execution.stopped || execution.failures.size > 0) break;
    const found: Found[] = [];
    for (const suite of part.suites) {
      const { summary } = await summariseSuite(suite, store, execution);
      const at = plan.suites.findIndex(({ entry }) => entry === suite.entry);
      found.push(...summary.measures.map((one) => ({ measure: one, at, suite })));
    }
    for (const line of gates.look(found)) tell(line);
    tell(gates.standing(n, most));
    if (!gates.areOpen()) break;
  }
  const needed = cutPlan(plan, gates.needs);
  const last = await execute(needed.jobs);
  const stored = Math.max(0, last.stored - (measured - last.measured));
  const execution = { ...last, stored, measured };
  const done = new Map(
    [...(await stockOf(plan.jobs, store)).stored].map(([job, stored]) => {
      const units = [...stored.keys()];
      return [job, { examples: examplesIn(units), units: units.length }] as const;
    }),
  );
  const { needs, whole } = gates;
  return {
    plan: needed,
    execution,
    stopped: stoppedOf(plan, { needs, cut: needed, execution, whole, done }, inventory),
  };
}

/** Which suites have to go on with which data sets, since gates on them are open. */
class OpenGates {
  readonly needs: Map<string, number>[];
  readonly whole: Stopped['whole'][number][] = [];
  /** Data sets by suite. */
  private open = new Map<number, Set<string>>();
  private readonly sequential: { gate: number; rule: GateRule }[] = [];
  /** The suites that give what a gate judges, once that is known; those that are decided are not looked at again. */
  private readonly givers = new Map<number, ReadonlySet<number>>();
  private undecided: number;

  constructor(
    private readonly plan: Plan,
    rules: readonly GateRule[],
  ) {
    this.needs = plan.suites.map(() => new Map());
    for (const [gate, rule] of rules.entries()) {
      let sequential = false;
      for (const [at, suite] of plan.suites.entries()) {
        if (!mayJudge(rule, suite)) continue;
        const samples = [...samplesOf(suite).keys()].filter((dataset) => isOn(rule, dataset));
        const none = samples.length === 0 ? 'its data set is read as a whole' : undefined;
        const why = whyWhole(rule) ?? whyTogether(suite) ?? none;
        if (why !== undefined) this.takeWhole(at, gate, rule, why);
        else {
          sequential = true;
          for (const dataset of samples) this.keepOpen(at, dataset);
        }
      }
      if (sequential) this.sequential.push({ gate, rule });
    }
    this.undecided = this.sequential.length;
  }

  areOpen(): boolean {
    return this.open.size > 0;
  }

  /** So many examples of what is open; other data sets of the same suites as they are, or as a whole. */
  need(n: number): void {
    for (const [at, datasets] of this.open) {
      const suite = this.plan.suites[at]!;
      const samples = samplesOf(suite);
      for (const dataset of datasets) this.needs[at]!.set(dataset, n < (samples.get(dataset) ?? 0) ? n : ALL);
      for (const dataset of datasetsOf(suite)) if (!samples.has(dataset)) this.needs[at]!.set(dataset, ALL);
    }
  }

  /** The needs of suites that are open. */
  openNeeds(): Needs {
    return this.needs.map((needs, at) => (this.open.has(at) ? needs : NOTHING));
  }

  /** Judges what was seen; what is not decided stays open. Returns lines to tell. */
  look(found: readonly Found[]): string[] {
    const before = this.whole.length;
    const was = this.open;
    this.open = new Map();
    this.undecided = 0;
    for (const { gate, rule } of this.sequential) if (!this.judge(gate, rule, found, was)) this.undecided++;
    for (const at of [...this.open.keys()]) if (this.isWhole(at)) this.open.delete(at);
    return this.told(before);
  }

  /** Whether a rule is decided, or need not be looked at again. */
  private judge(
    gate: number,
    rule: GateRule,
    found: readonly Found[],
    was: ReadonlyMap<number, ReadonlySet<string>>,
  ): boolean {
    const givers = this.givers.get(gate);
    const looked = givers ? found.filter(({ at }) => givers.has(at)) : found;
    if (givers && looked.length === 0) return true;
    const measures = looked.map(({ measure }) => measure);
    const meant = matching(rule, rule.where ?? {}, measures);
    if (typeof meant === 'string') {
      for (const [at, datasets] of was)
        for (const dataset of datasets)
          if (mayJudge(rule, this.plan.suites[at]!) && isOn(rule, dataset)) this.keepOpen(at, dataset);
      return false;
    }
    const judged = looked.filter(({ measure }) => meant.includes(measure));
    // Several that fit fail the rule, whatever their values.
    const ambiguous = meant.length > 1 && !rule.each;
    if (!givers) this.givers.set(gate, new Set(ambiguous ? [] : judged.map(({ at }) => at)));
    if (ambiguous) return true;
    const verdicts = judged.map(({ measure, at, suite }) => {
      const why = whyNoSequence(measure);
      const sample = suite.stopped?.get(measure.dataset);
      if (why !== undefined && suite.stopped) {
        this.takeWhole(at, gate, rule, why);
        return true;
      }
      if (!sample) return true;
      const seen = seenOf(measure, sample);
      if (seen && decided(rule, measure, seen)?.verdict !== 'undecided') return true;
      this.keepOpen(at, measure.dataset);
      return false;
    });
    return verdicts.every((one) => one);
  }

  /** What to tell of gates that need all examples. */
  told(from = 0): string[] {
    return this.whole.slice(from).map(wholeText);
  }

  standing(n: number, most: number): string {
    const { length } = this.sequential;
    const decided = `${length - this.undecided} of ${counted(length, 'gate')} decided`;
    const seen = `${Math.min(n, most)} of ${most} examples`;
    return this.areOpen() || n >= most ? `${seen}: ${decided}` : `stopped after ${seen}: ${decided}`;
  }

  private keepOpen(at: number, dataset: string): void {
    if (this.isWhole(at)) return;
    this.open.set(at, (this.open.get(at) ?? new Set()).add(dataset));
  }

  private takeWhole(at: number, gate: number, rule: GateRule, reason: string): void {
    for (const dataset of datasetsOf(this.plan.suites[at]!)) this.needs[at]!.set(dataset, ALL);
    this.open.delete(at);
    if (this.whole.some((one) => one.gate === gate)) return;
    this.whole.push({ gate, rule: ruleInWords(rule), reason });
  }

  private isWhole(at: number): boolean {
    return datasetsOf(this.plan.suites[at]!).every((dataset) => this.needs[at]!.get(dataset) === ALL);
  }
}

const ALL = Number.POSITIVE_INFINITY;
const NOTHING: ReadonlyMap<string, number> = new Map();

const datasetsOf = ({ wanted }: SuitePlan): string[] => [
  ...new Set(wanted.map(({ request }) => request.dataset)),
];
