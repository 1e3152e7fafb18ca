/** A number with what it rests on. */
export interface Estimate {
  /** NaN when undefined (no examples, one class). */
  value: number;
  /** Examples. */
  n: number;
  /** Null when none can be given. */
  interval: [number, number] | null;
  /** Coverage of the interval. */
  level: number;
  /** How the interval was made. */
  method: 'wilson' | 'bootstrap' | 'student-t' | 'none';
}
