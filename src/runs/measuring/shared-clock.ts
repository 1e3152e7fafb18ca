/** What one of several things is charged. */
export interface Charge {
  /** Seconds so far. */
  readonly seconds: number;
  /** Ends it, and says how many seconds it was. */
  stop(): number;
}

/**
 * Wall clock shared by what runs side by side: while k things run, each is charged a k-th of the time, so that
 * charges add up to the time that passed.
 */
export class SharedClock {
  private readonly running = new Set<{ seconds: number }>();
  private last = 0;

  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  /** Starts charging. */
  start(): Charge {
    this.charge();
    const account = { seconds: 0 };
    this.running.add(account);
    const charge = () => this.charge();
    return {
      get seconds() {
        charge();
        return account.seconds;
      },
      stop: () => {
        charge();
        this.running.delete(account);
        return account.seconds;
      },
    };
  }

  private charge(): void {
    const now = this.now();
    const share = (now - this.last) / Math.max(1, this.running.size);
    for (const account of this.running) account.seconds += share;
    this.last = now;
  }
}
