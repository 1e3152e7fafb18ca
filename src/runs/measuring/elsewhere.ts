import { setTimeout as sleep } from 'node:timers/promises';
import type { Task } from './queue.js';

/** When a unit is looked for that others measure, in ms: soon at first, since many take less than a second. */
const FIRST_MS = 100;
const LAST_MS = 2000;

/** Units that other processes measure, until they are stored or their owner is gone. */
export class Elsewhere {
  private readonly waiting = new Map<Task, number>();
  private readonly pauses = new WeakMap<Task, number>();

  get size(): number {
    return this.waiting.size;
  }

  /** Somebody else has it, or has it still. */
  wait(task: Task): void {
    const before = this.pauses.get(task);
    const pause = before === undefined ? FIRST_MS : Math.min(LAST_MS, 1.5 * before);
    this.pauses.set(task, pause);
    this.waiting.set(task, performance.now() + pause);
  }

  /** One that is to be looked for now; it does not wait any more. */
  due(): Task | undefined {
    const now = performance.now();
    for (const [task, at] of this.waiting)
      if (at <= now) {
        this.waiting.delete(task);
        return task;
      }
    return undefined;
  }

  /** Until one is due, or the signal is raised. */
  async untilDue(signal: AbortSignal): Promise<void> {
    const next = Math.min(...this.waiting.values());
    await sleep(Math.max(0, next - performance.now()), undefined, { signal }).catch(() => undefined);
  }
}
