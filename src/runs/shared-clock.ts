/**
 * Wall clock shared by what runs side by side: while k things run, each is charged a k-th of the time, so that
 * charges add up to the time that passed.
 */
export class SharedClock {
  private readonly charged = new Map<symbol, number>();
  private last = 0;

  constructor(private readonly now: () => number = () => performance.now() / 1000) {}

  /** Starts charging; the returned function stops and says how many seconds it was. */
  start(): () => number {
    this.charge();
    const ticket = Symbol('running');
    this.charged.set(ticket, 0);
    return () => {
      this.charge();
      const seconds = this.charged.get(ticket) ?? 0;
      this.charged.delete(ticket);
      return seconds;
    };
  }

  private charge(): void {
    const now = this.now();
    const share = (now - this.last) / Math.max(1, this.charged.size);
    for (const [ticket, seconds] of this.charged) this.charged.set(ticket, seconds + share);
    this.last = now;
  }
}
