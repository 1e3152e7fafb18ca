import { unlessInterrupted } from '../../concurrency.js';
import type { UnitHead } from '../units/unit-file.js';
import type { Executor, Layout } from './executor.js';
import type { Task } from './queue.js';
import { SharedClock } from './shared-clock.js';

/** Seconds of units that count, of each way, before they are compared. */
const ENOUGH = 4;
/** Seconds after which units that cannot be compared are not waited for. */
const PATIENCE = 20;
/** Another way must be as much faster to be worth its memory. */
const MARGIN = 1.05;

/** An executor that takes a while to start. */
export interface StartedExecutor extends Executor {
  /** Errors: what keeps it from measuring anything. */
  ready(): Promise<void>;
}

interface Choice {
  /** Measures the first units. */
  here: Executor;
  apart: StartedExecutor;
  /** A line for the user. */
  tell(line: string): void;
  /** In seconds. */
  now?: () => number;
}

/**
 * Has the first units measured here, the next ones apart, and the rest by whichever is faster: by seconds a pass, of the same
 * measurement of the same system. The first units of each way are not counted: they open models. Rows do not depend on it.
 */
export function chooseExecutor({ here, apart, tell, now }: Choice): Executor {
  const trials = { here: new Trial(now), apart: new Trial(now) };
  let way: 'here' | 'apart' = 'here';
  let open = true;
  let closed = false;
  let chosen: Layout['chosen'];
  /** Units wait for it while one way ends and the other starts. */
  let turn: Promise<void> = Promise.resolve();
  const underWay = new Set<Promise<unknown>>();
  const executors = { here, apart };
  const change = (to: 'here' | 'apart', begin: () => Promise<void>) => {
    turn = Promise.allSettled([...underWay])
      .then(() => (closed ? undefined : begin()))
      .then(
        () => {
          way = to;
        },
        (error) => {
          open = false;
          way = 'here';
          // The end of a run closes them while they start, too.
          if (!closed)
            tell(
              `worker processes do not start, so this process measures alone: ${(error as Error).message}`,
            );
        },
      );
  };
  const compare = () => {
    const { seconds, ratio } = trials.apart.beside(trials.here);
    if (seconds < ENOUGH && trials.apart.counted < PATIENCE) return;
    open = false;
    const speed = ratio === undefined ? undefined : Math.round(100 * ratio) / 100;
    const workers = apart.layout?.workers ?? apart.lanes;
    if (speed === undefined) tell('no units could be compared, so this process measures alone');
    else {
      chosen = { timesAsFast: speed };
      const verdict = speed > MARGIN ? 'they measure the rest' : 'this process measures the rest';
      tell(`${workers} worker processes are ${speed} times as fast as this process alone: ${verdict}`);
    }
    if (speed === undefined || speed <= MARGIN) change('here', () => apart.close());
  };
  return {
    get lanes() {
      return executors[way].lanes;
    },
    get layout() {
      const layout = executors[way].layout;
      return layout && { ...layout, ...(chosen && { chosen }) };
    },
    async measure(task, live, signal) {
      // Whoever waited may have to wait again: the way may have changed back.
      for (let seen: Promise<void> | undefined; seen !== turn; ) {
        seen = turn;
        await unlessInterrupted(seen, signal);
      }
      const [executor, trial] = [executors[way], trials[way]];
      const measuring = trial.timed(task, executor.lanes, () => executor.measure(task, live, signal));
      underWay.add(measuring);
      try {
        return await measuring;
      } finally {
        underWay.delete(measuring);
        if (open && way === 'here' && trial === trials.here && trial.counted >= ENOUGH && !trial.ended) {
          trial.ended = true;
          change('apart', () => apart.ready());
        } else if (open && trial === trials.apart) compare();
      }
    },
    drop(job) {
      here.drop?.(job);
      apart.drop?.(job);
    },
    async close() {
      closed = true;
      await Promise.all([here.close(), apart.close()]);
    },
  };
}

interface Spent {
  seconds: number;
  passes: number;
}

/** What units take that are measured in one way. */
class Trial {
  private readonly clock: SharedClock;
  private readonly kinds = new Map<string, Spent>();
  private units = 0;
  /** Nothing more is to be learnt. */
  ended = false;

  constructor(now?: () => number) {
    this.clock = new SharedClock(now);
  }

  /** Seconds of the units that count. */
  get counted(): number {
    return [...this.kinds.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  }

  async timed(task: Task, lanes: number, measure: () => Promise<UnitHead>): Promise<UnitHead> {
    const counts = this.units++ >= lanes;
    const charge = this.clock.start();
    try {
      const head = await measure();
      const { forward, gradient } = head.passes;
      if (counts && forward + gradient > 0) this.enter(task, charge.seconds, forward + gradient);
      return head;
    } finally {
      charge.stop();
    }
  }

  private enter({ job: { request } }: Task, seconds: number, passes: number): void {
    const kind = `${request.measurement.name}/${request.system}`;
    const before = this.kinds.get(kind) ?? { seconds: 0, passes: 0 };
    this.kinds.set(kind, { seconds: before.seconds + seconds, passes: before.passes + passes });
  }

  /** How many times as fast as another way; undefined where nothing was measured in both. */
  beside(other: Trial): { seconds: number; ratio: number | undefined } {
    let [seconds, expected] = [0, 0];
    for (const [kind, own] of this.kinds) {
      const theirs = other.kinds.get(kind);
      if (!theirs) continue;
      seconds += own.seconds;
      expected += (own.passes * theirs.seconds) / theirs.passes;
    }
    return { seconds, ratio: seconds > 0 ? expected / seconds : undefined };
  }
}
