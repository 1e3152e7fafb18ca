/** Adam (Kingma & Ba 2015, algorithm 1) with its usual decay rates: one variable, a descent step per call. */
export class Adam {
  private readonly mean: Float64Array;
  private readonly square: Float64Array;
  private t = 0;

  constructor(
    size: number,
    private readonly stepSize: number,
  ) {
    this.mean = new Float64Array(size);
    this.square = new Float64Array(size);
  }

  /** Moves `variable` against `gradient`, in place. */
  step(variable: Float64Array, gradient: Float64Array): void {
    const { mean, square, stepSize } = this;
    this.t++;
    const [first, second] = [1 - DECAY ** this.t, Math.sqrt(1 - SQUARE_DECAY ** this.t)];
    for (let i = 0; i < variable.length; i++) {
      const g = gradient[i]!;
      mean[i] = DECAY * mean[i]! + (1 - DECAY) * g;
      square[i] = SQUARE_DECAY * square[i]! + (1 - SQUARE_DECAY) * g * g;
      variable[i]! -= (stepSize * (mean[i]! / first)) / (Math.sqrt(square[i]!) / second + TINY);
    }
  }
}

const [DECAY, SQUARE_DECAY, TINY] = [0.9, 0.999, 1e-8];
