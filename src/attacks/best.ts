/** The point of the highest loss so far, and what to restart from there. */
export class Best {
  loss = Number.NEGATIVE_INFINITY;
  pixels: Float32Array;
  readonly gradient: Float32Array;

  constructor(x: Float32Array) {
    this.pixels = x;
    this.gradient = new Float32Array(x.length);
  }

  /** `pixels` is kept as it is, `gradient` is copied: it is a view into the outputs of a whole batch. */
  see(pixels: Float32Array, loss: number, gradient: Float32Array): void {
    if (!(loss > this.loss)) return;
    this.loss = loss;
    this.pixels = pixels;
    this.gradient.set(gradient);
  }
}
