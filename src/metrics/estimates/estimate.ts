/** A number with what it rests on. */
export interface Estimate {
  /** NaN when undefined (no examples, one class). */
  value: number;
  /** Examples. */
  n: number;
  /** Null when none can be given. */
  interval: [number, number] | null;
  /**
   * Why there is none, where there are examples and a value: `no interval: one example`. Also why it is not the usual one of the
   * measure, where what was found leaves that without width.
   */
  why?: string;
  /** Coverage of the interval. */
  level: number;
  /**
   * How the interval was made. `bootstrap` is the percentile bootstrap, `bootstrap-centred` the same with its
   * replicates shifted so that they centre on the value (for statistics such as ECE whose replicates are biased
   * upwards), `bootstrap-logit` one of the logit with the standard error of the replicates, `influence-logit` the same with that of
   * an influence function, `cross-fitted` that of an optimum, tried on examples which it was not chosen by, `sandwich` a normal interval from the robust variance of an M-estimator,
   * `order-statistics` the sorted values between which a quantile lies, `welch` that of a difference of two means,
   * `delong-logit` that of an AUROC by its structural components, made of its logit, `delong` the same of the AUROC itself,
   * `newcombe` the hybrid score interval of a difference of two
   * shares of the same examples, `jackknife` a normal interval from the variance over the values without one example,
   * `clopper-pearson` the exact interval of a proportion, `clopper-pearson-one-sided` what an exact bound of a proportion that is
   * 0 or 1 says of a number at the end of its range, or of an ECE.
   */
  method:
    | 'wilson'
    | 'bootstrap'
    | 'bootstrap-centred'
    | 'bootstrap-logit'
    | 'cross-fitted'
    | 'influence-logit'
    | 'student-t'
    | 'sandwich'
    | 'order-statistics'
    | 'welch'
    | 'delong'
    | 'delong-logit'
    | 'newcombe'
    | 'jackknife'
    | 'influence'
    | 'clopper-pearson'
    | 'clopper-pearson-one-sided'
    | 'none';
}

/** A count or a sum: nothing to put an interval around. */
export const exact = (value: number, n: number): Estimate => ({
  value,
  n,
  interval: null,
  level: 0.95,
  method: 'none',
});
